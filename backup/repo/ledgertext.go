package repo

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"chatkeep/backup/format"
)

// scrubText is the text of a note about what was read when.
type scrubText struct {
	textHead
	Place string       `json:"place"`
	Reads []readRecord `json:"reads"`
}

// readRecord is packs that were looked at together.
type readRecord struct {
	Time   moment `json:"time"`
	Method string `json:"method"`
	Packs  hashes `json:"packs"`
}

// ledgerFile is a ledger as this machine keeps it.
type ledgerFile struct {
	Version int           `json:"version"`
	Since   moment        `json:"since"`
	Runs    []moment      `json:"runs"`
	Notes   []format.Hash `json:"notes"`
	Gone    []format.Hash `json:"replaced"`
	Reads   []readRecord  `json:"reads"`
	Fresh   hashes        `json:"fresh"`
}

// Encode returns the ledger for [ParseLedger], without what others claim.
func (l *Ledger) Encode() []byte {
	f := ledgerFile{Version: 1, Since: l.since, Runs: l.runs, Notes: l.notes, Gone: l.gone}
	f.Reads = records(l.own, func(format.Hash, reading) bool { return true })
	f.Fresh = slices.SortedFunc(maps.Keys(l.fresh), format.Hash.Compare)
	return encodeText(&f)
}

// records groups readings by time and method, in ascending order.
func records(all map[format.Hash]reading, want func(format.Hash, reading) bool) []readRecord {
	groups := map[reading]hashes{}
	for h, r := range all {
		if want(h, r) {
			groups[r] = append(groups[r], h)
		}
	}
	sorted := []readRecord{}
	for _, r := range slices.SortedFunc(maps.Keys(groups), func(a, b reading) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.method, b.method))
	}) {
		format.SortHashes(groups[r])
		sorted = append(sorted, readRecord{r.at, r.method.String(), groups[r]})
	}
	return sorted
}

// methodOf finds a method by its name.
func methodOf(name string) (Method, bool) {
	i := slices.Index(methodNames[:], name)
	return Method(max(i, 0)), i >= 0
}

// ParseLedger reads what Encode writes.
func ParseLedger(data []byte) (*Ledger, error) {
	const what = "ledger of what was read"
	f, err := parseText[ledgerFile](what, string(data))
	if err != nil {
		return nil, err
	}
	l := NewLedger(f.Since.time())
	l.runs = f.Runs[max(0, len(f.Runs)-maxRuns):]
	l.notes = f.Notes[max(0, len(f.Notes)-maxNotes):]
	l.gone = f.Gone[max(0, len(f.Gone)-maxReplaced):]
	for _, group := range f.Reads {
		method, ok := methodOf(group.Method)
		if !ok {
			return nil, format.Fail(format.Malformed, what, "there is no method %.40q", group.Method)
		}
		if len(l.own)+len(group.Packs) > format.MaxLive {
			return nil, format.Fail(format.Oversized, what, "more than %d packs", format.MaxLive)
		}
		for _, h := range group.Packs {
			if old, ok := l.own[h]; !ok || old.at < group.Time {
				l.own[h] = reading{group.Time, method}
			}
		}
	}
	for _, h := range f.Fresh {
		if _, ok := l.own[h]; ok {
			l.fresh[h] = true
		}
	}
	return l, nil
}

// Merge takes over what another version of this machine's ledger knows of packs
// that were not read in this run, as when two checks ran side by side.
func (l *Ledger) Merge(other *Ledger) {
	l.since = min(l.since, other.since)
	for h, theirs := range other.own {
		if _, met := l.own[h]; met && !l.now[h] && theirs.method != Met {
			l.own[h] = theirs
		}
	}
	for _, n := range other.notes {
		if !slices.Contains(l.gone, n) && !slices.Contains(l.notes, n) && len(l.notes) < maxNotes {
			l.notes = append(l.notes, n)
		}
	}
}

// Hear takes in what a note claims about packs at a place that this machine has
// met. No claim is later than its note.
func (l *Ledger) Hear(n *Note, place string) error {
	what := format.NoteName(n.Writer, n.Hash)
	t, err := parseText[scrubText](what, n.Text)
	if err != nil || t.Place != place {
		return err
	}
	latest := momentOf(n.Dated)
	for _, group := range t.Reads {
		method, ok := methodOf(group.Method)
		if !ok {
			return format.Fail(format.Malformed, what, "there is no method %.40q", group.Method)
		}
		if !method.isRead() {
			continue
		}
		for _, h := range group.Packs {
			if _, met := l.own[h]; met {
				l.told[h] = max(l.told[h], min(group.Time, latest))
			}
		}
	}
	return nil
}

// HearAll takes in the claims of all notes of a repository. It returns the
// problems of notes that do not count.
func (l *Ledger) HearAll(ctx context.Context, r *Reader, place string, now time.Time) (problems []error, err error) {
	for n, err := range r.Notes(ctx, now) {
		switch {
		case format.ClassOf(err) != "":
			problems = append(problems, err)
			continue
		case err != nil:
			return problems, err
		case n.About != AboutScrub:
			continue
		}
		if err := l.Hear(n, place); err != nil {
			problems = append(problems, err)
		}
	}
	return problems, nil
}

// NoteScrub puts what the ledger has learnt since its last note; nothing, if that
// is nothing. After many notes the next one has the whole ledger and takes their
// place. It returns the time: by the storage's clock where it tells one, or
// else, and where nothing was put, by now.
func (n *Noter) NoteScrub(ctx context.Context, l *Ledger, place string) (time.Time, error) {
	text := scrubText{textHead: textHead{1, []format.Hash{}}, Place: place}
	merge := len(l.notes) >= mergeNotes
	text.Reads = records(l.own, func(h format.Hash, r reading) bool { return r.method.isRead() && (merge || l.fresh[h]) })
	if len(text.Reads) == 0 {
		return n.now(), nil
	}
	if merge {
		text.Replaces = replacing(l.notes, l.gone)
	}
	hash, at, err := n.Put(ctx, AboutScrub, encodeText(&text))
	if err != nil {
		return n.now(), err
	}
	if merge {
		l.notes, l.gone = nil, text.Replaces
	}
	l.notes = append(l.notes, hash)
	clear(l.fresh)
	return at, nil
}

// Settle dates what was recorded at one moment at another, once the time is known
// by the storage's clock.
func (l *Ledger) Settle(recorded, at time.Time) {
	for h, r := range l.own {
		if r.at == momentOf(recorded) {
			l.own[h] = reading{momentOf(at), r.method}
		}
	}
}
