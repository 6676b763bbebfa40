package repo

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// maxIndexes is how many index objects a live set holds before one new one
// takes the place of all.
const maxIndexes = 32

// checkpoint commits what is durable so far, so that an interruption loses at
// most the last packs. A checkpoint is no snapshot.
func (s *Session) checkpoint(ctx context.Context) error {
	if !s.commit.TryLock() {
		return nil // one is on its way
	}
	defer s.commit.Unlock()
	s.mu.Lock()
	var fresh []*pack
	for _, p := range s.packs {
		if p.done && p.index == (format.Hash{}) {
			fresh = append(fresh, p)
		}
	}
	s.fresh, s.lastHead = 0, s.now()
	s.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	if err := s.putIndex(ctx, fresh); err != nil {
		return err
	}
	live := s.live(func(p *pack) bool { return slices.Contains(fresh, p) })
	return s.putHead(ctx, nil, live)
}

// Commit makes a snapshot of everything that was referred to. The packers must
// be flushed. It fills in those fields of the manifest that belong to the
// repository, and returns the snapshot's head.
//
// Order is everything here. Until the head is put, all of this is litter.
// After that, all of it counts.
func (s *Session) Commit(ctx context.Context, m *format.Manifest) (*Head, error) {
	s.pending.Wait()
	if err := s.fail(nil); err != nil {
		return nil, err
	}
	s.commit.Lock()
	defer s.commit.Unlock()

	if err := s.flushed(); err != nil {
		return nil, err
	}
	// The packs are durable. What heals them comes first, for after the head
	// nobody would wait for it,
	s.closeParity(ctx)
	// then they get an index,
	if err := s.indexUsed(ctx); err != nil {
		return nil, err
	}
	live := s.live(func(p *pack) bool { return p.used })
	// and all of them, old and new, must be there and not condemned,
	if err := s.verifyStored(ctx, live, nil); err != nil {
		return nil, unsettled(err, nil)
	}
	// then the manifest says what the snapshot holds,
	ref, err := s.putManifest(ctx, m, live)
	if err != nil {
		return nil, err
	}
	// and the head makes it so.
	if err := s.putHead(ctx, ref, live); err != nil {
		return nil, err
	}
	s.checkClock()
	// A pruner may have condemned a pack while the head was on its way. Saying
	// "done" needs one more look.
	if err := s.verifyStored(ctx, live, ref); err != nil {
		return nil, unsettled(err, s.tips[0])
	}
	return s.tips[0], s.memory.Journal().Clear()
}

// Unsettled is the error of a run whose packs went away under it: a pruner
// condemned them, or the store lost them. The same run once more finds them
// absent and stores anew what was in them. Until then the snapshot that it
// committed, if it did, may be in part.
type Unsettled struct {
	Head *Head // what was committed; nil where it did not come to that
	Err  error
}

func (e *Unsettled) Error() string { return e.Err.Error() }

// Unwrap returns what went away.
func (e *Unsettled) Unwrap() error { return e.Err }

// unsettled marks the failure of an object that is not there.
func unsettled(err error, h *Head) error {
	if format.ClassOf(err) != format.Missing {
		return err
	}
	return &Unsettled{h, err}
}

// flushed reports a chunk that was taken and is in no pack that is durable.
// There is none after a flush, unless this package has a defect; and then no
// head may say that all is there.
func (s *Session) flushed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.packs {
		if !p.done && (p.used || p.claims != 0) {
			return fmt.Errorf("%d chunks were taken and are in no pack: the packers were not flushed, or this is a defect of chatkeep", p.claims)
		}
	}
	return nil
}

// live collects the packs that are wanted and the index objects that cover them.
func (s *Session) live(want func(*pack) bool) format.LiveSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	packs, index := map[format.Hash]format.Ref{}, map[format.Hash]format.Ref{}
	for _, p := range s.packs {
		if p.done && want(p) {
			packs[p.Pack] = format.Ref{SHA256: p.Pack, Size: p.Size}
			index[p.index] = s.indexes[p.index]
		}
	}
	return format.LiveSet{Packs: sortedRefs(packs), Index: sortedRefs(index)}
}

// indexUsed puts an index object for the packs in use that none covers, or for
// all packs in use when they have too many.
func (s *Session) indexUsed(ctx context.Context) error {
	var bare, all []*pack
	covers := map[format.Hash]bool{}
	for _, p := range s.packs {
		if !p.used {
			continue
		}
		all = append(all, p)
		if p.index == (format.Hash{}) {
			bare = append(bare, p)
		} else {
			covers[p.index] = true
		}
	}
	if len(covers) >= maxIndexes {
		if err := s.recallFrames(ctx, covers); err != nil {
			return err
		}
		bare = all
	}
	if len(bare) == 0 {
		return nil
	}
	return s.putIndex(ctx, bare)
}

// recallFrames reads back the records of packs whose index objects are about to
// be replaced.
func (s *Session) recallFrames(ctx context.Context, covers map[format.Hash]bool) error {
	byHash := map[format.Hash]*pack{}
	for _, p := range s.packs {
		if p.used {
			byHash[p.Pack] = p
		}
	}
	for hash := range covers {
		packs, err := s.readIndex(ctx, format.Name{Type: format.ObjectIndex, Hash: hash})
		if err != nil {
			return err
		}
		for _, rec := range packs {
			if p := byHash[rec.Pack]; p != nil {
				p.IndexPack = rec
			}
		}
	}
	return nil
}

// maxRecords is how much of an index goes into one object, in bytes; a pack's
// record is at most a few MiB, and readers take format.MaxIndex.
const maxRecords = 64 << 20

// putIndex puts index objects for these packs, most often one, and notes that
// they cover them.
func (s *Session) putIndex(ctx context.Context, packs []*pack) error {
	sorted := slices.Clone(packs)
	slices.SortFunc(sorted, func(a, b *pack) int { return bytes.Compare(a.Pack[:], b.Pack[:]) })
	for len(sorted) > 0 {
		var records []byte
		n := 0
		for n < len(sorted) && len(records) < maxRecords {
			if len(sorted[n].Frames) == 0 {
				// An index without it would hide its chunks from every reader.
				return fmt.Errorf("%s has no frames to index: this is a defect of chatkeep", format.PackName(sorted[n].Pack))
			}
			records = format.AppendIndexPack(records, &sorted[n].IndexPack)
			n++
		}
		ref, err := s.putSealed(ctx, format.TypeIndex, records, format.IndexName, s.key.IndexRecipients()...)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.indexes[ref.SHA256] = ref
		for _, p := range sorted[:n] {
			p.index, p.Frames = ref.SHA256, nil
		}
		s.mu.Unlock()
		sorted = sorted[n:]
	}
	return nil
}

// putSealed puts a sealed object that is no pack.
func (s *Session) putSealed(ctx context.Context, kind string, data []byte, name func(format.Hash) string, to ...age.Recipient) (format.Ref, error) {
	object, hash, err := sealData(format.Header{Type: kind, Repository: s.view.Label(), Epoch: s.key.Epoch, Writer: s.key.ID}, data, to...)
	if err != nil {
		return format.Ref{}, err
	}
	if kind == format.TypeIndex {
		s.memory.CacheObject(hash, object)
	}
	return format.Ref{SHA256: hash, Size: int64(len(object))}, s.put(ctx, name(hash), object)
}

func (s *Session) putManifest(ctx context.Context, m *format.Manifest, live format.LiveSet) (*format.Ref, error) {
	m.Repository, m.Writer = s.view.Label(), s.key.ID
	m.Seq, m.Prev = s.next()
	m.Live = live.Hash()
	data := m.Encode()
	if _, err := format.ParseManifest(data); err != nil {
		return nil, err // what readers refuse must not be committed
	}
	ref, err := s.putSealed(ctx, format.TypeManifest, data, format.ManifestName, s.key.EpochRecipient()...)
	return &ref, err
}

// next is the number of the head to come and what it continues.
func (s *Session) next() (uint64, []format.Hash) {
	var seq uint64
	prev := []format.Hash{}
	for _, h := range s.tips {
		seq = max(seq, h.Seq)
		prev = append(prev, h.Hash)
	}
	slices.SortFunc(prev, func(a, b format.Hash) int { return bytes.Compare(a[:], b[:]) })
	return seq + 1, prev
}

// putHead is the point of no return: what it names must be durable.
func (s *Session) putHead(ctx context.Context, manifest *format.Ref, live format.LiveSet) error {
	h := &format.Head{
		Repository: s.view.Label(), Requires: []string{}, Writer: s.key.ID, Epoch: s.key.Epoch,
		Time: s.lastTime(), Manifest: manifest, Authority: s.view.AuthorityHash, Seen: s.witness(),
	}
	h.Seq, h.Prev = s.next()
	if manifest != nil {
		h.Replaces = s.replaces
	}
	if err := s.describe(h, live); err != nil {
		return err
	}
	object := keys.SignHead(s.key.Signer(), h)
	hash := format.Sum(object)
	name := format.HeadName(s.key.ID, h.Seq, hash)
	if _, err := keys.OpenHead(name, object, s.view.Label(), s.key.Signer().Public()); err != nil {
		return err // a head that readers refuse would be there for ever
	}
	// A crash from here on leaves it open whether the head is there. The intent
	// tells the next run that it is this machine's own.
	if err := s.memory.AddIntent(hash); err != nil {
		return err
	}
	if err := s.put(ctx, name, object); err != nil {
		return err
	}
	if err := readBack(ctx, s.store, name, object); err != nil {
		return err
	}
	s.memory.CacheObject(hash, object)
	return s.committed(&Head{Hash: hash, Head: h})
}

// maxSkew is how far the store's clock and this machine's may be apart.
const maxSkew = 24 * time.Hour

// checkClock notes that the store's clock, which dates snapshots, is not this
// machine's.
func (s *Session) checkClock() {
	there, here := s.lastTime(), s.now().UTC()
	if !there.IsZero() && there.Sub(here).Abs() > maxSkew {
		s.note(fmt.Sprintf("the store dates this backup %s, and here it is %s: one of the two clocks is wrong, and by the store's the snapshots are put in order",
			there.Format(time.RFC3339), here.Format(time.RFC3339)))
	}
}

// lastTime is the storage's time as last seen. Puts go on during a checkpoint.
func (s *Session) lastTime() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.storeTime.UTC().Truncate(time.Second)
}

// committed notes a head that is durable.
func (s *Session) committed(h *Head) error {
	s.tips = []*Head{h}
	s.chain.Heads = append(s.chain.Heads, h)
	s.chain.mu.Lock()
	s.chain.byID[h.Hash] = h
	s.chain.mu.Unlock()
	return s.remember()
}

// describe writes the live set into a head: as a change to an earlier head of
// this writer where that is shorter, or whole.
func (s *Session) describe(h *format.Head, live format.LiveSet) error {
	h.Live = &live
	if len(s.tips) != 1 || s.deltas() >= format.MaxDeltas {
		return nil // the first head, one that joins, or one after many on bases
	}
	best := len(live.Packs) + len(live.Index)
	for _, base := range s.bases() {
		set, err := s.chain.Live(base)
		if format.ClassOf(err) == format.Missing {
			continue // a head was lost; those on it are no base for others
		}
		if err != nil {
			return err
		}
		add, drop := format.Diff(set, live)
		if n := len(add.Packs) + len(add.Index) + len(drop.Packs) + len(drop.Index); n < best {
			best = n
			hash := base.Hash
			h.Live, h.Base, h.Add, h.Drop = nil, &hash, &add, &drop
		}
	}
	return nil
}

// deltas counts the heads on bases since the last whole one.
func (s *Session) deltas() int {
	n := 0
	for _, h := range slices.Backward(s.chain.Heads) {
		if h.Base == nil {
			break
		}
		n++
	}
	return n
}

// bases are the heads worth trying: the last one, and the last snapshots, among
// which the one of the same source is.
func (s *Session) bases() []*Head {
	var bases []*Head
	for _, h := range slices.Backward(s.chain.Heads) {
		if len(bases) == 8 {
			break
		}
		if s.depth(h) < format.MaxDeltas {
			bases = append(bases, h)
		}
	}
	return bases
}

func (s *Session) depth(h *Head) int {
	n := 0
	for h != nil && h.Base != nil {
		n++
		h = s.chain.Find(*h.Base)
	}
	return n
}

// witness lists the newest heads of the other writers.
func (s *Session) witness() []format.HeadRef {
	seen := []format.HeadRef{}
	for id, chain := range s.view.Chains {
		if tip := chain.Tip(); tip != nil && id != s.key.ID {
			seen = append(seen, format.HeadRef{Writer: id, Seq: tip.Seq, SHA256: tip.Hash})
		}
	}
	slices.SortFunc(seen, func(a, b format.HeadRef) int { return bytes.Compare(a.Writer[:], b.Writer[:]) })
	return seen
}

// verifyStored asks the store for everything that a head names.
func (s *Session) verifyStored(ctx context.Context, live format.LiveSet, manifest *format.Ref) error {
	want := map[format.Hash]bool{}
	for _, ref := range slices.Concat(live.Packs, live.Index) {
		want[ref.SHA256] = true
	}
	if manifest != nil {
		want[manifest.SHA256] = true
	}
	there, err := s.inventory(ctx, want)
	if err != nil {
		return err
	}
	if manifest != nil {
		if err := verifyRef(there.manifests, *manifest, format.ManifestName); err != nil {
			return err
		}
	}
	for _, ref := range live.Index {
		if err := verifyRef(there.index, ref, format.IndexName); err != nil {
			return err
		}
	}
	for _, ref := range live.Packs {
		if err := verifyRef(there.packs, ref, format.PackName); err != nil {
			return err
		}
	}
	return nil
}

func verifyRef(there map[format.Hash]int64, ref format.Ref, name func(format.Hash) string) error {
	size, ok := there[ref.SHA256]
	switch {
	case !ok:
		e := format.Fail(format.Missing, name(ref.SHA256), "it went away during this run")
		e.Cure = "run the backup again: it stores anew what is missing"
		return e
	case size != ref.Size:
		return format.Fail(format.Truncated, name(ref.SHA256), "the store has %d of its %d bytes", size, ref.Size)
	}
	return nil
}
