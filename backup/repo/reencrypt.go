package repo

import (
	"context"
	"errors"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// What is encrypted to an epoch that is over opens to whoever had the keys of that
// time, as long as it is there. To be rid of it, each snapshot that holds such packs is
// committed once more, with the same contents in new ones, as a repack does; then the
// owner forgets what was replaced, and a pruner takes it away. Index object and
// manifest of the new snapshot are new as well.

// Outdated is what the writers of one family have in epochs that are over.
type Outdated struct {
	Dedup format.Hash // of the family
	// Heads are snapshots that are to be committed once more, oldest first.
	Heads []*Head
	// Replaced are snapshots that others stand for already: they are to be
	// forgotten.
	Replaced []*Head
	Packs    Tally // of epochs that are over, which Heads hold
	// Running counts machines whose run that did not end holds such packs as well.
	// They stay until that machine's next backup.
	Running int

	without map[format.Hash]bool // all packs of epochs that are over
}

// FindOutdated looks, family by family, for what is encrypted to epochs before the
// given one. It reads nothing but what the reader's view has.
func FindOutdated(r *Reader, epoch uint64) ([]*Outdated, error) {
	chains := map[format.Hash][]*Chain{}
	for _, c := range r.view.Chains {
		chains[c.Writer.Dedup] = append(chains[c.Writer.Dedup], c)
	}
	heads := map[format.Hash][]*Head{}
	for _, h := range r.Heads() {
		dedup := r.view.Chains[h.Writer].Writer.Dedup
		heads[dedup] = append(heads[dedup], h)
	}
	var all []*Outdated
	for dedup, some := range chains {
		o := &Outdated{Dedup: dedup, without: map[format.Hash]bool{}}
		for hash, e := range epochsOf(epoch, some) {
			if e < epoch {
				o.without[hash] = true
			}
		}
		if err := o.find(r.view, some, heads[dedup], epoch); err != nil {
			return nil, err
		}
		if len(o.Heads)+len(o.Replaced)+o.Running > 0 {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b *Outdated) int { return a.Dedup.Compare(b.Dedup) })
	return all, nil
}

// find sorts the snapshots of a family, which are in the order of time.
func (o *Outdated) find(v *View, chains []*Chain, heads []*Head, epoch uint64) error {
	replaced := map[format.Hash]bool{}
	for _, h := range heads {
		if h.Replaces != nil {
			replaced[*h.Replaces] = true
		}
	}
	packs := map[format.Hash]bool{}
	for _, h := range heads {
		if replaced[h.Hash] {
			o.Replaced = append(o.Replaced, h)
			continue
		}
		live, err := v.Chains[h.Writer].Live(h)
		if err != nil {
			return err
		}
		if h.Epoch >= epoch && !o.holds(live) {
			continue
		}
		o.Heads = append(o.Heads, h)
		for _, ref := range live.Packs {
			if o.without[ref.SHA256] && !packs[ref.SHA256] {
				packs[ref.SHA256] = true
				o.Packs.add(ref.Size)
			}
		}
	}
	for _, c := range chains {
		if err := o.findRunning(v, c); err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether a live set has something of an epoch that is over.
func (o *Outdated) holds(live format.LiveSet) bool {
	return slices.ContainsFunc(slices.Concat(live.Packs, live.Index), func(ref format.Ref) bool { return o.without[ref.SHA256] })
}

// findRunning looks at the checkpoints of a run that did not end.
func (o *Outdated) findRunning(v *View, c *Chain) error {
	needed := v.needed(c)
	for _, h := range c.Heads {
		if h.Manifest != nil || !needed[h.Hash] {
			continue
		}
		live, err := c.Live(h)
		if err != nil {
			return err
		}
		if o.holds(live) {
			o.Running++
			return nil
		}
	}
	return nil
}

// ReencryptLabel is the label of writers that re-encrypt what others wrote. Their keys
// are kept in memory alone.
const ReencryptLabel = "chatkeep:reencrypt"

// Reencryption is one at work, for the owner.
type Reencryption struct {
	Store  storage.Store
	Master *keys.Master
	// Look loads the repository anew, and returns a view that is trusted.
	Look   func(ctx context.Context) (*View, error)
	Memory Memory // of this machine
	// Own is this machine's writer, which does what its own family has. Nil where
	// this machine has none, or may not write.
	Own *keys.Writer
	// Temporary makes the memory of a writer that is there for this alone, and what
	// takes it away.
	Temporary func() (Memory, func(), error)
	Session   SessionOptions
	// Progress, if set, is called with snapshots done of snapshots to do in a
	// family, and the bytes of its new objects so far.
	Progress func(done, total int, stored int64)
	// Told, if set, is called when a family is done.
	Told func(*Outdated, Reencrypted) error

	reader *Reader
}

// Reencrypted is what was done for a family.
type Reencrypted struct {
	Snapshots int   // that stand for others now
	Forgotten int   // that others stand for
	Stored    int64 // bytes of new objects
}

// Run commits all snapshots once more that hold something of an epoch that is over,
// the messages of each family first, and has the owner forget what was replaced. For
// the families of other machines it enrols a writer that inherits from one of them,
// and ends it when it is done; one that an earlier run left is ended.
//
// It may be cut off at any moment: what is committed stays, and the next run goes on.
func (j *Reencryption) Run(ctx context.Context) error {
	if err := j.amend(ctx, j.endLeft); err != nil {
		return err
	}
	all, err := FindOutdated(j.reader, j.reader.view.Authority.Epoch)
	if err != nil {
		return err
	}
	for _, of := range all {
		if err := j.family(ctx, of.Dedup); err != nil {
			return err
		}
	}
	return nil
}

// Reader reads by the newest view, once Run has begun.
func (j *Reencryption) Reader() *Reader { return j.reader }

// look reads the repository anew.
func (j *Reencryption) look(ctx context.Context) error {
	v, err := j.Look(ctx)
	if err == nil {
		j.reader, err = NewReader(ctx, j.Store, v, j.Master, j.Memory)
	}
	return err
}

// amend makes a change of the repository, if change wants one.
func (j *Reencryption) amend(ctx context.Context, change func(*Owner) (bool, error)) error {
	if err := j.look(ctx); err != nil {
		return err
	}
	o, err := NewOwner(ctx, j.Store, j.reader.view, j.Master, j.Memory)
	if err != nil {
		return err
	}
	if wanted, err := change(o); err != nil || !wanted {
		return err
	}
	if err := o.Commit(ctx); err != nil {
		return err
	}
	return j.look(ctx)
}

// endLeft ends writers that an earlier run enrolled and did not come to end. What they
// committed counts.
func (j *Reencryption) endLeft(o *Owner) (wanted bool, err error) {
	for _, w := range slices.Clone(o.authority.Writers) {
		if kept, ok := o.ring.Writer(w.ID); ok && kept.Label == ReencryptLabel && w.Ended == nil {
			wanted = true
			err = errors.Join(err, o.EndWriter(w.ID, j.reader.view.Chains[w.ID].Tip()))
		}
	}
	return wanted, err
}

// family does what one family has. It looks at the repository anew: the families before
// may have taken hours.
func (j *Reencryption) family(ctx context.Context, dedup format.Hash) error {
	if err := j.look(ctx); err != nil {
		return err
	}
	all, err := FindOutdated(j.reader, j.reader.view.Authority.Epoch)
	i := slices.IndexFunc(all, func(o *Outdated) bool { return o.Dedup == dedup })
	if err != nil || i < 0 || len(all[i].Heads)+len(all[i].Replaced) == 0 {
		return err
	}
	of, did, helper := all[i], Reencrypted{}, (*keys.Writer)(nil)
	if len(of.Heads) > 0 {
		if helper, did.Stored, err = j.rewriteBy(ctx, of); err != nil {
			return err
		}
	}
	err = j.amend(ctx, func(o *Owner) (bool, error) {
		// Whoever ended the writer meanwhile took back what it committed: nothing is
		// forgotten that no other snapshot stands for.
		stood := j.reader.view.StoodFor(slices.Concat(of.Heads, of.Replaced))
		did.Forgotten, did.Snapshots = len(stood), len(j.reader.view.StoodFor(of.Heads))
		err := o.Forget(stood)
		if err == nil && helper != nil {
			err = o.EndWriter(helper.ID, j.reader.view.Chains[helper.ID].Tip())
		}
		return len(stood) > 0 || helper != nil, err
	})
	if err == nil && j.Told != nil {
		err = j.Told(of, did)
	}
	return err
}

// rewriteBy commits the snapshots of a family once more, by this machine's writer where
// it is of the family, else by a helper that is enrolled for it.
func (j *Reencryption) rewriteBy(ctx context.Context, of *Outdated) (helper *keys.Writer, stored int64, err error) {
	if j.Own != nil && j.Own.Dedup == of.Dedup {
		stored, err = j.rewrite(ctx, j.Own, j.Memory, of)
		return nil, stored, err
	}
	if helper, err = j.enrol(ctx, of.Dedup); err != nil {
		return nil, 0, err
	}
	memory, done, err := j.Temporary()
	if err != nil {
		return nil, 0, err
	}
	defer done()
	stored, err = j.rewrite(ctx, helper, memory, of)
	return helper, stored, err
}

// enrol adds a writer to a family.
func (j *Reencryption) enrol(ctx context.Context, dedup format.Hash) (key *keys.Writer, err error) {
	err = j.amend(ctx, func(o *Owner) (bool, error) {
		from, err := o.memberOf(dedup)
		if err == nil {
			key, err = o.AddWriter(ReencryptLabel, &from)
		}
		return true, err
	})
	return key, err
}

// memberOf finds a writer of a family whose secrets another can inherit.
func (o *Owner) memberOf(dedup format.Hash) (format.Hash, error) {
	for _, w := range o.authority.Writers {
		if _, ok := o.ring.Writer(w.ID); ok && w.Dedup == dedup && w.Role == format.RoleWriter {
			return w.ID, nil
		}
	}
	return dedup, format.Fail(format.Missing, "writer "+dedup.String(), "the keyring has no machine of its family")
}

// rewrite commits the snapshots of a family once more, with packs of this epoch alone.
// What is there already is not stored again.
func (j *Reencryption) rewrite(ctx context.Context, key *keys.Writer, memory Memory, of *Outdated) (stored int64, err error) {
	o := j.Session
	o.Without = of.without
	session, err := Begin(ctx, j.Store, j.reader.view, key, memory, o)
	if err != nil {
		return 0, err
	}
	defer session.Close()
	done := 0
	p := &repacker{r: j.reader, key: key, each: func() {
		if j.Progress != nil {
			j.Progress(done, len(of.Heads), session.Stats().BytesStored)
		}
	}}
	for _, h := range of.Heads {
		if err := p.messages(ctx, session, h); err != nil {
			return session.Stats().BytesStored, err
		}
	}
	for _, h := range of.Heads {
		if err := p.again(ctx, session, h); err != nil {
			return session.Stats().BytesStored, err
		}
		done++
	}
	return session.Stats().BytesStored, nil
}
