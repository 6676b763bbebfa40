package repo_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// before and after are the contents of two backups that have something in
// common.
var (
	before = [][]byte{text(1, 60<<10), text(2, 50<<10)}
	after  = [][]byte{text(1, 60<<10), text(3, 70<<10), text(4, 60<<10), text(5, 60<<10)}
)

// oneSnapshot is a scene with one snapshot of before.
func oneSnapshot(t *testing.T) *scene {
	t.Helper()
	s := newScene(t)
	s.commit(t, before...)
	return s
}

// attempt runs a backup over a store that goes wrong. When it says that it is
// done, everything must be there.
func (s *scene) attempt(t *testing.T, ctx context.Context, store storage.Store, contents ...[]byte) error {
	t.Helper()
	h, err := s.run(ctx, store, smallPacks, contents...)
	if err == nil {
		s.note(h, contents)
		s.sound(t)
	}
	return err
}

// recover asks that the next run, over a store in order, succeeds, that nothing
// was lost, and that what the interrupted run had put was taken over.
func (s *scene) recover(t *testing.T, stray int, contents ...[]byte) {
	t.Helper()
	s.commit(t, contents...)
	s.sound(t)
	if n := s.strayPacks(t); n > stray {
		t.Errorf("%d packs were put and never counted, more than %d", n, stray)
	}
}

func (s *scene) police(t *testing.T) storage.Store {
	p := storagetest.NewPolice(s.store, t.Errorf)
	p.ForbidDelete(true)
	return p
}

// calls are the requests of a backup of after, over a warm or a cold cache.
func calls(t *testing.T, base *scene, cold bool) []storagetest.Call {
	t.Helper()
	s := base.fork(t)
	if cold {
		s.chill(t)
	}
	f := storagetest.NewFault(s.police(t))
	if err := s.attempt(t, t.Context(), f, after...); err != nil {
		t.Fatal(err)
	}
	return f.Calls()
}

// troubles are what can go wrong with a request of a kind.
func troubles(op storagetest.Op) []storagetest.Trouble {
	list := []storagetest.Trouble{storagetest.FailBefore, storagetest.FailAfter}
	switch op {
	case storagetest.OpGet:
		list = append(list, storagetest.GetBroken, storagetest.GetTruncated, storagetest.GetFlipped, storagetest.GetStale)
	case storagetest.OpList:
		list = append(list, storagetest.ListOmit, storagetest.ListAdd, storagetest.ListRepeat, storagetest.ListReorder, storagetest.ListBroken)
	}
	return list
}

func isLie(trouble storagetest.Trouble) bool { return trouble >= storagetest.ListOmit }

// TestFaultSweep lets every request of a backup go wrong in every way.
func TestFaultSweep(t *testing.T) {
	base := oneSnapshot(t)
	for _, cold := range []bool{false, true} {
		for n, call := range calls(t, base, cold) {
			if cold && !long() && call.Op != storagetest.OpGet {
				continue // a cold cache makes more reads, the rest is the same
			}
			for _, trouble := range troubles(call.Op) {
				for _, entry := range entries(base, call, trouble) {
					t.Run(fmt.Sprintf("cold %v %d %s %v %d", cold, n+1, call.Op, trouble, entry), func(t *testing.T) {
						t.Parallel()
						s := base.fork(t)
						if cold {
							s.chill(t)
						}
						f := storagetest.NewFault(s.police(t), storagetest.Rule{
							Nth: n + 1, Do: trouble, Entry: entry,
							Info:  storage.Info{Key: call.Key + "stray", Size: 1 << 10},
							Stale: base.store.Bytes(base.store.Keys(format.SnapshotsDir)[0]),
						})
						err := s.attempt(t, t.Context(), f, after...)
						if err != nil && (trouble == storagetest.ListAdd || trouble == storagetest.ListRepeat || trouble == storagetest.ListReorder) {
							t.Errorf("a listing with too much in it is no reason to fail: %v", err)
						}
						s.recover(t, 1, after...)
					})
				}
			}
		}
	}
}

// entries are which entries of a listing are lied about: all, or a few.
func entries(base *scene, call storagetest.Call, trouble storagetest.Trouble) []int {
	if !isLie(trouble) {
		return []int{0}
	}
	n := len(base.store.Keys(call.Key))
	var all []int
	for i := range n + 1 {
		if long() || i == 0 || i == n-1 && trouble == storagetest.ListOmit || i == 8 {
			all = append(all, i)
		}
	}
	return all
}

// TestCrashSweep lets a backup die, or hang and be given up, at every request.
func TestCrashSweep(t *testing.T) {
	base := oneSnapshot(t)
	for _, cold := range []bool{false, true} {
		for n, call := range calls(t, base, cold) {
			for _, how := range []end{hangBefore, hangAfter, crashBefore, crashAfter} {
				if !long() && call.Op != storagetest.OpPut && (cold || how != crashAfter) {
					continue // to a read all ends are the same
				}
				t.Run(fmt.Sprintf("cold %v %d %v", cold, n, how), func(t *testing.T) {
					t.Parallel()
					s := base.fork(t)
					if cold {
						s.chill(t)
					}
					s.die(t, n+1, how, after...)
					s.recover(t, 3, after...)
				})
			}
		}
	}
}

// TestCrashTwice lets the run after a crash die, too: what the first one left
// must still be known as this machine's own.
func TestCrashTwice(t *testing.T) {
	base := oneSnapshot(t)
	requests := len(calls(t, base, false))
	for n := 1; n <= requests; n++ {
		for m := 1; m <= requests+2; m++ {
			if !long() && (n < requests-2 || m < requests-4) {
				continue // around the head is where it matters
			}
			for _, how := range []end{crashBefore, crashAfter} {
				t.Run(fmt.Sprintf("%d %d %v", n, m, how), func(t *testing.T) {
					t.Parallel()
					s := base.fork(t)
					s.die(t, n, crashAfter, after...)
					s.die(t, m, how, after[:2]...)
					s.recover(t, 6, after...)
				})
			}
		}
	}
}

// die runs a backup that ends at the nth request, and leaves the machine as it
// was at that moment.
func (s *scene) die(t *testing.T, nth int, how end, contents ...[]byte) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir, alive := tempDir(t), s.machine
	b := &breaker{Store: s.police(t), nth: nth, how: how, cancel: cancel}
	b.died = func() { s.machine = alive.cloneTo(t, dir) }
	h, err := alive.run(ctx, b, smallPacks, contents...)
	if err == nil {
		s.note(h, contents)
	}
	if err == nil && b.at != "" && how != hangAfter {
		t.Errorf("the run ended at %q, and says that it is done", b.at)
	}
}

// TestFirstCrash lets the first backup of all die everywhere.
func TestFirstCrash(t *testing.T) {
	base := newScene(t)
	for n := 1; n <= len(calls(t, base, false)); n++ {
		for _, how := range []end{crashBefore, crashAfter} {
			if how == crashBefore && !long() {
				continue // as after the one before, but for the intent: see TestLostState
			}
			t.Run(fmt.Sprintf("%d %v", n, how), func(t *testing.T) {
				t.Parallel()
				s := base.fork(t)
				s.die(t, n, how, after...)
				s.recover(t, 3, after...)
			})
		}
	}
}

// TestLatePut: a head whose put was given up takes effect after the next run
// has looked. The two are a fork, and both this machine's own.
func TestLatePut(t *testing.T) {
	s := oneSnapshot(t)
	requests := calls(t, s, false)
	head := 0
	for i, call := range requests {
		if call.Op == storagetest.OpPut && len(call.Key) > len(format.SnapshotsDir) && call.Key[:len(format.SnapshotsDir)] == format.SnapshotsDir {
			head = i + 1
		}
	}
	late := s.fork(t)
	late.die(t, head, crashAfter, after...)
	s.die(t, head, crashBefore, after...)
	_ = late
	s.machine = late.machine // it has the intent of the head that is on its way
	s.commit(t, after[:1]...)
	for _, key := range late.store.Keys("") {
		if s.store.Bytes(key) == nil {
			s.store.Tamper(key, late.store.Bytes(key))
		}
	}
	joined := s.commit(t, after[:2]...)
	if len(joined.Prev) != 2 {
		t.Errorf("the head after a fork continues %d heads", len(joined.Prev))
	}
	s.sound(t)
}

// TestTornJournal: what stands behind a torn record must be found.
func TestTornJournal(t *testing.T) {
	s := oneSnapshot(t)
	j := s.memory.Journal()
	record := []byte("a record")
	if err := j.Append(record); err != nil {
		t.Fatal(err)
	}
	if err := tearEnd(s.dir); err != nil {
		t.Fatal(err)
	}
	if all, err := j.Records(); err != nil || len(all) != 0 {
		t.Fatalf("%d records of a torn journal: %v", len(all), err)
	}
	if err := j.Append(record); err != nil {
		t.Fatal(err)
	}
	if all, err := j.Records(); err != nil || len(all) != 1 || string(all[0]) != string(record) {
		t.Errorf("%q, %v", all, err)
	}
}

// TestStaleIndexCache: an index object that is gone from the store must not be
// referred to because this machine still has it in its cache.
func TestStaleIndexCache(t *testing.T) {
	for _, damage := range []string{"gone", "short"} {
		t.Run(damage, func(t *testing.T) {
			s := oneSnapshot(t)
			key := s.store.Keys(format.IndexDir)[0]
			var left []byte
			if damage == "short" {
				left = s.store.Bytes(key)[:100]
			}
			s.store.Tamper(key, left)
			h := s.commit(t, before...)
			if err := same(t.Context(), s.reader(t), h, before); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestUnflushed: a commit before the flush must fail, not leave something out.
func TestUnflushed(t *testing.T) {
	s := oneSnapshot(t)
	run, err := repo.Begin(t.Context(), s.store, s.load(t, s.memory), s.key, s.memory, smallPacks)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if _, err := run.NewPacker().Add(t.Context(), format.Messages, []byte("new"), repo.Hint{}); err != nil {
		t.Fatal(err)
	}
	if h, err := run.Commit(t.Context(), manifest()); err == nil {
		t.Errorf("committed %s", h.Hash)
	}
}

// TestLostState: a machine that lost its memory goes on, and a death in the
// backup after that does not make its own heads strange to it.
func TestLostState(t *testing.T) {
	base := oneSnapshot(t)
	if err := os.RemoveAll(base.dir + "/s"); err != nil {
		t.Fatal(err)
	}
	requests := len(calls(t, base, false))
	for n := 1; n <= requests; n++ {
		if !long() && n < requests-4 {
			continue // around the head is where it matters
		}
		for _, how := range []end{crashBefore, crashAfter} {
			t.Run(fmt.Sprintf("%d %v", n, how), func(t *testing.T) {
				t.Parallel()
				s := base.fork(t)
				s.die(t, n, how, after...)
				s.recover(t, 3, after...)
			})
		}
	}
}
