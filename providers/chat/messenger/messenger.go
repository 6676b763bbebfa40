// Package messenger reads Facebook's "Download your information" as far as it is
// messages, in JSON and in HTML, and Messenger's own export of end-to-end
// encrypted chats:
//
//	facebook-anna-2026-01-31-AbCdEfGh.zip
//	  your_facebook_activity/messages/inbox/ben_1234567890/message_1.json
//	messages.zip
//	  Ben_3.json  media/6f1c….jpeg
//
// A thread that became encrypted is in both, the first part of it in the first:
// they stay two conversations. What both apps' downloads have in common is in
// providers/internal/meta.
package messenger

import (
	"regexp"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/meta"
)

// Provider reads Messenger's exports.
var Provider = chat.Provider{
	Name:      app.Name,
	Title:     app.Title,
	Explain:   explain,
	Recognize: app.Recognize,
	Open:      app.Open,
	Download:  app.Download,
}

var app = &meta.App{
	Name:     "messenger",
	Title:    "Messenger",
	Activity: []string{"your_facebook_activity", "your_activity_across_facebook"},
	Profile: []string{
		"personal_information/profile_information/profile_information.json", // since 2023
		"profile_information/profile_information.json",
	},
	Own:       meta.FacebookMarks,
	Foreign:   meta.InstagramMarks,
	Bare:      true,
	Encrypted: true,
	// facebook-NAME-DATE-RANDOM.zip: all parts of a download share name and date.
	Parts: regexp.MustCompile(`^(facebook-.+-(?:\d{4}-\d\d-\d\d|\d\d_\d\d_\d{4}|\d{8}))(?:[-_ ].*|\.zip)?$`),
}

const explain = `Two exports, for two kinds of chats. Take both.

1. The download of your information has chats that are not encrypted end to
   end, and what was written in the others before they became so.
   - Accounts Centre (facebook.com, Settings), Your information and
     permissions, Download your information; then Download or transfer
     information, your Facebook profile, Specific types: Messages.
   - Download to device; date range: all time; format: JSON; media quality:
     high. The default is HTML and one year.
   - It takes hours or days, and may come as several zips, named
     facebook-NAME-DATE-….zip. Put them side by side into one folder, and
     hand that folder over: chatkeep backup FOLDER. No need to unpack them.

2. End-to-end encrypted chats, which most are since 2024, are a download of
   their own, from secure storage: on messenger.com in a browser, Settings,
   Privacy and safety, End-to-end encrypted chats, Message storage, Download
   secure storage data (messenger.com/secure_storage/dyi). The result is
   messages.zip. Secure storage has to be on, and the browser has to have
   its keys.

A chat that became encrypted is in both: the older part in the first, the
newer in the second. They are kept as two conversations.

What to say  --me NAME   the name that you have there; a download does not say
             --tz ZONE   for HTML alone, whose times have no zone

What Messenger leaves out
  - Which message a reply answers, edits, who has read what.
  - Disappearing messages that are gone, and messages that were unsent.
  - Encrypted chats, in the first; calls and most notices, in the second.
  - HTML says less than JSON: if you can, ask for JSON.
`
