package chatstorage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/chattest"
	"chatkeep/providers/internal/sqlite/sqlitetest"
)

// TestCutOff cuts the databases at every length that matters. What was there before
// the cut, in the order of the file, is still there, and the end is told.
func TestCutOff(t *testing.T) {
	for name, fsys := range databases(t) {
		r := read(t, fsys, chat.Options{})
		for _, file := range []string{r.match.Path, callsFile} {
			whole, err := fs.ReadFile(fsys, file)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			t.Run(name+" "+file[strings.LastIndexByte(file, '/')+1:], func(t *testing.T) { cutOff(t, fsys, r, file, whole) })
		}
	}
}

func cutOff(t *testing.T, fsys fs.FS, r *reading, file string, whole []byte) {
	before := 0
	for _, n := range lengths(whole) {
		part := &overlay{fsys, file, whole[:n]}
		got := readMatch(t, part, r.match, chat.Options{})
		cut := false
		for _, err := range got.errors {
			cut = cut || errors.Is(err, io.ErrUnexpectedEOF)
		}
		if !cut {
			t.Errorf("cut at %d, and no error says so: %v", n, got.errors)
		}
		if got.total() < before {
			t.Errorf("%d messages at %d, and %d at a shorter length", got.total(), n, before)
		}
		before = got.total()
	}
	if page := int(binary.BigEndian.Uint16(whole[16:])); len(whole) > 8*page && before < r.total()/2 { // else all is in the last page
		t.Errorf("%d of %d messages but for the last byte", before, r.total())
	}
}

// lengths are those of a database below n that are read differently: within the
// head, and around the end of each page, for a page that is not whole is not there.
// CHATKEEP_LONG adds two thousand others.
func lengths(data []byte) (list []int) {
	page := int(binary.BigEndian.Uint16(data[16:]))
	for i := range 120 {
		list = append(list, i)
	}
	for end := page; end <= len(data); end += page {
		list = append(list, end-1)
		if end < len(data) {
			list = append(list, end, end+1)
		}
	}
	if os.Getenv("CHATKEEP_LONG") != "" {
		r := rand.New(rand.NewPCG(5, uint64(len(data))))
		for range 2000 {
			list = append(list, r.IntN(len(data)))
		}
		slices.Sort(list)
		list = slices.Compact(list)
	}
	return list
}

// overlay is a file system in which one file is another.
type overlay struct {
	fs.FS
	name string
	data []byte
}

func (o *overlay) Open(name string) (fs.File, error) {
	if name == o.name {
		return fstest.MapFS{name: {Data: o.data}}.Open(name)
	}
	return o.FS.Open(name)
}

// TestHole reads a database whose pages are overwritten, one after the other. What
// lies on others is read; no text of anybody is in an error.
func TestHole(t *testing.T) {
	files := chattest.Load(t, "../testdata/exports/ios-harbour")
	whole := files[chatFile].Data
	want := read(t, files, chat.Options{}).total()
	most := 0
	for page := 1; page < len(whole)/1024; page++ {
		data := append([]byte{}, whole...)
		for i := range 1024 {
			data[page*1024+i] = byte(i * 7)
		}
		r := readMatch(t, &overlay{files, chatFile, data}, chat.Match{Route: RouteFolder, Path: chatFile}, chat.Options{})
		if len(r.errors) == 0 && len(r.accounts.Warnings) == 0 && r.total() < want {
			t.Errorf("page %d: %d messages, and not a word", page, r.total())
		}
		for _, err := range r.errors {
			noSecrets(t, err.Error())
		}
		for _, w := range r.accounts.Warnings {
			noSecrets(t, w)
		}
		most = max(most, r.total())
	}
	if most < want-1 {
		t.Errorf("at most %d of %d messages", most, want)
	}
}

// noSecrets finds what people wrote, are called, and dial.
func noSecrets(t testing.TB, s string) {
	t.Helper()
	for _, secret := range []string{"boat", "Mara", "Jon", "Ines", "4477", "crates", "Harbour", "90000000000"} {
		if strings.Contains(s, secret) {
			t.Errorf("%q says %q", s, secret)
		}
	}
}

// tableOf matches a table in a script, and its columns.
var tableOf = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\);`)

// TestWrongTypes puts values of other types than the app's into every column of
// every table, one column at a time.
func TestWrongTypes(t *testing.T) {
	const dir = "../testdata/exports/ios-harbour"
	wrong := []string{"NULL", "''", "'text'", "-1", "9223372036854775807", "-9223372036854775808", "1e308", "-1e308", "x'00ff'", "zeroblob(100000)", "'../../../../etc/passwd'", "'\x01\xff@s.whatsapp.net'", "1e999"}
	for _, file := range []string{chatFile, contactsFile, callsFile, hiddenFile} {
		files := chattest.Load(t, dir)
		sql, err := os.ReadFile(dir + "/" + file + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range tableOf.FindAllStringSubmatch(string(sql), -1) {
			for _, column := range strings.Split(table[2], ",") {
				name := strings.Fields(column)[0]
				if name == "Z_PK" {
					continue
				}
				script := "CREATE TEMP TABLE w (v);\n"
				for _, v := range wrong {
					script += "INSERT INTO w VALUES (" + v + ");\n"
				}
				script += fmt.Sprintf("UPDATE %s SET %s = (SELECT v FROM w WHERE w.rowid = 1 + (Z_PK * 7) %% %d);\n", table[1], name, len(wrong))
				files[file] = &fstest.MapFile{Data: sqlitetest.Build(t, string(sql)+script)}
				r := read(t, files, chat.Options{})
				if len(r.errors) > 0 {
					t.Errorf("%s.%s: %v", table[1], name, r.errors)
				}
				checkRecords(t, table[1]+"."+name, files, r)
			}
		}
	}
}

// checkRecords asks of each message what any must have.
func checkRecords(t testing.TB, what string, files fs.FS, r *reading) {
	t.Helper()
	for _, c := range r.chats {
		ids := map[string]bool{}
		for _, m := range r.messages[c.NativeID] {
			if ids[m.ID] || m.ID == "" {
				t.Errorf("%s: %s of %s has an id that is another's", what, m.Source.At, m.Source.File)
			}
			ids[m.ID] = true
			for _, a := range m.Attachments {
				if a.State == chat.Stored {
					if info, err := fs.Stat(files, a.File); err != nil || info.Size() != a.Size {
						t.Errorf("%s: stored at %q: %v", what, a.File, err)
					}
				}
			}
		}
	}
}

// TestManyColumns reads databases that lack columns and tables, one at a time.
func TestManyColumns(t *testing.T) {
	const dir = "../testdata/exports/ios-harbour"
	files := chattest.Load(t, dir)
	sql, err := os.ReadFile(dir + "/" + chatFile + ".sql")
	if err != nil {
		t.Fatal(err)
	}
	want := read(t, files, chat.Options{}).total()
	for _, table := range tableOf.FindAllStringSubmatch(string(sql), -1) {
		var scripts []string
		if table[1] != "ZWAMESSAGE" {
			scripts = append(scripts, "DROP TABLE "+table[1])
		}
		for _, column := range strings.Split(table[2], ",") {
			if name := strings.Fields(column)[0]; name != "Z_PK" && name != "ZMESSAGEDATE" {
				scripts = append(scripts, "DROP INDEX ZWAMESSAGE_ZCHATSESSION_INDEX; ALTER TABLE "+table[1]+" DROP COLUMN "+name)
			}
		}
		for _, script := range scripts {
			files[chatFile] = &fstest.MapFile{Data: sqlitetest.Build(t, string(sql)+script)}
			r := read(t, files, chat.Options{})
			// Without stanza ids, types or chats, other rows are the same message.
			if len(r.errors) > 0 || r.total() < want-3 {
				t.Errorf("%s: %d messages, %v", script, r.total(), r.errors)
			}
			checkRecords(t, script, files, r)
		}
	}
}

// TestHostile reads a database that was made to take long or much.
func TestHostile(t *testing.T) {
	script := `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		INSERT INTO ZWACHATSESSION (Z_PK, ZSESSIONTYPE, ZCONTACTJID) SELECT 1000 + i, i % 9, i || '@' || CASE i % 5 WHEN 0 THEN 's.whatsapp.net' WHEN 1 THEN 'lid' WHEN 2 THEN 'g.us' ELSE 'x' || i END FROM n;
		WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		INSERT INTO ZWAMESSAGE (ZCHATSESSION, ZMESSAGETYPE, ZMESSAGEDATE, ZSTANZAID, ZGROUPMEMBER) SELECT 1000 + i, i, i, 'same', i FROM n;
		WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		INSERT INTO ZWAMESSAGE (ZCHATSESSION, ZMESSAGETYPE, ZGROUPEVENTTYPE, ZMESSAGEDATE, ZSTANZAID, ZTEXT) SELECT 1, 10, 1, 795000000, 'same', i FROM n;
		WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		INSERT INTO ZWAGROUPMEMBER (ZCHATSESSION, ZMEMBERJID) SELECT 2, i || '@lid' FROM n;`
	files := changed(t, script)
	sql, err := os.ReadFile("../testdata/exports/ios-harbour/CallHistory.sqlite.sql")
	if err != nil {
		t.Fatal(err)
	}
	files[callsFile] = &fstest.MapFile{Data: sqlitetest.Build(t, string(sql)+`WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		INSERT INTO ZWACDCALLEVENT (ZDATE, ZDURATION, ZGROUPCALLCREATORUSERJIDSTRING) SELECT 795000000, 1e300, '447700900002@s.whatsapp.net' FROM n;`)}
	r := read(t, files, chat.Options{})
	if len(r.errors) > 0 || r.total() < 60_000 {
		t.Errorf("%d messages, %v", r.total(), r.errors)
	}
	checkRecords(t, "many", files, r)
}

// FuzzDatabase reads databases that are damaged in any way.
func FuzzDatabase(f *testing.F) {
	for _, name := range []string{"ios-bare", "ios-harbour"} {
		files := chattest.Load(f, "../testdata/exports/"+name)
		calls := []byte(nil)
		if c := files[callsFile]; c != nil {
			calls = c.Data
		}
		f.Add(files[chatFile].Data, calls)
	}
	f.Fuzz(func(t *testing.T, chats, calls []byte) {
		files := fstest.MapFS{chatFile: {Data: chats}, callsFile: {Data: calls}}
		r := readMatch(t, files, chat.Match{Route: RouteFolder, Path: chatFile}, chat.Options{})
		checkRecords(t, "fuzz", files, r)
	})
}

// TestRandomDamage changes bytes here and there.
func TestRandomDamage(t *testing.T) {
	files := chattest.Load(t, "../testdata/exports/ios-harbour")
	whole := files[chatFile].Data
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		data := append([]byte{}, whole...)
		for range 1 + r.IntN(20) {
			data[r.IntN(len(data))] = byte(r.IntN(256))
		}
		got := readMatch(t, &overlay{files, chatFile, data}, chat.Match{Route: RouteFolder, Path: chatFile}, chat.Options{})
		checkRecords(t, "damaged", files, got)
		for _, err := range got.errors {
			noSecrets(t, err.Error())
		}
	}
}
