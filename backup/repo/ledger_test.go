package repo_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

func somePacks(n int, size int64) []format.Ref {
	var packs []format.Ref
	for i := range n {
		packs = append(packs, format.Ref{SHA256: format.Sum([]byte(fmt.Sprint("pack", i))), Size: size + int64(i%7)})
	}
	return packs
}

func lotOf(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// recalled is a ledger after a machine has kept it and read it again.
func recalled(t *testing.T, l *repo.Ledger) *repo.Ledger {
	t.Helper()
	again, err := repo.ParseLedger(l.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// readings is the ledger as one would write it down: the last good reading of each
// pack, and those that were found damaged.
type readings struct {
	read   map[format.Hash]time.Time
	broken map[format.Hash]bool
}

// before says that a pack must be read before another.
func (m *readings) before(a, b format.Hash) bool {
	if m.broken[a] != m.broken[b] {
		return m.broken[a]
	}
	return !m.broken[a] && m.read[a].Before(m.read[b])
}

// TestLeastRecentlyReadFirst plays random scrubs against the model: the packs that
// are picked are never such that one left out was read before one taken.
func TestLeastRecentlyReadFirst(t *testing.T) {
	for seed := range uint64(20) {
		lot := lotOf(seed)
		packs := somePacks(30, 100)
		now := noteTime
		l := repo.NewLedger(now)
		m := &readings{map[format.Hash]time.Time{}, map[format.Hash]bool{}}
		for range 40 {
			now = now.Add(time.Duration(1+lot.IntN(1000)) * time.Minute)
			if lot.IntN(5) == 0 && len(packs) > 10 { // some are pruned, and others come
				gone := lot.IntN(len(packs))
				delete(m.read, packs[gone].SHA256)
				delete(m.broken, packs[gone].SHA256)
				packs = slices.Delete(slices.Clone(packs), gone, gone+1)
				packs = append(packs, format.Ref{SHA256: format.Sum(fmt.Append(nil, now)), Size: 100})
			}
			l = recalled(t, l)
			l.Meet(packs, now)
			budget := int64(1 + lot.IntN(1500))
			picked := l.Pick(packs, budget, now, lot)
			checkPicked(t, m, packs, picked, budget)
			for h := range picked {
				m.broken[h] = lot.IntN(30) == 0
				if m.broken[h] {
					l.Record(h, repo.Damaged, now)
					continue
				}
				m.read[h] = now
				l.Record(h, repo.HashRead, now)
			}
		}
		for _, p := range packs {
			at, _, ok := l.LastRead(p.SHA256)
			if !m.broken[p.SHA256] && (ok != !m.read[p.SHA256].IsZero() || ok && !at.Equal(m.read[p.SHA256])) {
				t.Errorf("seed %d: %s was read %s, and the ledger says %s", seed, p.SHA256, m.read[p.SHA256], at)
			}
		}
	}
}

func checkPicked(t *testing.T, m *readings, packs []format.Ref, picked map[format.Hash]bool, budget int64) {
	t.Helper()
	total, sound := int64(0), 0
	for _, p := range packs {
		if !picked[p.SHA256] || m.broken[p.SHA256] {
			continue
		}
		total += p.Size
		sound++
		for _, other := range packs {
			if !picked[other.SHA256] && m.before(other.SHA256, p.SHA256) && !m.broken[other.SHA256] {
				t.Fatalf("%s is read, and %s, read longer ago, is not", p.SHA256, other.SHA256)
			}
		}
	}
	if sound == 0 || total > budget && sound > 1 {
		t.Fatalf("%d bytes in %d packs are read on a budget of %d", total, sound, budget)
	}
}

// TestScrubPromise: a machine that runs as often as it says keeps a promise that
// the ledger says it can keep, and one that says it cannot is right, too.
func TestScrubPromise(t *testing.T) {
	packs := somePacks(100, 1000)
	total := int64(0)
	for _, p := range packs {
		total += p.Size
	}
	for _, budget := range []int64{0, 1500, 3000, 5000, 20_000, total} {
		now, lot := noteTime, lotOf(uint64(budget))
		l := repo.NewLedger(now)
		overdue, holds := int64(0), true
		for day := range 100 {
			l = recalled(t, l)
			l.Meet(packs, now)
			p := l.Promise(packs, 30*24*time.Hour, budget, now)
			for h := range l.Pick(packs, p.Budget, now, lot) {
				l.Record(h, repo.Decoded, now)
			}
			l.Ran(now)
			p = l.Promise(packs, 30*24*time.Hour, budget, now)
			if holds = p.Holds; day > 35 {
				overdue = max(overdue, p.Overdue)
			}
			now = now.Add(24 * time.Hour)
		}
		if holds && overdue > 0 {
			t.Errorf("on a budget of %d the promise was to hold, and %d bytes were overdue", budget, overdue)
		}
		if !holds && overdue == 0 && budget*29 < total {
			t.Errorf("on a budget of %d nothing was overdue, though %d bytes cannot be read", budget, total)
		}
		if budget == 0 && !holds {
			t.Error("the budget that it takes does not do")
		}
	}
}

// noteReads puts a note of a machine that has read packs at a time.
func noteReads(t *testing.T, s *scene, m *machine, place string, at time.Time, packs ...format.Ref) {
	t.Helper()
	l := repo.NewLedger(at)
	l.Meet(packs, at)
	for _, p := range packs {
		l.Record(p.SHA256, repo.HashRead, at)
	}
	n, err := repo.NewNoter(t.Context(), s.store, s.load(t, nil), m.key, m.memory, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.NoteScrub(t.Context(), l, place); err != nil {
		t.Fatal(err)
	}
}

// TestLostLedger: a machine that lost its ledger goes on where the notes say that
// it was, and promises nothing that only they say.
func TestLostLedger(t *testing.T) {
	s := newScene(t)
	packs := somePacks(10, 100)
	s.store.SetTime(noteTime.Add(time.Hour))
	noteReads(t, s, s.machine, "here", noteTime.Add(-2*time.Hour), packs[0:3]...)
	noteReads(t, s, s.machine, "here", noteTime.Add(-3*time.Hour), packs[3:6]...)
	noteReads(t, s, s.machine, "there", noteTime.Add(-9*time.Hour), packs[6:8]...)
	l := repo.NewLedger(noteTime)
	l.Meet(packs, noteTime)
	if problems, err := l.HearAll(t.Context(), s.reader(t), "here", time.Now()); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	order := slices.Clone(packs)
	l.Order(order, noteTime, lotOf(1))
	rank := map[format.Hash]int{}
	for i, p := range order {
		rank[p.SHA256] = i
	}
	for i, p := range packs {
		lowest, highest := 0, 3 // those that no note at this place knows of
		switch {
		case i < 3:
			lowest, highest = 7, 9
		case i < 6:
			lowest, highest = 4, 6
		}
		if rank[p.SHA256] < lowest || rank[p.SHA256] > highest {
			t.Errorf("pack %d is number %d to be read", i, rank[p.SHA256])
		}
	}
	p := l.Promise(packs, 30*24*time.Hour, 0, noteTime)
	if p.NeverRead != p.Total {
		t.Errorf("%d bytes of %d count as read by what notes claim", p.Total-p.NeverRead, p.Total)
	}
}

// TestHostileClaims: a stolen writer key says, again and again, that one pack was
// read just now. The owner's check reads it nevertheless, and then as often as
// any other.
func TestHostileClaims(t *testing.T) {
	s := newScene(t)
	thief := s.enrol(t, "thief")
	packs := somePacks(12, 100)
	target := packs[5].SHA256
	now, lot := noteTime, lotOf(7)
	l := repo.NewLedger(now)
	reads := []int{}
	for day := range 40 {
		s.store.SetTime(now)
		if day%3 == 0 {
			noteReads(t, s, thief, "here", now, packs[5])
		}
		l = recalled(t, l)
		l.Meet(packs, now)
		if _, err := l.HearAll(t.Context(), s.reader(t), "here", now); err != nil {
			t.Fatal(err)
		}
		for h := range l.Pick(packs, 310, now, lot) {
			if l.Record(h, repo.HashRead, now); h == target {
				reads = append(reads, day)
			}
		}
		now = now.Add(24 * time.Hour)
	}
	if len(reads) < 8 || reads[0] > 6 {
		t.Errorf("the pack was read on days %v", reads)
	}
}

// TestFutureReadings: readings of a clock that was far ahead prove nothing.
func TestFutureReadings(t *testing.T) {
	packs := somePacks(3, 100)
	l := repo.NewLedger(noteTime)
	l.Meet(packs, noteTime)
	l.Record(packs[0].SHA256, repo.HashRead, noteTime.Add(400*24*time.Hour))
	l.Record(packs[1].SHA256, repo.HashRead, noteTime)
	l.Record(packs[2].SHA256, repo.HashRead, noteTime.Add(time.Hour)) // clocks differ
	order := slices.Clone(packs)
	l.Order(order, noteTime, lotOf(1))
	if order[0] != packs[0] || order[1] != packs[1] {
		t.Errorf("the order is %v", order)
	}
	if p := l.Promise(packs, 24*time.Hour, 0, noteTime); p.NeverRead != packs[0].Size {
		t.Errorf("%d bytes were never read", p.NeverRead)
	}
}

// TestScrubNotesMerge: a machine that scrubs for long leaves notes that stay few
// to read, and that say the same.
func TestScrubNotesMerge(t *testing.T) {
	s := newScene(t)
	packs := somePacks(20, 100)
	now := noteTime
	l := repo.NewLedger(now)
	l.Meet(packs, now)
	for i := range 70 {
		s.store.SetTime(now)
		l = recalled(t, l)
		l.Record(packs[i%20].SHA256, repo.HashRead, now)
		n, err := repo.NewNoter(t.Context(), s.store, s.load(t, nil), s.key, s.memory, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		at, err := n.NoteScrub(t.Context(), l, "here")
		if err != nil || !at.Equal(now) {
			t.Fatal(at, err)
		}
		now = now.Add(time.Hour)
	}
	notes := 0
	for _, err := range s.reader(t).Notes(t.Context(), now) {
		if notes++; err != nil {
			t.Fatal(err)
		}
	}
	if notes > 35 {
		t.Errorf("%d notes count", notes)
	}
	fresh := repo.NewLedger(now)
	fresh.Meet(packs, now)
	if problems, err := fresh.HearAll(t.Context(), s.reader(t), "here", now); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	order := slices.Clone(packs)
	fresh.Order(order, now, lotOf(3))
	for i := range order {
		if want := packs[(70+i)%20]; order[i] != want {
			t.Fatalf("number %d to be read is not the one that was read %d runs ago", i, 20-i)
		}
	}
}

// TestLedgerOfManyPacks: the ledger of the largest repository fits into a note.
func TestLedgerOfManyPacks(t *testing.T) {
	n := 20_000
	if long() {
		n = format.MaxLive
	}
	packs := make([]format.Ref, n)
	for i := range packs {
		packs[i] = format.Ref{SHA256: format.Sum(fmt.Append(nil, i)), Size: 1}
	}
	l := repo.NewLedger(noteTime)
	l.Meet(packs, noteTime)
	for i := range packs {
		l.Record(packs[i].SHA256, repo.Decoded, noteTime.Add(time.Duration(i%1000)*time.Hour))
	}
	s := newScene(t)
	if _, err := noterOf(t, s, s.machine, s.store).NoteScrub(t.Context(), l, "here"); err != nil {
		t.Fatal(err)
	}
	recalled(t, l)
}

// TestCheckChooses reads what the options choose and tells of each pack.
func TestCheckChooses(t *testing.T) {
	s := newScene(t)
	s.commit(t, text(1, 30000), text(2, 30000), text(3, 30000))
	r := s.reader(t)
	var all []format.Ref
	read := map[format.Hash]bool{}
	o := repo.CheckOptions{ReadData: true,
		Choose: func(packs []format.Ref) map[format.Hash]bool {
			all = packs
			return map[format.Hash]bool{packs[0].SHA256: true, packs[1].SHA256: true}
		},
		Read: func(pack format.Hash, decoded bool, err error) { read[pack] = decoded && err == nil },
	}
	report, err := repo.Check(t.Context(), s.store, r.View(), r, o)
	if err != nil || len(report.Problems) > 0 {
		t.Fatal(report.Problems, err)
	}
	if len(all) != len(s.store.Keys(format.PacksDir)) || len(read) != 2 || !read[all[0].SHA256] || !read[all[1].SHA256] || report.Packs != len(all) {
		t.Errorf("%d packs, read %v, the report has %d", len(all), read, report.Packs)
	}
	bad := s.store.Bytes(format.PackName(all[0].SHA256))
	bad[len(bad)/2] ^= 1
	s.store.Tamper(format.PackName(all[0].SHA256), bad)
	clear(read)
	for _, reader := range []*repo.Reader{r, nil} {
		if _, err := repo.Check(t.Context(), s.store, r.View(), reader, o); err != nil {
			t.Fatal(err)
		}
		if ok, told := read[all[0].SHA256]; ok || !told || len(read) != 2 {
			t.Errorf("of a damaged pack the check tells %v", read)
		}
	}
}

// TestLedgersMerge: of two checks side by side neither forgets what the other
// read, and what was found out last counts, whatever the clocks said.
func TestLedgersMerge(t *testing.T) {
	packs := somePacks(4, 100)
	kept := repo.NewLedger(noteTime)
	kept.Meet(packs, noteTime)
	kept.Record(packs[0].SHA256, repo.HashRead, noteTime)
	kept.Record(packs[1].SHA256, repo.Damaged, noteTime)
	mine, other := recalled(t, kept), recalled(t, kept)
	mine.Record(packs[0].SHA256, repo.Damaged, noteTime.Add(-time.Hour))
	mine.Record(packs[1].SHA256, repo.HashRead, noteTime)
	other.Record(packs[2].SHA256, repo.Decoded, noteTime.Add(time.Minute))
	mine.Merge(other)
	mine = recalled(t, mine)
	for i, want := range []bool{false, true, true, false} {
		if _, _, ok := mine.LastRead(packs[i].SHA256); ok != want {
			t.Errorf("pack %d was read and right: %t", i, ok)
		}
	}
}
