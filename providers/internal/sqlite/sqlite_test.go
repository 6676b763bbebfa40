package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// maker writes databases as an app does, with the library itself.
type maker struct {
	t    testing.TB
	dir  string
	conn *sqlite3.Conn
}

func newMaker(t testing.TB, pragmas ...string) *maker {
	t.Helper()
	m := &maker{t: t, dir: t.TempDir()}
	var err error
	if m.conn, err = sqlite3.Open("file:" + filepath.ToSlash(filepath.Join(m.dir, "a.db"))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.conn.Close() })
	for _, p := range pragmas {
		m.exec("PRAGMA %s", p)
	}
	return m
}

func (m *maker) exec(format string, args ...any) {
	m.t.Helper()
	if err := m.conn.Exec(fmt.Sprintf(format, args...)); err != nil {
		m.t.Fatal(err)
	}
}

// rows adds n messages in one transaction, numbered on from the last.
func (m *maker) rows(n int) {
	m.exec("BEGIN")
	for range n {
		m.exec("INSERT INTO message (text) VALUES ('text %d' || hex(randomblob(100)))", n)
	}
	m.exec("COMMIT")
}

// files are the database's files as they are at this moment.
func (m *maker) files() fstest.MapFS {
	m.t.Helper()
	all := fstest.MapFS{}
	for _, name := range []string{"a.db", "a.db-wal", "a.db-journal"} {
		data, err := os.ReadFile(filepath.Join(m.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			m.t.Fatal(err)
		}
		all[name] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return all
}

const schema = "CREATE TABLE message (_id INTEGER PRIMARY KEY, text TEXT)"

// count reads all messages and returns how many there are, and what ended them.
func count(t testing.TB, fsys fs.FS) (int, error) {
	t.Helper()
	db, err := Open(t.Context(), fsys, "a.db")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	if !db.Has("message") {
		return 0, nil
	}
	n := 0
	rows := db.Query("SELECT _id, text FROM message ORDER BY _id")
	for rows.Next() {
		if n++; rows.Int(0) != int64(n) || len(rows.Text(1)) < 200 {
			t.Errorf("row %d is %d with %d bytes", n, rows.Int(0), len(rows.Text(1)))
		}
	}
	return n, rows.Close()
}

func wantCount(t testing.TB, fsys fs.FS, want int) {
	t.Helper()
	if n, err := count(t, fsys); n != want || err != nil {
		t.Errorf("%d messages, %v; want %d", n, err, want)
	}
}

func TestReads(t *testing.T) {
	for _, size := range []int{512, 1024, 4096, 65536} {
		m := newMaker(t, fmt.Sprintf("page_size=%d", size))
		m.exec(schema)
		m.rows(500)
		wantCount(t, m.files(), 500)
	}
}

// TestLog reads databases whose newest rows are in the write-ahead log alone, and
// leaves out of it what was not committed.
func TestLog(t *testing.T) {
	for _, size := range []int{512, 4096, 65536} {
		m := newMaker(t, fmt.Sprintf("page_size=%d", size), "journal_mode=WAL", "wal_autocheckpoint=0")
		m.exec(schema)
		m.rows(100)
		m.rows(50)
		files := m.files()
		if len(files["a.db-wal"].Data) == 0 {
			t.Fatal("there is no log: this proves nothing")
		}
		wantCount(t, files, 150)

		// An open transaction that is too large for the app's own cache.
		m.exec("PRAGMA cache_size=1")
		m.exec("BEGIN")
		for range 300 {
			m.exec("INSERT INTO message (text) VALUES (hex(randomblob(200)))")
		}
		more := m.files()
		if len(more["a.db-wal"].Data) <= len(files["a.db-wal"].Data) {
			t.Fatal("nothing of the open transaction is in the log: this proves nothing")
		}
		wantCount(t, more, 150)
		m.exec("ROLLBACK")

		// A log that was begun anew still has frames of the old one behind.
		m.exec("PRAGMA wal_checkpoint(RESTART)")
		m.rows(1)
		again := m.files()
		if len(again["a.db-wal"].Data) < len(files["a.db-wal"].Data) {
			t.Fatal("the log was cut: this proves nothing")
		}
		wantCount(t, again, 151)

		// The log of another database is nothing to this one.
		other := newMaker(t, fmt.Sprintf("page_size=%d", size), "journal_mode=WAL")
		other.exec(schema)
		other.rows(7)
		mixed := other.files()
		mixed["a.db-wal"] = &fstest.MapFile{Data: append([]byte(nil), again["a.db"].Data[:200]...), Mode: 0o644}
		if n, err := count(t, mixed); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("with a strange log: %d, %v", n, err)
		}
	}
}

// TestCutLog cuts the log at many places: what is read is what one of the commits
// left, never a half of one.
func TestCutLog(t *testing.T) {
	m := newMaker(t, "page_size=1024", "journal_mode=WAL", "wal_autocheckpoint=0")
	m.exec(schema)
	m.exec("PRAGMA wal_checkpoint(TRUNCATE)")
	for range 12 {
		m.rows(10)
	}
	files := m.files()
	log := files["a.db-wal"].Data
	r := rand.New(rand.NewPCG(1, 2))
	last := 0
	for i := range 200 {
		at := i * len(log) / 200
		if i%3 == 0 {
			at += r.IntN(100)
		}
		cut := fstest.MapFS{"a.db": files["a.db"], "a.db-wal": {Data: log[:min(at, len(log))], Mode: 0o644}}
		n, err := count(t, cut)
		if err != nil || n%10 != 0 || n < last-10 {
			t.Errorf("cut at %d of %d: %d messages, %v", at, len(log), n, err)
		}
		last = n
	}
	wantCount(t, files, 120)
}

// TestCut cuts the database at many lengths. What comes before the cut is read,
// and the end is told.
func TestCut(t *testing.T) {
	m := newMaker(t, "page_size=1024")
	m.exec(schema)
	m.rows(400)
	data := m.files()["a.db"].Data
	some := 0
	for i := range 300 {
		n := i * len(data) / 300
		got, err := count(t, fstest.MapFS{"a.db": {Data: data[:n], Mode: 0o644}})
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d of %d: %d messages, and the error is %v", n, len(data), got, err)
		}
		if got > 0 {
			some++
		}
	}
	if some < 100 {
		t.Errorf("of 300 cuts only %d left something to read", some)
	}
}

// TestDamaged flips bytes: rows or an error, and an end.
func TestDamaged(t *testing.T) {
	m := newMaker(t, "page_size=512", "journal_mode=WAL", "wal_autocheckpoint=0")
	m.exec(schema)
	m.rows(60)
	m.exec("PRAGMA wal_checkpoint(TRUNCATE)")
	m.rows(20)
	files := m.files()
	r := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		hurt := fstest.MapFS{}
		for name, f := range files {
			hurt[name] = &fstest.MapFile{Data: bytes.Clone(f.Data), Mode: 0o644}
		}
		for range 1 + r.IntN(8) {
			data := hurt[[]string{"a.db", "a.db-wal"}[r.IntN(2)]].Data
			data[r.IntN(len(data))] ^= byte(1 + r.IntN(255))
		}
		db, err := Open(t.Context(), hurt, "a.db")
		if err != nil {
			continue
		}
		rows := db.Query("SELECT * FROM message")
		for rows.Next() {
			rows.Text(1)
		}
		rows.Close()
		db.Close()
	}
}

func TestNoDatabase(t *testing.T) {
	for name, data := range map[string]string{"text": "no database at all" + string(make([]byte, 200)), "short": "abc", "page size": Magic + "\x12\x34" + string(make([]byte, 200))} {
		if _, err := Open(t.Context(), fstest.MapFS{"a.db": {Data: []byte(data)}}, "a.db"); !errors.Is(err, ErrNotDatabase) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(t.Context(), fstest.MapFS{}, "a.db"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
	if _, err := Open(t.Context(), fstest.MapFS{"a.db": {}}, "a.db"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("empty: %v", err)
	}
}

// TestSchema looks up what is there, and takes a view for no table.
func TestSchema(t *testing.T) {
	m := newMaker(t)
	m.exec(schema)
	m.exec("CREATE VIEW jid AS SELECT * FROM message")
	m.exec("CREATE TABLE Chat (Subject TEXT)")
	db, err := Open(t.Context(), m.files(), "a.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if !db.Has("MESSAGE") || !db.Has("chat") || db.Has("jid") || db.Has("none") {
		t.Error("the wrong tables")
	}
	if !db.HasColumn("chat", "subject") || db.HasColumn("chat", "text") {
		t.Error("the wrong columns")
	}
	if tables := fmt.Sprint(db.Tables(), db.Columns("CHAT"), db.Columns("none")); tables != "[chat message] [subject] []" {
		t.Errorf("tables and columns %s", tables)
	}
	if got := db.Column("m", "message", "text") + " " + db.Column("m", "message", "starred"); got != `m."text" NULL` {
		t.Errorf("columns are %s", got)
	}
}

// TestNoFiles sorts and deletes nothing into a file, and bounds what it takes.
func TestNoFiles(t *testing.T) {
	m := newMaker(t)
	m.exec(schema)
	m.rows(3000)
	files := m.files()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	t.Setenv("SQLITE_TMPDIR", dir)
	db, err := Open(t.Context(), files, "a.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows := db.Query("SELECT a.text FROM message a, message b WHERE b._id < 100 ORDER BY a.text || b._id")
	if rows.Next() {
		if left, _ := filepath.Glob(dir + "/*"); len(left) > 0 {
			t.Errorf("files of a sort: %q", left)
		}
	}
	if err := rows.Close(); err == nil {
		t.Log("the sort fitted")
	}
	if err := db.conn.Exec("CREATE TABLE x (y)"); err == nil {
		t.Error("a database of somebody else can be written to")
	}
}

// TestChanging reads a database that is another one at each look.
func TestChanging(t *testing.T) {
	m := newMaker(t)
	m.exec(schema)
	m.rows(10)
	files := m.files()
	if _, err := Open(t.Context(), &restless{files}, "a.db"); !errors.Is(err, ErrChanging) {
		t.Errorf("a database that changes: %v", err)
	}
	files["a.db-journal"] = &fstest.MapFile{Data: []byte("something")}
	db, err := Open(t.Context(), files, "a.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if len(db.Warnings) != 1 {
		t.Errorf("with a journal: %q", db.Warnings)
	}
}

// restless is a file system in which every file changes whenever it is opened.
type restless struct{ fstest.MapFS }

func (r *restless) Open(name string) (fs.File, error) {
	f := r.MapFS[name]
	if f != nil {
		f.ModTime = f.ModTime.Add(time.Second)
	}
	return r.MapFS.Open(name)
}

func FuzzOpen(f *testing.F) {
	m := newMaker(f, "page_size=512", "journal_mode=WAL", "wal_autocheckpoint=0")
	m.exec(schema)
	m.exec("PRAGMA wal_checkpoint(TRUNCATE)")
	m.rows(3)
	files := m.files()
	f.Add(files["a.db"].Data, files["a.db-wal"].Data)
	f.Add([]byte(Magic), []byte(nil))
	f.Fuzz(func(t *testing.T, main, wal []byte) {
		db, err := New(t.Context(), bytes.NewReader(main), bytes.NewReader(wal))
		if err != nil {
			return
		}
		defer db.Close()
		rows := db.Query("SELECT * FROM message")
		for rows.Next() {
			rows.Text(1)
		}
		rows.Close()
	})
}

func BenchmarkRows(b *testing.B) {
	m := newMaker(b)
	m.exec(schema)
	m.exec("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO message (text) SELECT hex(randomblob(100)) FROM n")
	files := m.files()
	b.SetBytes(int64(len(files["a.db"].Data)))
	for b.Loop() {
		wantCount(b, files, 100_000)
	}
}
