package storagetest

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"chatkeep/providers/storage"
)

// Locks is a store with locks over another. It keeps what is put for Keep, from the
// time of Now on, and refuses to delete it before.
type Locks struct {
	storage.Store
	Keep time.Duration
	Firm bool
	Now  func() time.Time
	// Refuse, if set, is asked before a lock is looked at or made longer.
	Refuse func(op, key string) error

	mu       sync.Mutex
	locks    map[string]storage.Lock
	extended map[string]int
	looks    int
}

// The operations that Refuse is asked about.
const (
	OpLocked = "locked"
	OpExtend = "extend"
)

// NewLocks makes a store with locks over another.
func NewLocks(s storage.Store, keep time.Duration) *Locks {
	return &Locks{Store: s, Keep: keep, Now: time.Now, locks: map[string]storage.Lock{}, extended: map[string]int{}}
}

// Put implements [storage.Store].
func (l *Locks) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	info, err := l.Store.Put(ctx, key, data)
	if err == nil && l.Keep > 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.locks[key] = storage.Lock{Until: l.Now().Add(l.Keep), Firm: l.Firm}
	}
	return info, err
}

// Delete implements [storage.Store].
func (l *Locks) Delete(ctx context.Context, key string) error {
	if l.Lock(key).Until.After(l.Now()) {
		return &storage.Error{Op: "delete", Key: key, Place: "locks", Err: fs.ErrPermission}
	}
	return l.Store.Delete(ctx, key)
}

// Wanted implements [storage.Locker].
func (l *Locks) Wanted() (time.Duration, bool) { return l.Keep, l.Firm }

// Locked implements [storage.Locker].
func (l *Locks) Locked(ctx context.Context, key string) (storage.Lock, error) {
	if err := l.refused(ctx, OpLocked, key); err != nil {
		return storage.Lock{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks++
	return l.locks[key], nil
}

// Extend implements [storage.Locker].
func (l *Locks) Extend(ctx context.Context, key string, has storage.Lock, until time.Time) error {
	if err := l.refused(ctx, OpExtend, key); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if has != l.locks[key] || until.Before(has.Until) || !until.After(l.Now()) {
		return &storage.Error{Op: "lock", Key: key, Place: "locks", Err: fmt.Errorf("from %v to %v: %w", has, until, fs.ErrInvalid)}
	}
	l.locks[key] = storage.Lock{Until: until, Firm: has.Firm || l.Firm}
	l.extended[key]++
	return nil
}

func (l *Locks) refused(ctx context.Context, op, key string) error {
	if l.Refuse != nil {
		if err := l.Refuse(op, key); err != nil {
			return err
		}
	}
	_, err := l.Store.Stat(ctx, key)
	return err
}

// Lock returns the lock of an object.
func (l *Locks) Lock(key string) storage.Lock {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.locks[key]
}

// Unlock takes the lock of an object away.
func (l *Locks) Unlock(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.locks, key)
}

// Extended returns how often each lock was made longer so far, and how many were
// looked at.
func (l *Locks) Extended() (times map[string]int, looks int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	times = map[string]int{}
	for key, n := range l.extended {
		times[key] = n
	}
	return times, l.looks
}
