package backup_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/providers/storage/storagetest"
)

// TestFiles stores a folder with everything a folder can hold, and compares the
// entries of the snapshot with the folder.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	write("a/x", "1")
	write("a-b", "2")
	write("a.c", "3")
	write("a/\xff\xfe", "not UTF-8")
	write("big.txt", strings.Repeat("a line of text\n", 30000))
	write("empty", "")
	must(t, os.Symlink("a/x", filepath.Join(dir, "link")))
	must(t, os.Link(filepath.Join(dir, "a-b"), filepath.Join(dir, "z")))

	w := newWorld(t, storagetest.NewPolice(storagetest.NewMemory(), t.Errorf))
	report, err := w.run(backup.Source{Path: dir, App: "files"})
	if err != nil {
		t.Fatal(err)
	}
	if report.Files != 7 || report.Unreadable != 0 {
		t.Errorf("report: %+v", report)
	}
	var paths []string
	s := w.latest()
	for e, err := range s.Entries(w.ctx) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, e.Type.String()+" "+e.Path)
		if e.Type == format.EntryFile {
			got, err := io.ReadAll(s.Chunks(w.ctx, e.Chunks))
			must(t, err)
			want, err := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(e.Path, "originals/")))
			must(t, err)
			if !bytes.Equal(got, want) {
				t.Errorf("%s comes back other than it was", e.Path)
			}
		}
	}
	want := []string{
		"dir originals", "dir originals/a", "file originals/a-b", "file originals/a.c", "file originals/a/x",
		"file originals/a/\xff\xfe", "file originals/big.txt", "file originals/empty", "symlink originals/link", "hardlink originals/z",
	}
	if strings.Join(paths, "\n") != strings.Join(want, "\n") {
		t.Errorf("entries:\n%q\nwant\n%q", paths, want)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
