package repo

import (
	"bytes"
	"context"
	"slices"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

const (
	maxBases = 63 // heads on bases in a row, as the format says
	// maxIndexes is how many index objects a live set holds before one new one
	// takes the place of all.
	maxIndexes = 32
)

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
	if _, err := s.putIndex(ctx, fresh); err != nil {
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

	// The packs are durable. First they get an index,
	if err := s.indexUsed(ctx); err != nil {
		return nil, err
	}
	live := s.live(func(p *pack) bool { return p.used })
	// and all of them, old and new, must be there and not condemned,
	if err := s.verifyStored(ctx, live); err != nil {
		return nil, err
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
	// A pruner may have condemned a pack while the head was on its way. Saying
	// "done" needs one more look.
	if err := s.verifyStored(ctx, live); err != nil {
		return nil, err
	}
	return s.tips[0], s.memory.Journal().Clear()
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
	_, err := s.putIndex(ctx, bare)
	return err
}

// recallFrames reads back the records of packs whose index objects are about to
// be replaced.
func (s *Session) recallFrames(ctx context.Context, covers map[format.Hash]bool) error {
	byHash := map[format.Hash]*pack{}
	for _, p := range s.packs {
		byHash[p.Pack] = p
	}
	source := &objects{s.store, s.memory}
	for hash := range covers {
		name := format.Name{Type: format.ObjectIndex, Hash: hash}
		data, err := source.cached(ctx, name, maxSealed)
		if err != nil {
			return err
		}
		records, err := openIndex(name.String(), data, s.view.ID, s.key.IndexIdentity())
		if err != nil {
			return err
		}
		for rec, err := range format.ParseIndex(records) {
			if err != nil {
				return err
			}
			if p := byHash[rec.Pack]; p != nil {
				p.IndexPack = rec
			}
		}
	}
	return nil
}

// putIndex puts one index object for these packs and notes that it covers them.
func (s *Session) putIndex(ctx context.Context, packs []*pack) (format.Hash, error) {
	sorted := slices.Clone(packs)
	slices.SortFunc(sorted, func(a, b *pack) int { return bytes.Compare(a.Pack[:], b.Pack[:]) })
	var records []byte
	for _, p := range sorted {
		records = format.AppendIndexPack(records, &p.IndexPack)
	}
	ref, err := s.putSealed(ctx, "index", records, format.IndexName, s.key.IndexRecipients()...)
	if err != nil {
		return format.Hash{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.indexes[ref.SHA256] = ref
	for _, p := range packs {
		p.index, p.Frames = ref.SHA256, nil
	}
	return ref.SHA256, nil
}

// putSealed puts a sealed object that is no pack.
func (s *Session) putSealed(ctx context.Context, kind string, data []byte, name func(format.Hash) string, to ...age.Recipient) (format.Ref, error) {
	b := format.NewBuilder(format.Header{Type: kind, Repository: s.view.ID, Epoch: s.key.Epoch, Writer: s.key.ID}, nil)
	enc := format.NewCompressor(zstd.SpeedDefault)
	for part := range slices.Chunk(data, frameTarget) {
		b.Extend(nil, func(dst []byte) []byte { return enc.Append(dst, part) })
	}
	object, hash, err := seal(nil, b.Close(), to...)
	if err != nil {
		return format.Ref{}, err
	}
	if kind == "index" {
		s.memory.CacheObject(hash, object)
	}
	return format.Ref{SHA256: hash, Size: int64(len(object))}, s.put(ctx, name(hash), object)
}

func (s *Session) putManifest(ctx context.Context, m *format.Manifest, live format.LiveSet) (*format.Ref, error) {
	m.Repository, m.Writer = s.view.ID, s.key.ID
	m.Seq, m.Prev = s.next()
	m.Live = live.Hash()
	ref, err := s.putSealed(ctx, "manifest", m.Encode(), format.ManifestName, s.key.EpochRecipient()...)
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
		Repository: s.view.ID, Requires: []string{}, Writer: s.key.ID, Epoch: s.key.Epoch,
		Time: s.storeTime.UTC(), Manifest: manifest, Authority: s.view.AuthorityHash, Seen: s.witness(),
	}
	h.Seq, h.Prev = s.next()
	if err := s.describe(h, live); err != nil {
		return err
	}
	object := keys.SignHead(s.key.Signer(), h)
	hash := format.Sum(object)
	// A crash from here on leaves it open whether the head is there. The intent
	// tells the next run that it is this machine's own.
	if err := s.memory.SetIntent(hash); err != nil {
		return err
	}
	name := format.HeadName(s.key.ID, h.Seq, hash)
	if err := s.put(ctx, name, object); err != nil {
		return err
	}
	back, err := readAll(ctx, s.store, name, maxStatement)
	if err != nil {
		return err
	}
	if !bytes.Equal(back, object) {
		return format.Fail(format.Flipped, name, "the store gives back other bytes than it took")
	}
	s.memory.CacheObject(hash, object)
	return s.committed(&Head{hash, h})
}

// committed notes a head that is durable.
func (s *Session) committed(h *Head) error {
	s.tips = []*Head{h}
	s.chain.Heads = append(s.chain.Heads, h)
	s.chain.byID[h.Hash] = h
	if err := s.view.Remember(s.memory); err != nil {
		return err
	}
	return s.memory.ClearIntent()
}

// describe writes the live set into a head: as a change to an earlier head of
// this writer where that is shorter, or whole.
func (s *Session) describe(h *format.Head, live format.LiveSet) error {
	h.Live = &live
	if len(s.tips) != 1 {
		return nil // the first head, or one that joins
	}
	best := len(live.Packs) + len(live.Index)
	for _, base := range s.bases() {
		set, err := s.chain.Live(base)
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

// bases are the heads worth trying: the last one, and the last snapshots, among
// which the one of the same source is.
func (s *Session) bases() []*Head {
	var bases []*Head
	for _, h := range slices.Backward(s.chain.Heads) {
		if len(bases) == 8 {
			break
		}
		if s.depth(h) < maxBases {
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

// verifyStored asks the store for every pack of a live set.
func (s *Session) verifyStored(ctx context.Context, live format.LiveSet) error {
	stored, condemned, err := s.stored(ctx)
	if err != nil {
		return err
	}
	for _, ref := range live.Packs {
		size, ok := stored[ref.SHA256]
		switch {
		case !ok || condemned[ref.SHA256]:
			e := format.Fail(format.Missing, format.PackName(ref.SHA256), "it went away during this run")
			e.Cure = "run the backup again: it stores anew what is missing"
			return e
		case size != ref.Size:
			return format.Fail(format.Truncated, format.PackName(ref.SHA256), "the store has %d of its %d bytes", size, ref.Size)
		}
	}
	return nil
}
