package whatsapp

import (
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/chattest"
)

const (
	lrm = "\u200e"
	rlm = "\u200f"
)

// file is one file of a made-up export.
func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text), Mode: 0o644} }

// iphone is an export of a direct chat from an iPhone, with media.
var iphone = strings.ReplaceAll(`[03/05/2021, 21:04:11] Nora: ~Messages and calls are end-to-end encrypted. No one outside of this chat, not even WhatsApp, can read or listen to them.
[03/05/2021, 21:04:11] Nora: did you get there?
[03/05/2021, 21:05:40] Ivo: yes
~[03/05/2021, 21:06:02] Ivo: ~<attached: 00000004-PHOTO-2021-05-03-21-06-02.jpg>
~[03/05/2021, 21:06:30] Ivo: ~<attached: 00000005-VIDEO-2021-05-03-21-06-30.mp4>
[14/05/2021, 08:00:00] Nora: ok
[14/05/2021, 08:00:00] Nora: ok
~[14/05/2021, 08:01:00] Nora: plan.pdf • ~3 pages ~<attached: 00000008-plan.pdf>
[14/05/2021, 08:02:00] Nora: two
lines: [1.9.19, 00:00:00] Ivo: no header
[15/05/2021, 10:00:00] Ivo: fixed ~<This message was edited>
~[15/05/2021, 10:00:10] Ivo: ~Missed voice call
`, "~", lrm)

// androidText is an export of a group from an Android phone.
var androidText = `28/02/2020, 9:14 pm - Messages to this group are now secured with end-to-end encryption. Tap for more info.
28/02/2020, 9:14 pm - Ada created group "Trip"
28/02/2020, 9:15 pm - Ada added Bo
28/02/2020, 9:16 pm - Ada: IMG-20200228-WA0001.jpg (file attached)
the view

from above
28/02/2020, 9:17 pm - Bo: <Media omitted>
28/02/2020, 9:18 pm - +44 20 7946 0000: hello
29/02/2020, 12:00 am - Bo: This message was deleted
29/02/2020, 12:01 am - Ada changed the subject from "Trip" to "Trip: the second"
29/02/2020, 12:02 am - Cy: null
`

func TestSuite(t *testing.T) {
	chattest.Run(t, Provider,
		chattest.Case{
			Name: "iphone",
			Export: fstest.MapFS{
				"_chat.txt":                              file(strings.ReplaceAll(iphone, "\n", "\r\n")),
				"00000004-PHOTO-2021-05-03-21-06-02.jpg": file("jpeg"),
				"00000008-plan.pdf":                      file("%PDF"),
				"00000099-PHOTO-of-no-message.jpg":       file("jpeg"),
			},
			Options:       chat.Options{Name: "WhatsApp Chat - Nora.zip"},
			Conversations: 1, Messages: 11,
		},
		chattest.Case{
			Name: "android",
			Export: fstest.MapFS{
				"WhatsApp Chat with Trip.txt": file(androidText),
				"IMG-20200228-WA0001.jpg":     file("jpeg"),
			},
			Options:       chat.Options{Me: "Bo"},
			Conversations: 1, Messages: 9,
		},
		chattest.Case{
			Name:          "text before the first message",
			Export:        fstest.MapFS{"_chat.txt": file("\nhandwritten remark\n\n" + androidText)},
			Conversations: 1, Messages: 9, Unparsed: 1,
		},
		chattest.Case{
			Name: "database of a phone", Route: "android", Export: chattest.Load(t, "testdata/exports/android-phone"),
			Conversations: 8, Messages: 65,
		},
		chattest.Case{
			Name: "old database", Route: "android", Export: chattest.Load(t, "testdata/exports/android-2019"),
			Conversations: 3, Messages: 22,
		},
		chattest.Case{
			Name: "encrypted database", Route: "android-crypt", Export: chattest.Load(t, "testdata/exports/android-crypt"),
			Conversations: 8, Messages: 65,
		},
		chattest.Case{
			Name: "iphone's folder", Route: "ios",
			Export:        chattest.Load(t, "testdata/exports/ios-harbour"),
			Conversations: 11, Messages: 65,
		},
		chattest.Case{
			Name: "iphone's database", Route: "ios",
			Export:        chattest.Load(t, "testdata/exports/ios-bare"),
			Conversations: 1, Messages: 3,
		},
		chattest.Case{
			Name: "iphone's backup", Route: "ios-backup",
			Export:        chattest.Load(t, "testdata/exports/ios-backup-harbour"),
			Conversations: 3, Messages: 15,
		},
	)
}
