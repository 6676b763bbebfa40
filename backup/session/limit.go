package session

import (
	"context"
	"io"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"chatkeep/providers/storage"
)

// bucket spaces bytes out over time: a token bucket that holds a quarter of a
// second's worth. Whoever takes more than it holds goes into debt, and waits
// until that is paid, at the rates of the times of day until then.
type bucket struct {
	clock Clock
	rates rates

	mu   sync.Mutex
	paid time.Time // up to when the rate is used up
}

const bucketDepth = time.Second / 4

// take waits until n bytes may pass.
func (b *bucket) take(ctx context.Context, n int) error {
	if b == nil || b.rates.none() || n == 0 {
		return nil
	}
	b.mu.Lock()
	now := b.clock.Now()
	if full := now.Add(-bucketDepth); b.paid.Before(full) {
		b.paid = full
	}
	b.paid = b.rates.pay(b.paid, n)
	wait := b.paid.Sub(now)
	b.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	return b.clock.Sleep(ctx, wait)
}

// traffic is a store that counts its requests and keeps to a rate. A put hands
// all of an object over at once, so it waits before: the rate holds on average
// over objects, not within one.
type traffic struct {
	storage.Store
	up, down *bucket
	requests atomic.Int64
	stated   atomic.Bool  // it was to take a statement that witnesses get
	received atomic.Int64 // bytes of objects
}

// listPage is how many names of a listing count as one request, as many as S3
// gives at a time.
const listPage = 1000

// limit wraps a store.
func limit(store storage.Store, clock Clock, up, down rates) *traffic {
	return &traffic{Store: store, up: &bucket{clock: clock, rates: up}, down: &bucket{clock: clock, rates: down}}
}

func (l *traffic) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	return l.PutClass(ctx, key, data, "")
}

func (l *traffic) Stat(ctx context.Context, key string) (storage.Info, error) {
	l.requests.Add(1)
	return l.Store.Stat(ctx, key)
}

func (l *traffic) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		n := 0
		for info, err := range l.Store.List(ctx, prefix) {
			if n%listPage == 0 {
				l.requests.Add(1)
			}
			n++
			if !yield(info, err) {
				return
			}
		}
		if n == 0 {
			l.requests.Add(1)
		}
	}
}

func (l *traffic) Delete(ctx context.Context, key string) error {
	l.requests.Add(1)
	return l.Store.Delete(ctx, key)
}

func (l *traffic) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	l.requests.Add(1)
	r, err := l.Store.Get(ctx, key, offset, length)
	if err != nil {
		return r, err
	}
	return &limitedReader{ctx, r, l}, nil
}

type limitedReader struct {
	ctx context.Context
	io.ReadCloser
	traffic *traffic
}

// slice is the most that passes at once, so that a slow limit does not come in
// jerks of megabytes.
const slice = 32 << 10

func (r *limitedReader) Read(p []byte) (int, error) {
	if !r.traffic.down.rates.none() {
		p = p[:min(len(p), slice)]
	}
	n, err := r.ReadCloser.Read(p)
	r.traffic.received.Add(int64(n))
	if werr := r.traffic.down.take(r.ctx, n); werr != nil {
		return n, werr
	}
	return n, err
}
