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
// packs: an index object may cover more.
func (r *Reader) loadIndex(ctx context.Context, live format.LiveSet) (*Index, error) {
	x := &Index{}
	left := map[format.Hash]int64{} // packs yet to be found, with sizes
	for _, ref := range live.Packs {
		left[ref.SHA256] = ref.Size
	}
	for _, ref := range live.Index {
		name := format.Name{Type: format.ObjectIndex, Hash: ref.SHA256}
		records, err := indexRecords(ctx, r.source, name, r.view.ID, r.identities()...)
		if err != nil {
			return nil, err
		}
		for p, err := range format.ParseIndex(records) {
			if err != nil {
				return nil, format.At(name.String(), err)
			}
			size, ok := left[p.Pack]
			if !ok {
				continue
			}
			if p.Size != size {
				return nil, format.Fail(format.Malformed, name.String(), "it says that pack %s has %d bytes, and the snapshot %d", p.Pack, p.Size, size)
			}
			delete(left, p.Pack)
			x.add(p)
		}
	}
	for _, ref := range live.Packs {
		if _, ok := left[ref.SHA256]; ok {
			return nil, format.Fail(format.Missing, format.PackName(ref.SHA256), "no index object covers it")
		}
	}
	return x, nil
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

func (x *Index) add(p format.IndexPack) {
	for f := range p.Frames {
		for m := range p.Frames[f].Members {
			x.table.put(p.Frames[f].Members[m].ID, place{uint32(len(x.packs)), uint32(f), uint32(m)})
		}
	}
	x.packs = append(x.packs, p)
}
