package repo_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// prunable is a scene with a prune key and a clock that stands still.
type prunable struct {
	*scene
	pruner *keys.Pruner
	asked  int
}

func newPrunable(t *testing.T) *prunable {
	t.Helper()
	s := newScene(t)
	o := s.owner(t)
	pruner, err := o.AddPruner("tidy")
	if err == nil {
		err = o.Commit(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	s.store.SetTime(time.Now())
	return &prunable{scene: s, pruner: pruner}
}

// prune runs one prune on a store that stands over the scene's.
func (s *prunable) prune(t *testing.T, store storage.Store, o repo.PruneOptions) (*repo.PruneReport, error) {
	t.Helper()
	look := func(ctx context.Context) (*repo.View, error) {
		return repo.Load(ctx, store, s.master.Repository, "here", nil)
	}
	if o.Now == nil {
		s.asked++ // a machine whose clock runs ahead asks whenever it might be time
		o.Now = func() time.Time { return time.Now().Add(100*day + time.Duration(s.asked)*time.Second) }
	}
	return repo.Prune(t.Context(), store, look, s.pruner, o)
}

func (s *prunable) mustPrune(t *testing.T) *repo.PruneReport {
	t.Helper()
	r, err := s.prune(t, s.store, repo.PruneOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// forget drops snapshots.
func (s *prunable) forget(t *testing.T, heads ...*repo.Head) {
	t.Helper()
	o := s.owner(t)
	for _, h := range heads {
		delete(s.want, h.Hash)
	}
	if err := o.Forget(heads); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// whole wants that every snapshot that is not forgotten comes back, and that a
// check has nothing to say.
func (s *prunable) whole(t *testing.T) {
	t.Helper()
	r := s.reader(t)
	heads := r.Heads()
	if len(heads) != len(s.want) {
		t.Errorf("%d snapshots, and %d are promised", len(heads), len(s.want))
	}
	for _, h := range heads {
		if err := same(t.Context(), r, h, s.want[h.Hash]); err != nil {
			t.Error(err)
		}
	}
	report, err := repo.Check(t.Context(), s.store, s.load(t, nil), r, repo.CheckOptions{ReadData: true})
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("check: %v, %v", report.Problems, err)
	}
}

const day = 24 * time.Hour

// TestPrune forgets the first of two snapshots and gives the space back: nothing
// at first, all of it after the grace.
func TestPrune(t *testing.T) {
	s := newPrunable(t)
	first := s.commit(t, text(1, 60<<10), text(2, 60<<10))
	s.commit(t, text(2, 60<<10), text(3, 60<<10))
	if r := s.mustPrune(t); r.Condemned.Objects != 0 {
		t.Errorf("%d objects were condemned, and every one is needed", r.Condemned.Objects)
	}
	s.forget(t, first)
	before := len(s.store.Keys(""))
	dry, err := s.prune(t, s.store, repo.PruneOptions{DryRun: true})
	if err != nil || len(s.store.Keys("")) != before {
		t.Fatalf("a dry run changed the store: %v", err)
	}
	r := s.mustPrune(t)
	if r.Condemned != dry.Condemned || r.Condemned.Objects < 2 || r.Deleted.Objects != 0 {
		t.Errorf("dry run %+v, then %+v", dry, r)
	}
	for _, wait := range []time.Duration{0, 47 * time.Hour} {
		s.store.Advance(wait)
		if again := s.mustPrune(t); again.Deleted.Objects != 0 || again.Condemned.Objects != 0 || again.Waiting != r.Condemned || again.Due.IsZero() {
			t.Errorf("after %s: %+v", wait, again)
		}
	}
	s.store.Advance(2 * time.Hour)
	last := s.mustPrune(t)
	if last.Deleted != r.Condemned || last.Waiting.Objects != 0 {
		t.Errorf("after the grace: %+v, and %+v were condemned", last, r.Condemned)
	}
	s.whole(t)
	s.commit(t, text(1, 60<<10), text(2, 60<<10)) // what is gone is stored again
	s.whole(t)
	if end := s.mustPrune(t); end.Condemned.Objects+end.Deleted.Objects+end.Waiting.Objects+end.Kept.Objects != 0 {
		t.Errorf("there is more to do: %+v", end)
	}
}

// TestPruneParity: parity goes with the last of its packs.
func TestPruneParity(t *testing.T) {
	s := newPrunable(t)
	o := s.owner(t)
	o.SetParity(true)
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := s.commit(t, text(1, 60<<10), text(3, 60<<10)) // so that not even a list is shared
	rows := len(s.store.Keys(format.ParityDir))
	s.commit(t, text(2, 60<<10))
	if rows == 0 || len(s.store.Keys(format.ParityDir)) <= rows {
		t.Fatalf("%d rows of parity, then %d", rows, len(s.store.Keys(format.ParityDir)))
	}
	more := len(s.store.Keys(format.ParityDir)) - rows
	s.forget(t, first)
	s.mustPrune(t)
	if n := len(s.store.Keys(format.ParityDir)); n != rows+more {
		t.Errorf("%d rows of parity while the packs are there, and there were %d", n, rows+more)
	}
	s.store.Advance(3 * day)
	s.mustPrune(t)
	if n := len(s.store.Keys(format.ParityDir)); n != more {
		t.Errorf("%d rows of parity are left, and %d are over packs that are", n, more)
	}
	s.whole(t)
}

// TestPruneNeededAgain: a head that was on its way while a pack was condemned
// keeps it, for as long as it is not forgotten.
func TestPruneNeededAgain(t *testing.T) {
	s := newPrunable(t)
	first := s.commit(t, text(1, 60<<10))
	other := s.commit(t, text(2, 60<<10))
	s.forget(t, first)
	// The machine's listings are those of before the tombstone, to the end of
	// its run.
	late := &lateListing{Store: s.store, old: s.store.Clone()}
	condemned := s.mustPrune(t).Condemned
	h, err := s.run(t.Context(), late, smallPacks, text(1, 60<<10))
	if err != nil {
		t.Fatal(err)
	}
	s.note(h, [][]byte{text(1, 60<<10)})
	s.store.Advance(3 * day)
	r := s.mustPrune(t)
	if r.Kept.Objects == 0 || r.Kept.Objects+r.Deleted.Objects != condemned.Objects {
		t.Errorf("%+v, and %+v were condemned", r, condemned)
	}
	s.whole(t)
	s.forget(t, h)
	s.store.Advance(3 * day)
	if r := s.mustPrune(t); r.Deleted.Objects == 0 || r.Kept.Objects != 0 {
		t.Errorf("nobody needs it any more: %+v", r)
	}
	s.whole(t)
	_ = other
}

// lateListing hides the tombstones that are not in an older state.
type lateListing struct {
	storage.Store
	old *storagetest.Memory
}

func (l *lateListing) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for info, err := range l.Store.List(ctx, prefix) {
			if strings.HasPrefix(info.Key, format.PruneDir) && l.old.Bytes(info.Key) == nil {
				continue
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

// TestPruneYoung leaves the packs of a run under way alone, and condemns them
// when no run can be that long.
func TestPruneYoung(t *testing.T) {
	s := newPrunable(t)
	s.commit(t, text(1, 60<<10))
	plant(s.store, format.PackName, []byte("a pack that nobody names"))
	s.store.Advance(23 * time.Hour)
	s.touch(t)
	if r := s.mustPrune(t); r.Young.Objects != 1 || r.Condemned.Objects != 0 {
		t.Errorf("%+v", r)
	}
	s.store.Advance(2 * time.Hour)
	s.touch(t)
	if r := s.mustPrune(t); r.Young.Objects != 0 || r.Condemned.Objects != 1 {
		t.Errorf("%+v", r)
	}
	s.whole(t)
}

// touch makes a snapshot, by which the store shows how late it is.
func (s *prunable) touch(t *testing.T) {
	t.Helper()
	s.commit(t, fmt.Appendf(nil, "%d", len(s.heads)))
}

// TestPruneRefuses: while anything is wrong, or not understood, nothing goes.
func TestPruneRefuses(t *testing.T) {
	for name, harm := range map[string]func(*testing.T, *prunable){
		"a head is missing": func(_ *testing.T, s *prunable) { s.store.Tamper(s.store.Keys(format.SnapshotsDir)[0], nil) },
		"a head is damaged": func(_ *testing.T, s *prunable) { s.store.Tamper(s.store.Keys(format.SnapshotsDir)[1], []byte("x")) },
		"something unknown": func(_ *testing.T, s *prunable) { s.store.Tamper("future/thing", []byte("x")) },
		"a tombstone is damaged": func(t *testing.T, s *prunable) {
			s.mustPrune(t)
			s.store.Tamper(s.store.Keys(format.PruneDir)[0], []byte("x"))
		},
		"a stranger's tombstone": func(_ *testing.T, s *prunable) { s.condemn(keys.GenerateSigningKey(), nil, nil) },
		"the key was ended": func(t *testing.T, s *prunable) {
			o := s.owner(t)
			if err := o.EndWriter(s.pruner.ID, nil); err != nil {
				t.Fatal(err)
			}
			if err := o.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newPrunable(t)
			first := s.commit(t, text(1, 60<<10))
			s.commit(t, text(2, 60<<10))
			s.commit(t, text(3, 60<<10))
			s.forget(t, first)
			harm(t, s)
			before := s.store.Keys("")
			s.store.Advance(3 * day)
			if _, err := s.prune(t, s.store, repo.PruneOptions{}); err == nil {
				t.Error("it went on")
			}
			if after := s.store.Keys(""); len(after) != len(before) {
				t.Errorf("%d objects became %d", len(before), len(after))
			}
		})
	}
}

// withoutTime is a store that does not tell the time.
type withoutTime struct{ storage.Store }

func (s withoutTime) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	info, err := s.Store.Put(ctx, key, data)
	info.Time = time.Time{}
	return info, err
}

func (s withoutTime) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for info, err := range s.Store.List(ctx, prefix) {
			info.Time = time.Time{}
			if !yield(info, err) {
				return
			}
		}
	}
}

func TestPruneWithoutTime(t *testing.T) {
	s := newPrunable(t)
	first := s.commit(t, text(1, 60<<10))
	s.commit(t, text(2, 60<<10))
	s.forget(t, first)
	store := withoutTime{s.store}
	var refused *repo.Refused
	if _, err := s.prune(t, store, repo.PruneOptions{}); !errors.As(err, &refused) {
		t.Errorf("a store without a clock: %v", err)
	}
	now := time.Now()
	o := repo.PruneOptions{MachineClock: func() time.Time { return now }}
	r, err := s.prune(t, store, o)
	if err != nil || r.Condemned.Objects == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	now = now.Add(47 * time.Hour)
	if r, err := s.prune(t, store, o); err != nil || r.Deleted.Objects != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	now = now.Add(2 * time.Hour)
	if r, err := s.prune(t, store, o); err != nil || r.Deleted.Objects == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	s.whole(t)
}

// locked refuses to delete some objects, as under object lock.
type locked struct {
	storage.Store
	key func(string) bool
}

func (l locked) Delete(ctx context.Context, key string) error {
	if l.key(key) {
		return &storage.Error{Op: "delete", Key: key, Err: fs.ErrPermission}
	}
	return l.Store.Delete(ctx, key)
}

func TestPruneLocked(t *testing.T) {
	s := newPrunable(t)
	first := s.commit(t, text(1, 60<<10))
	s.commit(t, text(2, 60<<10))
	s.forget(t, first)
	condemned := s.mustPrune(t).Condemned
	s.store.Advance(3 * day)
	if _, err := s.prune(t, locked{s.store, func(string) bool { return true }}, repo.PruneOptions{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("nothing may be deleted: %v", err)
	}
	packs := func(key string) bool { return strings.HasPrefix(key, format.PacksDir) }
	r, err := s.prune(t, locked{s.store, packs}, repo.PruneOptions{})
	if err != nil || r.Locked.Objects == 0 || r.Locked.Objects+r.Deleted.Objects != condemned.Objects {
		t.Errorf("%+v, %v", r, err)
	}
	locks := r.Locked
	if r := s.mustPrune(t); r.Deleted != locks {
		t.Errorf("when the lock is over: %+v", r)
	}
	s.whole(t)
}

// full takes no more.
type full struct{ storage.Store }

func (full) Put(_ context.Context, key string, _ []byte) (storage.Info, error) {
	return storage.Info{}, &storage.Error{Class: storage.Full, Op: "put", Key: key, Err: errors.New("no space left")}
}

// TestPruneFull: what waits goes although a full store takes no tombstone.
func TestPruneFull(t *testing.T) {
	s := newPrunable(t)
	first := s.commit(t, text(1, 60<<10))
	second := s.commit(t, text(2, 60<<10))
	s.commit(t, text(3, 60<<10))
	s.forget(t, first)
	condemned := s.mustPrune(t).Condemned
	s.store.Advance(3 * day)
	s.touch(t)
	s.forget(t, second)
	r, err := s.prune(t, full{s.store}, repo.PruneOptions{})
	if storage.ClassOf(err) != storage.Full || r.Deleted != condemned {
		t.Errorf("%+v, %v", r, err)
	}
	s.whole(t)
}

// TestPruneCheckpoints keeps the work of an interrupted run.
func TestPruneCheckpoints(t *testing.T) {
	s := newPrunable(t)
	s.commit(t, text(1, 60<<10))
	s.checkpoint(t)
	packs := len(s.store.Keys(format.PacksDir))
	s.store.Advance(3 * day)
	if r := s.mustPrune(t); r.Condemned.Objects != 0 {
		t.Errorf("after the last snapshot: %+v", r)
	}
	s.commit(t, text(2, 60<<10))
	s.store.Advance(3 * day)
	if r := s.mustPrune(t); r.Condemned.Objects != 0 {
		t.Errorf("another source may have ended meanwhile: %+v", r)
	}
	s.store.Advance(40 * day)
	s.touch(t)
	if r := s.mustPrune(t); r.Condemned.Objects == 0 || int(r.Condemned.Objects) > packs+2 {
		t.Errorf("after weeks: %+v", r)
	}
	s.whole(t)
}

// TestPruneEndedCheckpoint: a run of a writer that was ended comes to no end, and what
// only its checkpoint holds goes when that of another run would.
func TestPruneEndedCheckpoint(t *testing.T) {
	s := newPrunable(t)
	other := s.enrol(t, "other")
	s.commit(t, text(1, 60<<10))
	s.checkpoint(t)
	o := s.owner(t)
	must(t, o.EndWriter(s.key.ID, s.load(t, nil).Chains[s.key.ID].Tip()))
	must(t, o.Commit(t.Context()))
	s.store.Advance(3 * day)
	s.commitBy(t, other, text(3, 1000))
	if r := s.mustPrune(t); r.Condemned.Objects != 0 {
		t.Errorf("another machine may take over: %+v", r)
	}
	s.store.Advance(40 * day)
	s.commitBy(t, other, text(2, 1000)) // by which the store shows how late it is
	if r := s.mustPrune(t); r.Condemned.Objects == 0 {
		t.Error("it stays for ever")
	}
	s.whole(t)
}

// checkpoint leaves a run at its checkpoint.
func (s *prunable) checkpoint(t *testing.T) {
	t.Helper()
	v := s.load(t, s.memory)
	if err := v.Trust(nil); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	o := smallPacks
	o.Now = func() time.Time { return now }
	session, err := repo.Begin(t.Context(), s.store, v, s.key, s.memory, o)
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour) // a checkpoint is due with the next pack
	p := session.NewPacker()
	if _, err := p.Add(t.Context(), format.Originals, noise(9, 60<<10), repo.Hint{}); err != nil {
		t.Fatal(err)
	}
	if err := session.Flush(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	session.Close()
	if v := s.load(t, nil); v.Chains[s.key.ID].Tip().Manifest != nil {
		t.Fatal("there is no checkpoint")
	}
	if err := s.memory.Journal().Clear(); err != nil {
		t.Fatal(err)
	}
}

// TestPruneInterrupted fails a prune at each of its requests in turn, before it
// took effect and after: the next one ends what it began, and nothing is lost.
func TestPruneInterrupted(t *testing.T) {
	base := newPrunable(t)
	first := base.commit(t, text(1, 60<<10), text(2, 60<<10))
	base.commit(t, text(2, 60<<10), text(3, 60<<10))
	base.forget(t, first)
	for at := 0; ; at++ {
		for _, after := range []bool{false, true} {
			s := &prunable{scene: base.fork(t), pruner: base.pruner}
			failing := &failAt{Store: s.store, at: at, after: after}
			_, err := s.prune(t, failing, repo.PruneOptions{})
			s.store.Advance(3 * day)
			_, err2 := s.prune(t, failing, repo.PruneOptions{})
			if err == nil && err2 == nil && !failing.struck {
				return
			}
			s.mustPrune(t)
			s.store.Advance(3 * day)
			if r := s.mustPrune(t); r.Waiting.Objects+r.Kept.Objects != 0 {
				t.Errorf("request %d: %+v", at, r)
			}
			s.whole(t)
		}
	}
}

// failAt fails one request.
type failAt struct {
	storage.Store
	mu     sync.Mutex
	n, at  int
	after  bool
	struck bool
}

func (f *failAt) fails(do func()) error {
	f.mu.Lock()
	strikes := f.n == f.at
	f.n++
	f.struck = f.struck || strikes
	f.mu.Unlock()
	if !strikes {
		do()
		return nil
	}
	if f.after {
		do()
	}
	return &storage.Error{Class: storage.Unreachable, Op: "any", Err: errors.New("cut off")}
}

func (f *failAt) Put(ctx context.Context, key string, data []byte) (info storage.Info, err error) {
	if e := f.fails(func() { info, err = f.Store.Put(ctx, key, data) }); e != nil {
		return storage.Info{}, e
	}
	return info, err
}

func (f *failAt) Delete(ctx context.Context, key string) (err error) {
	if e := f.fails(func() { err = f.Store.Delete(ctx, key) }); e != nil {
		return e
	}
	return err
}

func (f *failAt) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if e := f.fails(func() {}); e != nil {
			yield(storage.Info{}, e)
			return
		}
		f.Store.List(ctx, prefix)(yield)
	}
}
