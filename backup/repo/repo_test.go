package repo_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/split"
	"chatkeep/backup/state"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// world is a repository, its owner's keys and one machine.
type world struct {
	t      *testing.T
	ctx    context.Context
	store  storage.Store
	master *keys.Master
	key    *keys.Writer
	memory *state.Repository
}

func newWorld(t *testing.T, store storage.Store) *world {
	t.Helper()
	ctx := context.Background()
	master, err := keys.NewMaster(false)
	if err != nil {
		t.Fatal(err)
	}
	// A recovery key's slot is cheap to make, and as real as any.
	object, err := keys.SealRecovery(master, keys.NewRecoveryKey())
	if err != nil {
		t.Fatal(err)
	}
	key, err := repo.Create(ctx, store, "here", master, []repo.NewSlot{{Name: "recovery", Kind: format.SlotRecovery, Object: object}}, "test")
	if err != nil {
		t.Fatal(err)
	}
	d := t.TempDir()
	dirs := state.Dirs{Config: d + "/c", Data: d + "/d", State: d + "/s", Cache: d + "/x"}
	return &world{t, ctx, store, master, key, dirs.Repository(master.Repository)}
}

func (w *world) view() *repo.View {
	w.t.Helper()
	v, err := repo.Load(w.ctx, w.store, w.master.Repository, "here", w.memory)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// backup stores some contents and commits them as files f000, f001, ….
func (w *world) backup(contents ...[]byte) (*repo.Head, error) {
	w.t.Helper()
	return w.backupWith(repo.SessionOptions{}, contents...)
}

func (w *world) backupWith(o repo.SessionOptions, contents ...[]byte) (*repo.Head, error) {
	v := w.view()
	if err := v.Trust(nil); err != nil {
		return nil, err
	}
	s, err := repo.Begin(w.ctx, w.store, v, w.key, w.memory, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return commitIn(w.ctx, s, "originals", contents, func(p *repo.Packer, i int) *repo.Stream {
		c := contents[i]
		cutter := s.Cutter(split.Choose("x.txt", int64(len(c)), c[:min(len(c), 32<<10)]))
		return p.Stream(w.ctx, format.Originals, repo.Hint{Group: "g"}, cutter, nil)
	})
}

func manifest() *format.Manifest {
	now := time.Unix(1700000000, 0).UTC()
	return &format.Manifest{
		Source:  format.Source{Name: "n", Host: "h", Path: "/p", App: "files"},
		Started: now, Finished: now, Program: "test", Complete: true, Tags: []string{},
	}
}

func (w *world) reader() *repo.Reader {
	w.t.Helper()
	v := w.view()
	if err := v.Trust(nil); err != nil {
		w.t.Fatal(err)
	}
	r, err := repo.NewReader(w.ctx, w.store, v, w.master, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// contents reads a snapshot back.
func (w *world) contents(h *repo.Head) [][]byte {
	w.t.Helper()
	r := w.reader()
	s, err := r.Open(w.ctx, h)
	if err != nil {
		w.t.Fatal(err)
	}
	var all [][]byte
	for e, err := range s.Entries(w.ctx) {
		if err != nil {
			w.t.Fatal(err)
		}
		data, err := io.ReadAll(s.Chunks(w.ctx, e.Chunks))
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

func text(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, "[%d] somebody: word%d word%d\n", b.Len(), r.IntN(1000), r.IntN(1000))
	}
	return b.Bytes()[:n]
}

func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed)})
	r.Read(b)
	return b
}

func TestRoundTrip(t *testing.T) {
	w := newWorld(t, storagetest.NewMemory())
	want := [][]byte{{}, []byte("x"), text(1, 100<<10), noise(2, 9<<20), noise(3, 40<<20), text(4, 5<<20)}
	h, err := w.backup(want...)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range w.contents(h) {
		if !bytes.Equal(got, want[i]) {
			t.Errorf("file %d: %d bytes come back, not the %d that went in", i, len(got), len(want[i]))
		}
	}
	report, err := repo.Check(w.ctx, w.store, w.view(), w.reader(), repo.CheckOptions{ReadData: true})
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("check: %v %v", err, report.Problems)
	}
}
