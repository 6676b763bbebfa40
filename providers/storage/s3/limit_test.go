package s3

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

func TestLimitHalvesAndGrows(t *testing.T) {
	l := newLimit(8, 16)
	var tickets []uint64
	for range 8 {
		ticket, err := l.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, ticket)
	}
	for _, ticket := range tickets {
		l.release(ticket, true)
	}
	if l.allowed != 4 {
		t.Errorf("eight answers to one burst leave %v, want 4", l.allowed)
	}
	for range 5 {
		ticket, _ := l.acquire(t.Context())
		l.release(ticket, true)
	}
	if l.allowed != 1 {
		t.Errorf("%v allowed, want 1", l.allowed)
	}
	for range 1000 {
		ticket, _ := l.acquire(t.Context())
		l.release(ticket, false)
	}
	if l.allowed != 16 {
		t.Errorf("%v allowed, want 16", l.allowed)
	}
}

func TestLimitWaitsAndGivesUp(t *testing.T) {
	l := newLimit(1, 1)
	ticket, err := l.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.acquire(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	l.release(ticket, false)
	if ticket, err = l.acquire(t.Context()); err != nil {
		t.Error(err)
	}
	l.release(ticket, false)
}

// TestLimitHolds has many at work, some of whom give up.
func TestLimitHolds(t *testing.T) {
	const most = 4
	l := newLimit(most, most)
	var running atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				if r.IntN(4) == 0 {
					go cancel()
				}
				ticket, err := l.acquire(ctx)
				if err == nil {
					if n := running.Add(1); n > most {
						t.Errorf("%d at once", n)
					}
					running.Add(-1)
					l.release(ticket, r.IntN(8) == 0)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if l.running != 0 || len(l.waiting) != 0 {
		t.Errorf("%d still run, %d wait", l.running, len(l.waiting))
	}
}
