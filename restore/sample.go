package restore

import (
	"container/heap"
	"math"

	"chatkeep/backup/repo"
)

// maxSample is how many files a sample has at most. A million empty ones would
// fit into any budget; with their names these take some 30 MB.
const maxSample = 200_000

// sample is the files that a drill restores: the longest beginning of all files,
// in an order drawn by lot, that the budget has room for. So every file that
// fits has the same chance. Files larger than the budget are left out.
type sample struct {
	o        DrillOptions
	drawn    drawnFiles
	end      uint64 // the first place in the order that did not fit
	size     int64
	offered  int64
	tooLarge int64
	links    int64
	paths    map[string]bool
	files    int64 // that are taken
	streams  []repo.Entry
}

// drawn is a file and its place in the lot's order.
type drawn struct {
	order uint64
	path  string
	size  int64
}

// drawnFiles is a heap with the last in order on top.
type drawnFiles []drawn

func (d drawnFiles) Len() int           { return len(d) }
func (d drawnFiles) Less(i, j int) bool { return d[i].order > d[j].order }
func (d drawnFiles) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *drawnFiles) Push(x any)        { *d = append(*d, x.(drawn)) }

// Pop takes the last one off.
func (d *drawnFiles) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}

func newSample(o DrillOptions) *sample {
	return &sample{o: o, paths: map[string]bool{}, end: math.MaxUint64}
}

// offer draws a place for a file. What then stands behind the end of the budget
// can never come before it again: later files only push it further back.
func (s *sample) offer(e repo.Entry) {
	s.offered++
	if s.o.All {
		s.files++
		return
	}
	if e.Size > s.o.Sample {
		s.tooLarge++
		return
	}
	order := s.o.Lot.Uint64()
	if order >= s.end {
		return
	}
	heap.Push(&s.drawn, drawn{order, e.Path, e.Size})
	s.size += e.Size
	for s.size > s.o.Sample || len(s.drawn) > maxSample {
		last := heap.Pop(&s.drawn).(drawn)
		s.size, s.end = s.size-last.size, last.order
	}
}

// settle ends the drawing.
func (s *sample) settle() {
	if s.o.All {
		return
	}
	for _, d := range s.drawn {
		s.paths[d.path] = true
	}
	s.files, s.drawn = int64(len(s.paths)), nil
}

// everything reports whether no file is left out.
func (s *sample) everything() bool { return s.files == s.offered }

// takes reports whether an entry is restored. Links have no bytes of their own:
// they come along where all that they could mean does.
func (s *sample) takes(path string) bool {
	return s.everything() || s.paths[path]
}
