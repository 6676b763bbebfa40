package android

import (
	"hash/maphash"
	"slices"
)

// twins are native ids that two messages of one conversation have: old phones
// numbered what they sent, and two of a group could come to the same. Only of these
// has to be remembered which message was first.
type twins struct {
	seed  maphash.Seed
	all   [256][]uint64 // hashes of all ids, by their first byte: small slices grow with less waste
	twice []uint64      // of those that are there twice, in order
}

func (w *twins) hash(t *talk, native string) uint64 {
	return maphash.Comparable(w.seed, struct {
		talk   int64
		native string
	}{t.number, native})
}

func (w *twins) add(t *talk, native string) {
	h := w.hash(t, native)
	w.all[h>>56] = append(w.all[h>>56], h)
}

// finish has to be called after the last add.
func (w *twins) finish() {
	for b, some := range w.all {
		slices.Sort(some)
		for i := 1; i < len(some); i++ {
			if some[i] == some[i-1] {
				w.twice = append(w.twice, some[i])
			}
		}
		w.all[b] = nil
	}
	w.twice = slices.Compact(w.twice)
}

func (w *twins) has(t *talk, native string) bool {
	_, ok := slices.BinarySearch(w.twice, w.hash(t, native))
	return ok
}
