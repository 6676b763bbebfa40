package backup

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// Tags of the snapshots that a repair makes.
const (
	tagRepaired = "chatkeep:repaired"
	tagFrom     = "chatkeep:repaired-from:"
	tagRestated = "chatkeep:restated"
)

// RepairOptions say how snapshots are made of what remains.
type RepairOptions struct {
	// Begin starts a run of this machine's writer.
	Begin func(ctx context.Context) (*repo.Session, error)
	// Own is the dedup family of that writer: its chunks need not be stored again.
	Own format.Hash
	// Others makes snapshots of what remains of other writers', too, which stores
	// all of that again.
	Others  bool
	DryRun  bool
	Program string
	Told    func(*Repaired) error
}

// Repaired is a snapshot of what remains of another.
type Repaired struct {
	Of       format.Hash // the hurt snapshot, or the manifest of one whose head is lost
	Headless bool
	Source   string
	Snapshot format.Hash // zero where none was made
	Already  bool        // an earlier repair made it
	Foreign  bool        // another writer's, and left to it
	// Whole entries are there, Partial ones in part; Lost are listed as
	// unreadable, and Gone are those of which not even the names remain.
	Whole, Partial, Lost, Gone int64
	LostMessages               int64
}

// repairer makes snapshots of what remains.
type repairer struct {
	x     *repo.Remains
	o     RepairOptions
	made  map[string][]*format.Manifest // of earlier repairs, by tag
	tells []*Repaired
}

// RepairSnapshots makes a snapshot of what remains of each that is hurt, the
// oldest first. The hurt ones stay. Where the newest snapshot of a source is
// whole, it is stated again at the end, for the latest is what was made last.
func RepairSnapshots(ctx context.Context, x *repo.Remains, hurt []*repo.Hurt, o RepairOptions) ([]*Repaired, error) {
	r := &repairer{x: x, o: o, made: map[string][]*format.Manifest{}}
	heads := x.Heads()
	newest := map[format.Source]*repo.Head{}
	for _, h := range heads {
		m, err := x.Manifest(ctx, h)
		if err != nil && format.ClassOf(err) == "" {
			return nil, err
		}
		if err != nil {
			continue
		}
		newest[m.Source] = h
		for _, tag := range m.Tags {
			if strings.HasPrefix(tag, tagFrom) {
				r.made[tag] = append(r.made[tag], m)
			}
		}
	}
	exams, err := r.exams(ctx, hurt)
	if err != nil {
		return nil, err
	}
	last := map[format.Source]*repo.Head{} // of what new ones were made
	for _, e := range exams {
		done, err := r.repair(ctx, e, []string{tagRepaired, tagFrom + originOf(e).String()})
		if err != nil {
			return r.tells, err
		}
		if !done.Snapshot.IsZero() {
			last[e.Manifest.Source] = e.Head
		}
	}
	for source, of := range last {
		if h := newest[source]; h != nil && h != of && (of.Hash.IsZero() || h.Hash != of.Hash) {
			e, err := x.Exam(ctx, h)
			if err == nil && e.Manifest != nil {
				_, err = r.repair(ctx, e, []string{tagRestated})
			}
			if err != nil {
				return r.tells, err
			}
		}
	}
	return r.tells, nil
}

// exams are those of the snapshots to make anew: the hurt ones that something
// remains of, and those whose heads are lost.
func (r *repairer) exams(ctx context.Context, hurt []*repo.Hurt) ([]*repo.Exam, error) {
	var exams []*repo.Exam
	for _, h := range hurt {
		e, err := r.x.Exam(ctx, h.Head)
		if err != nil {
			return nil, err
		}
		if e.Manifest != nil {
			exams = append(exams, e)
		}
	}
	headless, err := r.x.Headless(ctx, isRepair)
	if err != nil {
		return nil, err
	}
	for _, e := range headless {
		// Where it stood in time, its own clock tells.
		at := slices.IndexFunc(exams, func(o *repo.Exam) bool { return o.Manifest.Started.After(e.Manifest.Started) })
		if at < 0 {
			at = len(exams)
		}
		exams = slices.Insert(exams, at, e)
	}
	return exams, nil
}

// originOf is what a repaired snapshot is called after: the head of the hurt
// one, or its manifest where no head is left.
func originOf(e *repo.Exam) format.Hash {
	if e.Head.Hash.IsZero() {
		return e.Head.Manifest.SHA256
	}
	return e.Head.Hash
}

// repair makes one snapshot of what remains of another.
func (r *repairer) repair(ctx context.Context, e *repo.Exam, tags []string) (*Repaired, error) {
	done := &Repaired{Of: originOf(e), Headless: e.Head.Hash.IsZero(), Source: e.Manifest.Source.Name}
	tell := func(err error) (*Repaired, error) {
		if err != nil {
			return done, err
		}
		r.tells = append(r.tells, done)
		if r.o.Told != nil {
			return done, r.o.Told(done)
		}
		return done, nil
	}
	if !r.o.Others && e.Dedup() != r.o.Own {
		done.Foreign = true
		return tell(nil)
	}
	if r.o.DryRun {
		return tell(r.count(ctx, e, done))
	}
	return tell(r.rebuild(ctx, e, tags, done))
}

// count does what rebuild does, and stores nothing.
func (r *repairer) count(ctx context.Context, e *repo.Exam, done *Repaired) error {
	b := &rebuild{ctx: ctx, e: e, done: done, out: &discarded{}}
	return b.all()
}

// rebuild stores what remains of a snapshot as a new one, unless that is there
// already.
func (r *repairer) rebuild(ctx context.Context, e *repo.Exam, tags []string, done *Repaired) error {
	s, err := r.o.Begin(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	p := s.NewPacker()
	out := &relisted{carrier: p.Carry(e.Snapshot()), contents: p.NewList(ctx, "contents"), stats: p.NewList(ctx, "stats")}
	b := &rebuild{ctx: ctx, e: e, done: done, out: out}
	if err := b.all(); err != nil {
		return err
	}
	m := *e.Manifest
	m.Program = r.o.Program
	m.Tags = retagged(m.Tags, tags)
	m.Totals = b.totals(e.Manifest.Totals)
	m.Complete = m.Complete && done.Partial+done.Lost+done.Gone == 0
	if m.Contents, err = out.contents.Close(); err != nil {
		return err
	}
	if m.Stats, err = out.stats.Close(); err != nil {
		return err
	}
	if err := s.Flush(ctx, p); err != nil {
		return err
	}
	for _, before := range r.made[tags[len(tags)-1]] {
		if reflect.DeepEqual(before.Contents, m.Contents) && reflect.DeepEqual(before.Stats, m.Stats) {
			done.Already = true
			return nil
		}
	}
	if m.Contents.Entries == 0 {
		return nil // of nothing there is no snapshot
	}
	head, err := s.Commit(ctx, &m)
	if err != nil {
		return err
	}
	done.Snapshot = head.Hash
	return nil
}

// isRepair reports whether a repair made a snapshot.
func isRepair(m *format.Manifest) bool {
	return slices.Contains(m.Tags, tagRepaired) || slices.Contains(m.Tags, tagRestated)
}

// retagged are the tags of a snapshot with those of a repair in place of such
// of an earlier one.
func retagged(tags, more []string) []string {
	kept := slices.DeleteFunc(slices.Clone(tags), func(tag string) bool {
		return tag == tagRepaired || tag == tagRestated || strings.HasPrefix(tag, tagFrom)
	})
	return append(append([]string{}, kept...), more...)
}
