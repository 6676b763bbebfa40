package whatsapp

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
)

// one reads a message of Anna's between two others. line is its body.
func one(t *testing.T, ios bool, body string) (*chat.Message, result) {
	t.Helper()
	form := []string{"18/05/2021, 21:03 - Bo: before\n", "18/05/2021, 21:04 - Anna: ", "18/05/2021, 21:05 - Bo: after\n"}
	if ios {
		form = []string{"[18/05/2021, 21:03:00] Bo: " + lrm + "sticker omitted\r\n", "[18/05/2021, 21:04:00] Anna: ", "[18/05/2021, 21:05:00] Bo: after\r\n"}
		if line, ok := strings.CutPrefix(body, "^"); ok { // a mark before the header
			body, form[1] = line, lrm+form[1]
		}
	}
	r := readText(t, form[0]+form[1]+body+"\n"+form[2], chat.Options{})
	if len(r.messages) != 3 {
		t.Fatalf("%q: %d messages", body, len(r.messages))
	}
	return r.messages[1], r
}

// body is the text of a message and what is to be found in it: its kind, its
// text, its attachments and what is special.
type body struct {
	ios  bool
	text string
	want chat.Message
}

func omitted(role string) []chat.Attachment {
	return []chat.Attachment{{Role: role, State: chat.Omitted, Why: "exported without media"}}
}

func missing(role, name, mime string) []chat.Attachment {
	return []chat.Attachment{{Role: role, Name: name, MIME: mime, State: chat.Missing, Why: "not in the export"}}
}

func named(role, name string) []chat.Attachment {
	return []chat.Attachment{{Role: role, Name: name, MIME: "application/pdf", State: chat.Omitted, Why: "exported without media"}}
}

var plainBodies = []body{
	{false, "hello: there", chat.Message{Kind: chat.Text, Text: "hello: there"}},
	{false, " two\n\nlines ", chat.Message{Kind: chat.Text, Text: " two\n\nlines "}},
	{false, "", chat.Message{Kind: chat.Text}},
	{false, "null", chat.Message{Kind: chat.Other, Text: "null"}},
	{false, "null and void", chat.Message{Kind: chat.Text, Text: "null and void"}},
}

var mediaBodies = []body{
	{false, "<Media omitted>", chat.Message{Kind: chat.Media, Attachments: omitted("")}},
	{false, "<Media omitted>\nSummer", chat.Message{Kind: chat.Media, Text: "Summer", Attachments: omitted("")}},
	{false, "<Medien ausgeschlossen>", chat.Message{Kind: chat.Media, Attachments: omitted("")}},
	{false, "<Archivo omitido>", chat.Message{Kind: chat.Media, Attachments: omitted("")}},
	{false, "<3 you", chat.Message{Kind: chat.Text, Text: "<3 you"}},
	{false, "<b>bold</b>", chat.Message{Kind: chat.Text, Text: "<b>bold</b>"}},
	{false, "IMG-20210518-WA0001.jpg (file attached)", chat.Message{Kind: chat.Media, Attachments: missing("image", "IMG-20210518-WA0001.jpg", "image/jpeg")}},
	{false, "PTT-20210518-WA0002.opus (Datei angehängt)\nlisten", chat.Message{Kind: chat.Media, Text: "listen", Attachments: missing("voice", "PTT-20210518-WA0002.opus", "audio/ogg")}},
	{false, lrm + "STK-20210518-WA0003.webp (bestand bijgevoegd)", chat.Message{Kind: chat.Sticker, Attachments: missing("sticker", "STK-20210518-WA0003.webp", "image/webp")}},
	{false, lrm + "Alex.vcf (soubor byl přiložen)", chat.Message{Kind: chat.Contact, Attachments: missing("file", "Alex.vcf", "text/vcard")}},
	{false, "my notes (draft).pdf (file attached)", chat.Message{Kind: chat.Media, Attachments: missing("file", "my notes (draft).pdf", "application/pdf")}},
	{false, "فایل پیوست شد IMG-20210518-WA0001.jpg", chat.Message{Kind: chat.Media, Attachments: missing("image", "IMG-20210518-WA0001.jpg", "image/jpeg")}},
	{false, "IMG-20210518-WA0001.jpg (in no known language)", chat.Message{Kind: chat.Media, Attachments: missing("image", "IMG-20210518-WA0001.jpg", "image/jpeg")}},
	{false, "I have it (file attached) here", chat.Message{Kind: chat.Text, Text: "I have it (file attached) here"}},
	{true, "^" + lrm + "<attached: 00000012-PHOTO-2021-05-18-21-04-00.jpg>", chat.Message{Kind: chat.Media, Attachments: missing("image", "PHOTO-2021-05-18-21-04-00.jpg", "image/jpeg")}},
	{true, "^" + lrm + "< pièce jointe : 00000012-GIF-2021-05-18-21-04-00.mp4 >", chat.Message{Kind: chat.Media, Attachments: missing("gif", "GIF-2021-05-18-21-04-00.mp4", "video/mp4")}},
	{true, "^" + lrm + "<00000012-AUDIO-2021-05-18-21-04-00.opus eklendi>", chat.Message{Kind: chat.Media, Attachments: missing("audio", "AUDIO-2021-05-18-21-04-00.opus", "audio/ogg")}},
	{true, "^" + lrm + "<in no known language: 00000012-PHOTO-2021-05-18-21-04-00.jpg>", chat.Message{Kind: chat.Media, Attachments: missing("image", "PHOTO-2021-05-18-21-04-00.jpg", "image/jpeg")}},
	{true, "^look at this " + lrm + "<attached: 00000012-PHOTO-2021-05-18-21-04-00.jpg>", chat.Message{Kind: chat.Media, Text: "look at this", Attachments: missing("image", "PHOTO-2021-05-18-21-04-00.jpg", "image/jpeg")}},
	{true, "^" + lrm + "<attached: 00000012-PHOTO-2021-05-18-21-04-00.jpg>\r\nlook", chat.Message{Kind: chat.Media, Text: "look", Attachments: missing("image", "PHOTO-2021-05-18-21-04-00.jpg", "image/jpeg")}},
	{true, "^a.pdf • " + lrm + "2 pages " + lrm + "<attached: 00000012-a.pdf>", chat.Message{Kind: chat.Media, Attachments: missing("file", "a.pdf", "application/pdf")}},
	{true, "I typed <attached: x.jpg>", chat.Message{Kind: chat.Text, Text: "I typed <attached: x.jpg>"}},
	{true, "^" + lrm + "image omitted", chat.Message{Kind: chat.Media, Attachments: omitted("image")}},
	{true, "^" + rlm + "لم يتم إدراج الصورة", chat.Message{Kind: chat.Media, Attachments: omitted("image")}},
	{true, "^" + lrm + "GIF weggelassen", chat.Message{Kind: chat.Media, Attachments: omitted("gif")}},
	{true, "^" + lrm + "Contact card omitted", chat.Message{Kind: chat.Contact, Attachments: omitted("file")}},
	{true, "^" + lrm + "sticker omitted", chat.Message{Kind: chat.Sticker, Attachments: omitted("sticker")}},
	{true, "^cv.pdf • " + lrm + "2 pages " + lrm + "document omitted", chat.Message{Kind: chat.Media, Attachments: named("file", "cv.pdf")}},
	{true, "^sunset " + lrm + "image omitted", chat.Message{Kind: chat.Media, Text: "sunset", Attachments: omitted("image")}},
	{true, lrm + "You received a view once photo. For added privacy, you can only open it on your phone", chat.Message{Kind: chat.Media, Attachments: []chat.Attachment{{State: chat.ViewOnce, Why: "shown once and never exported"}}}},
	{true, "image omitted", chat.Message{Kind: chat.Text, Text: "image omitted"}},
	{true, "^" + lrm + "something new", chat.Message{Kind: chat.Media, Text: "something new", Attachments: omitted("")}},
	{false, "<View once voice message omitted>", chat.Message{Kind: chat.Media, Attachments: []chat.Attachment{{State: chat.ViewOnce, Why: "shown once and never exported"}}}},
}

var changedBodies = []body{
	{false, "This message was deleted", chat.Message{Kind: chat.Other, Text: "This message was deleted", Deleted: &chat.Deletion{}}},
	{false, "Dit bericht is verwijderd", chat.Message{Kind: chat.Other, Text: "Dit bericht is verwijderd", Deleted: &chat.Deletion{}}},
	{false, "Waiting for this message", chat.Message{Kind: chat.Other, Text: "Waiting for this message"}},
	{true, lrm + "You deleted this message.", chat.Message{Kind: chat.Other, Text: "You deleted this message.", Deleted: &chat.Deletion{}}},
	{true, "This message was deleted.", chat.Message{Kind: chat.Text, Text: "This message was deleted."}},
	{false, "better now <This message was edited>", chat.Message{Kind: chat.Text, Text: "better now", Edited: true}},
	{true, "better now " + lrm + "<This message was edited>", chat.Message{Kind: chat.Text, Text: "better now", Edited: true}},
	{false, "x <This message was fun>", chat.Message{Kind: chat.Text, Text: "x <This message was fun>"}},
}

var placeBodies = []body{
	{false, "location: https://maps.google.com/?q=51.50,-0.12", chat.Message{Kind: chat.LocationKind, Text: "location: https://maps.google.com/?q=51.50,-0.12",
		Location: &chat.Location{Latitude: "51.50", Longitude: "-0.12", URL: "https://maps.google.com/?q=51.50,-0.12"}}},
	{true, lrm + "位置情報: https://maps.google.com/?q=51.50,-0.12", chat.Message{Kind: chat.LocationKind, Text: "位置情報: https://maps.google.com/?q=51.50,-0.12",
		Location: &chat.Location{Latitude: "51.50", Longitude: "-0.12", URL: "https://maps.google.com/?q=51.50,-0.12"}}},
	{true, "Pier (Old Town): https://foursquare.com/v/4e89", chat.Message{Kind: chat.LocationKind, Text: "Pier (Old Town): https://foursquare.com/v/4e89",
		Location: &chat.Location{Name: "Pier", Address: "Old Town", URL: "https://foursquare.com/v/4e89"}}},
	{false, "Pier\nOld Town\nhttps://foursquare.com/v/4e89", chat.Message{Kind: chat.LocationKind, Text: "Pier\nOld Town\nhttps://foursquare.com/v/4e89",
		Location: &chat.Location{Name: "Pier", Address: "Old Town", URL: "https://foursquare.com/v/4e89"}}},
	{false, "see https://maps.google.com/?q=51.50,-0.12 for it", chat.Message{Kind: chat.Text, Text: "see https://maps.google.com/?q=51.50,-0.12 for it"}},
	{false, "live location shared", chat.Message{Kind: chat.LocationKind, Text: "live location shared", Location: &chat.Location{Live: true}}},
}

var pollBodies = []body{
	{true, lrm + "POLL:\nPizza?\n" + lrm + "OPTION: yes: much (" + lrm + "2 votes)\n" + lrm + "OPTION: no (" + lrm + "1 vote)\n",
		chat.Message{Kind: chat.PollKind, Text: "POLL:\nPizza?\n" + lrm + "OPTION: yes: much (" + lrm + "2 votes)\n" + lrm + "OPTION: no (" + lrm + "1 vote)\n",
			Poll: &chat.Poll{Question: "Pizza?", Options: []chat.PollOption{{Text: "yes: much", Votes: 2}, {Text: "no", Votes: 1}}}}},
	{false, "ENCUESTA:\n¿Pizza?\nOPCIÓN: sí (0 votos)", chat.Message{Kind: chat.PollKind, Text: "ENCUESTA:\n¿Pizza?\nOPCIÓN: sí (0 votos)",
		Poll: &chat.Poll{Question: "¿Pizza?", Options: []chat.PollOption{{Text: "sí"}}}}},
	{false, "POLL:\r\nPizza?\r\nOPTION: no (3 votes)", chat.Message{Kind: chat.PollKind, Text: "POLL:\r\nPizza?\r\nOPTION: no (3 votes)",
		Poll: &chat.Poll{Question: "Pizza?", Options: []chat.PollOption{{Text: "no", Votes: 3}}}}},
	{false, "shopping:\nmilk\nitem: eggs (12 of them)", chat.Message{Kind: chat.Text, Text: "shopping:\nmilk\nitem: eggs (12 of them)"}},
}

var callBodies = []body{
	{false, "Missed voice call", chat.Message{Kind: chat.CallKind, Text: "Missed voice call", Call: &chat.Call{Missed: true, Outcome: "missed"}}},
	{false, "Zmeškaný hovor", chat.Message{Kind: chat.CallKind, Text: "Zmeškaný hovor", Call: &chat.Call{Missed: true, Outcome: "missed"}}},
	{true, "^" + lrm + "Missed video call, " + lrm + "Tap to call back", chat.Message{Kind: chat.CallKind, Text: "Missed video call, " + lrm + "Tap to call back", Call: &chat.Call{Video: true, Missed: true, Outcome: "missed"}}},
	{true, "^" + lrm + "Video call, " + lrm + "1 hr 5 min", chat.Message{Kind: chat.CallKind, Text: "Video call, " + lrm + "1 hr 5 min", Call: &chat.Call{Video: true, Duration: 65 * time.Minute, Outcome: "answered"}}},
	{true, "^" + lrm + "Voice call, " + lrm + "No answer", chat.Message{Kind: chat.CallKind, Text: "Voice call, " + lrm + "No answer", Call: &chat.Call{Outcome: "missed"}}},
	{false, "Voice call, then bed", chat.Message{Kind: chat.Text, Text: "Voice call, then bed"}},
}

var noticeBodies = []body{
	{true, lrm + "Messages and calls are end-to-end encrypted.", chat.Message{Kind: chat.EventKind, Text: "Messages and calls are end-to-end encrypted.", Event: &chat.Event{Code: "encryption"}}},
	{true, lrm + lrm + "Your security code with Anna changed. " + lrm + "Tap to learn more.", chat.Message{Kind: chat.EventKind, Text: "Your security code with Anna changed. " + lrm + "Tap to learn more.", Event: &chat.Event{Code: "security-code"}}},
	{true, lrm + "Etwas Neues im Chat", chat.Message{Kind: chat.EventKind, Text: "Etwas Neues im Chat", Event: &chat.Event{Code: "unknown"}}},
	{false, "Anna updated the message timer. New messages will disappear.", chat.Message{Kind: chat.EventKind, Text: "Anna updated the message timer. New messages will disappear.", Event: &chat.Event{Code: "disappearing"}}},
	{false, "is it end-to-end encrypted?", chat.Message{Kind: chat.Text, Text: "is it end-to-end encrypted?"}},
	{true, "I left", chat.Message{Kind: chat.Text, Text: "I left"}},
}

func TestBodies(t *testing.T) {
	for _, c := range slices.Concat(plainBodies, mediaBodies, changedBodies, placeBodies, pollBodies, callBodies, noticeBodies) {
		got, r := one(t, c.ios, c.text)
		want := c.want
		if want.Deleted != nil {
			want.Deleted.By = got.Sender
		}
		have := chat.Message{Kind: got.Kind, Text: got.Text, Attachments: got.Attachments, Deleted: got.Deleted, Edited: got.Edited,
			Location: got.Location, Poll: got.Poll, Call: got.Call, Event: got.Event}
		if got.Event != nil { // TestNotices asks who did what
			got.Event.By, got.Event.Targets = "", nil
		}
		if !reflect.DeepEqual(have, want) {
			t.Errorf("%q:\ngot  %+v\nwant %+v", c.text, have, want)
		}
		if wantName := "Anna"; (got.Kind != chat.EventKind) != (r.name(got) == wantName) {
			t.Errorf("%q is said to be by %q", c.text, r.name(got))
		}
	}
}

// TestNotices reads lines without a sender.
func TestNotices(t *testing.T) {
	for text, want := range map[string]chat.Event{
		`Anna created group "Trip"`:                     {Code: "created", By: "Anna"},
		"Anna added Bo":                                 {Code: "added", By: "Anna", Targets: []string{"Bo"}},
		"Anna added Bo and Cy":                          {Code: "added", By: "Anna", Targets: []string{"Bo", "Cy"}},
		"Bo left":                                       {Code: "left", By: "Bo"},
		"Anna removed Bo":                               {Code: "removed", By: "Anna", Targets: []string{"Bo"}},
		`Anna changed the subject to "one: two"`:        {Code: "subject", By: "Anna"},
		"Anna changed the subject to “one: two”":        {Code: "subject", By: "Anna"},
		"Anna changed this group's icon":                {Code: "icon", By: "Anna"},
		"Anna changed the group description":            {Code: "description", By: "Anna"},
		"Anna changed their phone number to a new one.": {Code: "number-changed", By: "Anna"},
		"Bo joined using this group's invite link":      {Code: "joined", By: "Bo"},
		"You were added":                                {Code: "added"},
		"You turned off disappearing messages.":         {Code: "disappearing"},
		"Anna hat die Gruppe „Reise“ erstellt":          {Code: "created", By: "Anna"},
		"Bo hat die Gruppe verlassen":                   {Code: "left", By: "Bo"},
		"Something nobody knows yet":                    {Code: "unknown"},
	} {
		all := "18/05/2021, 21:03 - Anna: a\n18/05/2021, 21:03 - Bo: b\n18/05/2021, 21:03 - Cy: c\n18/05/2021, 21:04 - " + text + "\n"
		r := readText(t, all, chat.Options{})
		m := r.messages[3]
		if m.Kind != chat.EventKind || m.Event.Code != want.Code || m.Text != text || m.Sender != "" {
			t.Errorf("%q: %s %+v by %q", text, m.Kind, m.Event, r.name(m))
			continue
		}
		var targets []string
		for _, id := range m.Event.Targets {
			targets = append(targets, r.name(&chat.Message{Sender: id}))
		}
		if by := r.name(&chat.Message{Sender: m.Event.By}); by != want.By || !reflect.DeepEqual(targets, want.Targets) {
			t.Errorf("%q: by %q to %q, want %q to %q", text, by, targets, want.By, want.Targets)
		}
	}
}

// TestUnknownNotice keeps the name before words of the app that nobody knows:
// they may be a person's.
func TestUnknownNotice(t *testing.T) {
	r := readText(t, "[18/05/2021, 21:03:00] Anna: hi\n[18/05/2021, 21:04:00] Anna: "+lrm+"words to come\n[18/05/2021, 21:05:00] Trip: "+lrm+"words to come\n", chat.Options{})
	if len(r.messages) != 3 || r.messages[1].Event == nil || r.messages[1].Event.By != r.messages[0].Sender {
		t.Errorf("by a participant: %+v", r.messages[1].Event)
	}
	if e := r.messages[2].Event; e == nil || e.By != "" || len(r.conversation.Participants) != 1 {
		t.Errorf("by the group itself: %+v", e)
	}
}

// TestUnmarked reads an iPhone's text that lost its marks on the way.
func TestUnmarked(t *testing.T) {
	r := readText(t, "[5/18/21, 21:04:00] Anna: image omitted\n[5/18/21, 21:05:00] Anna: <attached: 00000002-PHOTO-2021-05-18-21-05-00.jpg>\n"+
		"[5/18/21, 21:06:00] Anna: This message was deleted.\n[5/18/21, 21:07:00] Anna: hi\n", chat.Options{})
	want := map[chat.MessageKind]int{chat.Media: 2, chat.Other: 1, chat.Text: 1}
	if got := r.kinds(); !reflect.DeepEqual(got, want) {
		t.Errorf("kinds %v, want %v", got, want)
	}
}

// TestUnknownOmitted takes a phrase in angle brackets that comes twice for the
// app's, in a language that the tables lack.
func TestUnknownOmitted(t *testing.T) {
	line := "18/05/2021, 21:04 - Anna: <Μη γνωστή φράση>\n"
	if got := readText(t, line+line+"18/05/2021, 21:04 - Anna: hi\n", chat.Options{}).kinds()[chat.Media]; got != 2 {
		t.Errorf("%d media of 2", got)
	}
	if got := readText(t, line+"18/05/2021, 21:04 - Anna: hi\n", chat.Options{}).kinds()[chat.Media]; got != 0 {
		t.Errorf("once: %d media", got)
	}
}

// TestFileNames finds files whose names are composed otherwise.
func TestFileNames(t *testing.T) {
	text := "18/05/2021, 21:04 - Anna: Zo\u00eb.pdf (file attached)\n18/05/2021, 21:04 - Anna: ../../etc/passwd.txt (file attached)\n"
	r := readFS(t, fstest.MapFS{"a.txt": file(text), "Zoe\u0308.pdf": file("pdf")}, "a.txt", chat.Options{})
	if a := r.messages[0].Attachments[0]; a.State != chat.Stored || a.File != "Zoe\u0308.pdf" || a.Size != 3 {
		t.Errorf("decomposed: %+v", a)
	}
	if a := r.messages[1].Attachments[0]; a.State != chat.Missing || a.File != "" {
		t.Errorf("hostile: %+v", a)
	}
	if r.coverage.MediaStored != 1 || r.coverage.MediaMissing != 1 {
		t.Errorf("coverage %+v", r.coverage)
	}
}
