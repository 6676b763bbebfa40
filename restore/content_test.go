package restore

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// written writes out each entry of a snapshot.
func written(t *testing.T, s *repo.Snapshot, check func(path string, got []byte, err error)) {
	t.Helper()
	for e, err := range s.Entries(t.Context()) {
		must(t, err)
		var b bytes.Buffer
		err := WriteFile(t.Context(), s, e, &b)
		check(e.Path, b.Bytes(), err)
	}
}

func TestWriteFile(t *testing.T) {
	w := newWorld(t)
	for seed := range uint64(4) {
		f := newForest(t, seed)
		byPath := map[string]*thing{}
		for i := range f.things {
			byPath[f.things[i].path] = &f.things[i]
		}
		written(t, w.backup(f.things...), func(path string, got []byte, err error) {
			th := byPath[path]
			if th.typ == format.EntryDir || th.typ == format.EntrySymlink {
				if !errors.Is(err, fs.ErrInvalid) {
					t.Errorf("%q has no bytes, and the error is %v", path, err)
				}
				return
			}
			if th.typ == format.EntryHardlink {
				th = byPath[th.target]
			}
			if err != nil || !bytes.Equal(got, th.bytes()) {
				t.Errorf("%q: %d bytes, want %d: %v", path, len(got), len(th.bytes()), err)
			}
		})
	}
}

// TestWriteFileHostile names what is wrong, and never writes more than the list
// says.
func TestWriteFileHostile(t *testing.T) {
	want := map[string]format.Class{
		"originals/less": format.Malformed, "originals/more": format.Malformed, "originals/none": format.Missing,
		"originals/wrong": format.Flipped, "originals/long": format.Malformed, "originals/short": format.Malformed,
	}
	s := newWorld(t).backup(
		thing{path: "originals/less", content: []byte("abc"), size: 2},
		thing{path: "originals/more", content: []byte("abc"), size: 4},
		thing{path: "originals/none", ids: []format.ID{{1}}, size: 4},
		thing{path: "originals/wrong", typ: format.EntryZip, pieces: []piece{{content: []byte("x")}}, hash: &format.Hash{}},
		zipOf(t, "long", 6, -1), zipOf(t, "short", 6, 1))
	sizes := map[string]int64{}
	for e, err := range s.Entries(t.Context()) {
		must(t, err)
		sizes[e.Path] = e.Size
	}
	written(t, s, func(path string, got []byte, err error) {
		if format.ClassOf(err) != want[path] {
			t.Errorf("%q: %v, want %s", path, err, want[path])
		}
		if int64(len(got)) > sizes[path] {
			t.Errorf("%q: %d bytes of %d", path, len(got), sizes[path])
		}
	})
}
