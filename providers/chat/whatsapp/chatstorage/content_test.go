package chatstorage

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/chattest"
	"chatkeep/providers/chat/whatsapp/jid"
	"chatkeep/providers/internal/iosbackup"
)

// People and places of the samples.
const (
	ines  = "447700900001@s.whatsapp.net" // the owner
	mara  = "447700900002@s.whatsapp.net"
	jon   = "447700900003@s.whatsapp.net"
	tove  = "90000000000004@lid"
	walk  = "120363000000000001@g.us"
	media = "Message/Media/447700900002@s.whatsapp.net/0/"
)

// person is the participant id of somebody in Ines' database.
func person(address string) string {
	if address == ines {
		return jid.OwnerID()
	}
	return jid.ParticipantID(address)
}

func message(address, native string) string {
	return jid.MessageID(address, native)
}

// TestMessages holds every kind of message against what it says.
func TestMessages(t *testing.T) {
	r := sample(t, "ios-harbour")
	day := func(hour, minute int) time.Time { return time.Date(2026, 3, 1, hour, minute, 0, 0, time.UTC) }
	for row, want := range map[int]chat.Message{
		1: {Kind: chat.EventKind, Event: &chat.Event{Code: "encryption", Targets: []string{person(mara)}}},
		2: {Kind: chat.Text, Sender: person(mara), Text: "did the boat come in?", Time: day(9, 0).Add(5 * time.Second), Precision: chat.Second},
		3: {
			Kind: chat.Text, Sender: person(ines), Text: "yes, at *dawn*", Time: day(9, 1).Add(2125 * time.Millisecond), Precision: chat.Millisecond,
			Reactions: []chat.Reaction{{Emoji: "🎣", By: person(mara), Time: day(9, 2)}, {Emoji: "👍", By: person(ines), Time: day(9, 3).Add(500 * time.Millisecond)}},
		},
		4: {
			Kind: chat.Text, Sender: person(mara), Text: "how many crates?",
			ReplyTo: &chat.Reply{ID: message(mara, "1/3A000000000000000003"), NativeID: "1/3A000000000000000003", Found: true},
		},
		5: {
			Kind: chat.Text, Sender: person(ines), Text: "seven", Extra: map[string]string{"ZSTARRED": "1"},
			ReplyTo: &chat.Reply{ID: message(mara, "0/3A000000000000000004"), NativeID: "0/3A000000000000000004", Found: true},
		},
		6:  {Kind: chat.Text, Sender: person(mara), Text: "see you at the quay", Forwarded: &chat.Forward{}},
		7:  {Kind: chat.Text, Sender: person(mara), Text: "https://tides.example/today", Extra: map[string]string{"ZTITLE": "Tides today"}},
		18: {Kind: chat.LocationKind, Sender: person(mara), Location: &chat.Location{Latitude: "54.323293", Longitude: "10.122765", Name: "Old quay"}},
		20: {Kind: chat.Other, Sender: person(mara), Deleted: &chat.Deletion{By: person(mara)}},
		21: {Kind: chat.Other, Sender: person(mara), Extra: map[string]string{"ZMESSAGETYPE": "12"}},
		22: {Kind: chat.EventKind, Text: "604800", Event: &chat.Event{Code: "disappearing", By: person(mara)}},
		23: {
			Kind: chat.CallKind, Sender: person(ines), Extra: map[string]string{"ZGROUPEVENTTYPE": "2"},
			Call: &chat.Call{Video: true, Duration: 61400 * time.Millisecond, Outcome: "answered"},
		},
		24: {Kind: chat.CallKind, Sender: person(mara), Call: &chat.Call{Missed: true, Outcome: "missed"}, Extra: map[string]string{"ZGROUPEVENTTYPE": "1"}},
		25: {Kind: chat.EventKind, Event: &chat.Event{Code: "security-code", Targets: []string{person(mara)}}, Extra: map[string]string{"ZGROUPEVENTTYPE": "3"}},
		26: {Kind: chat.EventKind, Event: &chat.Event{Code: "unknown", By: person(mara)}, Extra: map[string]string{"ZGROUPEVENTTYPE": "77", "ZMESSAGETYPE": "10"}},
		32: {
			Kind: chat.Text, Sender: person(mara), Text: "never mind",
			ReplyTo: &chat.Reply{ID: message(mara, "0/3AGONE"), NativeID: "0/3AGONE"},
		},
	} {
		got := r.row(t, chatFile, fmt.Sprintf("row %d", row))
		if want.Time.IsZero() {
			want.Time, want.Precision = got.Time, got.Precision
		}
		want.ID, want.NativeID, want.Conversation, want.Source, want.ZoneSource = got.ID, got.NativeID, got.Conversation, got.Source, chat.FromExport
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("row %d is\n%+v, not\n%+v", row, *got, want)
		}
	}
	if m := r.row(t, chatFile, "row 3"); m.ID != message(mara, "1/3A000000000000000003") || m.NativeID != "1/3A000000000000000003" {
		t.Errorf("row 3 has the id %s, %s", m.ID, m.NativeID)
	}
	if m := r.row(t, chatFile, "row 33"); !m.Time.IsZero() || m.Text != "without a time" {
		t.Errorf("%+v", m)
	}
}

func TestMedia(t *testing.T) {
	r := sample(t, "ios-harbour")
	for row, want := range map[int]struct {
		kind chat.MessageKind
		text string
		list []chat.Attachment
	}{
		8: {chat.Media, "the first three", []chat.Attachment{{
			Role: "image", Name: "crates.jpg", MIME: "image/jpeg", Size: 19, File: media + "1/crates.jpg", State: chat.Stored, Width: 1600, Height: 1200,
		}}},
		9: {chat.Media, "", []chat.Attachment{
			{Role: "image", Name: "gone.jpg", MIME: "image/jpeg", Size: 900, State: chat.Missing, Why: "not in the export"},
			{Role: "thumbnail", Name: "gone.thumb", MIME: "image/jpeg", Size: 19, File: media + "2/gone.thumb", State: chat.Stored},
		}},
		10: {chat.Media, "", []chat.Attachment{{Role: "video", Name: "gulls.mp4", MIME: "video/mp4", Size: 18, File: media + "3/gulls.mp4", State: chat.Stored, Duration: 12 * time.Second}}},
		11: {chat.Media, "", []chat.Attachment{{
			Role: "voice", Name: "note.opus", MIME: "audio/ogg; codecs=opus", Size: 18, File: media + "4/note.opus", State: chat.Stored, Duration: 4 * time.Second,
		}}},
		12: {chat.Media, "", []chat.Attachment{{Role: "gif", Name: "wave.mp4", MIME: "video/mp4", Size: 17, File: media + "5/wave.mp4", State: chat.Stored}}},
		13: {chat.Sticker, "", []chat.Attachment{{Role: "sticker", Name: "crab.webp", MIME: "image/webp", Size: 18, File: media + "6/crab.webp", State: chat.Stored}}},
		14: {chat.Media, "the list", []chat.Attachment{{Role: "file", Name: "Crates, March.pdf", MIME: "application/pdf", Size: 17, File: media + "7/3f2a.pdf", State: chat.Stored}}},
		15: {chat.Media, "", []chat.Attachment{{Role: "image", State: chat.ViewOnce, Why: "shown once"}}},
		16: {chat.Media, "", []chat.Attachment{{Role: "video", State: chat.Missing, Why: "not downloaded by the phone"}}},
		17: {chat.Media, "", []chat.Attachment{{Role: "image", Name: "passwd", State: chat.Missing, Why: "its path is none in the app's folder"}}},
		27: {chat.Other, "something new", []chat.Attachment{{Role: "file", Name: "new.bin", Size: 16, File: media + "8/new.bin", State: chat.Stored}}},
	} {
		m := r.row(t, chatFile, fmt.Sprintf("row %d", row))
		if m.Kind != want.kind || m.Text != want.text || !reflect.DeepEqual(m.Attachments, want.list) {
			t.Errorf("row %d is %s, %q with\n%+v, not\n%+v", row, m.Kind, m.Text, m.Attachments, want.list)
		}
	}
	if m := r.row(t, chatFile, "row 27"); m.Extra["ZMESSAGETYPE"] != "91" || m.Extra["ZTITLE"] != "of next year" {
		t.Errorf("an unknown type has %v", m.Extra)
	}
	m := r.row(t, chatFile, "row 19")
	if m.Kind != chat.Contact || m.Text != "Jon Ferry, Tove" || strings.Count(m.Extra["ZVCARDSTRING"], "END:VCARD") != 2 {
		t.Errorf("contacts: %+v", m)
	}
	for _, f := range r.accounts.Unused {
		if strings.HasPrefix(f, "Message/") {
			t.Errorf("%s is unused", f)
		}
	}
}

// TestGroup reads what happens to a group.
func TestGroup(t *testing.T) {
	r := sample(t, "ios-harbour")
	for row, want := range map[int]struct {
		code, text, by string
		targets        []string
	}{
		35: {"created", "", person(ines), nil},
		36: {"added", "", person(ines), []string{person(mara), person(jon)}},
		37: {"joined", "", person(tove), nil},
		44: {"subject", "Harbour walk", person(mara), nil},
		45: {"subject", "Harbour walk, early", person(jon), nil},
		46: {"icon", "", person(mara), nil},
		47: {"description", "Bring boots", person(mara), nil},
		48: {"disappearing", "86400", person(mara), nil},
		49: {"removed", "", person(mara), []string{person(jon)}},
		50: {"left", "", person(tove), nil},
		51: {"unknown", "some words", "", nil},
		53: {"added", "", person(mara), []string{person(jon)}},
		54: {"added", "", person(mara), []string{person(tove)}},
	} {
		m := r.row(t, chatFile, fmt.Sprintf("row %d", row))
		if m.Kind != chat.EventKind || m.Sender != "" || m.Text != want.text || !reflect.DeepEqual(m.Event, &chat.Event{Code: want.code, By: want.by, Targets: want.targets}) {
			t.Errorf("row %d is %s, %q, %+v", row, m.Kind, m.Text, m.Event)
		}
	}
	if m := r.row(t, chatFile, "row 52"); m.Sender != person(jon) || m.Deleted == nil || m.Deleted.By != person(mara) || m.Text != "" {
		t.Errorf("taken back by an administrator: %+v", m)
	}
	one, other := r.row(t, chatFile, "row 53"), r.row(t, chatFile, "row 54")
	if one.ID != message(walk, "1/3AEVENT") && one.ID != message(walk, "0/3AEVENT") || other.NativeID != one.NativeID+"/1" {
		t.Errorf("two rows of one event: %s and %s", one.NativeID, other.NativeID)
	}
	m := r.row(t, chatFile, "row 38")
	want := []chat.Span{{Start: 16, End: 29, Style: "mention", Target: person(jon)}, {Start: 33, End: 48, Style: "mention", Target: person(tove)}}
	if !reflect.DeepEqual(m.Spans, want) {
		t.Errorf("mentions are %+v", m.Spans)
	}
	p := r.row(t, chatFile, "row 42")
	poll := &chat.Poll{Question: "Which pier?", Options: []chat.PollOption{
		{Text: "North", Votes: 2, By: []string{person(jon), person(tove)}}, {Text: "South", Votes: 2, By: []string{person(tove), person(ines)}}, {Text: "Neither"},
	}}
	if p.Kind != chat.PollKind || !reflect.DeepEqual(p.Poll, poll) {
		t.Errorf("a poll is %+v", p.Poll)
	}
}

// TestOrder expects the oldest first, and of one second those that the app sorts
// first.
func TestOrder(t *testing.T) {
	r := sample(t, "ios-harbour")
	for address, rows := range map[string]string{
		mara: "34 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 30 31 32 33 c3 c4 c5",
		walk: "55 35 36 37 38 39 40 41 42 44 45 46 47 48 49 50 51 52 53 54 c6",
	} {
		var got []string
		for _, m := range r.messages[address] {
			row := strings.TrimPrefix(m.Source.At, "row ")
			if m.Source.File == callsFile {
				row = "c" + row
			}
			got = append(got, row)
		}
		if s := strings.Join(got, " "); s != rows {
			t.Errorf("%s has rows\n%s, not\n%s", address, s, rows)
		}
	}
}

func TestCalls(t *testing.T) {
	r := sample(t, "ios-harbour")
	for row, want := range map[int]struct {
		sender, native string
		call           chat.Call
		extra          map[string]string
	}{
		3: {person(mara), "call/0/1772368200250", chat.Call{Duration: 95116 * time.Millisecond, Outcome: "answered"}, nil},
		4: {person(mara), "call/0/C0FFEE0000000004", chat.Call{Outcome: "declined"}, nil},
		5: {person(ines), "call/1/1772369100000", chat.Call{Outcome: "missed"}, nil},
		6: {person(jon), "call/0/C0FFEE0000000006", chat.Call{Video: true, Duration: 5 * time.Minute, Outcome: "answered"}, map[string]string{"participants": jon + " " + mara}},
		7: {person(ines), "call/1/1772444400000", chat.Call{}, map[string]string{"ZOUTCOME": "7"}},
	} {
		m := r.row(t, callsFile, fmt.Sprintf("row %d", row))
		if m.Kind != chat.CallKind || m.Sender != want.sender || m.NativeID != want.native || *m.Call != want.call || !reflect.DeepEqual(m.Extra, want.extra) {
			t.Errorf("call %d is %s %s %+v %v", row, m.Sender, m.NativeID, *m.Call, m.Extra)
		}
	}
}

// TestChats reads which chats there are, and who is in them.
func TestChats(t *testing.T) {
	r := sample(t, "ios-harbour")
	for address, want := range map[string]struct {
		kind  chat.ConversationKind
		title string
		who   string
	}{
		mara:                            {chat.Direct, "Mara", ines + " " + mara},
		walk:                            {chat.Group, "Harbour walk, early", ines + " " + mara + " " + jon + " " + tove},
		"447700900002@status":           {chat.Broadcast, "Mara Molen", ines + " " + mara},
		"120363000000000002@newsletter": {chat.Channel, "Tide tables", ines + " 120363000000000002@newsletter"},
		"1700000000@broadcast":          {chat.Broadcast, "Everyone", ines + " " + jon},
		jon:                             {chat.Direct, "Jon Ferry", ines + " " + jon},
		"120363000000000003@g.us":       {chat.Group, "Coast folk", ines + " " + jon},
		ines:                            {chat.Self, "\u200eYou", ines},
		nowhere:                         {chat.OtherChat, "Messages without a chat", ines},
		"447700900005@s.whatsapp.net":   {chat.Direct, "+447700900005", ines + " 447700900005@s.whatsapp.net"},
		"447700900008@s.whatsapp.net":   {chat.Direct, "+447700900008", ines + " 447700900008@s.whatsapp.net"},
	} {
		c := r.chat(t, address)
		if c.Kind != want.kind || c.Title != want.title || c.Account != ines || c.ID != jid.ConversationID(address) {
			t.Errorf("%s is %s %q of %s", address, c.Kind, c.Title, c.Account)
		}
		var who []string
		for _, p := range c.Participants {
			for _, id := range p.IDs {
				if id.Kind == "whatsapp" && p.ID == person(id.Value) {
					who = append(who, id.Value)
				}
			}
		}
		if s := strings.Join(who, " "); s != want.who {
			t.Errorf("%s has %s, not %s", address, s, want.who)
		}
	}
	if len(r.chats) != 11 {
		t.Errorf("%d conversations", len(r.chats))
	}
	if m := r.messages["120363000000000002@newsletter"][0]; len(m.Reactions) != 2 || m.Reactions[0] != (chat.Reaction{Emoji: "🌊", Count: 1204}) {
		t.Errorf("reactions to a channel: %+v", m.Reactions)
	}
}

// TestPeople reads what people are called, and under which addresses.
func TestPeople(t *testing.T) {
	r := sample(t, "ios-harbour")
	for _, want := range []chat.Participant{
		{ID: person(ines), Self: true, Names: []chat.Name{{Value: "Ines", From: "profile"}}, IDs: ids("phone", "+447700900001", "whatsapp", ines, "whatsapp", "90000000000001@lid")},
		{
			ID: person(mara), IDs: ids("phone", "+447700900002", "whatsapp", mara, "whatsapp", "90000000000002@lid"),
			Names: []chat.Name{{Value: "Mara Molen", From: "contact"}, {Value: "Mara", From: "contact"}, {Value: "Mara (old)", From: "contact"}},
		},
		{ID: person(jon), IDs: ids("phone", "+447700900003", "whatsapp", jon), Names: []chat.Name{{Value: "Jon Ferry", From: "contact"}, {Value: "jonny", From: "profile"}}},
		{ID: person(tove), IDs: ids("whatsapp", tove), Names: []chat.Name{{Value: "tove.t", From: "profile"}}},
	} {
		for _, p := range r.chat(t, walk).Participants {
			if p.ID == want.ID && !reflect.DeepEqual(p, want) {
				t.Errorf("%+v, not\n%+v", p, want)
			}
		}
	}
	bare := sample(t, "ios-bare")
	people := bare.chat(t, mara).Participants
	if len(people) != 2 || people[0].ID != chat.ParticipantID("whatsapp", "", "me", "") || people[1].Names[0] != (chat.Name{Value: "Mara", From: "profile"}) || bare.chats[0].Title != "Mara" {
		t.Errorf("%+v", people)
	}
	if len(bare.accounts.Warnings) != 1 || !strings.Contains(bare.accounts.Warnings[0], "--me") {
		t.Errorf("%q", bare.accounts.Warnings)
	}
	for _, me := range []string{"+44 7700 900001", ines} {
		told := read(t, chattest.Load(t, "../testdata/exports/ios-bare"), chat.Options{Me: me, Chat: "Us"})
		if c := told.chats[0]; c.Account != ines || c.Title != "Us" || len(told.accounts.Warnings) > 0 {
			t.Errorf("of %s: account %s, title %s, %q", me, c.Account, c.Title, told.accounts.Warnings)
		}
	}
}

func ids(list ...string) (out []chat.NativeID) {
	for i := 0; i < len(list); i += 2 {
		out = append(out, chat.NativeID{Kind: list[i], Value: list[i+1]})
	}
	return out
}

// TestBackup reads files under the names that a backup gives them.
func TestBackup(t *testing.T) {
	files := chattest.Load(t, "../testdata/exports/ios-backup-harbour")
	r := read(t, files, chat.Options{})
	const db, calls = "7c/7c7fba66680ef796b916b067077cc246adacf01d", "1b/1b432994e958845fffe8e2f190f26d1511534088"
	if len(r.errors) > 0 || r.match != (chat.Match{Route: RouteBackup, Path: db, Sure: 95}) {
		t.Errorf("%+v, %v", r.match, r.errors)
	}
	a := r.row(t, db, "row 4").Attachments[0]
	if a.State != chat.Stored || string(files[a.File].Data) != "made up ferry\n" {
		t.Errorf("%+v", a)
	}
	if a := r.row(t, db, "row 5").Attachments[0]; a.State != chat.Missing || a.Why == "" {
		t.Errorf("%+v", a)
	}
	if a := r.row(t, db, "row 6").Attachments[0]; a.State != chat.Stored || string(files[a.File].Data) != "made up timetable\n" {
		t.Errorf("%+v", a)
	}
	if m := r.row(t, calls, "row 3"); m.Kind != chat.CallKind {
		t.Errorf("%+v", m)
	}
	// Without its list, and with the names of iOS 9 and older.
	old := fstest.MapFS{"Manifest.mbdb": {Data: []byte("mbdb\x05\x00")}}
	for name, f := range files {
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			old[name[i+1:]] = f
		}
	}
	flat := read(t, old, chat.Options{})
	if len(flat.errors) > 0 || flat.total() != r.total() || flat.match.Path != db[3:] {
		t.Errorf("%+v, %d messages, %v", flat.match, flat.total(), flat.errors)
	}
}

func TestEncryptedBackup(t *testing.T) {
	files := chattest.Load(t, "../testdata/exports/ios-backup-harbour")
	files["Manifest.db"] = &fstest.MapFile{Data: []byte(strings.Repeat("\x91\x07", 4096))}
	r := read(t, files, chat.Options{})
	var hint interface{ Hint() string }
	if len(r.errors) != 1 || !errors.Is(r.errors[0], iosbackup.ErrEncrypted) || !errors.As(r.errors[0], &hint) || !strings.Contains(hint.Hint(), "Mac") {
		t.Errorf("%v", r.errors)
	}
}

// TestCardNames takes the names of contacts from their cards where no column has them.
func TestCardNames(t *testing.T) {
	r := read(t, changed(t, `UPDATE ZWAMEDIAITEM SET ZVCARDNAME = NULL`), chat.Options{})
	if m := r.row(t, chatFile, "row 19"); m.Kind != chat.Contact || m.Text != "Jon Ferry, Tove" {
		t.Errorf("%+v", m)
	}
	if got := cardNames("BEGIN:VCARD\r\nfn;CHARSET=UTF-8: A  B \r\nFN:\r\nFN\r\nN:C;D\r\nFN:\xff\r\nEND:VCARD"); fmt.Sprint(got) != "[A B]" {
		t.Errorf("%q", got)
	}
}
