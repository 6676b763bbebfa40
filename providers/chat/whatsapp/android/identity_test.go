package android

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/sqlite"
)

// renumbered is a script that gives every row of message another number, and says so
// to the tables that have it: as on a phone that was set up anew from a backup. The
// order of what the app shows stays.
func renumbered(t *testing.T, export fstest.MapFS, name string) string {
	t.Helper()
	db, err := sqlite.Open(t.Context(), export, name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	for _, table := range db.Tables() {
		for _, column := range []string{"message_row_id", "parent_message_row_id", "child_message_row_id"} {
			if db.HasColumn(table, column) {
				fmt.Fprintf(&b, "UPDATE %s SET %s = 100000 - %[2]s;\n", sqlite.Name(table), sqlite.Name(column))
			}
		}
	}
	return b.String() + "UPDATE message SET sort_id = sort_id * 1000, _id = 100000 - _id WHERE chat_row_id <> -1;\n"
}

// TestNewestFirst reads a database whose rows have other numbers, newest first: the
// records are the same, in the same order. The order of an album's items is by number.
func TestNewestFirst(t *testing.T) {
	const folder, name = "android-phone", "databases/msgstore.db"
	a := load(t, folder)
	sql := script(t, folder+"/"+name+".sql")
	b := load(t, folder)
	b[name] = alone(t, sql+renumbered(t, a, name))["msgstore.db"]
	want, got := read(t, a, chat.Options{}), read(t, b, chat.Options{})
	album := got.byID(ridge)["0/G111"]
	slices.Reverse(album.Attachments)
	album.Extra["album"] = want.byID(ridge)["0/G111"].Extra["album"]
	sameRecords(t, want, got)
}

// TestOneMore reads an export with one more message: all before it is the same.
func TestOneMore(t *testing.T) {
	const folder, name = "android-phone", "databases/msgstore.db"
	want := read(t, load(t, folder), chat.Options{})
	b := load(t, folder)
	b[name] = alone(t, script(t, folder+"/"+name+".sql")+
		"INSERT INTO message (_id, chat_row_id, from_me, key_id, timestamp, message_type, text_data, sort_id) VALUES (500, 6, 1, 'M500', 1772500000000, 0, 'one more', 500);")["msgstore.db"]
	got := read(t, b, chat.Options{})
	list := got.messages[mara]
	if len(list) != len(want.messages[mara])+1 || list[len(list)-1].Text != "one more" {
		t.Fatalf("%d messages after %d", len(list), len(want.messages[mara]))
	}
	got.messages[mara] = list[:len(list)-1]
	got.coverage[mara] = want.coverage[mara]
	sameRecords(t, want, got)
}

// TestMoved reads one chat as it was under a number and as it is under the hidden
// address: conversation, people and messages have the same ids.
func TestMoved(t *testing.T) {
	before := read(t, alone(t, small), chat.Options{})
	after := read(t, alone(t, small+`
CREATE TABLE jid_map (lid_row_id INTEGER PRIMARY KEY, jid_row_id INTEGER);
INSERT INTO jid VALUES (7, '900000000000001', 'lid', 18, '900000000000001@lid'), (8, '900000000000002', 'lid', 18, '900000000000002@lid');
INSERT INTO jid_map VALUES (7, 1), (8, 2);
UPDATE chat SET jid_row_id = 7 WHERE _id = 1;
UPDATE message SET sender_jid_row_id = sender_jid_row_id + 6 WHERE sender_jid_row_id > 0;`), chat.Options{})
	if len(after.chats) != 2 {
		t.Fatalf("%d conversations", len(after.chats))
	}
	for _, c := range before.chats {
		d := after.chat(c.NativeID)
		if d == nil || d.ID != c.ID || len(d.Participants) != len(c.Participants) {
			t.Fatalf("%+v and %+v", c, d)
		}
		for i, p := range c.Participants {
			q := d.Participants[i]
			if p.ID != q.ID || !p.Self && len(q.IDs) != len(p.IDs)+1 {
				t.Errorf("%+v and %+v", p, q)
			}
		}
		for i, m := range before.messages[c.NativeID] {
			if n := after.messages[c.NativeID][i]; m.ID != n.ID || m.Sender != n.Sender {
				t.Errorf("%+v and %+v", m, n)
			}
		}
	}
}

// TestWhose finds out whose phone it is: from the user, from the app's settings, from
// groups that the owner joined, in this order; and takes no guess.
func TestWhose(t *testing.T) {
	settings := &fstest.MapFile{Data: []byte(`<map><string name="registration_jid">4411112222</string></map>`), Mode: 0o644}
	const joining = `
CREATE TABLE message_system_group (message_row_id INTEGER PRIMARY KEY, is_me_joined INTEGER);
CREATE TABLE message_system_chat_participant (message_row_id INTEGER, user_jid_row_id INTEGER);
INSERT INTO message_system_group VALUES (2, 1), (3, 1);`
	const one = joining + "INSERT INTO message_system_chat_participant VALUES (2, 2), (3, 2);"
	for name, c := range map[string]struct {
		sql, me string
		set     bool
		want    string
	}{
		"the user":         {one, "+44 (333) 444-0000", true, "443334440000@s.whatsapp.net"},
		"settings":         {one, "", true, "4411112222@s.whatsapp.net"},
		"groups":           {one, "", false, "4400000002@s.whatsapp.net"},
		"a name":           {one, "Ben", false, "4400000002@s.whatsapp.net"},
		"several":          {joining + "INSERT INTO message_system_chat_participant VALUES (2, 2), (3, 1);", "", false, ""},
		"several at once":  {joining + "INSERT INTO message_system_chat_participant VALUES (2, 2), (2, 1);", "", false, ""},
		"nobody":           {joining, "", false, ""},
		"nothing of it":    {"", "", false, ""},
		"a group, strange": {joining + "INSERT INTO message_system_chat_participant VALUES (2, 3);", "", false, ""},
	} {
		export := fstest.MapFS{"databases/msgstore.db": alone(t, small+c.sql)["msgstore.db"]}
		if c.set {
			export["shared_prefs/com.whatsapp_preferences_light.xml"] = settings
		}
		r := read(t, export, chat.Options{Me: c.me})
		for _, conversation := range r.chats {
			if conversation.Account != c.want {
				t.Errorf("%s: account %q, not %q", name, conversation.Account, c.want)
			}
		}
		warned := slices.ContainsFunc(r.accounts.Warnings, func(w string) bool { return strings.Contains(w, "--me NUMBER") })
		if warned != (c.want == "") {
			t.Errorf("%s: warnings %q", name, r.accounts.Warnings)
		}
	}
}

// TestTwins gives two messages with one key an id each, in whatever order the rest of
// the database is, and finds the one that is answered.
func TestTwins(t *testing.T) {
	r := read(t, alone(t, small+`
CREATE TABLE message_quoted (message_row_id INTEGER PRIMARY KEY, chat_row_id INTEGER, from_me INTEGER, sender_jid_row_id INTEGER, key_id TEXT, text_data TEXT);
INSERT INTO message VALUES
  (10, 2, 0, 'T', 1, 1700000010000, 0, 'a', 10), (11, 2, 0, 'T', 2, 1700000011000, 0, 'b', 11), (12, 2, 0, 'T', 2, 1700000012000, 0, 'c', 12),
  (13, 2, 0, 'T/4400000002@s.whatsapp.net', 1, 1700000013000, 0, 'd', 13), (14, 1, 0, 'T', 0, 1700000014000, 0, 'e', 14),
  (15, 2, 1, 'R', 0, 1700000015000, 0, 'to b', 15), (16, 2, 1, 'S', 0, 1700000016000, 0, 'to a', 16), (17, 2, 1, 'U', 0, 1700000017000, 0, 'to either', 17);
INSERT INTO message_quoted VALUES (15, 2, 0, 2, 'T', 'b'), (16, 2, 0, 1, 'T', 'a'), (17, 2, 0, NULL, 'T', NULL);`), chat.Options{})
	ids := map[string]bool{}
	for _, list := range r.messages {
		for _, m := range list {
			if ids[m.ID] {
				t.Errorf("%s is there twice", m.NativeID)
			}
			ids[m.ID] = true
		}
	}
	group := map[string]*chat.Message{}
	for _, m := range r.messages["44-1@g.us"] {
		group[m.Text] = m
	}
	for text, native := range map[string]string{
		"a": "0/T", "b": "0/T/4400000002@s.whatsapp.net", "c": "0/T/4400000002@s.whatsapp.net/12", "d": "0/T/4400000002@s.whatsapp.net/4400000001@s.whatsapp.net",
	} {
		if group[text].NativeID != native {
			t.Errorf("%s: %s, not %s", text, group[text].NativeID, native)
		}
	}
	for reply, to := range map[string]string{"to b": "b", "to a": "a", "to either": "a"} {
		if got := group[reply].ReplyTo; !got.Found || got.ID != group[to].ID || got.NativeID != group[to].NativeID {
			t.Errorf("%s: %+v", reply, got)
		}
	}
}

// TestSameCall gives a call one id, whether a message tells of it or not.
func TestSameCall(t *testing.T) {
	const calls = `
CREATE TABLE call_log (_id INTEGER PRIMARY KEY, jid_row_id INTEGER, from_me INTEGER, call_id TEXT, transaction_id INTEGER, timestamp INTEGER, video_call INTEGER, duration INTEGER, call_result INTEGER);
INSERT INTO call_log VALUES (1, 1, 0, 'C', -1, 1700000005250, 1, 0, 2), (2, 1, 1, 'D', 3, 1700000006000, 0, 9, 5), (3, 1, 0, '', 0, 1700000007000, 0, 0, 77);
CREATE TABLE message_call_log (message_row_id INTEGER PRIMARY KEY, call_log_row_id INTEGER);`
	apart := read(t, alone(t, small+calls), chat.Options{})
	told := read(t, alone(t, small+calls+`
INSERT INTO message VALUES (20, 1, 0, 'N20', 0, 1700000005000, 10, 'video', 20), (21, 1, 1, 'N21', 0, 1700000006000, 90, NULL, 21);
INSERT INTO message_call_log VALUES (21, 2);`), chat.Options{})
	if apart.count() != 7 || told.count() != 7 || told.accounts.Ignored[calledTwice] != 2 {
		t.Fatalf("%d and %d messages, %v", apart.count(), told.count(), told.accounts.Ignored)
	}
	for id, m := range apart.byID("4400000001@s.whatsapp.net") {
		n := told.byID("4400000001@s.whatsapp.net")[id]
		if n == nil || m.ID != n.ID || (m.Call == nil) != (n.Call == nil) || m.Call != nil && *m.Call != *n.Call || m.Sender != n.Sender || !m.Time.Equal(n.Time) {
			t.Errorf("%+v\n%+v", m, n)
		}
	}
}
