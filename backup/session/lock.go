package session

import (
	"context"
	"errors"
	"time"

	"chatkeep/providers/storage"
)

var _ storage.Locker = (*traffic)(nil)

// Wanted implements [storage.Locker].
func (l *traffic) Wanted() (keep time.Duration, firm bool) {
	if k, ok := l.Store.(storage.Locker); ok {
		return k.Wanted()
	}
	return 0, false
}

// Locked implements [storage.Locker].
func (l *traffic) Locked(ctx context.Context, key string) (storage.Lock, error) {
	k, ok := l.Store.(storage.Locker)
	if !ok {
		return storage.Lock{}, errors.ErrUnsupported
	}
	l.requests.Add(1)
	return k.Locked(ctx, key)
}

// Extend implements [storage.Locker].
func (l *traffic) Extend(ctx context.Context, key string, has storage.Lock, until time.Time) error {
	k, ok := l.Store.(storage.Locker)
	if !ok {
		return errors.ErrUnsupported
	}
	l.requests.Add(1)
	return k.Extend(ctx, key, has, until)
}

// Locker returns what keeps objects of this repository against deletion. A place that
// cannot is an error.
func (a *Archive) Locker() (storage.Locker, error) {
	if _, ok := a.store.Store.(storage.Locker); ok {
		return a.store, nil
	}
	return nil, Fail(ExitUsage, "a bucket of an S3 server with object lock has them; elsewhere a second copy protects", "%s has no locks against deletion", a.Place)
}

// Wanted is how the settings of the place have its objects locked: 0 where they do
// not, or where it has no locks.
func (a *Archive) Wanted() (keep time.Duration, firm bool) { return a.store.Wanted() }
