package repo

import (
	"context"
	"sync/atomic"

	"filippo.io/age"

	"chatkeep/backup/format"
)

// Index says where the chunks of a snapshot are.
type Index struct {
	packs  []format.IndexPack
	table  table
	header atomic.Int64 // how long the header of the pack opened last was; for ChunkCosts
	// broken are packs that are known to be damaged and whose remains are wanted.
	broken map[format.Hash]bool
}

// Place is where a chunk is: a pack by its number in the index, and frame and
// member within.
type Place struct{ Pack, Frame, Member int }

// Find returns the place of a chunk.
func (x *Index) Find(id format.ID) (Place, bool) {
	p, ok := x.table.get(id)
	return Place{int(p.pack), int(p.frame), int(p.member)}, ok
}

// Packs are the packs of the index, by number.
func (x *Index) Packs() []format.IndexPack { return x.packs }

// loadIndex reads the index objects of a live set, as far as they speak of its
// packs: an index object may cover more. Where one is gone or damaged, others
// that cover a pack do, and the pack's own directory does: what is found so is
// right, for every chunk is held against its id. Notes say that it was needed.
// A pack that is gone together with its index object is left out, and what it
// held is found missing when it is read. Index objects that writers of another
// family have signed for are never asked: they could say anything.
func (r *Reader) loadIndex(ctx context.Context, live format.LiveSet, family format.Hash) (x *Index, notes []string, err error) {
	x = &Index{}
	left := map[format.Hash]int64{} // packs yet to be found, with sizes
	for _, ref := range live.Packs {
		left[ref.SHA256] = ref.Size
	}
	for _, ref := range live.Index {
		name := format.Name{Type: format.ObjectIndex, Hash: ref.SHA256}
		err := r.addIndex(ctx, x, name, left, true)
		if isLoss(err) {
			notes = append(notes, err.Error()+": what it says is read from the packs, which takes longer; chatkeep repair writes it anew")
			continue
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if len(left) == 0 {
		return x, notes, nil
	}
	if len(notes) == 0 {
		for _, ref := range live.Packs {
			if _, ok := left[ref.SHA256]; ok {
				return nil, nil, format.Fail(format.Missing, format.PackName(ref.SHA256), "no index object covers it")
			}
		}
	}
	return x, notes, r.searchPacks(ctx, x, live, family, left)
}

// isLoss reports whether an error says that an object is gone or damaged.
func isLoss(err error) bool {
	switch format.ClassOf(err) {
	case format.Missing, format.Flipped, format.Truncated:
		return true
	}
	return false
}

// addIndex takes from an index object what it says of the packs that are left.
// Sizes are those of the live set; an index object of that set must agree.
func (r *Reader) addIndex(ctx context.Context, x *Index, name format.Name, left map[format.Hash]int64, strict bool) error {
	records, err := indexRecords(ctx, r.source, name, r.view.Label(), r.identities()...)
	if err != nil {
		return err
	}
	for p, err := range format.ParseIndex(records) {
		if err != nil {
			return format.At(name.String(), err)
		}
		size, ok := left[p.Pack]
		switch {
		case !ok:
		case p.Size == size:
			delete(left, p.Pack)
			x.add(p)
		case strict:
			return format.Fail(format.Malformed, name.String(), "it says that pack %s has %d bytes, and the snapshot %d", p.Pack, p.Size, size)
		}
	}
	return nil
}

// searchPacks finds packs that no index object of their live set covers: in
// those of other heads of the family, then in the packs themselves.
func (r *Reader) searchPacks(ctx context.Context, x *Index, live format.LiveSet, family format.Hash, left map[format.Hash]int64) error {
	tried := map[format.Hash]bool{}
	for _, ref := range live.Index {
		tried[ref.SHA256] = true
	}
	for _, chain := range r.view.Chains {
		if chain.Writer.Dedup != family {
			continue
		}
		for _, ref := range chain.Ever().Index {
			if len(left) == 0 {
				return nil
			}
			if tried[ref.SHA256] {
				continue
			}
			tried[ref.SHA256] = true
			err := r.addIndex(ctx, x, format.Name{Type: format.ObjectIndex, Hash: ref.SHA256}, left, false)
			if err != nil && format.ClassOf(err) == "" {
				return err
			}
		}
	}
	for _, ref := range live.Packs {
		if _, ok := left[ref.SHA256]; !ok {
			continue
		}
		p, err := r.readDirectory(ctx, ref)
		if err != nil && format.ClassOf(err) == "" {
			return err
		}
		if err == nil {
			x.add(p)
		}
	}
	return nil
}

// readDirectory reads from a pack itself what an index says of it, by ranged
// reads of its beginning and its end.
func (r *Reader) readDirectory(ctx context.Context, ref format.Ref) (format.IndexPack, error) {
	name := format.PackName(ref.SHA256)
	p := format.IndexPack{Pack: ref.SHA256, Size: ref.Size}
	ranges := &rangeReader{ctx: ctx, store: r.store, key: name, size: ref.Size}
	plain, size, err := age.DecryptReaderAt(ranges, ref.Size, r.identities()...)
	if err != nil {
		return p, ranges.failure(err, name)
	}
	layout, err := format.ParseLayout(plain, size)
	if err != nil {
		return p, ranges.failure(format.At(name, err), name)
	}
	if err := layout.Header.Check(name, format.TypePack, layout.Header.Kind, r.view.Label()); err != nil {
		return p, err
	}
	p.Kind, err = format.ParseKind(layout.Header.Kind)
	p.FirstFrame, p.Frames = layout.FirstFrame, layout.Frames
	return p, err
}

// indexRecords reads an index object.
func indexRecords(ctx context.Context, source *objects, name format.Name, id format.Hash, ids ...age.Identity) ([]byte, error) {
	return cached(ctx, source, name, format.MaxObject, func(object []byte) ([]byte, error) {
		return openSealed(name.String(), object, format.TypeIndex, id, format.MaxIndex, ids...)
	})
}

// readIndex reads what an index object says of all its packs.
func readIndex(ctx context.Context, source *objects, name format.Name, id format.Hash, ids ...age.Identity) ([]format.IndexPack, error) {
	records, err := indexRecords(ctx, source, name, id, ids...)
	if err != nil {
		return nil, err
	}
	var packs []format.IndexPack
	for p, err := range format.ParseIndex(records) {
		if err != nil {
			return packs, format.At(name.String(), err)
		}
		packs = append(packs, p)
	}
	return packs, nil
}

// sameRecord reports whether two index objects say the same of a pack.
func sameRecord(a, b *format.IndexPack) bool {
	return a.Size == b.Size && a.Kind == b.Kind && a.FirstFrame == b.FirstFrame && sameFrames(a.Frames, b.Frames)
}

func (x *Index) add(p format.IndexPack) {
	for f := range p.Frames {
		for m := range p.Frames[f].Members {
			x.table.put(p.Frames[f].Members[m].ID, place{uint32(len(x.packs)), uint32(f), uint32(m)})
		}
	}
	x.packs = append(x.packs, p)
}
