package repo

import (
	"slices"

	"chatkeep/backup/format"
)

// epochsOf are the epochs that packs and index objects are encrypted to, of all that
// the heads of these chains name: a run seals all in one epoch and commits it in that
// one, so that it is the epoch of the first head that names an object. Nil where now
// is the first epoch.
func epochsOf(now uint64, chains []*Chain) map[format.Hash]uint64 {
	if now < 2 {
		return nil
	}
	epochs := map[format.Hash]uint64{}
	for _, chain := range chains {
		for _, h := range chain.Heads {
			for _, set := range []*format.LiveSet{h.Live, h.Add} {
				if set == nil {
					continue
				}
				for _, ref := range slices.Concat(set.Packs, set.Index) {
					if e, ok := epochs[ref.SHA256]; !ok || h.Epoch < e {
						epochs[ref.SHA256] = h.Epoch
					}
				}
			}
		}
	}
	return epochs
}
