package repo

import (
	"slices"

	"chatkeep/backup/format"
)

// Needs are the objects, with their sizes, that snapshots hold. What is in none
// of them may go.
type Needs struct{ Packs, Index, Manifests map[format.Hash]int64 }

// Needs collects what the view's snapshots hold, and what the checkpoints hold
// that a coming snapshot may build upon. A live set that cannot be worked out is
// an error: what it holds must stay.
func (v *View) Needs() (*Needs, error) {
	return v.needs(func(*Head) bool { return false })
}

// needs is Needs with the heads that keep chooses besides.
func (v *View) needs(keep func(*Head) bool) (*Needs, error) {
	n := &Needs{map[format.Hash]int64{}, map[format.Hash]int64{}, map[format.Hash]int64{}}
	for _, chain := range v.Chains {
		needed := v.needed(chain)
		noted := map[format.Hash]bool{}
		for _, h := range chain.Heads {
			if !needed[h.Hash] && !keep(h) {
				continue
			}
			if err := n.note(chain, h, noted); err != nil {
				return nil, err
			}
			noted[h.Hash] = true
		}
	}
	return n, nil
}

// note adds what a head holds. Where its base was noted, its live set is part of
// that and of what it adds.
func (n *Needs) note(chain *Chain, h *Head, noted map[format.Hash]bool) error {
	if h.Manifest != nil {
		n.Manifests[h.Manifest.SHA256] = h.Manifest.Size
	}
	if h.Base != nil && noted[*h.Base] {
		n.add(h.Add)
		return nil
	}
	live, err := chain.Live(h)
	if err == nil {
		n.add(&live)
	}
	return err
}

func (n *Needs) add(set *format.LiveSet) {
	for _, r := range set.Packs {
		n.Packs[r.SHA256] = r.Size
	}
	for _, r := range set.Index {
		n.Index[r.SHA256] = r.Size
	}
}

// has reports whether an object is needed. What is neither pack, index object nor
// manifest always is.
func (n *Needs) has(name format.Name) bool {
	var ok bool
	switch name.Type {
	case format.ObjectPack:
		_, ok = n.Packs[name.Hash]
	case format.ObjectIndex:
		_, ok = n.Index[name.Hash]
	case format.ObjectManifest:
		_, ok = n.Manifests[name.Hash]
	default:
		return true
	}
	return ok
}

// needed returns the heads of a chain whose live sets must stay: the snapshots
// that are not forgotten, and the checkpoints after the last snapshot. The run
// that comes to its end takes over what the checkpoints before it hold, as far
// as it needs that. A writer that was ended comes to no end any more.
func (v *View) needed(c *Chain) map[format.Hash]bool {
	needed := map[format.Hash]bool{}
	var last uint64 // snapshot
	for _, h := range c.Heads {
		if h.Manifest != nil {
			last = h.Seq
		}
	}
	for _, h := range c.Heads {
		if h.Manifest != nil && !v.Forgotten(h) || h.Manifest == nil && h.Seq > last && c.Writer.Ended == nil {
			needed[h.Hash] = true
		}
	}
	return needed
}

// Forgotten reports whether the owner dropped a snapshot.
func (v *View) Forgotten(h *Head) bool {
	return v.forgotten[h.Ref()]
}

// once returns every object that a head which counts names now or named at some
// time: of those that nobody needs any more it is known that no run is about to
// make them count for the first time.
func (v *View) once() map[format.Hash]bool {
	once := map[format.Hash]bool{}
	for _, chain := range v.Chains {
		for _, h := range chain.Heads {
			if h.Manifest != nil {
				once[h.Manifest.SHA256] = true
			}
			for _, set := range []*format.LiveSet{h.Live, h.Add} {
				if set == nil {
					continue
				}
				for _, r := range slices.Concat(set.Packs, set.Index) {
					once[r.SHA256] = true
				}
			}
		}
	}
	return once
}
