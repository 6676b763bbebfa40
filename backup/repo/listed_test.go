package repo

import (
	"fmt"
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

// TestListedAgain: a store that gives the same page again and again comes to an
// end, however small the page. One that repeats itself now and then does no harm.
func TestListedAgain(t *testing.T) {
	pages := func(size, times int) iter.Seq2[storage.Info, error] {
		return func(yield func(storage.Info, error) bool) {
			for n := 0; n < size*times || times < 0; n++ {
				if !yield(storage.Info{Key: fmt.Sprintf("packs/%06d", n%size)}, nil) {
					return
				}
			}
		}
	}
	for _, test := range []struct {
		size, times int
		want        format.Class
	}{{1, 3, ""}, {400, 3, ""}, {5000, 1, ""}, {1, -1, format.Oversized}, {1000, -1, format.Oversized}, {5000, -1, format.Oversized}} {
		got, last := 0, error(nil)
		for _, err := range atMost(maxListed, "packs/", pages(test.size, test.times)) {
			got, last = got+1, err
		}
		if format.ClassOf(last) != test.want || test.want != "" && got > 3*test.size+maxRepeats {
			t.Errorf("%+v: %d objects come, and %v", test, got, last)
		}
	}
}
