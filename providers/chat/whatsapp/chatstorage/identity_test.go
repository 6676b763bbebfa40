package chatstorage

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/archive"
	"chatkeep/providers/chat/chattest"
	"chatkeep/providers/internal/sqlite/sqlitetest"
)

// changed is the harbour with a script run on the database of chats.
func changed(t testing.TB, script string) fstest.MapFS {
	t.Helper()
	const dir = "../testdata/exports/ios-harbour"
	files := chattest.Load(t, dir)
	sql, err := os.ReadFile(dir + "/ChatStorage.sqlite.sql")
	if err != nil {
		t.Fatal(err)
	}
	files[chatFile] = &fstest.MapFile{Data: sqlitetest.Build(t, string(sql)+script)}
	return files
}

// facts are messages without the place they were read from.
func facts(list []*chat.Message) (out []chat.Message) {
	for _, m := range list {
		one := *m
		one.Source = chat.Pointer{}
		out = append(out, one)
	}
	return out
}

// TestOneMore has the same records, and one at the end.
func TestOneMore(t *testing.T) {
	before := read(t, changed(t, ""), chat.Options{})
	after := read(t, changed(t, `INSERT INTO ZWAMESSAGE (ZISFROMME, ZMESSAGETYPE, ZSORT, ZCHATSESSION, ZGROUPMEMBER, ZMESSAGEDATE, ZFROMJID, ZSTANZAID, ZTEXT)
		VALUES (0, 0, 900, 2, 1, 795000000.5, '120363000000000001@g.us', '3ANEW', 'one more');`), chat.Options{})
	if len(before.chats) != len(after.chats) || after.total() != before.total()+1 {
		t.Fatalf("%d and %d messages", before.total(), after.total())
	}
	for i, c := range before.chats {
		list := after.messages[c.NativeID]
		if c.NativeID == walk {
			if last := list[len(list)-1]; last.Text != "one more" {
				t.Errorf("the last is %+v", last)
			}
			list = list[:len(list)-1]
		}
		if !reflect.DeepEqual(c, after.chats[i]) || !reflect.DeepEqual(before.messages[c.NativeID], list) {
			t.Errorf("%s is another one", c.NativeID)
		}
	}
}

// TestOtherRows reads the same messages from a database that numbers its rows the
// other way round, as one that was restored may.
func TestOtherRows(t *testing.T) {
	before := read(t, changed(t, ""), chat.Options{})
	after := read(t, changed(t, `UPDATE ZWAMESSAGE SET ZPARENTMESSAGE = 1000 - ZPARENTMESSAGE WHERE ZPARENTMESSAGE IS NOT NULL;
		UPDATE ZWAMESSAGE SET Z_PK = 1000 - Z_PK;`), chat.Options{})
	for _, c := range before.chats {
		x, y := facts(before.messages[c.NativeID]), facts(after.messages[c.NativeID])
		if c.NativeID == mara {
			// What has no time stands where its row does.
			x, y = timed(x), timed(y)
		}
		if !reflect.DeepEqual(x, y) {
			for i := range min(len(x), len(y)) {
				if !reflect.DeepEqual(x[i], y[i]) {
					t.Errorf("%s: %+v\n%+v", c.NativeID, x[i], y[i])
				}
			}
			t.Errorf("%s: %d and %d messages", c.NativeID, len(x), len(y))
		}
	}
}

func timed(list []chat.Message) (out []chat.Message) {
	for _, m := range list {
		if !m.Time.IsZero() {
			out = append(out, m)
		}
	}
	return out
}

// TestTwice reads a database twice.
func TestTwice(t *testing.T) {
	for _, name := range []string{"ios-harbour", "ios-bare", "ios-backup-harbour"} {
		if one, other := sample(t, name), sample(t, name); !reflect.DeepEqual(one, other) {
			t.Errorf("%s reads differently", name)
		}
	}
}

// TestNumberLater finds a conversation that was by the hidden address at the one by
// number, once that is known, with what is still filed under the other.
func TestNumberLater(t *testing.T) {
	files := changed(t, `INSERT INTO ZWACHATSESSION (Z_PK, ZSESSIONTYPE, ZCONTACTJID, ZPARTNERNAME) VALUES (20, 0, '90000000000004@lid', 'Tove');
		INSERT INTO ZWAMESSAGE (ZISFROMME, ZMESSAGETYPE, ZCHATSESSION, ZMESSAGEDATE, ZSTANZAID, ZTEXT) VALUES (0, 0, 20, 795000000, '3ATOVE', 'hello');`)
	r := read(t, files, chat.Options{})
	if m := r.messages[tove][0]; m.Sender != person(tove) || r.chat(t, tove).Title != "Tove" {
		t.Errorf("%+v", m)
	}
	files[hiddenFile] = &fstest.MapFile{Data: sqlitetest.Build(t, "CREATE TABLE ZWAPHONENUMBERLIDPAIR (ZLID, ZPHONENUMBER); INSERT INTO ZWAPHONENUMBERLIDPAIR VALUES ('90000000000004', '447700900004');")}
	r = read(t, files, chat.Options{})
	const number = "447700900004@s.whatsapp.net"
	if m := r.messages[number][0]; m.Sender != person(number) || m.ID != message(number, "0/3ATOVE") {
		t.Errorf("%+v", m)
	}
	if m := r.row(t, chatFile, "row 41"); m.Sender != person(number) {
		t.Errorf("in the group: %+v", m)
	}
}

// databases are exports whose rows are counted.
func databases(t testing.TB) map[string]fs.FS {
	list := map[string]fs.FS{}
	for _, name := range []string{"ios-harbour", "ios-bare", "ios-backup-harbour"} {
		list[name] = chattest.Load(t, "../testdata/exports/"+name)
	}
	if dir := os.Getenv("CHATKEEP_FIXTURES"); dir != "" {
		for _, name := range []string{"personal", "business"} {
			list[name] = opened(t, dir+"/whatsapp/locket/ChatStorage-"+name+".sqlite")
		}
	}
	return list
}

// TestAccounts counts rows with SQL and expects each to be a message or named.
func TestAccounts(t *testing.T) {
	for name, fsys := range databases(t) {
		r := read(t, fsys, chat.Options{})
		p, err := open(t.Context(), fsys, r.match)
		if err != nil {
			t.Fatal(err)
		}
		rows := map[string]int{}
		for file, table := range map[string]string{p.chat: "ZWAMESSAGE", callsFile: "ZWACDCALLEVENT"} {
			db, err := p.database(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			if db == nil {
				continue
			}
			q := db.Query("SELECT COUNT(*) FROM " + table)
			if q.Next() {
				rows[table] = int(q.Int(0))
			}
			if err := q.Close(); err != nil {
				t.Fatal(err)
			}
			db.Close()
		}
		p.close()
		left := 0
		for _, reason := range []string{"copies of messages", "updates of polls and albums", "calls that a message tells, too"} {
			left += r.accounts.Ignored[reason]
		}
		if want := rows["ZWAMESSAGE"] + rows["ZWACDCALLEVENT"]; r.total()+left != want || r.total() == 0 {
			t.Errorf("%s: %d messages and %d left out of %d rows", name, r.total(), left, want)
		}
	}
	r := sample(t, "ios-harbour")
	want := map[string]int{
		"copies of messages": 1, "updates of polls and albums": 2, "calls that a message tells, too": 2,
		"chats without messages": 1, "chats that were removed": 1, "entries of the log of members": 1, "previews of links": 1,
	}
	if !reflect.DeepEqual(r.accounts.Ignored, want) {
		t.Errorf("ignored %v", r.accounts.Ignored)
	}
	if got := fmt.Sprint(r.accounts.Unused); !strings.Contains(got, "ContactsV2.sqlite") || !strings.Contains(got, "Media/Profile/") || strings.Contains(got, "CallHistory") {
		t.Errorf("unused %s", got)
	}
}

// TestCopies keeps, of a message that is there twice, the one that the app sorts
// into the chat, and both where they say different things.
func TestCopies(t *testing.T) {
	r := read(t, changed(t, `INSERT INTO ZWAMESSAGE (Z_PK, ZISFROMME, ZMESSAGETYPE, ZGROUPEVENTTYPE, ZSORT, ZCHATSESSION, ZMESSAGEDATE, ZSTANZAID, ZTEXT)
		SELECT 500 + Z_PK, ZISFROMME, ZMESSAGETYPE, ZGROUPEVENTTYPE, -Z_PK, ZCHATSESSION, ZMESSAGEDATE, ZSTANZAID, ZTEXT FROM ZWAMESSAGE WHERE Z_PK < 8;
		UPDATE ZWAMESSAGE SET ZTEXT = 'other words' WHERE Z_PK = 503;`), chat.Options{})
	if n := r.accounts.Ignored["copies of messages"]; n != 1+6 {
		t.Errorf("%d copies", n)
	}
	one, other := r.row(t, chatFile, "row 3"), r.row(t, chatFile, "row 503")
	if one.NativeID != "1/3A000000000000000003" || other.NativeID != one.NativeID+"/1" || one.ID == other.ID {
		t.Errorf("%s and %s", one.NativeID, other.NativeID)
	}
	if m := r.row(t, chatFile, "row 4"); !m.ReplyTo.Found {
		t.Error("not found")
	}
}

// TestCopiedCall keeps what the log says of a call with the message that is kept.
func TestCopiedCall(t *testing.T) {
	want := sample(t, "ios-harbour").row(t, chatFile, "row 23")
	r := read(t, changed(t, `INSERT INTO ZWAMESSAGE (Z_PK, ZISFROMME, ZMESSAGETYPE, ZGROUPEVENTTYPE, ZSORT, ZCHATSESSION, ZMESSAGEDATE, ZSTANZAID, ZTOJID)
		SELECT 523, ZISFROMME, ZMESSAGETYPE, ZGROUPEVENTTYPE, -1, ZCHATSESSION, ZMESSAGEDATE, ZSTANZAID, ZTOJID FROM ZWAMESSAGE WHERE Z_PK = 23`), chat.Options{})
	if got := r.row(t, chatFile, "row 23"); want.Call == nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
	if n := r.accounts.Ignored["copies of messages"]; n != 1+1 {
		t.Errorf("%d copies", n)
	}
}

// TestLink does not follow a link out of the export.
func TestLink(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, chattest.Load(t, "../testdata/exports/ios-harbour")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, filepath.FromSlash(media), "1", "crates.jpg")
	if err := os.Rename(name, filepath.Join(t.TempDir(), "crates.jpg")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", name); err != nil {
		t.Skip(err)
	}
	e, err := archive.OpenPath(dir, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	a := read(t, e.FS, chat.Options{}).row(t, chatFile, "row 8").Attachments[0]
	if a.State != chat.Failed || a.File != "" || a.Why != "not a plain file" {
		t.Errorf("%+v", a)
	}
}
