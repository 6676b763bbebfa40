package meta

import (
	"context"
	"math"
	"slices"
	"strings"
)

// entry is one record of a thread's file, read and not yet understood.
type entry struct {
	rank  int64  // what it is sorted by: milliseconds since 1970, on the clock that the form has
	tie   string // then by this, which says what it is; made when it is needed
	file  int    // then by its place, in the thread's files and in the file
	at    int
	raw   []byte // of JSON
	block *block // of a page
	bad   bool   // raw is no JSON
}

// size is about how much memory it takes.
func (e *entry) size() int {
	n := len(e.raw) + 96
	if e.block != nil {
		n += e.block.size()
	}
	return n
}

// stretch is a run of records in a file, by which it is read again.
type stretch struct {
	file      int
	start     int64 // in bytes, where its first record begins
	first     int   // the number of that record in the file
	records   int
	size      int   // of its records in memory
	before    int64 // the rank of the record before it
	low, high int64
}

// shelfSize bounds the records of a thread that are held to be sorted, in bytes.
// A thread that fits is read once. Of a larger one as much as fits is read at a
// time, by its stretches, the oldest first: what is new in a thread comes first in
// a file, so a zip is read once from its beginning for each time.
const shelfSize = 48 << 20

// stretchSize is how long a stretch is at least, in bytes of memory.
const stretchSize = 512 << 10

// shelf holds records to be sorted.
type shelf struct {
	limit   int
	entries []entry
	slab    []byte // where the text of records is kept
	size    int
	cut     *entry // the last that was kept when the shelf was full
}

// add keeps a copy of an entry, unless it comes after what had to be cut off.
func (s *shelf) add(e entry, less func(a, b *entry) int) {
	if s.cut != nil && less(&e, s.cut) > 0 {
		return
	}
	s.keep(e)
	if s.size > s.limit+s.limit/2 {
		s.shrink(less)
	}
}

const slabSize = 256 << 10

func (s *shelf) keep(e entry) {
	if e.raw != nil {
		if len(s.slab)+len(e.raw) > cap(s.slab) {
			s.slab = make([]byte, 0, max(slabSize, len(e.raw)))
		}
		n := len(s.slab)
		s.slab = append(s.slab, e.raw...)
		e.raw = s.slab[n:len(s.slab):len(s.slab)]
	}
	s.size += e.size()
	s.entries = append(s.entries, e)
}

// shrink keeps the first in order, as many as fit.
func (s *shelf) shrink(less func(a, b *entry) int) {
	s.sort(less)
	all := s.entries
	s.entries, s.slab, s.size = nil, nil, 0
	for i := range all {
		if s.size > 0 && s.size+all[i].size() > s.limit {
			break
		}
		s.keep(all[i])
	}
	last := s.entries[len(s.entries)-1]
	s.cut = &last
}

func (s *shelf) sort(less func(a, b *entry) int) {
	slices.SortFunc(s.entries, func(a, b entry) int { return less(&a, &b) })
}

// compare orders the entries of a thread.
func (t *thread) compare(a, b *entry) int {
	switch {
	case a.rank < b.rank:
		return -1
	case a.rank > b.rank:
		return 1
	case a.file == b.file && a.at == b.at:
		return 0
	}
	if t.form.tie != nil {
		if a.tie == "" {
			a.tie = t.form.tie(a)
		}
		if b.tie == "" {
			b.tie = t.form.tie(b)
		}
		if c := strings.Compare(a.tie, b.tie); c != 0 {
			return c
		}
	}
	if a.file != b.file {
		return b.file - a.file // a higher number is an older file
	}
	if t.rising > 0 {
		return a.at - b.at
	}
	return b.at - a.at
}

// group is the stretches that have all records of a span of ranks.
type group struct {
	stretches []stretch
	low, high int64 // from low to before high
}

// groups cuts a thread's stretches where no record on either side belongs to the
// other, so that each group fits a shelf, if there are such places.
func groups(all []stretch, limit int) (list []group) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b stretch) int {
		switch {
		case a.low < b.low:
			return -1
		case a.low > b.low:
			return 1
		case a.file != b.file:
			return b.file - a.file
		}
		return b.first - a.first
	})
	from, size, high := 0, 0, int64(math.MinInt64)
	last, lastSize := 0, 0 // the last place to cut
	for i, s := range all {
		if i > from && s.low > high {
			last, lastSize = i, size
		}
		if size+s.size > limit && last > from {
			list = append(list, group{stretches: all[from:last:last], high: all[last].low})
			from, size = last, size-lastSize
		}
		size, high = size+s.size, max(high, s.high)
	}
	list = append(list, group{stretches: all[from:], high: math.MaxInt64})
	low := int64(math.MinInt64)
	for i := range list {
		list[i].low, low = low, list[i].high
	}
	return list
}

// sorted hands the records of a thread on in order. An error is of reading what
// could be read before, or of the context.
func (t *thread) sorted(ctx context.Context, each func(*entry) error) error {
	if t.held != nil {
		t.held.sort(t.compare)
		return handOn(t.held, each)
	}
	for _, g := range groups(t.stretches, t.limit) {
		if err := t.group(ctx, g, each); err != nil {
			return err
		}
	}
	return nil
}

// group sorts the records of one group, in several readings where it is larger
// than a shelf.
func (t *thread) group(ctx context.Context, g group, each func(*entry) error) error {
	var after *entry
	for {
		s := &shelf{limit: t.limit}
		err := t.read(ctx, g.stretches, func(e entry) {
			if e.rank >= g.low && e.rank < g.high && (after == nil || t.compare(&e, after) > 0) {
				s.add(e, t.compare)
			}
		})
		if err != nil {
			return err
		}
		s.sort(t.compare)
		if err := handOn(s, each); err != nil || s.cut == nil {
			return err
		}
		after = &s.entries[len(s.entries)-1]
	}
}

func handOn(s *shelf, each func(*entry) error) error {
	for i := range s.entries {
		if err := each(&s.entries[i]); err != nil {
			return err
		}
	}
	return nil
}
