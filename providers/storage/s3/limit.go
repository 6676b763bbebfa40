package s3

import (
	"context"
	"sync"
)

// Requests at once: a store begins with a few, comes to the maximum while the
// server keeps up, and halves them when it asks to slow down.
const (
	startParallel = 8
	maxParallel   = 16
)

// limit bounds the requests at once: additive increase, multiplicative
// decrease.
type limit struct {
	mu      sync.Mutex
	allowed float64 // 1 to max
	max     float64
	running int
	waiting []chan struct{} // each is closed when its turn has come
	begun   uint64          // requests so far
	halved  uint64          // begun when allowed was last halved
}

func newLimit(start, most int) *limit {
	return &limit{allowed: float64(start), max: float64(most)}
}

// acquire waits for a turn. The ticket goes to release.
func (l *limit) acquire(ctx context.Context) (ticket uint64, err error) {
	l.mu.Lock()
	if l.running < int(l.allowed) && len(l.waiting) == 0 {
		defer l.mu.Unlock()
		return l.begin(), nil
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.begun, nil
	case <-ctx.Done():
		l.cancel(turn)
		return 0, ctx.Err()
	}
}

// begin needs l.mu.
func (l *limit) begin() uint64 {
	l.running++
	l.begun++
	return l.begun
}

// cancel takes back a wait, or the turn if it came meanwhile.
func (l *limit) cancel(turn chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, w := range l.waiting {
		if w == turn {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			return
		}
	}
	l.running--
	l.wake()
}

// release ends a turn. slow says that the server asked to slow down. Requests
// that were under way when it did so the first time say nothing new.
func (l *limit) release(ticket uint64, slow bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	switch {
	case slow && ticket > l.halved:
		l.allowed = max(1, l.allowed/2)
		l.halved = l.begun
	case !slow:
		l.allowed = min(l.max, l.allowed+1/l.allowed)
	}
	l.wake()
}

// wake needs l.mu.
func (l *limit) wake() {
	for len(l.waiting) > 0 && l.running < int(l.allowed) {
		l.begin()
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
	}
}
