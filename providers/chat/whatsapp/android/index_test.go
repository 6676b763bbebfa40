package android

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestIndex looks up what was added, in order, against a plain sort.
func TestIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func(i int) entry{
		"in order":     func(i int) entry { return entry{int64(i / 3), int64(i), int64(i)} },
		"interleaved":  func(i int) entry { return entry{int64(i % 97), int64(i), int64(i)} },
		"out of order": func(i int) entry { return entry{r.Int64N(5000) - 2500, r.Int64N(10), r.Int64N(1 << 40)} },
		"far apart":    func(i int) entry { return entry{int64(r.Uint64()), int64(r.Uint64()), int64(r.Uint64())} },
		"at the ends": func(i int) entry {
			ends := []int64{math.MinInt64, math.MaxInt64, 0, -1, 1}
			return entry{ends[r.IntN(5)], ends[r.IntN(5)], int64(i)}
		},
		"one key": func(i int) entry { return entry{7, r.Int64N(1 << 20), int64(i)} },
	} {
		const n = 2*maxPending + 1000
		var x index
		all := map[int64][]entry{}
		for i := range n {
			e := draw(i)
			x.add(e.key, e.place, e.row)
			all[e.key] = append(all[e.key], e)
		}
		x.finish()
		checked := 0
		for key, want := range all {
			slices.SortFunc(want, entry.compare)
			var rows []int64
			for _, row := range x.rows(key) {
				rows = append(rows, row)
			}
			same := len(rows) == len(want)
			for i := range want {
				same = same && rows[i] == want[i].row
			}
			if !same {
				t.Fatalf("%s: key %d has %d rows, not those %d", name, key, len(rows), len(want))
			}
			if !x.has(key) {
				t.Fatalf("%s: key %d has none", name, key)
			}
			if checked++; checked == 20000 {
				break
			}
		}
		for range 1000 {
			key := r.Int64N(1<<20) - 1<<19
			if _, there := all[key]; x.has(key) != there {
				t.Fatalf("%s: key %d", name, key)
			}
		}
	}
	var empty index
	empty.finish()
	if empty.has(0) {
		t.Error("something in nothing")
	}
}

// TestIndexSize bounds what the rows of a large chat take.
func TestIndexSize(t *testing.T) {
	var x index
	const n = 1 << 20
	for i := range int64(n) {
		x.add(i%1000, i, i)
	}
	x.finish()
	size := 0
	for _, r := range x.runs {
		size += len(r.data) + 16*len(r.blocks)
	}
	if size > 8*n {
		t.Errorf("%d bytes for %d rows", size, n)
	}
}
