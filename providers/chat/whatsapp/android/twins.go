package android

import (
	"hash/maphash"
	"slices"
)

// twins are native ids that two messages of one conversation have: old phones
// numbered what they sent, and two of a group could come to the same. Only of these
// has to be remembered which message was first.
type twins struct {
	seed maphash.Seed
	all  []uint64 // then those that are there twice, in order
}

func (w *twins) hash(t *talk, native string) uint64 {
	return maphash.Comparable(w.seed, struct {
		talk   int64
		native string
	}{t.number, native})
}

func (w *twins) add(t *talk, native string) { w.all = append(w.all, w.hash(t, native)) }

// finish has to be called after the last add.
func (w *twins) finish() {
	slices.Sort(w.all)
	var twice []uint64
	for i := 1; i < len(w.all); i++ {
		if w.all[i] == w.all[i-1] {
			twice = append(twice, w.all[i])
		}
	}
	w.all = slices.Compact(twice)
}

func (w *twins) has(t *talk, native string) bool {
	_, ok := slices.BinarySearch(w.all, w.hash(t, native))
	return ok
}
