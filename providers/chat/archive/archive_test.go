package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// entry is one member of a test zip.
type entry struct {
	name, text string
	header     func(*zip.FileHeader)
}

func makeZip(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.header != nil {
			e.header(h)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.text)); err != nil && e.text != "" {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openBytes(b []byte, l Limits) (*Tree, error) {
	return Open(bytes.NewReader(b), int64(len(b)), l)
}

func paths(t *testing.T, fsys fs.FS) (list []string) {
	t.Helper()
	err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			list = append(list, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTreeIsAnFS(t *testing.T) {
	tree, err := openBytes(makeZip(t, entry{name: "_chat.txt", text: "hello"}, entry{name: "a/b/c.jpg", text: "x"},
		entry{name: "a/empty/"}, entry{name: "a/b/d.jpg", text: strings.Repeat("y", 100000)}), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(tree, "_chat.txt", "a/b/c.jpg", "a/b/d.jpg", "a/empty"); err != nil {
		t.Fatal(err)
	}
}

func TestNames(t *testing.T) {
	latin := func(h *zip.FileHeader) { h.NonUTF8 = true }
	extra := func(h *zip.FileHeader) {
		h.NonUTF8 = true
		name := "Zoë.txt"
		e := binary.LittleEndian.AppendUint16(nil, unicodePath)
		e = binary.LittleEndian.AppendUint16(e, uint16(5+len(name)))
		e = append(e, 1)
		e = binary.LittleEndian.AppendUint32(e, crc32.ChecksumIEEE([]byte(h.Name)))
		h.Extra = append(e, name...)
	}
	for _, c := range []struct {
		what    string
		entries []entry
		want    map[string]string // path to text
	}{
		{"climbing", []entry{{name: "../../etc/passwd", text: "1"}}, map[string]string{"__/__/etc/passwd": "1"}},
		{"absolute", []entry{{name: "/etc/passwd", text: "1"}}, map[string]string{"etc/passwd": "1"}},
		{"drive", []entry{{name: `C:\Users\x.txt`, text: "1"}}, map[string]string{"C_/Users/x.txt": "1"}},
		{"control", []entry{{name: "a\x00b\nc.txt", text: "1"}}, map[string]string{"a_b_c.txt": "1"}},
		{"dots", []entry{{name: "./a/./b.txt", text: "1"}}, map[string]string{"a/b.txt": "1"}},
		{"twice", []entry{{name: "a.jpg", text: "1"}, {name: "a.jpg", text: "2"}, {name: "a.jpg", text: "3"}},
			map[string]string{"a.jpg": "1", "a (2).jpg": "2", "a (3).jpg": "3"}},
		{"case", []entry{{name: "A.jpg", text: "1"}, {name: "a.jpg", text: "2"}}, map[string]string{"A.jpg": "1", "a.jpg": "2"}},
		{"file and folder", []entry{{name: "a", text: "1"}, {name: "a/b", text: "2"}}, map[string]string{"a (2)": "1", "a/b": "2"}},
		{"folder and file", []entry{{name: "a/b", text: "2"}, {name: "a", text: "1"}}, map[string]string{"a (2)": "1", "a/b": "2"}},
		{"code page 437", []entry{{name: "Andr\x82.txt", text: "1", header: latin}}, map[string]string{"André.txt": "1"}},
		{"utf-8 in an extra field", []entry{{name: "Zo\x89.txt", text: "1", header: extra}}, map[string]string{"Zoë.txt": "1"}},
		{"utf-8 without its flag", []entry{{name: "Zoë.txt", text: "1", header: latin}}, map[string]string{"Zoë.txt": "1"}},
		{"decomposed stays", []entry{{name: "Zoe\u0308.txt", text: "1"}}, map[string]string{"Zoe\u0308.txt": "1"}},
		{"only slashes", []entry{{name: "//", text: ""}, {name: "x", text: "1"}}, map[string]string{"x": "1"}},
		{"deep", []entry{{name: strings.Repeat("d/", 500) + "x", text: "1"}},
			map[string]string{strings.Repeat("d/", maxDepth-1) + strings.Repeat("d_", 500-maxDepth+1) + "x": "1"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			tree, err := openBytes(makeZip(t, c.entries...), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got := paths(t, tree)
			if len(got) != len(c.want) {
				t.Fatalf("paths %q, want %v", got, c.want)
			}
			originals := map[string]int{}
			for p, text := range c.want {
				b, err := fs.ReadFile(tree, p)
				if err != nil || string(b) != text {
					t.Errorf("%q: %q, %v; want %q", p, b, err, text)
				}
				if !fs.ValidPath(p) {
					t.Errorf("%q is no valid path", p)
				}
				originals[tree.Original(p)]++
			}
			for _, e := range c.entries {
				if strings.Trim(e.name, "/") != "" && originals[e.name] == 0 {
					t.Errorf("the name %q is not kept", e.name)
				}
			}
		})
	}
}

func TestLimits(t *testing.T) {
	zeros := entry{name: "zeros", text: strings.Repeat("\x00", 1<<20)}
	small := Limits{Free: 1 << 10, Ratio: 10, Total: 1 << 20}
	tree, err := openBytes(makeZip(t, zeros, entry{name: "ok.txt", text: "fine"}), small)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.ReadFile(tree, "zeros"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a bomb: %v", err)
	}
	if _, err := fs.ReadFile(tree, "ok.txt"); err != nil {
		t.Errorf("beside a bomb: %v", err)
	}
	if _, err := openBytes(makeZip(t, zeros), Limits{Free: 1 << 10, Total: 10}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a bomb in all: %v", err)
	}
	var many []entry
	for i := range 200 {
		many = append(many, entry{name: fmt.Sprint(i)})
	}
	if _, err := openBytes(makeZip(t, many...), Limits{Entries: 199}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("many entries: %v", err)
	}
	if _, err := openBytes(makeZip(t, many...), Limits{Directory: 2000}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a long directory: %v", err)
	}
}

// TestOverlap points a second directory entry at the bytes of the first.
func TestOverlap(t *testing.T) {
	b := makeZip(t, entry{name: "a", text: strings.Repeat("ab", 40000), header: func(h *zip.FileHeader) { h.Method = zip.Store }},
		entry{name: "b", text: "x"})
	dir := bytes.Index(b, []byte("PK\x01\x02"))
	second := dir + 1 + bytes.Index(b[dir+1:], []byte("PK\x01\x02"))
	for _, at := range []int{16, 20, 24, 42} { // crc, sizes, offset
		copy(b[second+at:second+at+4], b[dir+at:dir+at+4])
	}
	if _, err := openBytes(b, Limits{}); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("entries over each other: %v", err)
	}
}

func TestLyingSize(t *testing.T) {
	b := makeZip(t, entry{name: "a", text: strings.Repeat("a", 5000)})
	dir := bytes.Index(b, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[dir+24:], 10)
	tree, err := openBytes(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fs.ReadFile(tree, "a"); err == nil {
		t.Fatalf("read %d bytes out of an entry that says 10", len(got))
	}
}

func TestEncrypted(t *testing.T) {
	b := makeZip(t, entry{name: "a", text: "secret"})
	b[bytes.Index(b, []byte("PK\x01\x02"))+8] |= 1
	tree, err := openBytes(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Open("a"); !errors.Is(err, ErrEncrypted) {
		t.Fatalf("encrypted entry: %v", err)
	}
}

func TestLinkIsNotOpened(t *testing.T) {
	b := makeZip(t, entry{name: "link", text: "/etc/passwd", header: func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }})
	tree, err := openBytes(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Open("link"); !errors.Is(err, fs.ErrInvalid) {
		t.Fatalf("link: %v", err)
	}
}

func TestCutOff(t *testing.T) {
	b := makeZip(t, entry{name: "_chat.txt", text: strings.Repeat("hello ", 1000)}, entry{name: "b.jpg", text: "xyz"})
	for n := range b {
		_, err := openBytes(b[:n], Limits{})
		if err == nil {
			t.Fatalf("%d of %d bytes open as a zip", n, len(b))
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d of %d bytes: %v", n, len(b), err)
		}
	}
	if _, err := openBytes([]byte("this is no zip at all, but long enough for one"), Limits{}); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("not a zip: %v", err)
	}
}

func TestOpenPath(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "export")
	os.Mkdir(inner, 0o755)
	os.WriteFile(filepath.Join(inner, "_chat.txt"), []byte("hi"), 0o644)
	os.Symlink("/etc/passwd", filepath.Join(inner, "out"))
	os.Symlink("_chat.txt", filepath.Join(inner, "in"))
	zipped := filepath.Join(dir, "x.zip")
	os.WriteFile(zipped, makeZip(t, entry{name: "_chat.txt", text: "hi"}), 0o644)
	alone := filepath.Join(dir, "alone.txt")
	os.WriteFile(alone, []byte("hi"), 0o644)
	os.WriteFile(alone+"-wal", []byte("of no database"), 0o644)
	database := filepath.Join(dir, "chat.db")
	os.WriteFile(database, []byte("SQLite format 3\x00"), 0o644)
	for _, end := range []string{"-journal", "-shm", "-wal", "-wal2"} {
		os.WriteFile(database+end, []byte("new"), 0o644)
	}
	for _, c := range []struct {
		path string
		want []string
	}{
		{inner, []string{"_chat.txt", "in", "out"}},
		{zipped, []string{"_chat.txt"}},
		{alone, []string{"alone.txt"}},
		{database, []string{"chat.db", "chat.db-journal", "chat.db-wal"}},
	} {
		e, err := OpenPath(c.path, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := paths(t, e.FS); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.path, got, c.want)
		}
		if b, err := fs.ReadFile(e.FS, c.want[0]); err != nil || string(b) != "hi" && c.path != database {
			t.Errorf("%s: %q, %v", c.path, b, err)
		}
		for _, name := range []string{"in", "out", "x.zip", "../x.zip"} {
			if f, err := e.FS.Open(name); err == nil {
				f.Close()
				t.Errorf("%s: %s opened", c.path, name)
			}
		}
		if e.Name != filepath.Base(c.path) {
			t.Errorf("name %q", e.Name)
		}
		e.Close()
	}
	cut := filepath.Join(dir, "cut.zip")
	b, _ := os.ReadFile(zipped)
	os.WriteFile(cut, b[:len(b)-5], 0o644)
	if _, err := OpenPath(cut, Limits{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut zip: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(makeZip(f, entry{name: "_chat.txt", text: "hello"}, entry{name: "../a", text: "x"}, entry{name: "d/"}))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := openBytes(b, Limits{Entries: 1000, Free: 1 << 16, Ratio: 10})
		if err != nil {
			return
		}
		n := 0
		fs.WalkDir(tree, ".", func(p string, e fs.DirEntry, err error) error {
			if err != nil || !fs.ValidPath(p) {
				t.Fatalf("%q: %v", p, err)
			}
			if !e.IsDir() {
				n++
				fs.ReadFile(tree, p)
			}
			return nil
		})
		if n > tree.Entries() {
			t.Fatalf("%d files out of %d entries", n, tree.Entries())
		}
	})
}

// TestOpenPathByName takes what is called a zip for one, though its first bytes are
// damaged.
func TestOpenPathByName(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if _, err := w.Create("in"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	torn := b.Bytes()
	clear(torn[:4])
	for name, c := range map[string]struct {
		data       []byte
		zip, fails bool
	}{
		"torn.zip": {torn, true, false}, "TORN.ZIP": {torn, true, false}, "torn": {torn, false, false},
		"none.zip": {[]byte("<html>"), false, true}, "empty.zip": {nil, false, true}, "empty": {nil, false, false},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := OpenPath(path, Limits{})
		if (err != nil) != c.fails || err == nil && (e.Zip != nil) != c.zip {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
		if err == nil {
			e.Close()
		}
	}
}
