package heap

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestPercentOf(t *testing.T) {
	for live, want := range map[uint64]int{0: 600, 1 << 20: 600, 24 << 20: 100, 120 << 20: 20, 240 << 20: 10, 4 << 30: 10} {
		if got := percentOf(live); got != want {
			t.Errorf("%d bytes: %d %%, not %d", live, got, want)
		}
	}
}

// TestTune has more in use, and wants the collector to be told by the next
// collections.
func TestTune(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	Tune()
	held := make([]byte, 300<<20)
	for range 100 {
		runtime.GC()
		runtime.Gosched()
		was := debug.SetGCPercent(-1)
		debug.SetGCPercent(was)
		if was == percent {
			runtime.KeepAlive(held)
			return
		}
	}
	t.Error("the collector was not told of what is in use")
}
