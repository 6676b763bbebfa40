package android

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"chatkeep/backup/record"
	"chatkeep/providers/chat"
	"chatkeep/providers/internal/sqlite"
)

// checkFit says that a reading can be written as records and read back, whatever it
// was made of.
func checkFit(t *testing.T, name string, r result) {
	t.Helper()
	var b bytes.Buffer
	e := record.NewEncoder(&b, nil)
	for _, c := range r.chats {
		errs := []error{e.Conversation(c)}
		for i := range c.Participants {
			errs = append(errs, e.Participant(&c.Participants[i]))
		}
		for _, m := range r.messages[c.NativeID] {
			errs = append(errs, e.Message(m))
		}
		cover := r.coverage[c.NativeID]
		if err := errors.Join(append(errs, e.Coverage(&cover))...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := record.NewDecoder(&b)
	d.Strict = true
	for {
		if _, err := d.Next(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	checkSense(t, name, r)
}

// checkSense asks of every record what a form cannot.
func checkSense(t *testing.T, name string, r result) {
	t.Helper()
	for _, c := range r.chats {
		ids, people := map[string]bool{}, map[string]bool{"": true}
		for _, p := range c.Participants {
			people[p.ID] = true
		}
		for _, m := range r.messages[c.NativeID] {
			if ids[m.ID] {
				t.Errorf("%s: %s twice", name, m.NativeID)
			}
			ids[m.ID] = true
			if !people[m.Sender] || !utf8.ValidString(m.ID) || m.Kind == "" || m.Source.At == "" {
				t.Errorf("%s: %+v", name, m)
			}
			for _, x := range m.Reactions {
				if !people[x.By] {
					t.Errorf("%s: %+v", name, x)
				}
			}
			for _, a := range m.Attachments {
				if a.File != "" && !fs.ValidPath(a.File) || a.State == "" {
					t.Errorf("%s: %+v", name, a)
				}
			}
			for _, s := range m.Spans {
				if s.Start < 0 || s.End < s.Start || s.End > len(m.Text) {
					t.Errorf("%s: %+v of %d bytes", name, s, len(m.Text))
				}
			}
		}
	}
}

// strange are values that a column of any type can have.
var strange = []string{
	"NULL", "-1", "0", "1", "2", "9223372036854775807", "-9223372036854775808", "1e308", "-1e308", "9e999", "0.5", "''", "'-1'", "'x'", "X''", "X'ff00fe'",
	"X'c328'", "'../../../etc/passwd'", "'/Media/../../x'", "'Media/' || char(0) || '/x'", "'Media/a\\b'", "'@'", "'@@s.whatsapp.net'", "'1@lid'",
	"CAST(X'ffc0' AS TEXT)", "hex(zeroblob(5000))", "zeroblob(9000)", "253402300800000", "'\U0001F600'", "char(0x202e) || 'x'", "'{' || char(10)",
}

// strangeNumbers are values for numbers of rows.
var strangeNumbers = []string{"9223372036854775807", "-9223372036854775808", "-1", "0", "1", "abs(random()) % 300"}

// TestStrangeValues writes strange values into every column of every table, one
// column at a time and all at once.
func TestStrangeValues(t *testing.T) {
	for folder, name := range map[string]string{"android-phone": "databases/msgstore.db", "android-2019": "msgstore.db"} {
		export := load(t, folder)
		db, err := sqlite.Open(t.Context(), export, name)
		if err != nil {
			t.Fatal(err)
		}
		sql := strings.NewReplacer(" NOT NULL", "", " UNIQUE", "", " AUTOINCREMENT", "").Replace(script(t, folder+"/"+name+".sql"))
		var columns []string
		numbers := map[string]bool{} // columns that take nothing else
		for _, m := range regexp.MustCompile(`CREATE TABLE (\w+) \((\w+) INTEGER PRIMARY KEY`).FindAllStringSubmatch(sql, -1) {
			numbers[sqlite.Name(m[1])+" SET "+sqlite.Name(m[2])] = true
		}
		for _, table := range db.Tables() {
			if strings.HasPrefix(table, "sqlite_") {
				continue
			}
			for _, column := range db.Columns(table) {
				columns = append(columns, sqlite.Name(table)+" SET "+sqlite.Name(column))
			}
		}
		db.Close()
		r := rand.New(rand.NewPCG(1, 2))
		tries := 200
		if testing.Short() {
			tries = 30
		}
		for i := range tries {
			var changes strings.Builder
			one := r.IntN(len(columns))
			for k, column := range columns {
				if i%2 == 0 && k != one || i%2 == 1 && r.IntN(3) > 0 {
					continue
				}
				values := strange
				if numbers[column] {
					values = strangeNumbers
				}
				for k := range 3 {
					fmt.Fprintf(&changes, "UPDATE OR IGNORE %s = %s WHERE rowid %% 4 = %d;\n", column, values[r.IntN(len(values))], k)
				}
			}
			export[name] = alone(t, sql+changes.String())["msgstore.db"]
			got := readAny(t, export, chat.Options{})
			if checkFit(t, fmt.Sprintf("%s, %d", folder, i), got); t.Failed() {
				t.Log(changes.String())
				return
			}
		}
	}
}

// TestStrangeSchema reads databases with tables of all the names that are asked for,
// which are something else.
func TestStrangeSchema(t *testing.T) {
	var names []string
	for _, s := range sideTables {
		names = append(names, s.table)
	}
	for _, list := range [][]string{receiptTables, pictureTables, {"jid", "jid_map", "lid_display_name", "chat", "chat_list", "newsletter", "props", "call_log", "message_call_log", "message_association",
		"message_edit_info", "message_revoked", "message_system_group", "group_participant_user", "group_participants", "messages", "messages_quotes"}} {
		names = append(names, list...)
	}
	for what, make := range map[string]func(table string) string{
		"one column": func(table string) string {
			return "CREATE TABLE " + table + " (x); INSERT INTO " + table + " VALUES (1), ('a'), (NULL);"
		},
		"no row ids": func(table string) string {
			return "CREATE TABLE " + table + " (message_row_id PRIMARY KEY, _id, jid_row_id) WITHOUT ROWID; INSERT INTO " + table + " VALUES (1, 1, 1);"
		},
		"views": func(table string) string {
			return "CREATE VIEW " + table + " AS SELECT _id AS message_row_id, * FROM message;"
		},
		"rowid hidden": func(table string) string {
			return "CREATE TABLE " + table + " (rowid TEXT, message_row_id, jid_row_id); INSERT INTO " + table + " VALUES ('a', 1, 1);"
		},
		"generated": func(table string) string {
			return "CREATE TABLE " + table + " (message_row_id, _id GENERATED ALWAYS AS (message_row_id + 1)); INSERT INTO " + table + " VALUES (1);"
		},
		"text for keys": func(table string) string {
			return "CREATE TABLE " + table + " (message_row_id TEXT, chat_row_id TEXT, reaction BLOB); INSERT INTO " + table + " VALUES ('1', '1', X'00'), ('one', NULL, NULL);"
		},
	} {
		var sql strings.Builder
		sql.WriteString(small)
		for _, name := range names {
			if name == "jid" || name == "chat" {
				continue
			}
			sql.WriteString(make(name) + "\n")
		}
		r := readAny(t, alone(t, sql.String()), chat.Options{})
		checkFit(t, what, r)
		if texts := r.texts("4400000001@s.whatsapp.net"); !strings.Contains(texts, "one") || !strings.Contains(texts, "four") {
			t.Errorf("%s: %q, %v", what, texts, r.errs)
		}
	}
}

// TestMuch has very many of everything with one message: it is kept within bounds,
// and the message is there.
func TestMuch(t *testing.T) {
	const rows = "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO "
	r := read(t, alone(t, small+`
CREATE TABLE message_mentions (message_row_id INTEGER, jid_row_id INTEGER); `+rows+`message_mentions SELECT 1, i % 3 FROM n;
CREATE TABLE message_vcard (message_row_id INTEGER, vcard TEXT); `+rows+`message_vcard SELECT 1, 'FN:x' FROM n;
CREATE TABLE message_future (message_row_id INTEGER, wide TEXT); `+rows+`message_future SELECT 1, hex(zeroblob(300)) FROM n;
CREATE TABLE message_add_on (_id INTEGER PRIMARY KEY, parent_message_row_id INTEGER, message_add_on_type INTEGER); `+rows+`message_add_on SELECT i, 1, 99 FROM n;
UPDATE message SET text_data = hex(zeroblob(2000000)) WHERE _id = 4;`), chat.Options{})
	direct := r.byID("4400000001@s.whatsapp.net")
	if m := direct["0/K1"]; m == nil || m.Text != "one" || len(m.Extra["message_future"]) > 2*maxParts || m.Extra["left_out"] == "" || r.accounts.Ignored[tooLarge] != 1 {
		t.Errorf("%+v", m)
	}
	if m := direct["1/K4"]; m.Text != "" || m.Extra["text_length"] != "4000000" || !strings.Contains(strings.Join(r.accounts.Warnings, "\n"), "1 texts are longer") {
		t.Errorf("%d bytes, %v, %q", len(m.Text), m.Extra, r.accounts.Warnings)
	}
	for _, value := range direct["0/K1"].Extra {
		if strings.HasPrefix(value, "{") && !json.Valid([]byte(value)) {
			t.Errorf("no JSON: %q", value[:min(len(value), 80)])
		}
	}
}

// TestLargest makes the largest record there can be, of what takes most room in one.
func TestLargest(t *testing.T) {
	for name, filler := range map[string]string{"control": "char(1)", "no UTF-8": "CAST(X'ff' AS TEXT)", "quotes": "'\"'", "plain": "'x'"} {
		fill := func(n int) string { return fmt.Sprintf("replace(hex(zeroblob(%d)), '00', %s)", n, filler) }
		r := read(t, alone(t, small+fmt.Sprintf(`
CREATE TABLE message_edit_info (message_row_id INTEGER PRIMARY KEY, original_key_id TEXT, edited_timestamp INTEGER);
CREATE TABLE message_quoted (message_row_id INTEGER PRIMARY KEY, key_id TEXT, text_data TEXT);
CREATE TABLE message_future (message_row_id INTEGER, wide TEXT, mood TEXT);
INSERT INTO message_edit_info VALUES (1, 'K1', 1700000000001), (4, 'K4', 1700000000001);
UPDATE message SET text_data = %s;
INSERT INTO message_quoted SELECT _id, 'K9', %s FROM message WHERE _id <> 4;
INSERT INTO message_future SELECT _id, %[2]s, %[2]s FROM message WHERE _id <> 4;
WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 9000) INSERT INTO message_future SELECT 4, NULL, %[3]s FROM n;`,
			fill(maxText), fill(maxText/3), fill(2))), chat.Options{})
		checkFit(t, name, r)
		if r.count() != 4 || len(r.byID("4400000001@s.whatsapp.net")["0/K1"].Text) != maxText {
			t.Errorf("%s: %d messages", name, r.count())
		}
	}
}

// TestPaths never leads out of the export.
func TestPaths(t *testing.T) {
	secret := &fstest.MapFile{Data: []byte("secret"), Mode: 0o644}
	export := alone(t, small+`
CREATE TABLE message_media (message_row_id INTEGER PRIMARY KEY, file_path TEXT);
UPDATE message SET message_type = 9;
INSERT INTO message_media VALUES (1, '../outside.txt'), (2, '/etc/passwd'), (3, 'Media/../../outside.txt'), (4, 'Media/link.txt');`)
	export["outside.txt"], export["Media/in.txt"] = secret, secret
	export["Media/link.txt"] = &fstest.MapFile{Mode: fs.ModeSymlink | 0o777, Data: []byte("../outside.txt")}
	r := read(t, export, chat.Options{})
	for _, list := range r.messages {
		for _, m := range list {
			if len(m.Attachments) != 1 || m.Attachments[0].State == chat.Stored && m.Attachments[0].File != "Media/link.txt" || m.Attachments[0].File == "outside.txt" {
				t.Errorf("%+v", m.Attachments)
			}
		}
	}
	for name, want := range map[string]string{
		"Media/a.jpg": "Media/a.jpg", "/storage/emulated/0/WhatsApp/Media/WhatsApp Images/a.jpg": "Media/WhatsApp Images/a.jpg", "Media/": "", "Media/../a": "", "Media//a": "",
		"/sdcard/Media/../Media/a": "", "a.jpg": "", "": "", "WhatsApp/Media/x/./y": "", "NotMedia/a": "",
	} {
		if got := mediaPath(name); got != want {
			t.Errorf("%q: %q, not %q", name, got, want)
		}
	}
}

// TestSilence looks for what people wrote, and for who they are, in errors and
// warnings.
func TestSilence(t *testing.T) {
	export := load(t, "android-phone")
	whole := export["databases/msgstore.db"].Data
	r := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		hurt := bytes.Clone(whole)
		for range 40 {
			hurt[100+r.IntN(len(hurt)-100)] ^= byte(1 + r.IntN(255))
		}
		export["databases/msgstore.db"] = &fstest.MapFile{Data: hurt, Mode: 0o644}
		got := readAny(t, export, chat.Options{})
		said := fmt.Sprint(got.errs, got.accounts.Warnings)
		for _, private := range []string{"4917000", "Mara", "mara", "Jonas", "Ridge", "Walkers", "ropes", "7700000", "M11", "IMG-"} {
			if strings.Contains(said, private) {
				t.Fatalf("%s is in %s", private, said)
			}
		}
	}
}

// TestFlipped changes some bytes of a database, again and again.
func TestFlipped(t *testing.T) {
	whole := alone(t, "PRAGMA page_size = 512;"+moving)["msgstore.db"].Data
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 400 {
		hurt := bytes.Clone(whole)
		for range 1 + r.IntN(12) {
			hurt[r.IntN(len(hurt))] = byte(r.Uint32())
		}
		m := chat.Match{Route: RoutePlain, Path: "msgstore.db", Whole: true}
		checkFit(t, fmt.Sprint("flips of round ", i), readMatch(t, fstest.MapFS{"msgstore.db": {Data: hurt, Mode: 0o644}}, m, chat.Options{}))
	}
}

// TestNotADatabase has a file of the right name that is something else.
func TestNotADatabase(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty": {}, "text": []byte("not a database at all, but long enough to be looked at as one"), "a head alone": []byte(sqlite.Magic),
		"no message": alone(t, "CREATE TABLE other (x);")["msgstore.db"].Data,
	} {
		r := readAny(t, fstest.MapFS{"msgstore.db": {Data: data, Mode: 0o644}}, chat.Options{})
		if r.count() > 0 || len(r.errs) == 0 {
			t.Errorf("%s: %d messages, %v", name, r.count(), r.errs)
		}
		if len(data) < 100 && name != "text" && !errors.Is(r.errs[0], io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, r.errs)
		}
	}
}
