package repo

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// LockOptions say what locks are wanted.
type LockOptions struct {
	// Least is how much longer an object has to be locked.
	Least time.Duration
	// For is how much longer those are to be locked that are not locked for Least:
	// from Least on, or 0 to look and change nothing.
	For time.Duration
	// Now is this machine's time. Stores refuse requests from one whose clock is far
	// from theirs.
	Now time.Time
	// DryRun reports what would be done.
	DryRun bool
	// Progress, if set, is called with bytes of objects done of those that there are.
	Progress func(done, total int64)
	// Short, if set, is called for each object that was not locked as is wanted.
	Short func(key string, size int64, lock storage.Lock)
}

// LockReport is what the locks are, and what was done.
type LockReport struct {
	Live     Tally // objects that the repository lives by
	Unlocked Tally // of those, the ones that nothing kept
	Short    Tally // of those, the ones that were kept for too short a time, or not firmly where that is wanted
	Extended Tally // the ones of both whose locks were made longer
	// First is when the first lock of all ends that are there now; zero where there is
	// an object without one.
	First time.Time
	// Problems are what is wrong with the repository, as far as this shows.
	Problems []error
}

// lookers is how many locks are looked at, or made longer, at once.
const lookers = 16

// Locks looks at the lock of everything that the repository lives by, and makes those
// longer that end too early. It never makes one shorter. It needs no key: signed
// statements name what snapshots hold.
//
// What no snapshot needs any more is let alone, and so is what was condemned, unless a
// snapshot needs it all the same. Where the repository is not in order it cannot be told
// what a head that is hidden or damaged needs: then everything counts as alive but for
// what is condemned. A run that is cut off has done a part; the next one passes over it.
func Locks(ctx context.Context, store storage.Reader, locker storage.Locker, view *View, o LockOptions) (*LockReport, error) {
	l := &locks{store: store, locker: locker, o: o, report: &LockReport{}}
	_, l.firm = locker.Wanted()
	var err error
	if l.living, err = survey(ctx, store, view, o.Now); err != nil {
		return l.report, err
	}
	for _, size := range l.living.named {
		l.total += max(size, 0)
	}
	err = l.all(ctx)
	slices.SortFunc(l.living.report.Problems, compareText)
	l.report.Problems = l.living.report.Problems
	return l.report, err
}

// locks is one look at all locks at work.
type locks struct {
	store  storage.Reader
	locker storage.Locker
	firm   bool
	o      LockOptions
	living *living
	total  int64

	mu     sync.Mutex
	report *LockReport
	done   int64
	bare   bool // something is without a lock now
}

// all goes through the store. The first error that is no problem of one object ends it.
func (l *locks) all(ctx context.Context) error {
	var group sync.WaitGroup
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	work := make(chan storage.Info)
	for range lookers {
		group.Go(func() {
			for info := range work {
				if err := l.one(ctx, info); err != nil {
					stop(err)
				}
			}
		})
	}
	err := l.hand(ctx, work)
	close(work)
	group.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		l.living.lack()
	}
	return err
}

// hand gives what may be alive to those who look.
func (l *locks) hand(ctx context.Context, work chan<- storage.Info) error {
	for info, err := range listed(ctx, l.store, "") {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		l.mu.Lock()
		alive := l.living.candidate(info)
		l.mu.Unlock()
		if !alive {
			continue
		}
		select {
		case work <- info:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (l *locks) problem(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.living.problem(err)
}

// one looks at an object, and makes its lock longer where that is asked for.
func (l *locks) one(ctx context.Context, info storage.Info) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	alive, err := l.living.parity(ctx, info.Key)
	if err != nil || !alive {
		return err
	}
	lock, err := l.locker.Locked(ctx, info.Key)
	if errors.Is(err, fs.ErrNotExist) {
		l.problem(missing(info.Key, err))
		return nil
	}
	if err != nil {
		return err
	}
	until := lock
	short := lock.Until.Before(l.o.Now.Add(l.o.Least)) || l.firm && !lock.Firm
	if short && l.o.For > 0 {
		until.Until = l.o.Now.Add(l.o.For)
		if lock.Until.After(until.Until) {
			until.Until = lock.Until // it is to be made firm
		}
		if !l.o.DryRun {
			err = l.locker.Extend(ctx, info.Key, lock, until.Until)
		}
	}
	if err != nil {
		return err
	}
	l.count(info, lock, until, short)
	return nil
}

// count takes an object down: how it was locked, and until when it is now.
func (l *locks) count(info storage.Info, was, is storage.Lock, short bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.report
	r.Live.add(info.Size)
	switch {
	case short && !was.Until.After(l.o.Now):
		r.Unlocked.add(info.Size)
	case short:
		r.Short.add(info.Size)
	}
	if short && l.o.For > 0 {
		r.Extended.add(info.Size)
	}
	if short && l.o.Short != nil {
		l.o.Short(info.Key, info.Size, was)
	}
	switch {
	case !is.Until.After(l.o.Now):
		l.bare, r.First = true, time.Time{}
	case !l.bare && (r.First.IsZero() || is.Until.Before(r.First)):
		r.First = is.Until
	}
	l.done += info.Size
	if l.o.Progress != nil {
		l.o.Progress(l.done, max(l.total, l.done))
	}
}

// living tells what a repository lives by.
type living struct {
	*checker
	needs  *Needs
	unsure bool // a head may need what nothing tells of
}

// survey reads what signed statements name and condemn.
func survey(ctx context.Context, store storage.Reader, view *View, now time.Time) (*living, error) {
	v := &living{checker: &checker{store: store, view: view, report: &CheckReport{}, named: map[string]int64{}, bad: map[string]error{}, frozen: map[string]bool{}}}
	for _, p := range view.Problems {
		v.problem(p)
	}
	if err := v.name(ctx); err != nil {
		return nil, err
	}
	var err error
	if v.needs, err = view.needs(func(h *Head) bool { return view.isRecent(h, now) }); err != nil {
		v.needs = &Needs{}
		v.problem(err)
	}
	v.unsure = len(v.report.Problems) > 0
	return v, nil
}

// candidate reports whether an object is alive; of parity, whether it may be. It holds
// the size against the one that statements name, and notes that the object is there.
func (v *living) candidate(info storage.Info) bool {
	if want, ok := v.named[info.Key]; ok {
		delete(v.named, info.Key)
		if want >= 0 && info.Size != want {
			v.problem(format.Fail(format.Truncated, info.Key, "the store has %d bytes, and it should have %d", info.Size, want))
		}
		return true
	}
	name, ok := format.ParseName(info.Key)
	switch {
	case !ok:
		return false
	case name.Type == format.ObjectAuthority:
		// Heads name older ones. What nobody entitled has signed is none.
		return name.N <= v.view.Authority.N && v.bad[info.Key] == nil
	case name.Type == format.ObjectTombstone:
		return v.bad[info.Key] == nil
	case name.Type == format.ObjectNote:
		return v.view.Chains[name.Writer] != nil
	case name.Type == format.ObjectParity:
		return true
	case isLitter(name.Type):
		return v.needed(name)
	}
	return false
}

// needed reports whether a pack, index object or manifest is alive.
func (v *living) needed(name format.Name) bool {
	return v.needs.has(name) || v.unsure && !v.dead[name.Hash]
}

// parity reports whether parity is over a pack that is alive. Anything else is.
func (v *living) parity(ctx context.Context, key string) (bool, error) {
	name, _ := format.ParseName(key)
	if name.Type != format.ObjectParity {
		return true, nil
	}
	dead, err := DeadParity(ctx, v.store, []format.Name{name}, func(pack format.Hash) bool {
		return !v.needed(format.Name{Type: format.ObjectPack, Hash: pack})
	})
	if storage.ClassOf(err) == storage.Archived {
		return true, nil
	}
	return len(dead) == 0, err
}

// lack tells of everything that is named and was not there.
func (v *living) lack() {
	for _, key := range slices.Sorted(maps.Keys(v.named)) {
		v.problem(format.Fail(format.Missing, key, "the store does not have it"))
	}
}
