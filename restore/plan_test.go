package restore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage/storagetest"
)

// near reports whether a number is within a tenth of what it should be, or one
// off where it is small.
func near(got, want int64) bool {
	d := got - want
	return d == 0 || max(d, -d)*10 <= max(want, 10)
}

// wantPlanned makes a plan and the restore, through a store that counts, and
// compares what either says with what the other does.
func wantPlanned(t *testing.T, w *world, name string, s *repo.Snapshot, o Options) (*Plan, *Report) {
	t.Helper()
	counting := storagetest.NewCounting(w.store)
	s = through(s, counting)
	p, err := Prepare(t.Context(), s, o)
	must(t, err)
	read := counting.Count("", "")
	if p.Read.Requests != read.Requests || p.Read.Bytes != read.Bytes {
		t.Errorf("%s: the plan says it read %+v, and it was %+v", name, p.Read, read)
	}
	counting.Reset()
	report, err := Run(t.Context(), s, newTarget(t), o)
	must(t, err)
	spent := counting.Count("", "")
	if report.Traffic.Requests != spent.Requests || report.Traffic.Bytes != spent.Bytes {
		t.Errorf("%s: the restore says it read %+v, and it was %+v", name, report.Traffic, spent)
	}
	if o.Workers > 1 {
		wantBetween(t, s, name, o, p.Needed, report.Traffic)
	} else if !near(p.Needed.Requests, spent.Requests) || !near(p.Needed.Bytes, spent.Bytes) || !near(p.Needed.Objects, report.Traffic.Objects) {
		t.Errorf("%s: the plan was %+v, and it came to %+v", name, p.Needed, report.Traffic)
	}
	if p.Files != report.Files || p.Bytes != report.Bytes || p.Links != report.Links || p.Dirs != report.Dirs {
		t.Errorf("%s: the plan was %d files of %d bytes, %d links, %d folders; the report is %+v", name, p.Files, p.Bytes, p.Links, p.Dirs, report)
	}
	return p, report
}

// wantBetween asks of a restore by several workers, of which nobody knows who is
// free when, that it comes to no less than one alone would take and to no more than
// it takes where each does one thing; and the plan too.
func wantBetween(t *testing.T, s *repo.Snapshot, name string, o Options, both ...Traffic) {
	t.Helper()
	bounds := map[int]Traffic{}
	for _, workers := range []int{1, 1000} {
		o.Workers = workers
		p, err := Prepare(t.Context(), s, o)
		must(t, err)
		bounds[workers] = p.Needed
	}
	least, most := bounds[1], bounds[1000]
	within := func(got, least, most int64) bool { return got*10 >= least*9-10 && got*10 <= most*11+10 }
	for _, got := range both {
		if !within(got.Requests, least.Requests, most.Requests) || !within(got.Bytes, least.Bytes, most.Bytes) || !near(got.Objects, least.Objects) {
			t.Errorf("%s: %+v, and it must be between %+v and %+v", name, got, least, most)
		}
	}
}

// TestPlanForests plans restores of random trees, whole and in part, with packs
// of many sizes, and holds the plans against what they come to.
func TestPlanForests(t *testing.T) {
	for seed := range uint64(12) {
		w := newWorld(t)
		w.packSize = []int{32 << 10, 300 << 10, 0}[seed%3]
		f := newForest(t, seed)
		s := w.backup(f.things...)
		for _, o := range []Options{
			{Workers: 1}, {Workers: 3},
			{Workers: 1, Only: func(path string) bool { return len(path)%3 == 0 }},
		} {
			wantPlanned(t, w, fmt.Sprintf("seed %d, %d workers", seed, o.Workers), s, o)
		}
	}
}

// TestPlanSparse plans a restore of few files out of large packs, and of a zip
// whose members are deflated: frames that are asked for one by one.
func TestPlanSparse(t *testing.T) {
	w := newWorld(t)
	w.packSize = 8 << 20
	r := rand.New(rand.NewPCG(5, 5))
	things := []thing{directory("")}
	for i := range 60 {
		things = append(things, thing{path: fmt.Sprintf("originals/f%03d", i), content: noise(uint64(i), 100<<10+r.IntN(600<<10)), chunk: 512 << 10, mode: 0o600})
	}
	var pieces []piece
	for i := range 30 {
		text := []byte(strings.Repeat(fmt.Sprintf("line %d of member %d\n", r.IntN(1e9), i), 3000))
		text = append(text, noise(uint64(1000+i), 150<<10)...)
		pieces = append(pieces, piece{content: fmt.Appendf(nil, "header %d", i)}, piece{content: text, member: true, packed: deflated(t, text, 6), level: 6})
	}
	things = append(things, thing{path: "originals/z.zip", typ: format.EntryZip, mode: 0o600, pieces: pieces})
	s := w.backup(things...)
	wantPlanned(t, w, "all", s, Options{Workers: 1})
	wantPlanned(t, w, "all, two workers", s, Options{Workers: 2})
	for _, only := range [][]string{{"originals/f007"}, {"originals/f001", "originals/f033", "originals/f059"}, {"originals/z.zip"}} {
		p, _ := wantPlanned(t, w, fmt.Sprint(only), s, Options{Workers: 1, Only: func(path string) bool { return slices.Contains(only, path) }})
		if p.Kinds[format.Originals].Requests == 0 || p.Kinds[format.Media].Requests != 0 {
			t.Errorf("%v: %+v", only, p.Kinds)
		}
	}
}

// TestPlanFetchesNothing looks at what a plan asks the store for: the lists.
func TestPlanFetchesNothing(t *testing.T) {
	w, s, _ := many(t)
	calls := storagetest.NewFault(w.store)
	_, err := Prepare(t.Context(), through(s, calls), Options{})
	must(t, err)
	kinds := map[string]format.Kind{}
	for _, p := range s.Index().Packs() {
		kinds[format.PackName(p.Pack)] = p.Kind
	}
	for _, c := range calls.Calls() {
		if kind, ok := kinds[c.Key]; !ok || kind != format.Meta {
			t.Errorf("it asked for %s, of %v", c.Key, kind)
		}
	}
}

// TestPlanLinks plans a restore of hard links to what is not asked for.
func TestPlanLinks(t *testing.T) {
	w := newWorld(t)
	s := w.backup(directory(""), directory("a"), plain("a/x", "content"), directory("b"), hardTo("b/one", "a/x"), hardTo("b/two", "a/x"))
	wantPlanned(t, w, "links", s, Options{Only: func(path string) bool { return strings.HasPrefix(path, "originals/b") }})
}

// TestEstimate takes longer for more, and believes a bandwidth it is told.
func TestEstimate(t *testing.T) {
	var p pace
	if p.bandwidth() != 0 || p.estimate(10, 1000, 0, 1) != 0 {
		t.Error("out of nothing it knows a bandwidth")
	}
	// A request takes 100 ms, and then comes a megabyte a second.
	for _, bytes := range []int64{0, 1 << 20, 2 << 20, 1 << 20} {
		p.add(bytes, 100*time.Millisecond+time.Duration(bytes)*time.Second>>20)
	}
	if got := p.bandwidth(); !near(got, 1<<20) {
		t.Errorf("bandwidth %d", got)
	}
	plan := Plan{Needed: Traffic{Requests: 100, Bytes: 100 << 20}, pace: p, workers: 4}
	if took, _ := plan.Estimate(0); !near(int64(took), int64(102500*time.Millisecond)) {
		t.Errorf("estimated %v", took)
	}
	if took, with := plan.Estimate(10 << 20); !near(int64(took), int64(12500*time.Millisecond)) || with != 10<<20 {
		t.Errorf("estimated %v with %d", took, with)
	}
}
