package android

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/chattest"
	"chatkeep/providers/chat/whatsapp/crypt/crypttest"
	"chatkeep/providers/internal/sqlite/sqlitetest"
)

var update = flag.Bool("update", false, "write testdata/exports/android-crypt anew")

const exports = "../testdata/exports"

// result is all that one export gave.
type result struct {
	chats    []*chat.Conversation
	messages map[string][]*chat.Message // by the conversation's native id
	coverage map[string]chat.Coverage
	accounts chat.Accounts
	errs     []error
}

// readMatch reads what one match is of.
func readMatch(t testing.TB, fsys fs.FS, m chat.Match, o chat.Options) (r result) {
	t.Helper()
	s, err := Open(fsys, m, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r.messages, r.coverage = map[string][]*chat.Message{}, map[string]chat.Coverage{}
	for c, err := range s.Conversations(t.Context()) {
		if err != nil {
			r.errs = append(r.errs, err)
			continue
		}
		r.chats = append(r.chats, c)
		for m, err := range s.Messages(t.Context(), c) {
			if err != nil {
				r.errs = append(r.errs, err)
				continue
			}
			k := *m // it is valid until the next
			r.messages[c.NativeID] = append(r.messages[c.NativeID], &k)
		}
		r.coverage[c.NativeID] = s.Coverage(c)
	}
	r.accounts = s.Accounts()
	return r
}

// readAny reads an export, whatever is wrong with it.
func readAny(t testing.TB, fsys fs.FS, o chat.Options) result {
	t.Helper()
	list, err := Recognize(fsys)
	if err != nil || len(list) != 1 {
		t.Fatalf("matches %v, %v", list, err)
	}
	return readMatch(t, fsys, list[0], o)
}

// read reads an export with nothing wrong.
func read(t testing.TB, fsys fs.FS, o chat.Options) result {
	t.Helper()
	r := readAny(t, fsys, o)
	for _, err := range r.errs {
		t.Fatal(err)
	}
	return r
}

func load(t testing.TB, name string) fstest.MapFS {
	t.Helper()
	return chattest.Load(t, filepath.Join(exports, name))
}

// script is the SQL of a database of the exports in testdata.
func script(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(exports, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// alone is an export that is one database, as a script makes it.
func alone(t testing.TB, sql string) fstest.MapFS {
	t.Helper()
	return fstest.MapFS{"msgstore.db": {Data: sqlitetest.Build(t, sql), Mode: 0o644}}
}

// small is a script of a database with two chats, to which tests add.
const small = `
CREATE TABLE jid (_id INTEGER PRIMARY KEY, user TEXT, server TEXT, type INTEGER, raw_string TEXT);
CREATE TABLE chat (_id INTEGER PRIMARY KEY, jid_row_id INTEGER, subject TEXT);
CREATE TABLE message (_id INTEGER PRIMARY KEY, chat_row_id INTEGER, from_me INTEGER, key_id TEXT, sender_jid_row_id INTEGER, timestamp INTEGER, message_type INTEGER, text_data TEXT, sort_id INTEGER);
INSERT INTO jid VALUES (1, '4400000001', 's.whatsapp.net', 0, '4400000001@s.whatsapp.net'), (2, '4400000002', 's.whatsapp.net', 0, '4400000002@s.whatsapp.net'), (3, '44-1', 'g.us', 1, '44-1@g.us');
INSERT INTO chat VALUES (1, 1, NULL), (2, 3, 'Two and two');
INSERT INTO message VALUES
  (1, 1, 0, 'K1', 0, 1700000000000, 0, 'one', 1), (2, 2, 0, 'K2', 1, 1700000001000, 0, 'two', 2),
  (3, 2, 0, 'K3', 2, 1700000002000, 0, 'three', 3), (4, 1, 1, 'K4', 0, 1700000003000, 0, 'four', 4);
`

// many is a script of a database with n messages more.
func many(n int) string {
	return small + fmt.Sprintf(`
WITH RECURSIVE n(i) AS (VALUES(100) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
INSERT INTO message SELECT i, 1, i %% 2, 'N' || i, 0, 1700000010000 + i * 1000, 0, 'text ' || i, i FROM n;`, n+99)
}

// byID are the messages of a conversation by their native ids.
func (r result) byID(native string) map[string]*chat.Message {
	all := map[string]*chat.Message{}
	for _, m := range r.messages[native] {
		all[m.NativeID] = m
	}
	return all
}

// count is the number of all messages.
func (r result) count() (n int) {
	for _, list := range r.messages {
		n += len(list)
	}
	return n
}

// texts are those of a conversation, in order.
func (r result) texts(native string) string {
	var list []string
	for _, m := range r.messages[native] {
		list = append(list, m.Text)
	}
	return strings.Join(list, "|")
}

// participant finds a participant by an id of the app.
func participant(c *chat.Conversation, address string) *chat.Participant {
	for i := range c.Participants {
		for _, id := range c.Participants[i].IDs {
			if id.Value == address {
				return &c.Participants[i]
			}
		}
	}
	return nil
}

func (r result) chat(native string) *chat.Conversation {
	for _, c := range r.chats {
		if c.NativeID == native {
			return c
		}
	}
	return nil
}

// sameRecords compares all that two exports gave, but for where it is from.
func sameRecords(t testing.TB, a, b result) {
	t.Helper()
	if len(a.chats) != len(b.chats) {
		t.Fatalf("%d conversations and %d", len(a.chats), len(b.chats))
	}
	for i, c := range a.chats {
		d := *b.chats[i]
		d.Path, d.Route = c.Path, c.Route
		if !reflect.DeepEqual(c, &d) {
			t.Errorf("conversation %d:\n%+v\n%+v", i, c, d)
		}
		x, y := a.messages[c.NativeID], b.messages[d.NativeID]
		if len(x) != len(y) {
			t.Fatalf("conversation %d: %d messages and %d", i, len(x), len(y))
		}
		for k := range x {
			other := *y[k]
			other.Source = x[k].Source
			if !reflect.DeepEqual(x[k], &other) {
				t.Errorf("conversation %d, message %d:\n%+v\n%+v", i, k, x[k], other)
			}
		}
		if !reflect.DeepEqual(a.coverage[c.NativeID], b.coverage[d.NativeID]) {
			t.Errorf("conversation %d: %+v and %+v", i, a.coverage[c.NativeID], b.coverage[d.NativeID])
		}
	}
	if !reflect.DeepEqual(a.accounts.Ignored, b.accounts.Ignored) {
		t.Errorf("ignored: %v and %v", a.accounts.Ignored, b.accounts.Ignored)
	}
}

// encrypted makes an encrypted backup of a database.
func encrypted(t testing.TB, form string, plain []byte) *fstest.MapFile {
	t.Helper()
	return &fstest.MapFile{Data: crypttest.Encrypt(t, form, crypttest.Deflate(t, plain), true), Mode: 0o644}
}

// phone is testdata/exports/android-phone with its media beside the databases, as in
// a folder WhatsApp of a phone.
func phone(t testing.TB) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	for name, f := range load(t, "android-phone") {
		all[strings.TrimPrefix(name, "WhatsApp/")] = f
	}
	return all
}

// nightly is that phone as its nightly backup has it.
func nightly(t testing.TB) fstest.MapFS {
	t.Helper()
	backup := fstest.MapFS{}
	for name, f := range phone(t) {
		switch name {
		case "databases/msgstore.db":
			backup["Databases/msgstore.db.crypt15"] = encrypted(t, "crypt15", f.Data)
		case "databases/wa.db":
			backup["Backups/wa.db.crypt15"] = encrypted(t, "crypt15", f.Data)
		default:
			if strings.HasPrefix(name, "Media/") {
				backup[name] = f
			}
		}
	}
	return backup
}

// TestExportIsThePhone reads the encrypted export in testdata and the database that
// it was made of, which give the same records. With -update it makes it.
func TestExportIsThePhone(t *testing.T) {
	made := nightly(t)
	if *update {
		for name, f := range made {
			if strings.Contains(name, ".crypt15") {
				if err := os.WriteFile(filepath.Join(exports, "android-crypt", filepath.FromSlash(name)), f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	kept := load(t, "android-crypt")
	for name, f := range made {
		if strings.HasPrefix(name, "Media/") {
			kept[name] = f
		}
	}
	sameRecords(t, read(t, phone(t), chat.Options{}), read(t, kept, chat.Options{}))
}
