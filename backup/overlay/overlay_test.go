package overlay

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
)

func text(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s), Mode: 0o644} }

// layers have folders in common, a file twice, and a file where another has a
// folder.
func layers() []fs.FS {
	return []fs.FS{
		fstest.MapFS{"a/1": text("one"), "a/both": text("first"), "x": text("a file")},
		fstest.MapFS{"a/2": text("two"), "a/both": text("the second"), "b/c/3": text("three"), "x/4": text("four")},
		fstest.MapFS{"a/both": text("third"), "b/c/5": text("five")},
	}
}

func TestOverlay(t *testing.T) {
	f := New(layers()...)
	if err := fstest.TestFS(f, "a/1", "a/2", "a/both", "b/c/3", "b/c/5", "x"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]struct {
		text  string
		layer int
	}{"a/1": {"one", 0}, "a/2": {"two", 1}, "a/both": {"first", 0}, "b/c/3": {"three", 1}, "b/c/5": {"five", 2}, "x": {"a file", 0}} {
		got, err := fs.ReadFile(f, name)
		if err != nil || string(got) != want.text || f.Layer(name) != want.layer {
			t.Errorf("%s: %q of layer %d, %v", name, got, f.Layer(name), err)
		}
	}
	if got := f.Clashes(); !slices.Equal(got, []string{"a/both", "x"}) {
		t.Errorf("clashes %q", got)
	}
	if f.Layer("b") != 1 || f.Layer("nowhere") != 0 || f.Layer("../out") != 0 {
		t.Errorf("layers of b, nowhere and a path that leads out: %d, %d, %d", f.Layer("b"), f.Layer("nowhere"), f.Layer("../out"))
	}
}

func TestOverlayErrors(t *testing.T) {
	f := New(layers()...)
	for name, want := range map[string]error{"a/9": fs.ErrNotExist, "../a": fs.ErrInvalid, "/a": fs.ErrInvalid, "": fs.ErrInvalid} {
		if _, err := f.Open(name); !errors.Is(err, want) {
			t.Errorf("open %q: %v", name, err)
		}
		if _, err := f.ReadDir(name); !errors.Is(err, want) {
			t.Errorf("list %q: %v", name, err)
		}
	}
	if _, err := f.ReadDir("a/1"); err == nil {
		t.Error("a file was listed")
	}
	if _, err := New().Open("."); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no layers: %v", err)
	}
}

// closed has a folder that cannot be listed.
type closed struct{ fstest.MapFS }

func (c closed) ReadDir(name string) ([]fs.DirEntry, error) {
	return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrPermission}
}

func TestHalfAListing(t *testing.T) {
	f := New(fstest.MapFS{"a/1": text("one")}, closed{fstest.MapFS{"a/2": text("two")}})
	if list, err := f.ReadDir("a"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("half a listing: %v, %v", list, err)
	}
}
