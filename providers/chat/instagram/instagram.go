// Package instagram reads Instagram's "Download your information" as far as it
// is messages, in JSON and, as far as its pages are built alike, in HTML:
//
//	instagram-anna-2026-01-31-AbCdEfGh.zip
//	  your_instagram_activity/messages/inbox/ben_1234567890/message_1.json
//
// What it has in common with Facebook's is in providers/internal/meta.
package instagram

import (
	"regexp"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/meta"
)

// Provider reads Instagram's exports.
var Provider = chat.Provider{
	Name:      app.Name,
	Title:     app.Title,
	Explain:   explain,
	Recognize: app.Recognize,
	Open:      app.Open,
	Download:  app.Download,
}

var app = &meta.App{
	Name:     "instagram",
	Title:    "Instagram",
	Activity: []string{"your_instagram_activity"},
	Profile: []string{
		"personal_information/personal_information/personal_information.json", // since 2023
		"personal_information/personal_information.json",
		"account_information/personal_information.json",
	},
	Own:        meta.InstagramMarks,
	Foreign:    meta.FacebookMarks,
	VoiceNotes: true,
	// instagram-NAME-DATE-RANDOM.zip, before 2023 NAME_DATE_part_N.zip.
	Parts: regexp.MustCompile(`^(instagram-.+-(?:\d{4}-\d\d-\d\d|\d\d_\d\d_\d{4}|\d{8})|.+_\d{8}_part)(?:[-_ ].*|\.zip)?$`),
}

const explain = `Instagram exports all chats at once, with the download of your information.

  - Accounts Centre (in the app: your profile, the three lines, Accounts
    Centre), Your information and permissions, Download your information;
    then Download or transfer information, your Instagram profile, Some of
    your information: Messages.
  - Download to device; date range: all time; format: JSON; media quality:
    high. The default is HTML and one year.
  - It takes hours or days, and may come as several zips, named
    instagram-NAME-DATE-….zip. Put them side by side into one folder, and
    hand that folder over: chatkeep backup FOLDER. No need to unpack them.

What to say  --me NAME   the display name that you have there; your user name
                         is not in the chats
             --tz ZONE   for HTML alone, whose times have no zone

What Instagram leaves out
  - Chats in vanish mode, and end-to-end encrypted ones.
  - Which message a reply answers, edits, who has read what.
  - The posts, reels and stories that were shared: their links are there.
  - User names: people are known by the name that they show.
  - HTML says less than JSON, and its layout changes: ask for JSON.
`
