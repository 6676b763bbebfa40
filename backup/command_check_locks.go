package backup

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/providers/storage"
)

// lockCheck looks at locks for a check; nil where none are asked for.
type lockCheck struct {
	c      *session.Call
	a      *session.Archive
	locker storage.Locker
	asked  bool // by --locked, and not by the settings alone
	least  time.Duration

	live  tally
	short []unlockedObject
}

// unlockedObject is a line of check --json; fields are only added.
type unlockedObject struct {
	Type   string `json:"type"`
	Object string `json:"object"`
	Bytes  int64  `json:"bytes"`
	Until  string `json:"until,omitempty"` // when its lock ends or ended, absent without one
	Firm   bool   `json:"firm"`
	locked bool   // now
}

// newLockCheck is for a check with --locked, or of a place whose settings ask for locks.
func newLockCheck(c *session.Call, a *session.Archive) (*lockCheck, error) {
	l := &lockCheck{c: c, a: a, asked: c.IsSet("locked")}
	var err error
	if l.least, err = lockTime(c, "locked", a); err != nil || l.least == 0 {
		return nil, err
	}
	if !l.asked {
		l.least = time.Duration(float64(l.least) * leastToCheck)
	}
	l.locker, err = a.Locker()
	return l, err
}

// look goes through all locks, and changes nothing. Credentials that may not see locks
// are told of, and are no failure where nobody asked.
func (l *lockCheck) look(ctx context.Context) error {
	if l == nil {
		return nil
	}
	now := l.c.Env.Clock.Now()
	report, err := repo.Locks(ctx, l.a.Store, l.locker, l.a.View, repo.LockOptions{
		Least: l.least, Now: now,
		Progress: func(done, total int64) { l.c.Voice.Progress(done, total, "looking at locks") },
		Short: func(key string, size int64, lock storage.Lock) {
			l.short = append(l.short, unlockedObject{"unlocked", key, size, session.Time(lock.Until), lock.Firm, lock.Until.After(now)})
		},
	})
	if errors.Is(err, fs.ErrPermission) && !l.asked {
		l.c.Voice.Warn("for how long objects are locked cannot be seen with these credentials: %v", err)
		l.locker = nil
		return nil
	}
	l.live = tally(report.Live)
	slices.SortFunc(l.short, func(x, y unlockedObject) int { return cmp.Compare(x.Object, y.Object) })
	return err
}

// looked reports whether it is known what is locked.
func (l *lockCheck) looked() bool { return l != nil && l.locker != nil }

// tell names what is not locked: to a person the first ones, to a program all.
func (l *lockCheck) tell() error {
	if !l.looked() {
		return nil
	}
	v := l.c.Voice
	for _, o := range l.short {
		if err := v.Object(o); err != nil {
			return err
		}
	}
	shown(l.short, func(o unlockedObject) { v.Print("%s: %s", o.Object, o.how()) }, func(n int) { v.Print("and %d more that are not locked", n) })
	if len(l.short) == 0 {
		v.Print("%s, that snapshots need: locked for %s or longer", l.live, inDays(l.least))
	}
	return nil
}

// how says how an object is locked.
func (o unlockedObject) how() string {
	switch {
	case o.Until == "":
		return "not locked"
	case !o.locked:
		return "not locked since " + o.Until
	case o.Firm:
		return "locked until " + o.Until
	}
	return "locked until " + o.Until + ", but for those who may lift locks"
}

// sum adds to a summary what is not locked.
func (l *lockCheck) sum(s *checked) {
	if !l.looked() {
		return
	}
	var all tally
	for _, o := range l.short {
		all.Objects++
		all.Bytes += o.Bytes
	}
	s.Unlocked, s.UnlockedBytes = &all.Objects, &all.Bytes
}

// late is the error of a check that found something not locked.
func (l *lockCheck) late() error {
	if l == nil || len(l.short) == 0 {
		return nil
	}
	var s checked
	l.sum(&s)
	return session.Fail(session.ExitStale, "chatkeep lock extend locks it; run it by a timer",
		"%s of the %s that snapshots need may be deleted within %s, or now", tally{*s.Unlocked, *s.UnlockedBytes}, session.Count(l.live.Objects), inDays(l.least))
}
