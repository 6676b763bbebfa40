package chattest

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/archive"
)

// filesOf are the regular files of an export.
func filesOf(t testing.TB, fsys fs.FS) (list []string) {
	t.Helper()
	err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			list = append(list, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// copyOf is an export in memory, to be changed.
func copyOf(t testing.TB, fsys fs.FS) fstest.MapFS {
	t.Helper()
	m := fstest.MapFS{}
	for _, name := range filesOf(t, fsys) {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		m[name] = &fstest.MapFile{Data: b, Mode: 0o644}
	}
	return m
}

// checkTwice reads an export twice and expects the same.
func checkTwice(t testing.TB, p chat.Provider, c Case) {
	if d := diff(mustRead(t, p, c.Export, c), mustRead(t, p, c.Export, c)); d != "" {
		t.Errorf("read twice: %s", d)
	}
}

// checkPacked reads an export from a folder and from a zip.
func checkPacked(t testing.TB, p chat.Provider, c Case) {
	want := mustRead(t, p, c.Export, c)
	files := copyOf(t, c.Export)
	dir := t.TempDir()
	for name, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := archive.OpenPath(dir, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if d := diff(want, mustRead(t, p, folder.FS, c)); d != "" {
		t.Errorf("as a folder: %s", d)
	}
	if d := diff(want, mustRead(t, p, openZip(t, zipOf(t, files)), c)); d != "" {
		t.Errorf("as a zip: %s", d)
	}
}

// zipOf packs files, and more under names that no app gives.
func zipOf(t testing.TB, files fstest.MapFS, hostile ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range append(names, hostile...) {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		data := []byte("hostile")
		if file := files[name]; file != nil {
			data = file.Data
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openZip(t testing.TB, b []byte) fs.FS {
	t.Helper()
	tree, err := archive.Open(bytes.NewReader(b), int64(len(b)), archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// hostileNames are names of files that do no harm to a reader with care.
var hostileNames = []string{
	"../outside.jpg", "/etc/passwd", `C:\windows\system.ini`, `..\..\up.jpg`, "nul\x00byte.jpg", "new\nline.jpg",
	"CON", "aux.jpg", "-rf", "~", "$(id).jpg", "a/../../b.jpg", strings.Repeat("long", 60) + ".jpg", "\u202egpj.exe", "same.jpg", "same.jpg", "SAME.jpg",
}

// checkHostile puts hostile names beside an export and expects the same
// messages.
func checkHostile(t testing.TB, p chat.Provider, c Case) {
	want := mustRead(t, p, c.Export, c)
	fsys := openZip(t, zipOf(t, copyOf(t, c.Export), hostileNames...))
	got := mustRead(t, p, fsys, c)
	if d := diff(want, got); d != "" {
		t.Errorf("beside hostile names: %s", d)
	}
	for _, f := range got.accounts.Unused {
		if !fs.ValidPath(f) {
			t.Errorf("unused file %q", f)
		}
	}
}
