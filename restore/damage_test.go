package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// many is a snapshot of files in several packs, each of three chunks.
func many(t testing.TB) (*world, *repo.Snapshot, []thing) {
	w := newWorld(t)
	w.packSize = 512 << 10
	things := []thing{directory("")}
	for i := range 24 {
		things = append(things, thing{
			path: fmt.Sprintf("originals/f%02d", i), content: noise(uint64(i), 120<<10), chunk: 40 << 10, mode: 0o600,
		})
	}
	return w, w.backup(things...), things[1:]
}

// wantWhole fails unless the target has just those of the files that are not
// lost, and they are right.
func wantWhole(t *testing.T, dir string, things []thing, lost map[string]format.Class) {
	t.Helper()
	var want []string
	for _, th := range things {
		name := strings.TrimPrefix(th.path, "originals/")
		if _, gone := lost[th.path]; !gone {
			want = append(want, name)
			wantFile(t, filepath.Join(dir, name), th.content)
		}
	}
	wantLeft(t, dir, want...)
}

// originals lists the packs that hold files.
func originals(s *repo.Snapshot) (packs []format.IndexPack) {
	for _, p := range s.Index().Packs() {
		if p.Kind == format.Originals {
			packs = append(packs, p)
		}
	}
	return packs
}

// packOf names the pack of the last chunk of an entry. Packs are in the order of
// their hashes, so their numbers say nothing.
func packOf(t testing.TB, s *repo.Snapshot, path string) string {
	t.Helper()
	for e, err := range s.Entries(t.Context()) {
		must(t, err)
		if e.Path != path {
			continue
		}
		var last format.ID
		for id := range e.AllChunks() {
			last = id
		}
		at, ok := s.Index().Find(last)
		if !ok {
			t.Fatalf("%s has no chunks", path)
		}
		return format.PackName(s.Index().Packs()[at.Pack].Pack)
	}
	t.Fatalf("no entry %s", path)
	return ""
}

// TestDamagedPack flips one byte of a pack, and loses what it hits and nothing
// else.
func TestDamagedPack(t *testing.T) {
	w, s, things := many(t)
	packs := originals(s)
	if len(packs) < 4 {
		t.Fatalf("only %d packs", len(packs))
	}
	name := packOf(t, s, things[0].path)
	object := w.store.Bytes(name)
	for at, most := range map[int]int{len(object) / 2: 4, len(object) - 10: 24 / len(packs) * 2, 100: 24 / len(packs) * 2} {
		broken := bytes.Clone(object)
		broken[at] ^= 1
		w.store.Tamper(name, broken)
		dir := newTarget(t)
		report, err := Run(t.Context(), s, dir, Options{})
		var e *Incomplete
		if !errors.As(err, &e) || e.ExitCode() != 11 || format.ClassOf(err) == "" || e.Hint() == "" {
			t.Fatalf("byte %d: %v", at, err)
		}
		gone := lost(err)
		if len(gone) == 0 || len(gone) > most {
			t.Errorf("byte %d: lost %d files, at most %d have a chunk near it", at, len(gone), most)
		}
		if int(report.Files)+len(gone) != len(things) || len(report.Lost) != len(gone) {
			t.Errorf("byte %d: %d files are there and %d lost", at, report.Files, len(gone))
		}
		wantWhole(t, dir, things, gone)
	}
	// Overwriting does not trade whole files for lost ones.
	w.store.Tamper(name, object)
	dir := newTarget(t)
	_, err := Run(t.Context(), s, dir, Options{})
	must(t, err)
	w.store.Tamper(name, nil)
	_, err = Run(t.Context(), s, dir, Options{Overwrite: true})
	if len(lost(err)) == 0 {
		t.Error("nothing is lost without a pack")
	}
	wantWhole(t, dir, things, nil)
}

// TestMissingPack loses the files of one pack.
func TestMissingPack(t *testing.T) {
	w, s, things := many(t)
	w.store.Tamper(packOf(t, s, things[0].path), nil)
	dir := newTarget(t)
	_, err := Run(t.Context(), s, dir, Options{})
	gone := lost(err)
	if len(gone) == 0 || len(gone) == len(things) || format.ClassOf(err) != format.Missing {
		t.Errorf("lost %d: %v", len(gone), err)
	}
	for path, class := range gone {
		if class != format.Missing {
			t.Errorf("%s is lost as %q", path, class)
		}
	}
	wantWhole(t, dir, things, gone)
}

// TestDamagedZip loses a zip for the sake of one chunk of a member.
func TestDamagedZip(t *testing.T) {
	w := newWorld(t)
	w.packSize = 64 << 10
	content := noise(7, 200<<10)
	s := w.backup(directory(""), plain("a", "good"), thing{path: "originals/z", typ: format.EntryZip, pieces: []piece{
		{content: content[:70<<10], member: true, packed: deflated(t, content[:70<<10], 9), level: 9},
		{content: content, member: true, packed: deflated(t, content, 1), level: 1},
	}})
	w.store.Tamper(packOf(t, s, "originals/z"), nil)
	dir := newTarget(t)
	_, err := Run(t.Context(), s, dir, Options{})
	wantLost(t, err, map[string]format.Class{"originals/z": format.Missing})
	wantLeft(t, dir, "a")
}

// TestDamagedList gives back what the list says up to the damage: the beginning
// of the second list and all stats are in the packs of the first.
func TestDamagedList(t *testing.T) {
	w := newWorld(t)
	var things []thing
	for i := range 1500 {
		things = append(things, thing{path: fmt.Sprintf("originals/%x%04d", noise(1, 40), i), typ: format.EntryDir, mode: 0o700})
	}
	before := map[format.Hash]bool{}
	for _, p := range w.backup(things...).Index().Packs() {
		before[p.Pack] = true
	}
	things[len(things)-1].path += "x"
	s := w.backup(things...)
	for _, p := range s.Index().Packs() {
		if !before[p.Pack] {
			w.store.Tamper(format.PackName(p.Pack), nil)
		}
	}
	dir := newTarget(t)
	report, err := Run(t.Context(), s, dir, Options{})
	var e *Incomplete
	if !errors.As(err, &e) || e.Listing == nil || e.ExitCode() != 11 || len(e.Lost) != 0 {
		t.Fatal(err)
	}
	if n := len(left(t, dir)); n != int(report.Dirs) || n == 0 || n == len(things) {
		t.Errorf("%d entries are there, the report has %d", n, report.Dirs)
	}
}

// gated calls at for each Get of a pack.
type gated struct {
	storage.Reader
	mu   sync.Mutex
	gets int
	at   func(n int) error
}

func (g *gated) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if strings.HasPrefix(key, format.PacksDir) && length < 0 {
		g.mu.Lock()
		g.gets++
		err := g.at(g.gets)
		g.mu.Unlock()
		if err != nil {
			return nil, err
		}
	}
	return g.Reader.Get(ctx, key, offset, length)
}

// TestCancel ends a restore at each of its packs: what is there is whole.
func TestCancel(t *testing.T) {
	w, s, things := many(t)
	for stop := 1; stop <= len(originals(s)); stop++ {
		for _, fail := range []error{nil, &storage.Error{Class: storage.Unreachable, Op: "get", Place: "there", Err: errors.New("gone")}} {
			ctx, cancel := context.WithCancel(t.Context())
			store := &gated{Reader: w.store, at: func(n int) error {
				if n == stop && fail == nil {
					cancel()
				}
				if n >= stop {
					return fail
				}
				return nil
			}}
			dir := newTarget(t)
			report, err := Run(ctx, w.open(store, s.Head), dir, Options{Workers: 2, Clock: hurried()})
			cancel()
			switch {
			case fail == nil && !errors.Is(err, context.Canceled):
				t.Errorf("cancelled at pack %d: %v", stop, err)
			case fail != nil && storage.ClassOf(err) != storage.Unreachable:
				t.Errorf("unreachable at pack %d: %v", stop, err)
			}
			gone := map[string]format.Class{}
			there := left(t, dir)
			for _, th := range things {
				gone[th.path] = ""
			}
			for _, name := range there {
				delete(gone, "originals/"+name)
			}
			wantWhole(t, dir, things, gone)
			if int(report.Files) != len(there) {
				t.Errorf("the report has %d files, the target %d", report.Files, len(there))
			}
		}
	}
}

// runWith is Run with something changed.
func runWith(t testing.TB, s *repo.Snapshot, dir string, o Options, change func(*run)) (*Report, error) {
	t.Helper()
	r := newRun(s, o)
	target, err := openTarget(dir, r.terms())
	must(t, err)
	defer target.close()
	r.enter(target)
	change(r)
	return r.finished(r.all(t.Context()))
}

// TestFullDisk lets one write after the other find no room.
func TestFullDisk(t *testing.T) {
	_, s, things := many(t)
	for fail := len(things) * 3; fail > 0; fail -= 7 {
		dir := newTarget(t)
		var mu sync.Mutex
		writes := 0
		report, err := runWith(t, s, dir, Options{}, func(r *run) {
			r.writeAt = func(f *os.File, data []byte, offset int64) error {
				mu.Lock()
				writes++
				full := writes == fail
				mu.Unlock()
				if !full {
					return plainWriteAt(f, data, offset)
				}
				f.WriteAt(data[:len(data)/2], offset)
				return &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
			}
		})
		var e *targetError
		if !errors.As(err, &e) || !errors.Is(err, syscall.ENOSPC) || e.ExitCode() != 1 || !strings.Contains(e.Hint(), "space") {
			t.Fatalf("write %d: %v", fail, err)
		}
		if !strings.Contains(err.Error(), "originals/f") || strings.Contains(err.Error(), temporary) {
			t.Errorf("write %d: the error does not say where: %v", fail, err)
		}
		gone := map[string]format.Class{}
		for _, th := range things {
			gone[th.path] = ""
		}
		for _, name := range left(t, dir) {
			delete(gone, "originals/"+name)
		}
		wantWhole(t, dir, things, gone)
		if int(report.Files) != len(things)-len(gone) {
			t.Errorf("write %d: the report has %d files", fail, report.Files)
		}
	}
}

// TestFileTooLarge loses a file that the target's file system cannot hold, and
// no other.
func TestFileTooLarge(t *testing.T) {
	_, s, things := many(t)
	dir := newTarget(t)
	large := things[5]
	_, err := runWith(t, s, dir, Options{}, func(r *run) {
		r.writeAt = func(f *os.File, data []byte, offset int64) error {
			if offset > 0 && bytes.Equal(data, large.content[offset:int(offset)+len(data)]) {
				return &os.PathError{Op: "write", Path: f.Name(), Err: syscall.EFBIG}
			}
			return plainWriteAt(f, data, offset)
		}
	})
	wantLost(t, err, map[string]format.Class{large.path: ""})
	if e := (*Incomplete)(nil); !errors.As(err, &e) || e.ExitCode() != 1 {
		t.Error(err)
	}
	wantWhole(t, dir, things, lost(err))
}

// TestShortWrite has a target that says it wrote and did not: sizes tell.
func TestShortWrite(t *testing.T) {
	_, s, things := many(t)
	dir := newTarget(t)
	_, err := runWith(t, s, dir, Options{}, func(r *run) {
		r.writeAt = func(f *os.File, data []byte, offset int64) error {
			if offset == 80<<10 && bytes.Equal(data, things[3].content[offset:]) {
				data = data[:100]
			}
			return plainWriteAt(f, data, offset)
		}
	})
	wantLost(t, err, map[string]format.Class{things[3].path: ""})
	wantWhole(t, dir, things, lost(err))
}

// TestRangedReads fetches single frames where little of a pack is wanted.
func TestRangedReads(t *testing.T) {
	w, _, things := many(t)
	w.packSize = 16 << 20
	big := w.backup(append([]thing{plain("other", "x"), {path: "originals/pad", content: noise(99, 4<<20), chunk: 64 << 10}}, things...)...)
	counter := storagetest.NewCounting(w.store)
	opened := w.open(counter, big.Head)
	counter.Reset()
	dir := newTarget(t)
	_, err := Run(t.Context(), opened, dir, Options{Only: func(path string) bool { return path == "originals/other" }})
	must(t, err)
	wantFile(t, filepath.Join(dir, "other"), []byte("x"))
	if n := counter.Count(storagetest.OpGet, "packs").Bytes; n > 2<<20 {
		t.Errorf("read %d bytes for a file of one", n)
	}
}
