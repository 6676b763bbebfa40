// Package whatsapp reads what WhatsApp's "Export chat" gives: a text of one
// chat, and its media beside it, in a zip, in a folder, or alone. Rooms below it
// read the app's databases: android, and chatstorage for iPhone and Mac.
//
// The text is meant for people: its dates follow the phone's locale, its notices
// the phone's language, and nothing says which. So it is read twice. The first
// pass gathers the forms of all headers and the names of all senders and decides
// over the whole file; the second makes the messages.
//
// A message's text keeps its bytes, but for U+200E or U+200F at its head, which
// the app puts before its own words, for the mark that it was edited, and for
// the name of an attached file, which the attachment has.
package whatsapp

import (
	"fmt"
	"io/fs"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/android"
	"chatkeep/providers/chat/whatsapp/chatstorage"
)

// routeText is the exported text.
const routeText = "text"

// Provider reads WhatsApp's exports.
var Provider = chat.Provider{
	Name:      platform,
	Title:     "WhatsApp",
	Explain:   explain,
	Recognize: recognize,
	Open:      open,
}

func open(fsys fs.FS, m chat.Match, o chat.Options) (chat.Source, error) {
	switch m.Route {
	case routeText:
		return openText(fsys, m, o)
	case android.RoutePlain, android.RouteCrypt:
		return android.Open(fsys, m, o)
	case chatstorage.RouteFolder, chatstorage.RouteBackup:
		return chatstorage.Open(fsys, m, o)
	}
	return nil, fmt.Errorf("whatsapp: no route %q", m.Route)
}

const explain = `WhatsApp exports one chat at a time. Better is the phone's database, further
down: all chats, with replies, reactions, polls, calls and exact times.

iPhone    open the chat, tap its name at the top, scroll down, Export Chat,
          Attach Media, then Save to Files (or AirDrop, or mail to yourself).
          The result is "WhatsApp Chat - NAME.zip".
Android   open the chat, tap the three dots, More, Export chat, Include
          media, then send it to Drive, to a file manager or to yourself. The
          result is "WhatsApp Chat with NAME.zip", or a .txt with its media
          beside it.

Hand the zip over as it is; a folder with the unpacked files works as well.

All chats of an iPhone at once, with replies, reactions, polls and calls
Backup    connect the iPhone to a computer; in Finder, Apple Devices or iTunes
          choose to back up all of its data to this computer, leave "Encrypt
          local backup" off, and press Back Up Now. Hand over the folder of
          that backup, below
            macOS    ~/Library/Application Support/MobileSync/Backup
            Windows  %USERPROFILE%\Apple\MobileSync\Backup or
                     %APPDATA%\Apple Computer\MobileSync\Backup
          WhatsApp's part is read; files of other apps are kept as files.
Mac       WhatsApp for Mac has the same database. Quit it, and hand over
          ~/Library/Group Containers/group.net.whatsapp.WhatsApp.shared
          (the terminal needs Full Disk Access), or ChatStorage.sqlite alone,
          which has no media, no calls and few names.

All chats of an Android phone at once, in the backup that it makes each night
Once      WhatsApp: Settings, Chats, Chat backup, End-to-end encrypted backup,
          Turn on, More options, Use 64-digit encryption key. Write the key
          down. With a password or a passkey WhatsApp keeps the key, and
          nobody else can open the backup; without any encryption of yours the
          key is in the phone, and getting at it needs root.
Each time the phone makes the backup at about two at night; Back up now makes
          one at once. Then copy all of Android/media/com.whatsapp/WhatsApp to
          a computer, by cable or a file manager, and hand the folder over: it
          has Databases/msgstore.db.crypt15, Media and Backups. The database
          alone is enough for the texts.
Key       --export-key-file FILE, a file with the 64 digits in it. Or put it
          beside the database, named encrypted_backup.key. Without either,
          you are asked for it.
Root      /data/data/com.whatsapp has databases/msgstore.db and wa.db, which
          are not encrypted. crypt12 and crypt14 open with files/key of there.

What to say  --me NAME   the name that you have in the chat; with a database
                         your phone number, if a warning asks for it
             --tz ZONE   where the phone was when it exported, as Europe/Rome:
                         the times in the file have no zone
             --date-order dmy|mdy|ymd   only if a warning asks for it

What WhatsApp leaves out
  - About 40,000 messages are exported without media, 10,000 with media: the
    newest ones. Older ones are cut off silently.
  - Replies are not linked to what they answer, and reactions, edit history,
    read receipts, stars and media shown once are not exported.
  - A chat in which anybody turned on Advanced chat privacy cannot be
    exported.
  - Names are those of your contacts on the day of the export.
  - An iPhone's database has no texts from before an edit, and media only as
    far as they were downloaded. A Mac has what was handed to it when it was
    linked, often the last year. A backup with a password is not read yet.
  - An Android phone's database has no texts from before an edit, media only
    as far as they are still on the phone, and of a channel what you looked
    at. Receipts are counted, not recorded. What is in files named
    msgstore-increment is not read.
`
