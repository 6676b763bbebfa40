package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"chatkeep/providers/storage"
)

// open1 makes a store in a new directory.
func open1(t testing.TB) *Store {
	t.Helper()
	s, err := Provider.Open(t.Context(), storage.Location{Text: t.TempDir()}, false)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*Store)
}

func put(t *testing.T, s *Store, key string, data []byte) storage.Info {
	t.Helper()
	info, err := s.Put(t.Context(), key, data)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func keys(t *testing.T, s *Store) []string {
	t.Helper()
	var keys []string
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	root := filepath.Join(t.TempDir(), "deep", "repository")
	s, err := openDir(root, root, true)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a/b/small", []byte("x"))
	put(t, s, "a/b/large", make([]byte, 2*directSize+5))
	for name, want := range map[string]fs.FileMode{
		"..": fs.ModeDir | 0o700, ".": fs.ModeDir | 0o700, tempDir: fs.ModeDir | 0o700,
		"a": fs.ModeDir | 0o700, "a/b": fs.ModeDir | 0o700, "a/b/small": 0o600, "a/b/large": 0o600,
	} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestNoTemporaryFilesStay(t *testing.T) {
	s := open1(t)
	put(t, s, "a", make([]byte, 2*directSize+5))
	if _, err := s.Put(t.Context(), "a", []byte("y")); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.write(ctx, tempDir+"/put-x", make([]byte, 2*directSize)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, _, err := s.writeTemp(ctx, []byte("x")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	os.Remove(filepath.Join(s.Root(), tempDir, "put-x"))
	entries, err := os.ReadDir(filepath.Join(s.Root(), tempDir))
	if err != nil || len(entries) != 0 {
		t.Errorf("%v is left, %v", entries, err)
	}
}

func TestStaleTemporaryFilesGo(t *testing.T) {
	s := open1(t)
	old := time.Now().Add(-tempAge - time.Hour)
	for name, when := range map[string]time.Time{
		"put-old": old, "put-new": time.Now(), "of-another": old,
	} {
		path := filepath.Join(s.Root(), tempDir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600), os.Chtimes(path, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, "a", nil)
	entries, err := os.ReadDir(filepath.Join(s.Root(), tempDir))
	if err != nil || len(entries) != 2 || entries[0].Name() != "of-another" || entries[1].Name() != "put-new" {
		t.Errorf("%v is left, %v", entries, err)
	}
	if got := keys(t, s); len(got) != 1 {
		t.Errorf("%q is listed", got)
	}
}

func TestReadingWritesNothing(t *testing.T) {
	s := open1(t)
	keys(t, s)
	s.Stat(t.Context(), "a")
	s.Get(t.Context(), "a", 0, -1)
	s.Delete(t.Context(), "a")
	entries, err := os.ReadDir(s.Root())
	if err != nil || len(entries) != 0 {
		t.Errorf("%v is there, %v", entries, err)
	}
}

// TestFilesOfOthers has beside the objects what people and their tools leave.
func TestFilesOfOthers(t *testing.T) {
	s := open1(t)
	outside := filepath.Join(t.TempDir(), "secret")
	at := func(name string) string { return filepath.Join(s.Root(), name) }
	if err := errors.Join(
		os.WriteFile(outside, []byte("secret"), 0o600),
		os.Mkdir(at("dir"), 0o700), os.Mkdir(at("lost+found"), 0o700), os.WriteFile(at("lost+found/x"), nil, 0o600),
		os.WriteFile(at("Thumbs.db"), nil, 0o600), os.WriteFile(at(".DS_Store"), nil, 0o600),
		os.WriteFile(at("dir/ok"), nil, 0o600), os.WriteFile(at("dir/a~"), nil, 0o600),
		os.Symlink(outside, at("link")), os.Symlink("dir/ok", at("inner")), os.Symlink("dir", at("other")),
		os.Symlink(filepath.Dir(outside), at("away")), syscall.Mkfifo(at("pipe"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	if got := keys(t, s); len(got) != 1 || got[0] != "dir/ok" {
		t.Errorf("%q is listed", got)
	}
	for _, key := range []string{"link", "inner", "pipe", "dir"} {
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("stat %s: %v", key, err)
		}
		if _, err := s.Get(t.Context(), key, 0, -1); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("get %s: %v", key, err)
		}
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
		if _, err := s.Put(t.Context(), key, nil); err == nil || errors.Is(err, fs.ErrExist) {
			t.Errorf("put %s: %v", key, err)
		}
		if _, err := os.Lstat(at(key)); err != nil {
			t.Error(err)
		}
	}
	if r, err := s.Get(t.Context(), "away/secret", 0, -1); err == nil {
		r.Close()
		t.Error("a link led out of the root")
	}
	if _, err := s.Put(t.Context(), "away/new", nil); err == nil {
		t.Error("a put went out of the root")
	}
}

func TestFileShrinksWhileRead(t *testing.T) {
	s := open1(t)
	put(t, s, "a", make([]byte, 1000))
	r, err := s.Get(t.Context(), "a", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := os.Truncate(filepath.Join(s.Root(), "a"), 500); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); len(got) != 500 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestRenames proves the ways to claim a name where there are no hard links.
func TestRenames(t *testing.T) {
	for name, claim := range map[string]func(*Store, string, string) error{
		"atomic":  (*Store).renameNew,
		"looking": (*Store).renameLooking,
	} {
		t.Run(name, func(t *testing.T) {
			s := open1(t)
			put(t, s, "dir/taken", []byte("first"))
			if _, err := s.write(t.Context(), tempDir+"/put-x", []byte("second")); err != nil {
				t.Fatal(err)
			}
			err := claim(s, tempDir+"/put-x", "dir/taken")
			if errors.Is(err, errors.ErrUnsupported) {
				return // the next way is taken then
			}
			if !errors.Is(err, fs.ErrExist) {
				t.Errorf("taken: %v", err)
			}
			if err := claim(s, tempDir+"/put-x", "dir/free"); err != nil {
				t.Errorf("free: %v", err)
			}
			for key, want := range map[string]string{"dir/taken": "first", "dir/free": "second"} {
				if got, err := os.ReadFile(filepath.Join(s.Root(), key)); err != nil || string(got) != want {
					t.Errorf("%s holds %q, %v", key, got, err)
				}
			}
		})
	}
}

// TestSizes writes around every boundary of the direct path, from aligned and
// unaligned memory.
func TestSizes(t *testing.T) {
	s := open1(t)
	whole := make([]byte, 9<<20)
	for i := range whole {
		whole[i] = byte(i>>12) ^ byte(i)
	}
	for _, size := range []int{
		0, 1, 4095, directSize - 1, directSize, directSize + 1, directSize + 4096, 4 << 20, 4<<20 + 1, 8<<20 - 1, 8<<20 + 4097,
	} {
		for _, skip := range []int{0, 1, 512} {
			data := whole[skip : skip+size]
			key := fmt.Sprintf("s/%d-%d", size, skip)
			put(t, s, key, data)
			if got, err := os.ReadFile(filepath.Join(s.Root(), key)); err != nil || !bytes.Equal(got, data) {
				t.Errorf("size %d at %d: %d bytes, %v", size, skip, len(got), err)
			}
		}
	}
}

// TestRemoveFolders removes what is empty, and stops at what is not.
func TestRemoveFolders(t *testing.T) {
	root := filepath.Join(t.TempDir(), "in", "scratch")
	s, err := openDir(root, root, true)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a/b/c", []byte("x"))
	put(t, s, "d", make([]byte, 2*directSize))
	if err := s.RemoveFolders(t.Context()); err == nil {
		t.Error("folders with objects in them are removed")
	}
	for _, key := range []string{"a/b/c", "d"} {
		if _, err := s.Stat(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, tempDir, tempPrefix+"left"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveFolders(t.Context()); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(root)); err != nil || len(entries) != 0 {
		t.Errorf("%v is left, %v", entries, err)
	}
}
