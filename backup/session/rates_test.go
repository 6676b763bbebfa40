package session_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// at is a moment by the local clock of a day without surprises.
func at(hour, minute int) time.Time { return time.Date(2026, 11, 20, hour, minute, 0, 0, time.Local) }

// hole is a store that takes everything and keeps nothing.
type hole struct{ storage.Store }

func (hole) Put(context.Context, string, []byte) (storage.Info, error) { return storage.Info{}, nil }

// took is how long it takes to put so many bytes from a moment on, in puts of a
// size.
func took(t *testing.T, limit string, from time.Time, bytes, size int) time.Duration {
	t.Helper()
	w := newWorld(t)
	w.now = from
	s, err := session.Limit(hole{}, w.clock(), limit, "")
	must(t, err)
	data := make([]byte, size)
	for n := 0; n < bytes; n += size {
		_, err := s.Put(t.Context(), "a", data)
		must(t, err)
	}
	return w.slept
}

// TestRatesByTheClock puts bytes at times of day and looks at the clock.
func TestRatesByTheClock(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		limit  string
		from   time.Time
		bytes  int
		minute float64 // that it takes
	}{
		{"1MiB", at(12, 0), 120 * mib, 2},
		{"08:00-18:00=1MiB", at(12, 0), 120 * mib, 2},
		{"08:00-18:00=1MiB", at(7, 0), 120 * mib, 0},
		{"08:00-18:00=1MiB", at(18, 0), 120 * mib, 0},
		{"08:00-18:00=512KiB,1MiB", at(12, 0), 120 * mib, 4},
		{"1MiB,08:00-18:00=512KiB", at(20, 0), 120 * mib, 2},
		// The window ends in the middle: half at one rate, the rest at another.
		{"08:00-18:00=512KiB,1MiB", at(17, 58), 120 * mib, 3},
		{"08:00-18:00=512KiB", at(17, 58), 120 * mib, 2},
		// And begins in it.
		{"08:00-18:00=512KiB,1MiB", at(7, 59), 120 * mib, 3},
		// Over midnight.
		{"23:00-06:00=512KiB,1MiB", at(23, 59), 120 * mib, 4},
		{"23:00-06:00=512KiB,1MiB", at(5, 58), 120 * mib, 3},
		{"23:00-06:00=512KiB", at(6, 0), 120 * mib, 0},
		{"22:00-24:00=512KiB,00:00-01:00=2MiB,1MiB", at(23, 59), 120 * mib, 1.75},
		// The first of those that overlap.
		{"10:00-11:00=2MiB,08:00-18:00=512KiB", at(10, 0), 120 * mib, 1},
		{" 08:00 - 18:00 = 512KiB , 1MiB", at(12, 0), 60 * mib, 2},
	} {
		for _, size := range []int{mib, 20 * mib} {
			// The bucket holds a quarter of a second's worth at first.
			got, want := took(t, c.limit, c.from, c.bytes, size), time.Duration(c.minute*float64(time.Minute))
			if want-got > time.Second || got > want {
				t.Errorf("%s from %s: %v, want about %v", c.limit, c.from.Format("15:04"), got, want)
			}
		}
	}
}

// TestRatesProperty: whatever the windows are, no more passes in the long run than
// the fastest rate lets through, and no less than the slowest.
func TestRatesProperty(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		slowest, fastest := 1<<30, 0
		rate := func() string {
			kib := 64 + r.IntN(2000)
			slowest, fastest = min(slowest, kib), max(fastest, kib)
			return fmt.Sprintf("%dKiB", kib)
		}
		parts := []string{rate()}
		for range r.IntN(5) {
			from := r.IntN(24 * 60)
			to := (from + 1 + r.IntN(24*60-2)) % (24 * 60)
			parts = append(parts, fmt.Sprintf("%02d:%02d-%02d:%02d=%s", from/60, from%60, to/60, to%60, rate()))
		}
		limit := strings.Join(parts, ",")
		bytes := 256 << 20
		got := took(t, limit, at(r.IntN(24), r.IntN(60)), bytes, bytes/8).Seconds()
		most, least := float64(bytes)/float64(slowest<<10), float64(bytes)/float64(fastest<<10)
		if got > most+1 || got < least-1 {
			t.Errorf("%s: %.0f s, want %.0f to %.0f", limit, got, least, most)
		}
	}
}

func TestRatesRefused(t *testing.T) {
	for _, text := range []string{
		"0B", "1", "fast", "1MiB,2MiB", "08:00-18:00=0B", "08:00-18:00", "08:00=1MiB", "08:00-08:00=1MiB", "8-18=1MiB",
		"24:00-01:00=1MiB", "08:60-09:00=1MiB", "25:00-26:00=1MiB", "08:00-18:00=", "=1MiB", ",", "1MiB,", "08:0-18:00=1MiB",
		"-08:00-18:00=1MiB", "008:00-18:00=1MiB",
	} {
		if _, err := session.Limit(storagetest.NewMemory(), session.SystemClock(), text, ""); err == nil {
			t.Errorf("%q is a limit", text)
		}
	}
}
