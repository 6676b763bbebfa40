package repo

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"chatkeep/backup/format"
)

// Method is how a pack was last looked at.
type Method uint8

// The methods. A pack that was Met is known and was not read since.
const (
	Met Method = iota
	HashRead
	Decoded
	Damaged
)

var methodNames = [...]string{"met", "hash", "decoded", "damaged"}

func (m Method) String() string { return methodNames[m] }

// reading is when a pack was looked at last, and how.
type reading struct {
	at     moment
	method Method
}

// Ledger is what one machine knows of which packs of a repository were read
// when, at one place. A pack takes some 200 bytes, and there are 200,000 at
// most.
//
// What this machine read itself, which it keeps to itself, decides. What notes
// of others claim, or notes in its own name, put in order only the packs that
// this machine never read: so a false claim delays the first reading of a pack
// behind that of the others, and no claim can delay the second. Claims count
// for no promise.
type Ledger struct {
	since moment        // when it was begun
	runs  []moment      // of the last scrubs, the oldest first
	notes []format.Hash // that this machine put and no other replaces
	gone  []format.Hash // that those replace
	own   map[format.Hash]reading
	fresh map[format.Hash]bool   // readings that no note tells of yet
	now   map[format.Hash]bool   // recorded in this run
	told  map[format.Hash]moment // by notes, of packs that are in own
}

// maxRuns is how many scrubs are remembered, to tell how often there is one.
const maxRuns = 8

// NewLedger returns an empty ledger.
func NewLedger(now time.Time) *Ledger {
	return &Ledger{since: momentOf(now), own: map[format.Hash]reading{}, fresh: map[format.Hash]bool{}, now: map[format.Hash]bool{}, told: map[format.Hash]moment{}}
}

// Meet notes which packs there are, and forgets all others.
func (l *Ledger) Meet(packs []format.Ref, now time.Time) {
	there := make(map[format.Hash]bool, len(packs))
	for _, p := range packs {
		there[p.SHA256] = true
		if _, ok := l.own[p.SHA256]; !ok && len(l.own) < format.MaxLive {
			l.own[p.SHA256] = reading{momentOf(now), Met}
		}
	}
	maps.DeleteFunc(l.own, func(h format.Hash, _ reading) bool { return !there[h] })
	maps.DeleteFunc(l.fresh, func(h format.Hash, _ bool) bool { return !there[h] })
	maps.DeleteFunc(l.told, func(h format.Hash, _ moment) bool { return !there[h] })
}

// Record notes that this machine looked at a pack.
func (l *Ledger) Record(pack format.Hash, method Method, at time.Time) {
	if _, ok := l.own[pack]; ok || len(l.own) < format.MaxLive {
		l.own[pack] = reading{momentOf(at), method}
		l.fresh[pack], l.now[pack] = true, true
	}
}

// isRead reports whether a pack was read and found right.
func (m Method) isRead() bool { return m == HashRead || m == Decoded }

// Newest is when this machine last read a pack whole and found it as it should be;
// zero where it never did.
func (l *Ledger) Newest() time.Time {
	var newest time.Time
	for _, r := range l.own {
		if at := r.at.time(); r.method.isRead() && at.After(newest) {
			newest = at
		}
	}
	return newest
}

// LastRead returns when this machine last read a pack, and found it right.
func (l *Ledger) LastRead(pack format.Hash) (at time.Time, method Method, ok bool) {
	r := l.own[pack]
	if !r.method.isRead() {
		return time.Time{}, Met, false
	}
	return r.at.time(), r.method, true
}

// ahead is how far the storage's clock, which dates readings, may be ahead of this
// machine's, in seconds.
const ahead = moment(maxAhead / time.Second)

// rank puts packs in order: those that were found damaged, then those that this
// machine never read, in the order in which others claim to have read them, then
// all others, the one first that was read least recently.
func (l *Ledger) rank(pack format.Hash, now moment) (class int, at moment) {
	switch r := l.own[pack]; {
	case r.method == Damaged:
		return 0, 0
	case r.method == Met || r.at > now+ahead: // a clock that was wrong proves nothing
		return 1, l.told[pack]
	default:
		return 2, r.at
	}
}

// Order sorts packs by how much they need to be read; lot decides where nothing
// else does.
func (l *Ledger) Order(packs []format.Ref, now time.Time, lot *rand.Rand) {
	lot.Shuffle(len(packs), func(i, j int) { packs[i], packs[j] = packs[j], packs[i] })
	slices.SortStableFunc(packs, func(a, b format.Ref) int {
		classA, atA := l.rank(a.SHA256, momentOf(now))
		classB, atB := l.rank(b.SHA256, momentOf(now))
		return cmp.Or(cmp.Compare(classA, classB), cmp.Compare(atA, atB))
	})
}

// Pick chooses the packs to read now, within a budget in bytes, but one at
// least. Those that were found damaged are read again within as much on top:
// they must not take the others' place, nor be forgotten.
func (l *Ledger) Pick(packs []format.Ref, budget int64, now time.Time, lot *rand.Rand) map[format.Hash]bool {
	packs = slices.Clone(packs)
	l.Order(packs, now, lot)
	broken := 0
	for broken < len(packs) && l.own[packs[broken].SHA256].method == Damaged {
		broken++
	}
	picked := map[format.Hash]bool{}
	for _, some := range [][]format.Ref{packs[:broken], packs[broken:]} {
		left := budget
		for i, p := range some {
			if left -= p.Size; left < 0 && i > 0 {
				break
			}
			picked[p.SHA256] = true
		}
	}
	return picked
}

// usualInterval is how often there is a scrub where nothing is known of it.
const usualInterval = 24 * time.Hour

// Interval is how far apart scrubs are: as the last ones were at most, for a
// promise is to hold. Some that a person started one after the other tell nothing.
func (l *Ledger) Interval() time.Duration {
	n := len(l.runs)
	if n < 2 || l.runs[n-1].time().Sub(l.runs[0].time()) < usualInterval {
		return usualInterval
	}
	longest := time.Hour
	for i := 1; i < n; i++ {
		longest = max(longest, l.runs[i].time().Sub(l.runs[i-1].time()))
	}
	return longest
}

// Promise is whether every byte is read within a time.
type Promise struct {
	Within time.Duration
	// Total is all that has to be read, in packs; Overdue what was not read for
	// longer than promised, though it was there.
	Packs, OverduePacks int
	Total, Overdue      int64
	Oldest              time.Time // the least recent reading; zero while there are packs that were never read
	NeverRead           int64     // bytes
	Interval            time.Duration
	// Budget is what a run reads at most, and Needed what it would have to.
	Budget, Needed int64
	Holds          bool
}

// Promise works out whether the promise is kept, and whether it can be with
// this budget for each run. It goes by this machine's own readings alone.
func (l *Ledger) Promise(packs []format.Ref, within time.Duration, budget int64, now time.Time) Promise {
	p := Promise{Within: within, Budget: budget, Packs: len(packs), Interval: l.Interval()}
	oldest, largest := moment(math.MaxInt64), int64(0)
	for _, ref := range packs {
		p.Total += ref.Size
		largest = max(largest, ref.Size)
		r := l.own[ref.SHA256]
		if r.at > momentOf(now)+ahead || r.at == 0 {
			r = reading{l.since, Met}
		}
		if r.method.isRead() {
			oldest = min(oldest, r.at)
		} else {
			p.NeverRead += ref.Size
		}
		if r.method == Damaged || now.Sub(r.at.time()) > within {
			p.Overdue += ref.Size
			p.OverduePacks++
		}
	}
	if p.NeverRead == 0 && len(packs) > 0 {
		p.Oldest = oldest.time()
	}
	runs := max(1, int64(within/p.Interval))
	// A run ends before the pack that does not fit any more.
	p.Needed = min((p.Total+runs-1)/runs+largest, p.Total)
	if budget == 0 {
		p.Budget = p.Needed
	}
	p.Holds = p.Budget >= p.Needed && p.Interval <= within
	return p
}

// Ran notes that a scrub took place.
func (l *Ledger) Ran(now time.Time) {
	l.runs = append(l.runs, momentOf(now))
	l.runs = l.runs[max(0, len(l.runs)-maxRuns):]
}
