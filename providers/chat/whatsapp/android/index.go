package android

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
	"sort"
)

// index remembers which rows belong to what, in the order wanted, for databases that
// have no index of their own for it, or none that can be relied on. It takes a few
// bytes a row: a chat of millions of messages fits.
//
// It is filled with add, then finish is called, then it is read.
type index struct {
	runs    []*run
	pending []entry
}

// entry is one row: the key that it is looked up by, its place in the order of its
// key, and the row's number.
type entry struct{ key, place, row int64 }

func (e entry) compare(f entry) int {
	return cmp.Or(cmp.Compare(e.key, f.key), cmp.Compare(e.place, f.place), cmp.Compare(e.row, f.row))
}

// maxPending is how many rows are sorted at once.
const maxPending = 1 << 17

func (x *index) add(key, place, row int64) {
	x.pending = append(x.pending, entry{key, place, row})
	if len(x.pending) == maxPending {
		x.flush()
	}
}

// finish has to be called after the last add.
func (x *index) finish() {
	x.flush()
	x.pending = nil
}

// flush writes what is pending behind the last run where it fits there, as it does
// where rows come nearly in order, and else as a run of its own.
func (x *index) flush() {
	if len(x.pending) == 0 {
		return
	}
	slices.SortFunc(x.pending, entry.compare)
	if n := len(x.runs); n == 0 || x.pending[0].compare(x.runs[n-1].last) < 0 {
		x.runs = append(x.runs, &run{})
	}
	r := x.runs[len(x.runs)-1]
	for _, e := range x.pending {
		r.add(e)
	}
	x.pending = x.pending[:0]
}

// rows yields the rows of a key with their places, by place and then by number.
func (x *index) rows(key int64) iter.Seq2[int64, int64] {
	return func(yield func(place, row int64) bool) {
		var heads []cursor
		for _, r := range x.runs {
			if h, ok := r.find(key); ok {
				heads = append(heads, h)
			}
		}
		for len(heads) > 0 {
			i := 0
			for k := range heads {
				if heads[k].at.compare(heads[i].at) < 0 {
					i = k
				}
			}
			if !yield(heads[i].at.place, heads[i].at.row) {
				return
			}
			if !heads[i].next() || heads[i].at.key != key {
				heads = slices.Delete(heads, i, i+1)
			}
		}
	}
}

// first is the first row of a key.
func (x *index) first(key int64) (row int64, ok bool) {
	for _, row := range x.rows(key) {
		return row, true
	}
	return 0, false
}

// has says whether a key has a row.
func (x *index) has(key int64) bool {
	for _, r := range x.runs {
		if _, ok := r.find(key); ok {
			return true
		}
	}
	return false
}

// blockSize is how many entries are written as differences from the one before.
const blockSize = 32

// run is a sorted list of entries, in blocks that begin with a whole one.
type run struct {
	data   []byte
	blocks []block
	count  int
	last   entry
}

type block struct {
	first int64 // key
	at    int   // in data
}

func (r *run) add(e entry) {
	from := r.last
	if r.count%blockSize == 0 {
		r.blocks = append(r.blocks, block{e.key, len(r.data)})
		from = entry{}
	}
	// Differences wrap around, and so do sums.
	for _, d := range [...]int64{e.key - from.key, e.place - from.place, e.row - from.row} {
		r.data = binary.AppendVarint(r.data, d)
	}
	r.count++
	r.last = e
}

// cursor stands at an entry of a run.
type cursor struct {
	run   *run
	at    entry
	rest  []byte
	count int // of entries read
}

// find returns a cursor at the first entry of a key, if there is one.
func (r *run) find(key int64) (h cursor, ok bool) {
	// A key may begin at the end of the block before the first that begins with it.
	i := max(0, sort.Search(len(r.blocks), func(i int) bool { return r.blocks[i].first >= key })-1)
	h = cursor{run: r, rest: r.data[r.blocks[i].at:], count: i * blockSize}
	for h.next() {
		if h.at.key >= key {
			return h, h.at.key == key
		}
	}
	return h, false
}

func (h *cursor) next() bool {
	if h.count == h.run.count {
		return false
	}
	if h.count%blockSize == 0 {
		h.at = entry{}
	}
	for _, field := range [...]*int64{&h.at.key, &h.at.place, &h.at.row} {
		d, n := binary.Varint(h.rest)
		h.rest = h.rest[n:]
		*field += d
	}
	h.count++
	return true
}
