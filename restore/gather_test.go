package restore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"chatkeep/backup/format"
)

// pages are files of small chunks: some that share a frame, and one that takes
// several writes however it is gathered.
func pages() []thing {
	things := []thing{directory("")}
	for i := range 8 {
		things = append(things, thing{
			path: fmt.Sprintf("originals/f%02d", i), content: noise(uint64(100+i), 50_000+i), chunk: 4 << 10, mode: 0o600,
		})
	}
	return append(things, thing{path: "originals/g", content: noise(200, 3*gatherBytes), chunk: 4 << 10, mode: 0o400})
}

// TestGatheredWrites writes chunks that stand side by side together, and counts
// each.
func TestGatheredWrites(t *testing.T) {
	w := newWorld(t)
	things := pages()
	s := w.backup(things...)
	dir := newTarget(t)
	var writes, chunks atomic.Int64
	report, err := runWith(t, s, dir, Options{}, func(r *run) {
		r.writeAt = func(f *os.File, data []byte, offset int64) error {
			writes.Add(1)
			return plainWriteAt(f, data, offset)
		}
	})
	must(t, err)
	wantWhole(t, dir, things[1:], nil)
	for _, th := range things[1:] {
		chunks.Add(int64((len(th.content) + th.chunk - 1) / th.chunk))
	}
	if report.Chunks != chunks.Load() {
		t.Errorf("the report has %d chunks of %d", report.Chunks, chunks.Load())
	}
	if writes.Load() > chunks.Load()/4 {
		t.Errorf("%d writes for %d chunks", writes.Load(), chunks.Load())
	}
}

// TestGatheredFullDisk lets each of the writes find no room in turn. What was
// gathered by then must not be taken for written.
func TestGatheredFullDisk(t *testing.T) {
	w := newWorld(t)
	things := pages()
	s := w.backup(things...)
	for fail := int64(1); ; fail++ {
		dir := newTarget(t)
		var writes atomic.Int64
		report, err := runWith(t, s, dir, Options{}, func(r *run) {
			r.writeAt = func(f *os.File, data []byte, offset int64) error {
				if writes.Add(1) != fail {
					return plainWriteAt(f, data, offset)
				}
				return &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
			}
		})
		if writes.Load() < fail && fail > int64(len(things)) {
			must(t, err)
			return
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("write %d: %v", fail, err)
		}
		gone := map[string]format.Class{}
		for _, th := range things[1:] {
			if _, err := os.Stat(filepath.Join(dir, filepath.Base(th.path))); err != nil {
				gone[th.path] = ""
			}
		}
		wantWhole(t, dir, things[1:], gone)
		if int(report.Files) != len(things)-1-len(gone) || len(gone) == 0 {
			t.Errorf("write %d: the report has %d files, %d are missing", fail, report.Files, len(gone))
		}
	}
}

// TestGatheredDamage flips bytes of a pack of small chunks: what was gathered
// before the damage was found is neither lost nor counted twice.
func TestGatheredDamage(t *testing.T) {
	w := newWorld(t)
	things := pages()
	s := w.backup(things...)
	name := packOf(t, s, things[1].path)
	object := w.store.Bytes(name)
	for at := len(object) / 8; at < len(object); at += len(object) / 4 {
		broken := bytes.Clone(object)
		broken[at] ^= 1
		w.store.Tamper(name, broken)
		dir := newTarget(t)
		report, err := Run(t.Context(), s, dir, Options{})
		gone := lost(err)
		if format.ClassOf(err) == "" || len(gone) == 0 || len(gone) == len(things)-1 {
			t.Errorf("byte %d: lost %d of %d files: %v", at, len(gone), len(things)-1, err)
		}
		if int(report.Files)+len(gone) != len(things)-1 {
			t.Errorf("byte %d: %d files are there and %d lost", at, report.Files, len(gone))
		}
		wantWhole(t, dir, things[1:], gone)
	}
}
