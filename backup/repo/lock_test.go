package repo_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// lockable is a scene with a store that has locks. None is there at first.
type lockable struct {
	*prunable
	locks *storagetest.Locks
	now   time.Time
}

func newLockable(t *testing.T) *lockable {
	t.Helper()
	return lockableOf(newPrunable(t))
}

func lockableOf(s *prunable) *lockable {
	l := &lockable{prunable: s, locks: storagetest.NewLocks(s.store, 30*day), now: time.Now().Truncate(time.Second)}
	l.locks.Now = func() time.Time { return l.now }
	return l
}

// lock makes locks longer that have less than 20 days left, to 30.
func (s *lockable) lock(t *testing.T, change func(*repo.LockOptions)) (*repo.LockReport, error) {
	t.Helper()
	o := repo.LockOptions{Least: 20 * day, For: 30 * day, Now: s.now}
	if change != nil {
		change(&o)
	}
	return repo.Locks(t.Context(), s.locks, s.locks, s.load(t, nil), o)
}

func (s *lockable) mustLock(t *testing.T, change func(*repo.LockOptions)) *repo.LockReport {
	t.Helper()
	r, err := s.lock(t, change)
	if err != nil || len(r.Problems) > 0 {
		t.Fatalf("%v, %v", err, r.Problems)
	}
	return r
}

// kept are the objects that are locked for 20 days more.
func (s *lockable) kept() []string {
	var kept []string
	for _, key := range s.store.Keys("") {
		if s.locks.Lock(key).Until.After(s.now.Add(20*day - time.Second)) {
			kept = append(kept, key)
		}
	}
	return kept
}

// alive are the objects that are left once all pruning is over, but for keyrings that a
// newer one took the place of.
func (s *lockable) alive(t *testing.T) []string {
	t.Helper()
	c := *s.prunable
	c.scene = s.fork(t)
	for range 2 {
		c.store.Advance(3 * day)
		c.touch(t)
		c.mustPrune(t)
	}
	ring := s.load(t, nil).Authority.Keyring
	return slices.DeleteFunc(c.store.Keys(""), func(key string) bool {
		name, _ := format.ParseName(key)
		return s.store.Bytes(key) == nil || name.Type == format.ObjectKeyring && name.Hash != ring.SHA256
	})
}

// wantKept asks that what is alive is locked, and nothing else.
func (s *lockable) wantKept(t *testing.T, want []string) {
	t.Helper()
	if kept := s.kept(); !slices.Equal(kept, want) {
		t.Errorf("locked are\n%s\nand alive are\n%s", strings.Join(kept, "\n"), strings.Join(want, "\n"))
	}
}

// rich is a repository with something dead and something alive of every kind: packs of
// forgotten snapshots, condemned or not, and of a run that was cut off, parity, notes.
func rich(t *testing.T) *lockable {
	t.Helper()
	s := newLockable(t)
	o := s.owner(t)
	o.SetParity(true)
	must(t, o.Commit(t.Context()))
	first := s.commit(t, text(1, 60<<10), text(3, 60<<10))
	s.commit(t, text(2, 60<<10))
	second := s.commit(t, text(4, 60<<10), text(2, 60<<10))
	s.forget(t, first)
	if r := s.mustPrune(t); r.Condemned.Objects == 0 {
		t.Fatal("nothing was condemned")
	}
	s.forget(t, second)
	s.commit(t, text(5, 60<<10), text(2, 60<<10))
	_, err := s.store.Put(t.Context(), format.PackName(format.Sum([]byte("cut off"))), []byte("cut off"))
	must(t, err)
	_, err = s.store.Put(t.Context(), format.NoteName(s.key.ID, format.Sum([]byte("a note"))), []byte("a note"))
	must(t, err)
	return s
}

// TestLocks locks what is alive, once, and again when the time is near.
func TestLocks(t *testing.T) {
	s := rich(t)
	alive := s.alive(t)
	if look := s.mustLock(t, func(o *repo.LockOptions) { o.For = 0 }); look.Live.Objects == 0 || look.Unlocked != look.Live || look.Extended.Objects != 0 || !look.First.IsZero() {
		t.Errorf("a look: %+v", look)
	}
	dry := s.mustLock(t, func(o *repo.LockOptions) { o.DryRun = true })
	if times, _ := s.locks.Extended(); len(times) > 0 || dry.Extended != dry.Live {
		t.Errorf("a dry run locked %d objects: %+v", len(times), dry)
	}
	r := s.mustLock(t, nil)
	if r.Extended != dry.Extended || r.Unlocked != r.Live || !r.First.Equal(s.now.Add(30*day)) {
		t.Errorf("%+v, and the dry run %+v", r, dry)
	}
	if n := len(s.kept()); n != int(r.Live.Objects) || n == len(s.store.Keys("")) {
		t.Errorf("%d objects of %d are locked: %+v", n, len(s.store.Keys("")), r)
	}
	s.wantKept(t, alive)

	s.now = s.now.Add(10 * day)
	if again := s.mustLock(t, nil); again.Extended.Objects != 0 || again.Live != r.Live || !again.First.Equal(s.now.Add(20*day)) {
		t.Errorf("while there is time: %+v", again)
	}
	s.now = s.now.Add(day)
	var short []string
	again := s.mustLock(t, func(o *repo.LockOptions) {
		o.Short = func(key string, size int64, lock storage.Lock) {
			if size != int64(len(s.store.Bytes(key))) || !lock.Until.Equal(s.now.Add(19*day)) {
				t.Errorf("%s, %d bytes, was locked until %v", key, size, lock.Until)
			}
			short = append(short, key)
		}
	})
	slices.Sort(short)
	if again.Extended != r.Live || again.Short != r.Live || again.Unlocked.Objects != 0 || !slices.Equal(short, s.kept()) {
		t.Errorf("when the time is near: %+v", again)
	}
	s.wantKept(t, alive)
}

// TestLocksNeverShorter leaves what is locked for longer as it is, and makes firm what
// is not, where that is wanted.
func TestLocksNeverShorter(t *testing.T) {
	s := rich(t)
	s.mustLock(t, func(o *repo.LockOptions) { o.For = 400 * day })
	until := s.now.Add(400 * day)
	if r := s.mustLock(t, nil); r.Extended.Objects != 0 || !r.First.Equal(until) {
		t.Errorf("%+v", r)
	}
	s.locks.Firm = true
	r := s.mustLock(t, nil)
	if r.Short != r.Live || r.Extended != r.Live {
		t.Errorf("of locks that are not firm: %+v", r)
	}
	for _, key := range s.kept() {
		if lock := s.locks.Lock(key); !lock.Firm || !lock.Until.Equal(until) {
			t.Errorf("%s is locked %+v", key, lock)
		}
	}
	s.wantKept(t, s.alive(t))
}

// TestLocksCutOff stops a run at each of its steps. The next one does the rest.
func TestLocksCutOff(t *testing.T) {
	base := rich(t)
	whole, alive := base.mustLock(t, func(o *repo.LockOptions) { o.DryRun = true }), base.alive(t)
	broken := &storage.Error{Class: storage.Unreachable, Err: errors.New("the line is dead")}
	for _, op := range []string{storagetest.OpLocked, storagetest.OpExtend} {
		for at := range whole.Live.Objects {
			s := lockableOf(base.prunable)
			var n atomic.Int64
			s.locks.Refuse = func(which, _ string) error {
				if which == op && n.Add(1) > at {
					return broken
				}
				return nil
			}
			if _, err := s.lock(t, nil); !errors.Is(err, broken) {
				t.Fatalf("cut off at %s %d: %v", op, at, err)
			}
			s.locks.Refuse = nil
			before, _ := s.locks.Extended()
			r := s.mustLock(t, nil)
			after, _ := s.locks.Extended()
			if int64(len(before))+r.Extended.Objects != whole.Live.Objects || len(after) != int(whole.Live.Objects) || slices.Max(slices.Collect(maps.Values(after))) != 1 {
				t.Fatalf("cut off at %s %d, with %d done: %+v", op, at, len(before), r)
			}
			s.wantKept(t, alive)
		}
	}
}

// TestLocksInterrupted ends with its context.
func TestLocksInterrupted(t *testing.T) {
	s := rich(t)
	ctx, stop := context.WithCancelCause(t.Context())
	cause := errors.New("interrupted")
	s.locks.Refuse = func(string, string) error { stop(cause); return ctx.Err() }
	if _, err := repo.Locks(ctx, s.locks, s.locks, s.load(t, nil), repo.LockOptions{Least: day, For: day, Now: s.now}); !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}

// TestLocksInDisorder: where something is wrong, what a hidden head may need is locked as
// well, and what is wrong is told.
func TestLocksInDisorder(t *testing.T) {
	condemned := func(t *testing.T, s *lockable) map[string]bool {
		dead := map[string]bool{}
		alive := s.alive(t)
		for _, key := range s.store.Keys("") {
			dead[key] = !slices.Contains(alive, key)
		}
		return dead
	}
	first := func(prefix string) func(*lockable) string {
		return func(s *lockable) string { return s.store.Keys(prefix)[0] }
	}
	for name, test := range map[string]struct {
		what func(*lockable) string
		do   func(t *testing.T, s *lockable, key string)
		want format.Class
		all  bool
	}{
		"hidden head":      {first(format.SnapshotsDir), hide, format.Gap, true},
		"damaged head":     {first(format.SnapshotsDir), spoil, format.Flipped, true},
		"damaged tomb":     {first(format.PruneDir), spoil, format.Flipped, true},
		"stray authority":  {func(*lockable) string { return format.AuthorityName(99, format.Sum([]byte("x"))) }, plantText, format.Malformed, true},
		"hidden slot":      {first("keys/"), hide, format.Missing, false},
		"hidden text":      {first(format.TextName), hide, format.Missing, false},
		"overwritten slot": {first("keys/"), spoil, format.Truncated, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := rich(t)
			dead := condemned(t, s)
			key := test.what(s)
			test.do(t, s, key)
			r, err := s.lock(t, nil)
			must(t, err)
			if !slices.ContainsFunc(r.Problems, func(p error) bool { return format.ClassOf(p) == test.want }) {
				t.Errorf("the problems are %v", r.Problems)
			}
			for _, other := range s.store.Keys("") {
				locked := !s.locks.Lock(other).Until.IsZero()
				switch {
				case other == key:
				case !dead[other] && !locked:
					t.Errorf("%s is alive and not locked", other)
				case dead[other] && locked && !test.all:
					t.Errorf("%s is dead and locked", other)
				}
			}
			if test.all {
				if orphan := format.PackName(format.Sum([]byte("cut off"))); s.locks.Lock(orphan).Until.IsZero() {
					t.Error("what a hidden head may need is not locked")
				}
			}
			if test.want == format.Malformed && !s.locks.Lock(key).Until.IsZero() {
				t.Error("what nobody entitled made is locked")
			}
		})
	}
	t.Run("missing pack", func(t *testing.T) {
		s := rich(t)
		alive := s.alive(t)
		pack := alive[slices.IndexFunc(alive, func(key string) bool { return strings.HasPrefix(key, format.PacksDir) })]
		hide(t, s, pack)
		r, err := s.lock(t, nil)
		if err != nil || len(r.Problems) != 1 || format.ClassOf(r.Problems[0]) != format.Missing || !strings.Contains(r.Problems[0].Error(), pack) {
			t.Errorf("%v, %v", r.Problems, err)
		}
		s.wantKept(t, s.alive(t))
	})
}

func hide(t *testing.T, s *lockable, key string) {
	must(t, s.store.Delete(t.Context(), key))
}

func spoil(_ *testing.T, s *lockable, key string) {
	s.store.Tamper(key, s.store.Bytes(key)[1:])
}

func plantText(t *testing.T, s *lockable, key string) {
	_, err := s.store.Put(t.Context(), key, []byte("x"))
	must(t, err)
}
