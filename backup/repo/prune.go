package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// How pruning stays safe without locks, among writers, readers and other pruners,
// any of which may stop for ever at any step:
//
//   - A pruner never deletes what it finds unneeded. It condemns it, in a signed
//     tombstone that stays. Condemned is for ever: whoever starts a run from then
//     on takes it as absent.
//   - A grace later, and by the store's clock, it looks at all heads again, and
//     deletes of what was condemned only what still none needs. A run that did not
//     see the tombstone had begun before it, and so had a grace's time to commit.
//   - A writer looks for tombstones before its head and after it. One that was
//     asleep for longer than the grace between the two finds what it refers to
//     condemned, says so, and stores it again before it ends well.
//
// The order within each is what counts: condemn, wait, look, delete there; look,
// commit, look here.

// PruneOptions tune a prune. The zero value is good.
type PruneOptions struct {
	// DryRun changes nothing and reports what would be done.
	DryRun bool
	// MachineClock stands in for the clock of a store that tells no time. Nil
	// refuses such a store.
	MachineClock func() time.Time
	// Now is this machine's clock. It decides nothing but whether the store is
	// worth asking for the time.
	Now func() time.Time
	// Progress, if set, is called with bytes deleted of bytes to delete.
	Progress func(done, total int64)
}

// Tally counts objects and their bytes.
type Tally struct{ Objects, Bytes int64 }

func (t *Tally) add(size int64) {
	t.Objects++
	t.Bytes += size
}

// PruneReport is what a prune did.
type PruneReport struct {
	Condemned Tally     // now, to be deleted by a later run
	Deleted   Tally     // condemned by an earlier run, and still needed by none
	Waiting   Tally     // condemned earlier, and the grace is not over
	Due       time.Time // when the first of those may go, by the store's clock; zero for none
	Kept      Tally     // condemned, and a snapshot needs it: it stays until none does
	Locked    Tally     // the store refuses to delete it, as under object lock
	Young     Tally     // of runs under way, or of ones that were cut off lately
}

// Prune condemns what no snapshot needs, and deletes what was condemned a grace
// ago. Look loads the repository anew; it is called twice, for the point is to
// see what became of it meanwhile. Prune refuses a repository with any problem,
// and one with objects that it does not know: what they need cannot be told.
//
// It needs no key that opens anything. Whatever moment it is interrupted at,
// nothing that a snapshot needs is gone, and the next run goes on.
func Prune(ctx context.Context, store storage.Store, look func(context.Context) (*View, error), key *keys.Pruner, o PruneOptions) (*PruneReport, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &pruner{store: store, look: look, key: key, o: o, report: &PruneReport{}, there: map[string]storage.Info{}}
	return p.report, p.run(ctx)
}

// pruner is one prune at work.
type pruner struct {
	store  storage.Store
	look   func(context.Context) (*View, error)
	key    *keys.Pruner
	o      PruneOptions
	report *PruneReport

	view       *View
	there      map[string]storage.Info // packs, index objects and manifests in the store
	parity     []storage.Info
	tombstones []tombstone
	condemned  map[format.Hash]bool
	now        time.Time // what the store's clock has certainly reached
}

func (p *pruner) run(ctx context.Context) error {
	var err error
	// Heads before objects: an object that the listing shows and no head names
	// is either unneeded, or younger than the view.
	if p.view, err = p.looked(ctx); err != nil {
		return err
	}
	if err := p.mayPrune(); err != nil {
		return err
	}
	if err := p.list(ctx); err != nil {
		return err
	}
	// What waits is deleted although nothing can be condemned: a store may be
	// full.
	condemning := p.condemn(ctx)
	if condemning != nil && storage.ClassOf(condemning) != storage.Full {
		return condemning
	}
	if err := p.sweep(ctx); err != nil {
		return err
	}
	return condemning
}

// looked loads the repository and asks that nothing is wrong with it: a head that
// is missing or cannot be read may need anything.
func (p *pruner) looked(ctx context.Context) (*View, error) {
	v, err := p.look(ctx)
	if err != nil {
		return nil, err
	}
	if len(v.Problems) > 0 {
		return nil, refused(v.Problems[0])
	}
	if len(v.newest) > 1 {
		return nil, refused(v.forked())
	}
	return v, nil
}

// refused is why nothing is pruned.
func refused(err error) error {
	return &Refused{fmt.Errorf("nothing is pruned while the repository is not in order: %w", err)}
}

// Refused is the error of a prune that would not be safe.
type Refused struct{ Err error }

func (e *Refused) Error() string { return e.Err.Error() }

func (e *Refused) Unwrap() error { return e.Err }

// Hint tells what to do first.
func (e *Refused) Hint() string {
	var foreign *Foreign
	if format.ClassOf(e.Err) == format.Fork || errors.As(e.Err, &foreign) {
		return "" // the cause has a better one
	}
	return "chatkeep check says what is wrong"
}

// mayPrune asks the authority whether the key may condemn.
func (p *pruner) mayPrune() error {
	for _, w := range p.view.Authority.Writers {
		if w.ID == p.key.ID && w.Role == format.RolePrune && w.Ended == nil {
			return nil
		}
	}
	e := format.Fail(format.WrongWriter, "this machine's prune key", "the repository's authority does not name it, or the owner ended it")
	e.Cure = "chatkeep writer add --role prune enrols one"
	return e
}

// list notes what the store has.
func (p *pruner) list(ctx context.Context) error {
	var tombstones []storage.Info
	var foreign []string
	for info, err := range listed(ctx, p.store, "") {
		if err != nil {
			return err
		}
		name, ok := format.ParseName(info.Key)
		if !ok {
			if foreign = append(foreign, info.Key); len(foreign) > maxForeignShown {
				break
			}
			continue
		}
		p.reached(info.Time)
		switch name.Type {
		case format.ObjectPack, format.ObjectIndex, format.ObjectManifest:
			p.there[info.Key] = info
		case format.ObjectTombstone:
			tombstones = append(tombstones, info)
		case format.ObjectParity:
			p.parity = append(p.parity, info)
		}
	}
	if len(foreign) > 0 {
		return &Refused{fmt.Errorf("nothing is pruned: %w", &Foreign{foreign})}
	}
	return p.readTombstones(ctx, tombstones)
}

// reached notes a time that the store's clock has shown. The newest object proves
// how late it is at least, without asking.
func (p *pruner) reached(t time.Time) {
	if t.After(p.now) {
		p.now = t
	}
}

// condemn finds what no snapshot needs and puts a tombstone for it.
func (p *pruner) condemn(ctx context.Context) error {
	needs, err := p.view.needs(func(h *Head) bool { return p.view.isRecent(h, p.now) })
	if err != nil {
		return refused(err)
	}
	once := p.view.once()
	dead := &format.Tombstone{}
	for key, info := range p.there {
		name, _ := format.ParseName(key)
		switch {
		case p.condemned[name.Hash], needs.has(name):
		case !once[name.Hash] && !p.old(info):
			p.report.Young.add(info.Size)
		default:
			condemnOne(dead, name)
			p.report.Condemned.add(info.Size)
		}
	}
	if p.report.Condemned.Objects == 0 || p.o.DryRun {
		return nil
	}
	return p.putTombstones(ctx, dead)
}

func condemnOne(t *format.Tombstone, name format.Name) {
	switch name.Type {
	case format.ObjectPack:
		t.Packs = append(t.Packs, name.Hash)
	case format.ObjectIndex:
		t.Index = append(t.Index, name.Hash)
	case format.ObjectManifest:
		t.Manifests = append(t.Manifests, name.Hash)
	}
}

// checkpointStays is how long the work of an interrupted run is kept after its
// writer has made other snapshots: a first backup of much may take many nights,
// beside small ones that end.
const checkpointStays = 30 * 24 * time.Hour

// isRecent reports whether a head is a checkpoint of a run that may go on yet. In a new
// epoch none goes on with what only a checkpoint of an epoch before holds.
func (v *View) isRecent(h *Head, now time.Time) bool {
	return h.Manifest == nil && h.Epoch >= v.Authority.Epoch && !h.Time.IsZero() && now.Sub(h.Time) < checkpointStays
}

// old reports whether an object that no head ever named is of no run that may
// still commit it. Whoever commits it later all the same looks for tombstones.
func (p *pruner) old(info storage.Info) bool {
	session := time.Duration(p.view.Authority.Session) * time.Second
	return !info.Time.IsZero() && p.now.Sub(info.Time) > session
}

// inOrder puts hashes in the order that statements want.
func inOrder(list []format.Hash) []format.Hash {
	slices.SortFunc(list, format.Hash.Compare)
	if list == nil {
		return []format.Hash{}
	}
	return list
}
