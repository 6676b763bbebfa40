package repo

import (
	"iter"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// TestAtMost: a listing ends at its limit with a failure, however much a store
// goes on to say.
func TestAtMost(t *testing.T) {
	endless := func(n int) iter.Seq2[storage.Info, error] {
		return func(yield func(storage.Info, error) bool) {
			for i := 0; i < n || n < 0; i++ {
				if !yield(storage.Info{Key: "x"}, nil) {
					return
				}
			}
		}
	}
	for n, want := range map[int]format.Class{0: "", 3: "", 4: format.Oversized, -1: format.Oversized} {
		var last error
		got := 0
		for _, err := range atMost(3, "packs/", endless(n)) {
			if last = err; err == nil {
				got++
			}
		}
		if format.ClassOf(last) != want || got > 3 {
			t.Errorf("%d objects: %d come, and %v", n, got, last)
		}
	}
}
