package backup

import (
	"maps"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// Grown is what was added in one month, by the storage's clock; fields are only
// added.
type Grown struct {
	Type      string `json:"type"`
	Month     string `json:"month,omitempty"` // as 2026-11, in UTC; empty where the storage tells no time
	Snapshots int64  `json:"snapshots"`
	Packs     int64  `json:"packs"`
	Bytes     int64  `json:"bytes"`
}

// GrowthOf works out from the heads alone what each month added: packs, index
// objects and manifests that no earlier head of the writer held. What was dropped
// and pruned since then counts nevertheless. Memory is a hash for each.
func GrowthOf(v *repo.View) []Grown {
	months := map[string]*Grown{}
	for _, chain := range v.Chains {
		times, seen := chain.Times(), map[format.Hash]bool{}
		for i, h := range chain.Heads {
			name := ""
			if !times[i].IsZero() {
				name = times[i].UTC().Format("2006-01")
			}
			if months[name] == nil {
				months[name] = &Grown{Type: "growth", Month: name}
			}
			months[name].add(h, seen)
		}
	}
	var all []Grown
	for _, name := range slices.Sorted(maps.Keys(months)) {
		all = append(all, *months[name])
	}
	return all
}

func (g *Grown) add(h *repo.Head, seen map[format.Hash]bool) {
	first := func(ref format.Ref) bool {
		if seen[ref.SHA256] {
			return false
		}
		seen[ref.SHA256] = true
		g.Bytes += ref.Size
		return true
	}
	for _, set := range []*format.LiveSet{h.Live, h.Add} {
		if set == nil {
			continue
		}
		for _, ref := range set.Packs {
			if first(ref) {
				g.Packs++
			}
		}
		for _, ref := range set.Index {
			first(ref)
		}
	}
	if h.Manifest != nil {
		g.Snapshots++
		first(*h.Manifest)
	}
}
