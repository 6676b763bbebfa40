// Package forget drops snapshots, and never messages.
//
// The story of one run: a policy, or a person, names the snapshots that are to go
// (package retention decides, choose.go tells it what it needs to know). Then each
// source is gone through, snapshot by snapshot: first those that remain, of which
// every record's state is noted by a hash, then those that go. A record whose
// state no remaining snapshot has, with the same attachments, is *carried*: a new
// snapshot of the source takes it along, with the bytes of its attachments. That
// snapshot is committed and read back whole, and only then the authority says
// that the others are no more.
//
// So a crash in between loses nothing, and the next run finds in the carried
// snapshot what it would have carried.
//
// Memory: 16 bytes and the overhead of a map, some 50 in all, for each state of a
// record in the snapshots of one source; as much for each file of one snapshot;
// some 100 for each chunk of records, the index of one snapshot, and the paths of
// what is carried.
package forget

import (
	"context"
	"fmt"
	"slices"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/retention"
)

// Source is what snapshots have in common that stand for each other: the name
// of the source and the machine it is on.
type Source struct{ Name, Host string }

// Snapshot is one that was looked at, and what is to become of it.
type Snapshot struct {
	Head     *repo.Head
	Manifest *format.Manifest // nil where it cannot be read
	Source   Source
	// Reasons are why it stays; none if it is to be forgotten.
	Reasons []string
	// Damage is why it cannot be read. One with damage stays, unless messages may
	// be lost.
	Damage error

	settled bool // old enough to stand for others
	refused bool // it was to go and stays, for it has damage
}

// refuse keeps a snapshot that was to go.
func (s *Snapshot) refuse(why string) { s.Reasons, s.refused = []string{why}, true }

// Forgotten reports whether the snapshot is to be forgotten.
func (s *Snapshot) Forgotten() bool { return len(s.Reasons) == 0 }

// Request says what to forget: the snapshots with names, or what a policy does
// not keep of those that the filter takes.
type Request struct {
	Named  []format.Hash
	Policy retention.Policy
	Grace  retention.Duration
	Filter func(*format.Manifest) bool // nil takes all
	// GroupBy says of which snapshots a policy is to keep some; the writers that
	// share their secrets are always apart from others.
	GroupBy func(*format.Manifest) string
	// All allows that nothing stays of a source.
	All bool
	// LoseMessages does without carrying.
	LoseMessages bool
	Here         time.Time // by this machine's clock
	Zone         *time.Location
	// Own is this machine's writer, whose carried snapshots it trusts.
	Own      format.Hash
	Progress func(done, total int)
}

// Plan is what a run would do, and has in hand to do it.
type Plan struct {
	Snapshots []*Snapshot // all that were judged, oldest first
	Carried   []*Carried  // what would be carried or, if messages may be lost, lost
	Notes     []string    // for people
	Foreign   []string    // things in the store that are no objects
	request   *Request
}

// Forgotten are the snapshots that the plan forgets, oldest first.
func (p *Plan) Forgotten() []*Snapshot {
	return slices.DeleteFunc(slices.Clone(p.Snapshots), func(s *Snapshot) bool { return !s.Forgotten() })
}

// Asks reports whether the filter takes a snapshot, a carried one included, or may
// for all that can be read.
func (p *Plan) Asks() bool {
	return slices.ContainsFunc(p.Snapshots, func(s *Snapshot) bool {
		return s.Manifest == nil || p.request.Filter(s.Manifest)
	})
}

// Damaged are the snapshots that were to be judged, or to go, and stay because
// they cannot be read.
func (p *Plan) Damaged() []*Snapshot {
	return slices.DeleteFunc(slices.Clone(p.Snapshots), func(s *Snapshot) bool { return !s.refused })
}

// Make works out a plan. It changes nothing.
func Make(ctx context.Context, r *repo.Reader, q Request) (*Plan, error) {
	stock, err := r.Stock(ctx)
	if err != nil {
		return nil, err
	}
	p := &Plan{Foreign: stock.Foreign, request: &q}
	if p.Snapshots, err = survey(ctx, r); err != nil {
		return nil, err
	}
	if len(q.Named) > 0 {
		err = p.name(q.Named)
	} else {
		err = p.judge(r, stock)
	}
	if err != nil {
		return nil, err
	}
	return p, p.weigh(ctx, r, stock)
}

// survey reads the manifests.
func survey(ctx context.Context, r *repo.Reader) ([]*Snapshot, error) {
	var all []*Snapshot
	for _, h := range r.Heads() {
		s := &Snapshot{Head: h}
		m, err := r.Manifest(ctx, h)
		switch {
		case err == nil:
			s.Manifest, s.Source = m, Source{m.Source.Name, m.Source.Host}
		case format.ClassOf(err) != "":
			s.Damage = err
		default:
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// weigh goes through the sources of which something is to be forgotten.
func (p *Plan) weigh(ctx context.Context, r *repo.Reader, stock *repo.Stock) error {
	var sources []Source
	for _, s := range p.Snapshots {
		switch {
		case !s.Forgotten():
		case s.Manifest == nil && !p.request.LoseMessages:
			s.refuse("it cannot be read")
		case s.Manifest != nil && !slices.Contains(sources, s.Source):
			sources = append(sources, s.Source)
		}
	}
	slices.SortFunc(sources, compareSources)
	done, total := 0, 0
	for _, s := range p.Snapshots {
		if slices.Contains(sources, s.Source) {
			total++
		}
	}
	for _, source := range sources {
		w := &weighing{plan: p, reader: r, stock: stock, source: source, ledger: newLedger()}
		w.step = func() {
			if done++; p.request.Progress != nil {
				p.request.Progress(done, total)
			}
		}
		if err := w.run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Last is the error of a plan that would leave nothing of a source.
type Last struct{ Source Source }

func (e *Last) Error() string {
	return fmt.Sprintf("the policy keeps no snapshot of %s", e.Source)
}

// Hint tells how to mean it.
func (e *Last) Hint() string {
	return "a policy with --keep-last 1 keeps the newest; --unsafe-allow-remove-all forgets all of them"
}

// String names the source to people.
func (s Source) String() string {
	if s.Host == "" {
		return s.Name
	}
	return s.Name + " on " + s.Host
}
