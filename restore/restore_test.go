package restore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/zips"
)

func deflated(t testing.TB, content []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := zips.Deflate(&b, bytes.NewReader(content), int64(len(content)), level)
	must(t, err)
	return b.Bytes()
}

// TestEverything restores one of each and looks at all that can be told of it.
func TestEverything(t *testing.T) {
	w := newWorld(t)
	text := []byte(strings.Repeat("a line of a chat\n", 3000))
	holes := slices.Concat(noise(1, 5000), make([]byte, 100<<10), noise(2, 3000), make([]byte, 50<<10))
	packed := deflated(t, text, 6)
	old := time.Unix(-86400*365*20, 5)
	s := w.backup(
		thing{path: "originals", typ: format.EntryDir, mode: 0o750, mtime: old},
		thing{path: "originals/empty", mode: 0o600, mtime: old},
		thing{path: "originals/big", content: noise(3, 300<<10), mode: 0o640, chunk: 50 << 10},
		thing{path: "originals/n\xff\xfe", content: []byte("x"), mode: 0o644},
		thing{path: "originals/none", content: []byte("x"), mode: 0},
		thing{path: "originals/odd", content: []byte("x"), mode: 0o4755},
		thing{path: "originals/sparse", content: holes, mode: 0o644, sparse: true, chunk: 7000},
		thing{path: "originals/sealed", typ: format.EntryDir, mode: 0o555, mtime: someTime.Add(time.Hour)},
		thing{path: "originals/sealed/a", content: []byte("inside"), mode: 0o444},
		thing{path: "originals/sealed/deeper", typ: format.EntryDir, mode: 0o3777, mtime: someTime.Add(time.Minute)},
		thing{path: "originals/sealed/deeper/b", content: []byte("inside"), mode: 0o666},
		thing{path: "originals/hard", typ: format.EntryHardlink, target: "originals/big"},
		thing{path: "originals/soft", typ: format.EntrySymlink, target: "/no/such/thing", mtime: old},
		thing{path: "originals/socket", typ: format.EntrySkipped, why: "a socket"},
		thing{path: "originals/secret", typ: format.EntryUnreadable, why: "permission denied"},
		thing{path: "originals/z.zip", typ: format.EntryZip, mode: 0o600, pieces: []piece{
			{content: []byte("header")}, {content: text, member: true}, {content: []byte("between")},
			{content: text, member: true, packed: packed, level: 6}, {content: []byte("end")},
		}},
		thing{path: "messages/c.jsonl", content: []byte("not asked for")},
	)
	dir := newTarget(t)
	report, err := Run(t.Context(), s, dir, Options{})
	must(t, err)

	wantLeft(t, dir, "big", "empty", "hard", "n\xff\xfe", "none", "odd", "sealed/", "sealed/a", "sealed/deeper/",
		"sealed/deeper/b", "soft", "sparse", "z.zip")
	for name, content := range map[string][]byte{
		"empty": nil, "big": noise(3, 300<<10), "hard": noise(3, 300<<10), "n\xff\xfe": []byte("x"), "sparse": holes,
		"sealed/deeper/b": []byte("inside"),
		"z.zip":           slices.Concat([]byte("header"), text, []byte("between"), packed, []byte("end")),
	} {
		wantFile(t, filepath.Join(dir, name), content)
	}
	for path, want := range map[string]struct {
		mode  string
		mtime time.Time
	}{
		"":                {"drwxr-x---", old},
		"empty":           {"-rw-------", old},
		"big":             {"-rw-r-----", someTime},
		"hard":            {"-rw-r-----", someTime},
		"none":            {"----------", someTime},
		"odd":             {"-rwxr-xr-x", someTime},
		"sealed":          {"dr-xr-xr-x", someTime.Add(time.Hour)},
		"sealed/a":        {"-r--r--r--", someTime},
		"sealed/deeper":   {"dgtrwxrwxrwx", someTime.Add(time.Minute)},
		"soft":            {"Lrwxrwxrwx", old},
		"z.zip":           {"-rw-------", someTime},
		"sealed/deeper/b": {"-rw-rw-rw-", someTime},
	} {
		info, err := os.Lstat(filepath.Join(dir, path))
		must(t, err)
		if info.Mode().String() != want.mode || !info.ModTime().Equal(want.mtime) {
			t.Errorf("%q has %v and %v, want %v and %v", path, info.Mode(), info.ModTime(), want.mode, want.mtime)
		}
	}
	wantLinks(t, dir)
	if report.Files != 9 || report.Dirs != 2 || report.Links != 2 || report.Zips != 1 || report.Skipped != 1 || len(report.Lost) != 0 {
		t.Errorf("report %+v", report)
	}
	if len(report.Unreadable) != 1 || !strings.Contains(report.Unreadable[0], "originals/secret: permission denied") {
		t.Errorf("unreadable: %q", report.Unreadable)
	}
	if len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], "set-user-id") {
		t.Errorf("warnings: %q", report.Warnings)
	}
}

func wantLinks(t *testing.T, dir string) {
	t.Helper()
	if link, err := os.Readlink(dir + "/soft"); err != nil || link != "/no/such/thing" {
		t.Errorf("the link leads to %q: %v", link, err)
	}
	big, _ := os.Stat(dir + "/big")
	if hard, err := os.Stat(dir + "/hard"); err != nil || !os.SameFile(big, hard) {
		t.Errorf("the hard link is another file: %v", err)
	}
}

// TestMessages puts everything into its place.
func TestMessages(t *testing.T) {
	w := newWorld(t)
	s := w.backup(
		thing{path: "conversations.jsonl", content: []byte("c"), mode: 0o600},
		thing{path: "media/x/1.jpg", content: []byte("m"), mode: 0o600},
		thing{path: "messages/anna.jsonl", content: []byte("a"), mode: 0o600},
		directory(""), plain("chat.txt", "chat"), directory("chatkeep-messages"), plain("chatkeep-messages/messages", "original"),
	)
	dir := newTarget(t)
	report, err := Run(t.Context(), s, dir, Options{Messages: true})
	must(t, err)
	wantLeft(t, dir, "chat.txt", "chatkeep-messages/", "chatkeep-messages/conversations.jsonl", "chatkeep-messages/media/",
		"chatkeep-messages/media/x/", "chatkeep-messages/media/x/1.jpg", "chatkeep-messages/messages/",
		"chatkeep-messages/messages/anna.jsonl", "chatkeep-messages%~2/", "chatkeep-messages%~2/messages")
	wantFile(t, dir+"/chatkeep-messages/messages/anna.jsonl", []byte("a"))
	wantFile(t, dir+"/chatkeep-messages%~2/messages", []byte("original"))
	if len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], `"chatkeep-messages%~2"`) {
		t.Errorf("warnings: %q", report.Warnings)
	}

	bare := newTarget(t)
	_, err = Run(t.Context(), s, bare, Options{})
	must(t, err)
	wantLeft(t, bare, "chat.txt", "chatkeep-messages/", "chatkeep-messages/messages")
}

// TestOnly restores a part, and the content of hard links whose file is not in
// that part.
func TestOnly(t *testing.T) {
	w := newWorld(t)
	s := w.backup(
		thing{path: "originals", typ: format.EntryDir, mode: 0o755},
		thing{path: "originals/a", typ: format.EntryDir, mode: 0o711},
		plain("a/first", "the content"), plain("a/other", "x"),
		thing{path: "originals/b", typ: format.EntryDir, mode: 0o501},
		thing{path: "originals/b/link1", typ: format.EntryHardlink, target: "originals/a/first"},
		thing{path: "originals/b/link2", typ: format.EntryHardlink, target: "originals/a/first"},
		directory("c"), plain("c/x", "x"),
	)
	dir := newTarget(t)
	report, err := Run(t.Context(), s, dir, Options{Only: func(path string) bool { return strings.HasPrefix(path, "originals/b/") }})
	must(t, err)
	if len(report.Warnings) != 0 || report.Files != 1 || report.Links != 1 || report.Dirs != 1 {
		t.Errorf("report %+v", report)
	}
	wantLeft(t, dir, "b/", "b/link1", "b/link2")
	wantFile(t, dir+"/b/link1", []byte("the content"))
	one, _ := os.Stat(dir + "/b/link1")
	two, _ := os.Stat(dir + "/b/link2")
	if !os.SameFile(one, two) {
		t.Error("two links to one file became two files")
	}
	if info, _ := os.Stat(dir + "/b"); info.Mode().Perm() != 0o501 {
		t.Errorf("the directory above has %v", info.Mode())
	}
}

// TestTargets are those that may be used, and those that may not.
func TestTargets(t *testing.T) {
	w := newWorld(t)
	s := w.backup(directory(""), plain("a", "new"))
	dir := newTarget(t)
	deep := filepath.Join(dir, "x", "y")
	_, err := Run(t.Context(), s, deep, Options{})
	must(t, err)
	wantFile(t, deep+"/a", []byte("new"))

	must(t, os.WriteFile(deep+"/mine", []byte("mine"), 0o600))
	must(t, os.WriteFile(deep+"/a", []byte("mine too"), 0o600))
	_, err = Run(t.Context(), s, deep, Options{})
	var refused *notEmpty
	if !errors.As(err, &refused) || !strings.Contains(refused.Hint(), "--overwrite") {
		t.Errorf("a target with files in it: %v", err)
	}
	wantFile(t, deep+"/a", []byte("mine too"))
	if _, err = Run(t.Context(), s, deep+"/a", Options{}); err == nil {
		t.Error("a file was taken for a target")
	}
	_, err = Run(t.Context(), s, deep, Options{Overwrite: true})
	must(t, err)
	wantFile(t, deep+"/a", []byte("new"))
	wantFile(t, deep+"/mine", []byte("mine"))
}

// TestManyOpen has more files in the making than may be open at once.
func TestManyOpen(t *testing.T) {
	w := newWorld(t)
	const n = openFiles + 100
	var things []thing
	halves := [2][]thing{}
	for i := range n {
		content := noise(uint64(i+1), 300)
		path := fmt.Sprintf("originals/f%d", i)
		things = append(things, thing{path: path, content: content, chunk: 150, mode: 0o600})
		for k := range halves {
			part := content[k*150 : k*150+150]
			halves[k] = append(halves[k], thing{path: fmt.Sprintf("originals/%d-%04d", k, i), content: part, mode: 0o600})
		}
	}
	// This puts all first halves into the pack, and then all second ones.
	w.backup(slices.Concat(halves[0], halves[1])...)
	dir := newTarget(t)
	report, err := Run(t.Context(), w.backup(things...), dir, Options{Workers: 2})
	must(t, err)
	if report.Files != n || report.Chunks != 2*n {
		t.Errorf("%d files of %d chunks", report.Files, report.Chunks)
	}
	for i, th := range things {
		wantFile(t, fmt.Sprintf("%s/f%d", dir, i), th.content)
	}
}

// TestProgress ends where the report does.
func TestProgress(t *testing.T) {
	w := newWorld(t)
	w.packSize = 64 << 10
	var things []thing
	for i := range 20 {
		things = append(things, thing{path: fmt.Sprintf("originals/%02d", i), content: noise(uint64(i), 40<<10), mode: 0o600})
	}
	s := w.backup(things...)
	var last Progress
	report, err := Run(t.Context(), s, newTarget(t), Options{Progress: func(p Progress) {
		if p.Bytes < last.Bytes || p.Files < last.Files || p.Bytes > p.TotalBytes || p.Files > p.TotalFiles {
			t.Errorf("%+v after %+v", p, last)
		}
		last = p
	}})
	must(t, err)
	if want := (Progress{20, 20, 800 << 10, 800 << 10}); last != want || report.Files != 20 || report.Bytes != 800<<10 {
		t.Errorf("progress ends with %+v, the report is %+v", last, report)
	}
}

// TestHoles leaves pages of zeroes unwritten, in sparse files alone.
func TestHoles(t *testing.T) {
	w := newWorld(t)
	content := slices.Concat(noise(1, 6000), make([]byte, 1<<20), noise(2, 6000), make([]byte, 5000))
	for _, sparse := range []bool{true, false} {
		s := w.backup(thing{path: "originals/f", content: content, sparse: sparse, chunk: 33333, mode: 0o600})
		dir := newTarget(t)
		var wrote atomic.Int64
		_, err := runWith(t, s, dir, Options{}, func(r *run) {
			r.writeAt = func(f *os.File, data []byte, offset int64) error {
				wrote.Add(int64(len(data)))
				return plainWriteAt(f, data, offset)
			}
		})
		must(t, err)
		wantFile(t, dir+"/f", content)
		// Of a page of zeroes that two chunks share both parts are written.
		most := int64(12000 + 5*hole + len(content)/33333*2*hole)
		if sparse && wrote.Load() > most || !sparse && wrote.Load() != int64(len(content)) {
			t.Errorf("sparse %v: wrote %d bytes of %d", sparse, wrote.Load(), len(content))
		}
	}
}
