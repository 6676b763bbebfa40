package places

const (
	linux   = "linux"
	mac     = "darwin"
	windows = "windows"
)

const (
	inParts     = "a download in several parts belongs into a folder of its own, which is then the source"
	quitFirst   = "quit the app before a backup: its database is in several files, which have to be of one moment"
	encrypted   = "it is encrypted by the app: keep the password or key that opens it"
	lockedInKey = quitFirst + "; it is encrypted, and the key is in the keyring of this machine"
)

// known is all that is known. Each app's own data comes before its exports.
var known = []Place{
	{Name: "whatsapp-desktop", App: "whatsapp", Title: "WhatsApp for macOS, its database and media", Kind: Own, On: []string{mac},
		In: Home, Paths: []string{"Library/Group Containers/group.net.whatsapp.WhatsApp.shared"}, Has: "ChatStorage.sqlite", Note: quitFirst},
	{Name: "whatsapp-desktop", App: "whatsapp", Title: "WhatsApp for Windows, its data", Kind: Own, On: []string{windows},
		In: Local, Paths: []string{"Packages/5319275A.WhatsAppDesktop_cv1g1gvanyjgm/LocalState"}, Note: "it is encrypted for this account of this machine, and opens nowhere else"},
	// Phones are synced to any folder. Since Android 11 the app's own is below Android/media.
	{Name: "whatsapp-phone", App: "whatsapp", Title: "the WhatsApp folder of an Android phone, with its encrypted backups and media", Kind: Own,
		In: Anywhere, Paths: []string{"WhatsApp", "com.whatsapp/WhatsApp", "media/com.whatsapp/WhatsApp", "Android/media/com.whatsapp/WhatsApp"},
		Has: "Databases/msgstore*.crypt1[0-9]", Note: encrypted},
	{Name: "whatsapp-exports", App: "whatsapp", Title: "exported WhatsApp chats", Kind: Export,
		In: Saved, Paths: []string{"*WhatsApp*.zip", "*WhatsApp*.txt"}},

	{Name: "imessage", App: "imessage", Title: "Messages, its database and attachments", Kind: Own, On: []string{mac},
		In: Home, Paths: []string{"Library/Messages"}, Has: "chat.db", Note: quitFirst},
	{Name: "iphone-backups", Title: "backups of iPhones and iPads, by the Finder", Kind: Own, On: []string{mac},
		In: Config, Paths: []string{"MobileSync/Backup"}, Note: "one without a password leaves out some things, one with a password needs it"},
	{Name: "iphone-backups", Title: "backups of iPhones and iPads, by iTunes", Kind: Own, On: []string{windows},
		In: Config, Paths: []string{"Apple Computer/MobileSync/Backup"}, Note: "one without a password leaves out some things, one with a password needs it"},
	{Name: "iphone-backups", Title: "backups of iPhones and iPads, by iTunes or Apple Devices from the Microsoft Store", Kind: Own, On: []string{windows},
		In: Home, Paths: []string{"Apple/MobileSync/Backup"}, Note: "one without a password leaves out some things, one with a password needs it"},

	{Name: "signal-desktop", App: "signal", Title: "Signal Desktop, its encrypted database and attachments", Kind: Own,
		In: Config, Paths: []string{"Signal"}, Has: "sql/db.sqlite", Note: lockedInKey},
	{Name: "signal-desktop", App: "signal", Title: "Signal Desktop, its encrypted database and attachments", Kind: Own, On: []string{linux},
		In: Home, Paths: []string{".var/app/org.signal.Signal/config/Signal", "snap/signal-desktop/current/.config/Signal"}, Has: "sql/db.sqlite", Note: lockedInKey},
	{Name: "signal-backups", App: "signal", Title: "backups of Signal on a phone", Kind: Own,
		In: Anywhere, Paths: []string{"SignalBackups", "signal-*.backup"}, Note: encrypted},
	{Name: "signal-export", App: "signal", Title: "a plaintext export of Signal", Kind: Export,
		In: Saved, Paths: []string{"signal-backup-*"}},

	{Name: "telegram-exports", App: "telegram", Title: "chats exported by Telegram Desktop", Kind: Export,
		In: Saved, Paths: []string{"Telegram Desktop/ChatExport_*", "ChatExport_*"}},
	{Name: "telegram-data", App: "telegram", Title: "all data, exported by Telegram Desktop", Kind: Export,
		In: Saved, Paths: []string{"Telegram Desktop/DataExport_*", "DataExport_*"}},

	{Name: "facebook-export", App: "messenger", Title: "a download of Facebook's data, with Messenger", Kind: Export,
		In: Saved, Paths: []string{"facebook-*.zip"}, Note: inParts},
	{Name: "messenger-export", App: "messenger", Title: "a download of Messenger's encrypted chats", Kind: Export,
		In: Saved, Paths: []string{"messages.zip"}},
	{Name: "instagram-export", App: "instagram", Title: "a download of Instagram's data", Kind: Export,
		In: Saved, Paths: []string{"instagram-*.zip"}, Note: inParts},

	{Name: "slack-exports", App: "slack", Title: "exports of Slack workspaces", Kind: Export,
		In: Saved, Paths: []string{"*Slack export*.zip"}},
	{Name: "discord-package", App: "discord", Title: "Discord's data package", Kind: Export,
		In: Saved, Paths: []string{"package.zip"}},

	{Name: "element-desktop", App: "matrix", Title: "Element Desktop, its data", Kind: Own,
		In: Config, Paths: []string{"Element"}, Has: "IndexedDB", Note: "messages are on the server; chats and room keys are exported by the app"},
	{Name: "element-desktop", App: "matrix", Title: "Element Desktop, its data", Kind: Own, On: []string{linux},
		In: Home, Paths: []string{".var/app/im.riot.Riot/config/Element"}, Has: "IndexedDB", Note: "messages are on the server; chats and room keys are exported by the app"},
	{Name: "element-exports", App: "matrix", Title: "chats exported by Element", Kind: Export,
		In: Saved, Paths: []string{"* - Chat Export - *"}},

	{Name: "google-takeout", App: "googlechat", Title: "Google Takeout, which may hold Google Chat", Kind: Export,
		In: Saved, Paths: []string{"takeout-*.zip"}},
	{Name: "snapchat-data", App: "snapchat", Title: "a download of Snapchat's data", Kind: Export,
		In: Saved, Paths: []string{"mydata~*.zip"}},
	{Name: "linkedin-data", App: "linkedin", Title: "a download of LinkedIn's data", Kind: Export,
		In: Saved, Paths: []string{"*LinkedInDataExport*.zip"}},
	{Name: "x-archive", App: "x", Title: "an archive of X or Twitter", Kind: Export,
		In: Saved, Paths: []string{"twitter-*.zip"}},
	{Name: "skype-export", App: "skype", Title: "an export of Skype", Kind: Export,
		In: Saved, Paths: []string{"8_*_export.tar"}},
	{Name: "line-exports", App: "line", Title: "exported LINE chats", Kind: Export,
		In: Saved, Paths: []string{"[[]LINE]*.txt"}},
	{Name: "kakaotalk-exports", App: "kakaotalk", Title: "exported KakaoTalk chats", Kind: Export,
		In: Saved, Paths: []string{"KakaoTalk*.txt", "KakaoTalk*.csv"}},
	{Name: "threema-backups", App: "threema", Title: "data backups of Threema", Kind: Own,
		In: Saved, Paths: []string{"threema-backup_*.zip"}, Note: encrypted},
	{Name: "deltachat-backups", App: "deltachat", Title: "backups of Delta Chat", Kind: Own,
		In: Saved, Paths: []string{"delta-chat-backup-*.tar"}, Note: "mail passwords and keys are in it"},
	{Name: "sms-backups", App: "sms", Title: "texts and calls, by SMS Backup & Restore", Kind: Export,
		In: Anywhere, Paths: []string{"sms-*.xml", "calls-*.xml", "SMSBackupRestore/*.xml"}},

	{Name: "irssi-logs", App: "irc", Title: "logs of irssi", Kind: Export, On: []string{linux, mac},
		In: Home, Paths: []string{"irclogs"}},
	{Name: "weechat-logs", App: "irc", Title: "logs of WeeChat", Kind: Export, On: []string{linux, mac},
		In: Home, Paths: []string{".local/share/weechat/logs", ".weechat/logs"}},
	{Name: "hexchat-logs", App: "irc", Title: "logs of HexChat", Kind: Export, On: []string{linux},
		In: Config, Paths: []string{"hexchat/logs"}},
	{Name: "hexchat-logs", App: "irc", Title: "logs of HexChat", Kind: Export, On: []string{windows},
		In: Config, Paths: []string{"HexChat/logs"}},
	{Name: "pidgin-logs", Title: "logs of Pidgin", Kind: Export, On: []string{linux},
		In: Home, Paths: []string{".purple/logs", ".local/share/purple/logs"}},
	{Name: "pidgin-logs", Title: "logs of Pidgin", Kind: Export, On: []string{windows},
		In: Config, Paths: []string{".purple/logs"}},
}
