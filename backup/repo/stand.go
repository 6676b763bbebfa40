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
	taken := map[format.Hash]bool{}
	for _, w := range v.Authority.Writers {
		chain := v.Chains[w.ID]
		if chain == nil {
			continue
		}
		for _, h := range chain.Heads {
			if h.Replaces == nil || taken[*h.Replaces] {
				continue
			}
			if at := v.timeOf(*h.Replaces, w.Dedup); !at.IsZero() {
				taken[*h.Replaces], h.as = true, at
			}
		}
	}
}

// timeOf returns the time of a forgotten snapshot of the writers with this dedup
// id, or zero.
func (v *View) timeOf(hash, dedup format.Hash) time.Time {
	for _, chain := range v.Chains {
		h := chain.Find(hash)
		if h == nil || h.Manifest == nil || chain.Writer.Dedup != dedup || !v.Forgotten(h) {
			continue
		}
		for i, t := range chain.Times() {
			if chain.Heads[i] == h {
				return t
			}
		}
	}
	return time.Time{}
}

// At returns a snapshot's time: of what it stands for, where that was forgotten,
// else its own.
func (h *Head) At() time.Time {
	if !h.as.IsZero() {
		return h.as
	}
	return h.Time
}
