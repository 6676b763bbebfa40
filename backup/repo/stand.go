package repo

import (
	"time"

	"chatkeep/backup/format"
)

// stand finds the heads that stand for a snapshot that was forgotten: the same
// contents, in other packs. Such a head has that snapshot's time, or a snapshot
// that was repacked would become the newest.
//
// A thief with a writer's key can say of any head that it replaces another. It
// gains him little: the first that says so counts, only of a writer with the same
// chunk ids, and only where the owner has dropped what it replaces.
func (v *View) stand() {
	first := map[format.Hash]*Head{} // that stands for a snapshot, by that one
	for _, w := range v.Authority.Writers {
		chain := v.Chains[w.ID]
		if chain == nil {
			continue
		}
		for _, h := range chain.Heads {
			if h.Replaces != nil && first[*h.Replaces] == nil && v.dropped(*h.Replaces, w.Dedup) {
				first[*h.Replaces] = h
			}
		}
	}
	for hash, h := range first {
		v.standFor(h, hash, first)
	}
}

// standFor gives a head the time of the forgotten snapshot that it stands for, which
// may stand for another by itself.
func (v *View) standFor(h *Head, hash format.Hash, first map[format.Hash]*Head) {
	if !h.as.IsZero() {
		return
	}
	chain, replaced := v.find(hash)
	if replaced.Replaces != nil && first[*replaced.Replaces] == replaced {
		v.standFor(replaced, *replaced.Replaces, first)
	}
	h.as = chain.timeOf(replaced)
}

// dropped reports whether a hash is that of a forgotten snapshot of the writers with
// this dedup id.
func (v *View) dropped(hash, dedup format.Hash) bool {
	chain, h := v.find(hash)
	return h != nil && h.Manifest != nil && chain.Writer.Dedup == dedup && v.Forgotten(h)
}

// find returns a head and its chain, nil where there is none of this hash.
func (v *View) find(hash format.Hash) (*Chain, *Head) {
	for _, chain := range v.Chains {
		if h := chain.Find(hash); h != nil {
			return chain, h
		}
	}
	return nil, nil
}

// timeOf returns the time of a head of the chain for putting snapshots in order.
func (c *Chain) timeOf(h *Head) time.Time {
	for i, t := range c.Times() {
		if c.Heads[i] == h {
			return t
		}
	}
	return time.Time{}
}

// StoodFor are those of some snapshots that another stands for, one that counts and
// is not forgotten: nothing is lost where they are forgotten.
func (v *View) StoodFor(heads []*Head) []*Head {
	stood := map[format.Hash]bool{}
	for _, chain := range v.Chains {
		for _, h := range chain.Heads {
			if h.Replaces != nil && !v.Forgotten(h) && v.sameFamily(*h.Replaces, chain) {
				stood[*h.Replaces] = true
			}
		}
	}
	var list []*Head
	for _, h := range heads {
		if stood[h.Hash] {
			list = append(list, h)
		}
	}
	return list
}

func (v *View) sameFamily(hash format.Hash, of *Chain) bool {
	chain, h := v.find(hash)
	return h != nil && chain.Writer.Dedup == of.Writer.Dedup
}

// At returns a snapshot's time: of what it stands for, where that was forgotten,
// else its own.
func (h *Head) At() time.Time {
	if !h.as.IsZero() {
		return h.as
	}
	return h.Time
}
