package android

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/sqlite/sqlitetest"
)

// The chats of testdata/exports/android-2019.
const (
	boatman = "15550100001@s.whatsapp.net"
	lake    = "15550100000-1550000000@g.us"
)

// TestOld tells every message of a database of 2019.
func TestOld(t *testing.T) {
	r := read(t, load(t, "android-2019"), chat.Options{})
	for native, want := range map[string]string{
		boatman: "event: |text: is the lake still frozen?|text: see for yourself|media: this morning|media: |media: Keys|location: |contact: Boat Man|" +
			"contact: Dock\nFerry|call: |call: |other: |other: |text: passed on",
		lake:                         "event: Lake house|event: |text: who has the keys?|text: I do|text: then come, @15550100002|event: what nobody knows|other: of a kind to come",
		"15550100005@s.whatsapp.net": "text: in no list of chats",
	} {
		var got []string
		for _, m := range r.messages[native] {
			got = append(got, brief(m))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s:\n%s\n%s", native, strings.Join(got, "|"), want)
		}
	}
	direct, group := r.byID(boatman), r.byID(lake)
	if reply := direct["1/A4"].ReplyTo; reply == nil || !reply.Found || reply.ID != direct["0/A3"].ID {
		t.Errorf("%+v", reply)
	}
	// Two of a group have one key: the one who is quoted is meant.
	second := group["0/15/15550100002@s.whatsapp.net"]
	if reply := group["0/G34"].ReplyTo; second == nil || reply == nil || !reply.Found || reply.ID != second.ID || reply.NativeID != second.NativeID {
		t.Errorf("%+v, %+v", second, reply)
	}
	for id, want := range map[string]chat.Attachment{
		"1/A5": {Role: "image", Name: "IMG-20190501-WA0001.jpg", MIME: "image/jpeg", Size: 21, File: "Media/WhatsApp Images/IMG-20190501-WA0001.jpg", State: chat.Stored},
		"0/A6": {Role: "voice", MIME: "audio/ogg; codecs=opus", Size: 4000, State: chat.Missing, Why: "never downloaded to the phone", Duration: 5 * time.Second},
		"0/A7": {Role: "file", Name: "key list.pdf", MIME: "application/pdf", Size: 900, State: chat.Missing, Why: "never downloaded to the phone"},
	} {
		if list := direct[id].Attachments; len(list) != 1 || !reflect.DeepEqual(list[0], want) {
			t.Errorf("%s: %+v", id, list)
		}
	}
	if got := direct["0/A8"].Location; got == nil || *got != (chat.Location{Latitude: "45.25", Longitude: "-72.5", Name: "Old pier", URL: "https://maps.example/pier"}) {
		t.Errorf("%+v", got)
	}
	if c := direct["0/A11"].Call; c == nil || *c != (chat.Call{Video: true, Duration: 65 * time.Second}) {
		t.Errorf("%+v", c)
	}
	if c := direct["0/A12"].Call; c == nil || *c != (chat.Call{Missed: true, Outcome: "missed"}) {
		t.Errorf("%+v", c)
	}
	if direct["0/A13"].Deleted == nil || direct["1/A14"].Deleted == nil || direct["0/A15"].Forwarded == nil || direct["0/A3"].Extra["starred"] != "1" {
		t.Error("what happened to a message is lost")
	}
	if m := group["0/G36"]; m.Extra["message_type"] != "77" || group["1/G35"].Extra["action_type"] != "555" || group["1/G35"].Event.Code != "unknown" || group["1/G31"].Event.Code != "left" {
		t.Errorf("%+v", m)
	}
	if c := r.chat(lake); c.Title != "Lake house" || len(c.Participants) != 5 || participant(c, "15550100003@s.whatsapp.net") == nil {
		t.Errorf("%+v", c)
	}
	if got := group["0/G34"].Spans; len(got) != 1 || got[0].Style != "mention" || got[0].Target != participant(r.chat(lake), "15550100002@s.whatsapp.net").ID {
		t.Errorf("%+v", got)
	}
	if m := direct["1/A4"]; m.Precision != chat.Millisecond || m.Time.UnixMilli() != 1556700120321 {
		t.Errorf("%v", m.Time)
	}
}

// moving takes the first rows of small into the old table, as the app did over some
// days in 2021: for a while they are in both.
const moving = small + `
CREATE TABLE messages (_id INTEGER PRIMARY KEY, key_remote_jid TEXT, key_from_me INTEGER, key_id TEXT, status INTEGER, data TEXT, timestamp INTEGER, media_wa_type TEXT, remote_resource TEXT);
INSERT INTO messages (_id, key_remote_jid, key_from_me, key_id, status, data, timestamp, media_wa_type, remote_resource) VALUES
  (1, '4400000001@s.whatsapp.net', 0, 'K1', 0, 'one', 1700000000000, '0', NULL),
  (2, '44-1@g.us', 0, 'K2', 0, 'two', 1700000001000, '0', '4400000001@s.whatsapp.net'),
  (3, '44-1@g.us', 0, 'K3', 0, 'three', 1700000002000, '0', '4400000002@s.whatsapp.net'),
  (4, '4400000001@s.whatsapp.net', 1, 'K4', 13, 'four', 1700000003000, '0', NULL);
CREATE TABLE chat_list (_id INTEGER PRIMARY KEY, key_remote_jid TEXT, subject TEXT);
INSERT INTO chat_list VALUES (1, '4400000001@s.whatsapp.net', NULL), (2, '44-1@g.us', 'Two and two');
`

// TestMoving reads a database with both tables at every point of the move: all
// messages are there once, with the same ids, and the rest is counted.
func TestMoving(t *testing.T) {
	want := read(t, alone(t, small), chat.Options{})
	for name, c := range map[string]struct {
		sql    string
		copies int
	}{
		"not begun":  {"DELETE FROM message;", 0},
		"half":       {"DELETE FROM message WHERE _id > 2;", 2},
		"done":       {"", 4},
		"other half": {"DELETE FROM message WHERE _id < 3; DELETE FROM messages WHERE _id = 4;", 1},
		"taken out":  {"DELETE FROM messages WHERE _id < 4; DELETE FROM message WHERE _id = 4;", 0},
		"sentinel":   {"DELETE FROM message; INSERT INTO message (_id, chat_row_id, key_id) VALUES (0, -1, '-1');", 0},
	} {
		got := read(t, alone(t, moving+c.sql), chat.Options{})
		if got.accounts.Ignored[copies] != c.copies {
			t.Errorf("%s: %v", name, got.accounts.Ignored)
		}
		got.accounts.Ignored = want.accounts.Ignored
		t.Run(name, func(t *testing.T) { sameRecords(t, want, got) })
	}
}

// TestPoor reads databases that lack nearly all that is asked for.
func TestPoor(t *testing.T) {
	for name, c := range map[string]struct {
		sql  string
		want int
	}{
		"messages alone":    {"CREATE TABLE message (_id INTEGER PRIMARY KEY, text_data TEXT); INSERT INTO message VALUES (1, 'a'), (2, 'b');", 2},
		"no columns":        {"CREATE TABLE message (x); INSERT INTO message VALUES (1), (2);", 2},
		"old, alone":        {"CREATE TABLE messages (_id INTEGER PRIMARY KEY, data TEXT); INSERT INTO messages VALUES (1, 'a'), (2, 'b'), (3, 'c');", 3},
		"no list of people": {strings.ReplaceAll(small, "INSERT INTO jid", "DROP TABLE jid; CREATE TABLE j2 (a, b, c, d, e); INSERT INTO j2"), 4},
		"no list of chats":  {small + "DROP TABLE chat;", 4},
		"a view":            {small + "ALTER TABLE message RENAME TO m; CREATE VIEW message AS SELECT * FROM m;", 0},
	} {
		r := readAny(t, fstest.MapFS{"msgstore.db": {Data: sqlitetest.Build(t, c.sql), Mode: 0o644}}, chat.Options{})
		if r.count() != c.want || (c.want == 0) != (len(r.errs) > 0) {
			t.Errorf("%s: %d messages, %v", name, r.count(), r.errs)
		}
	}
}
