package repo

import (
	"context"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/format"
)

// Outcomes of drills.
const (
	Proved = "proved"
	Failed = "failed"
)

// Scopes of drills.
const (
	ScopeAll    = "all"
	ScopeSample = "sample"
)

// Drill is the result of one drill, as notes have it.
type Drill struct {
	Snapshot format.Hash // zero where none could be found or opened
	Place    string      // where the copy was that was drilled
	Time     time.Time   // by the storage's clock where it tells one
	Scope    string      // ScopeAll or ScopeSample
	Outcome  string      // Proved or Failed
	// What was proved, of what the snapshot has.
	Files, FilesTotal       int64
	Bytes, BytesTotal       int64
	Messages, MessagesTotal int64
	Chunks, Zips            int64
	Seconds                 int64
	// Failures are what went wrong, the first MaxFailures of FailuresTotal.
	Failures      []string
	FailuresTotal int64
	// Writer is whose note tells of it.
	Writer format.Hash
}

// Bounds of what a note tells of one drill.
const (
	MaxFailures    = 20
	maxFailureText = 1000 // bytes
)

// drillText is the text of a note about drills.
type drillText struct {
	textHead
	Drills []drillRecord `json:"drills"`
}

type drillRecord struct {
	Snapshot      *format.Hash `json:"snapshot,omitempty"`
	Place         string       `json:"place"`
	Time          moment       `json:"time"`
	Scope         string       `json:"scope"`
	Outcome       string       `json:"outcome"`
	Files         int64        `json:"files"`
	FilesTotal    int64        `json:"files_total"`
	Bytes         int64        `json:"bytes"`
	BytesTotal    int64        `json:"bytes_total"`
	Messages      int64        `json:"messages"`
	MessagesTotal int64        `json:"messages_total"`
	Chunks        int64        `json:"chunks"`
	Zips          int64        `json:"zips"`
	Seconds       int64        `json:"seconds"`
	Failures      []string     `json:"failures"`
	FailuresTotal int64        `json:"failures_total"`
}

func (d *Drill) record() drillRecord {
	r := drillRecord{
		Place: strings.ToValidUTF8(d.Place, "\ufffd"), Time: momentOf(d.Time), Scope: d.Scope, Outcome: d.Outcome,
		Files: d.Files, FilesTotal: d.FilesTotal, Bytes: d.Bytes, BytesTotal: d.BytesTotal,
		Messages: d.Messages, MessagesTotal: d.MessagesTotal, Chunks: d.Chunks, Zips: d.Zips, Seconds: d.Seconds,
		Failures: []string{}, FailuresTotal: max(d.FailuresTotal, int64(len(d.Failures))),
	}
	if !d.Snapshot.IsZero() {
		r.Snapshot = &d.Snapshot
	}
	for _, text := range d.Failures[:min(len(d.Failures), MaxFailures)] {
		text = text[:min(len(text), maxFailureText)]
		r.Failures = append(r.Failures, strings.ToValidUTF8(text, "\ufffd"))
	}
	return r
}

// drill is the result that a record of a note tells of. None is later than the
// note that has it.
func (r *drillRecord) drill(n *Note) Drill {
	d := Drill{
		Place: r.Place, Time: r.Time.time(), Scope: r.Scope, Outcome: r.Outcome,
		Files: r.Files, FilesTotal: r.FilesTotal, Bytes: r.Bytes, BytesTotal: r.BytesTotal,
		Messages: r.Messages, MessagesTotal: r.MessagesTotal, Chunks: r.Chunks, Zips: r.Zips, Seconds: r.Seconds,
		Failures: r.Failures, FailuresTotal: r.FailuresTotal, Writer: n.Writer,
	}
	if r.Snapshot != nil {
		d.Snapshot = *r.Snapshot
	}
	if d.Time.After(n.Dated) {
		d.Time = n.Dated
	}
	return d
}

// check refuses results that no drill has.
func (r *drillRecord) check(what string) error {
	switch {
	case r.Scope != ScopeAll && r.Scope != ScopeSample:
		return format.Fail(format.Malformed, what, "a drill of scope %.40q", r.Scope)
	case r.Outcome != Proved && r.Outcome != Failed:
		return format.Fail(format.Malformed, what, "a drill with outcome %.40q", r.Outcome)
	case len(r.Failures) > MaxFailures || int64(len(r.Failures)) > r.FailuresTotal:
		return format.Fail(format.Malformed, what, "a drill with %d failures of %d", len(r.Failures), r.FailuresTotal)
	case (r.Outcome == Failed) != (r.FailuresTotal > 0):
		return format.Fail(format.Malformed, what, "a drill that %s with %d failures", r.Outcome, r.FailuresTotal)
	}
	for _, n := range []int64{r.Files, r.FilesTotal, r.Bytes, r.BytesTotal, r.Messages, r.MessagesTotal, r.Chunks, r.Zips, r.Seconds} {
		if n < 0 {
			return format.Fail(format.Malformed, what, "a drill with less than nothing")
		}
	}
	return nil
}

// parseDrills reads the results in a note.
func parseDrills(n *Note) ([]Drill, error) {
	what := format.NoteName(n.Writer, n.Hash)
	t, err := parseText[drillText](what, n.Text)
	if err != nil {
		return nil, err
	}
	var drills []Drill
	for i := range t.Drills {
		if err := t.Drills[i].check(what); err != nil {
			return nil, err
		}
		drills = append(drills, t.Drills[i].drill(n))
	}
	return drills, nil
}

// Drills are the results of drills that the notes of a repository tell of, and
// what a next one needs to know to note its own.
type Drills struct {
	All []Drill // the oldest first
	// Problems are notes that do not count, see [Reader.Notes].
	Problems []error
	notes    map[format.Hash][]format.Hash // those about drills, by writer
	replaced map[format.Hash][]format.Hash // those that they replace
}

// maxDrills bounds the results that are remembered; the oldest go first.
const maxDrills = 4096

// Drills reads the results of drills out of the notes.
func (r *Reader) Drills(ctx context.Context, now time.Time) (*Drills, error) {
	d := &Drills{notes: map[format.Hash][]format.Hash{}, replaced: map[format.Hash][]format.Hash{}}
	for n, err := range r.Notes(ctx, now) {
		switch {
		case format.ClassOf(err) != "":
			d.Problems = append(d.Problems, err)
			continue
		case err != nil:
			return d, err
		case n.About != AboutDrill:
			continue
		}
		some, err := parseDrills(n)
		if err != nil {
			d.Problems = append(d.Problems, err)
			continue
		}
		d.notes[n.Writer] = append(d.notes[n.Writer], n.Hash)
		d.replaced[n.Writer] = append(d.replaced[n.Writer], n.Replaces...)
		d.All = append(d.All, some...)
		if len(d.All) > 2*maxDrills {
			d.tidy()
		}
	}
	d.tidy()
	return d, nil
}

// tidy puts the results in order, each once: a note that another replaces may
// have been read, too.
func (d *Drills) tidy() {
	slices.SortStableFunc(d.All, func(a, b Drill) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return a.Snapshot.Compare(b.Snapshot)
	})
	d.All = slices.CompactFunc(d.All, func(a, b Drill) bool {
		return a.Time.Equal(b.Time) && a.Snapshot == b.Snapshot && a.Writer == b.Writer && a.Place == b.Place
	})
	d.All = d.All[max(0, len(d.All)-maxDrills):]
}

// Last returns the newest result of a snapshot, or of any where the snapshot is
// zero, that want takes; false where there is none.
func (d *Drills) Last(snapshot format.Hash, want func(*Drill) bool) (Drill, bool) {
	for i := len(d.All) - 1; i >= 0; i-- {
		if one := &d.All[i]; (snapshot.IsZero() || one.Snapshot == snapshot) && want(one) {
			return *one, true
		}
	}
	return Drill{}, false
}

const (
	// mergeNotes is how many notes of one kind a writer has before its next one
	// takes the place of all.
	mergeNotes = 32
	// maxMerged is how many results such a note repeats.
	maxMerged = 1000
	// maxReplaced is how many notes one replaces.
	maxReplaced = 10_000
)

// replacing lists the notes that one replaces: those that count, and those that
// they have replaced, for they will not be read any more.
func replacing(notes, replaced []format.Hash) []format.Hash {
	all := slices.Concat(notes, replaced)
	all = all[:min(len(all), maxReplaced)]
	format.SortHashes(all)
	return slices.Compact(all)
}

// NoteDrill puts the result of a drill. Before is what the notes told, nil where
// they were not read: where this writer has many, the new one repeats what they
// say and takes their place.
func (n *Noter) NoteDrill(ctx context.Context, drill *Drill, before *Drills) error {
	text := drillText{textHead: textHead{1, []format.Hash{}}}
	if before != nil && len(before.notes[n.key.ID]) >= mergeNotes {
		text.Replaces = replacing(before.notes[n.key.ID], before.replaced[n.key.ID])
		for i := range before.All {
			if before.All[i].Writer == n.key.ID {
				text.Drills = append(text.Drills, before.All[i].record())
			}
		}
		text.Drills = text.Drills[max(0, len(text.Drills)-maxMerged):]
	}
	text.Drills = append(text.Drills, drill.record())
	_, _, err := n.Put(ctx, AboutDrill, encodeText(&text))
	return err
}
