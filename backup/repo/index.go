package repo

import (
	"context"

	"chatkeep/backup/format"
)

// Index says where the chunks of a snapshot are.
type Index struct {
	packs []format.IndexPack
	table table
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
	have := map[format.Hash]bool{}
	for _, ref := range live.Index {
		name := format.Name{Type: format.ObjectIndex, Hash: ref.SHA256}
		object, err := r.source.cached(ctx, name, maxSealed)
		if err != nil {
			return nil, err
		}
		records, err := openIndex(name.String(), object, r.view.ID, r.identities()...)
		if err != nil {
			return nil, err
		}
		for p, err := range format.ParseIndex(records) {
			if err != nil {
				return nil, format.At(name.String(), err)
			}
			if live.HasPack(p.Pack) && !have[p.Pack] {
				have[p.Pack] = true
				x.add(p)
			}
		}
	}
	for _, ref := range live.Packs {
		if !have[ref.SHA256] {
			return nil, format.Fail(format.Missing, format.PackName(ref.SHA256), "no index object covers it")
		}
	}
	return x, nil
}

func (x *Index) add(p format.IndexPack) {
	for f := range p.Frames {
		for m := range p.Frames[f].Members {
			x.table.put(p.Frames[f].Members[m].ID, place{uint32(len(x.packs)), uint32(f), uint32(m)})
		}
	}
	x.packs = append(x.packs, p)
}
