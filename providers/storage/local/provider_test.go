package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"chatkeep/providers/storage"
)

func openText(t *testing.T, text string, create bool) (*Store, error) {
	t.Helper()
	s, err := Provider.Open(t.Context(), storage.Location{Text: text}, create)
	if err != nil {
		return nil, err
	}
	return s.(*Store), nil
}

func TestLocations(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"repo":                 "repo",
		"./a:b":                "a:b",
		"file:rel/ative":       "rel/ative",
		"file:" + dir + "/abs": "abs",
		"file://" + dir + "/u": "u",
		dir + "/x/../y/":       "y",
		"with space/ü":         "with space/ü",
	} {
		s, err := openText(t, text, true)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if want := filepath.Join(real, want); s.Root() != want {
			t.Errorf("%q is at %s, want %s", text, s.Root(), want)
		}
	}
	for _, text := range []string{"", "file:", "file://host/path", "s3:x", "s33://bucket", "rclone:remote:path", "http://x/y", "a\x00b"} {
		_, err := openText(t, text, true)
		var e *storage.Error
		if !errors.As(err, &e) || !errors.Is(err, fs.ErrInvalid) || e.Class != storage.Other {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestRootMayBeALink(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "real"), 0o700), os.Symlink("real", link)); err != nil {
		t.Fatal(err)
	}
	s, err := openText(t, link, false)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(s.Root()) != "real" {
		t.Errorf("root is %s", s.Root())
	}
}

func wantNoPlace(t *testing.T, what string, err error) {
	t.Helper()
	if storage.ClassOf(err) != storage.NoPlace || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v, class %d", what, err, storage.ClassOf(err))
	}
}

func TestNoPlace(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := openText(t, filepath.Join(dir, "missing"), false)
	wantNoPlace(t, "missing", err)
	_, err = openText(t, file, false)
	wantNoPlace(t, "a file", err)
	_, err = openText(t, filepath.Join(file, "below"), false)
	wantNoPlace(t, "below a file", err)
	if _, err := openText(t, file, true); err == nil {
		t.Error("a file was opened")
	}
}

// TestPlaceVanishes takes the root away under an open store, as when a disk
// is pulled out.
func TestPlaceVanishes(t *testing.T) {
	s, err := openText(t, filepath.Join(t.TempDir(), "root"), true)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", []byte("x"))
	if err := os.RemoveAll(s.Root()); err != nil {
		t.Fatal(err)
	}
	_, err = s.Stat(t.Context(), "a")
	wantNoPlace(t, "stat", err)
	_, err = s.Get(t.Context(), "a", 0, -1)
	wantNoPlace(t, "get", err)
	_, err = s.Put(t.Context(), "b/c", nil)
	wantNoPlace(t, "put", err)
	wantNoPlace(t, "delete", s.Delete(t.Context(), "a"))
	for _, err := range s.List(t.Context(), "") {
		wantNoPlace(t, "list", err)
	}
}

func TestClasses(t *testing.T) {
	for err, want := range map[error]storage.Class{
		syscall.ENOSPC:           storage.Full,
		syscall.EDQUOT:           storage.Full,
		syscall.EROFS:            storage.ReadOnly,
		syscall.ESTALE:           storage.Unreachable,
		syscall.EACCES:           storage.Other,
		syscall.EIO:              storage.Other,
		context.DeadlineExceeded: storage.Other,
	} {
		wrapped := &fs.PathError{Op: "write", Path: "/x", Err: err}
		got := trouble("put", "k", "/x", wrapped)
		if got.Class != want || !errors.Is(got, err) {
			t.Errorf("%v has class %d, want %d", err, got.Class, want)
		}
	}
	if got := trouble("put", "k", "/x", syscall.EACCES); !errors.Is(got, fs.ErrPermission) || got.Hint() == "" {
		t.Errorf("%v, hint %q", got, got.Hint())
	}
}
