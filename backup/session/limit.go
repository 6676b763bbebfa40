package session

import (
	"context"
	"io"
	"sync"
	"time"

	"chatkeep/providers/storage"
)

// bucket spaces bytes out over time: a token bucket that holds a quarter of a
// second's worth. Whoever takes more than it holds goes into debt, and waits
// until that is paid.
type bucket struct {
	clock Clock
	rate  int64 // bytes a second; 0 is no limit

	mu   sync.Mutex
	paid time.Time // up to when the rate is used up
}

const bucketDepth = time.Second / 4

// take waits until n bytes may pass.
func (b *bucket) take(ctx context.Context, n int) error {
	if b == nil || b.rate <= 0 || n == 0 {
		return nil
	}
	b.mu.Lock()
	now := b.clock.Now()
	if full := now.Add(-bucketDepth); b.paid.Before(full) {
		b.paid = full
	}
	// As a float: n times a second in nanoseconds overflows from 9 GB on.
	b.paid = b.paid.Add(time.Duration(float64(n) / float64(b.rate) * float64(time.Second)))
	wait := b.paid.Sub(now)
	b.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	return b.clock.Sleep(ctx, wait)
}

// limited is a store whose traffic keeps to a rate. A put hands all of an
// object over at once, so it waits before: the rate holds on average over
// objects, not within one.
type limited struct {
	storage.Store
	up, down *bucket
}

// limit wraps a store; a rate of 0 is no limit.
func limit(store storage.Store, clock Clock, up, down int64) storage.Store {
	if up == 0 && down == 0 {
		return store
	}
	return &limited{store, &bucket{clock: clock, rate: up}, &bucket{clock: clock, rate: down}}
}

func (l *limited) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if err := l.up.take(ctx, len(data)); err != nil {
		return storage.Info{}, err
	}
	return l.Store.Put(ctx, key, data)
}

func (l *limited) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	r, err := l.Store.Get(ctx, key, offset, length)
	if err != nil || l.down.rate == 0 {
		return r, err
	}
	return &limitedReader{ctx, r, l.down}, nil
}

type limitedReader struct {
	ctx context.Context
	io.ReadCloser
	down *bucket
}

// slice is the most that passes at once, so that a slow limit does not come in
// jerks of megabytes.
const slice = 32 << 10

func (r *limitedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p[:min(len(p), slice)])
	if werr := r.down.take(r.ctx, n); werr != nil {
		return n, werr
	}
	return n, err
}
