package repo

import (
	"cmp"
	"slices"

	"chatkeep/backup/format"
)

// order lists the keys of the signed statements, each after those that it names:
// a head after the heads that it continues, stands on and has seen, and after the
// authority that its writer knew; an authority after the one before it and after
// the heads with which writers ended; a tombstone after the authority that its
// signer knew. Names are hashes, so nothing can name what comes after it.
//
// A copy that is cut off so leaves a target whose statements have no gap and no
// witness of anything that is not there: an older state, as valid as when it was
// new. The owner's statements come as early as may be, so that what was forgotten
// is so before its head is there without the packs that were pruned. Tombstones
// come with them and not before everything, as they would condemn what an earlier
// copy still needs until it hears that it was forgotten.
func (c *copier) order() []string {
	o := &ordering{c: c, seen: map[format.Hash]bool{}}
	if c.view != nil {
		o.all()
	}
	for key := range c.source {
		switch name, _ := format.ParseName(key); name.Type {
		case format.ObjectAuthority, format.ObjectHead, format.ObjectTombstone:
			if !c.signed[key] && !c.bad[key] {
				c.report.Uncounted++
			}
		}
	}
	return o.keys
}

type ordering struct {
	c    *copier
	seen map[format.Hash]bool
	keys []string
}

func (o *ordering) all() {
	authorities := make([]format.Name, 0, len(o.c.authorities))
	for hash, a := range o.c.authorities {
		authorities = append(authorities, format.Name{Type: format.ObjectAuthority, N: a.N, Hash: hash})
	}
	slices.SortFunc(authorities, compareNames)
	for _, name := range authorities {
		o.authority(name.Hash)
	}
	for _, hash := range sortedHashes(o.c.tombstones) {
		o.tombstone(hash)
	}
	heads := make([]*Head, 0, len(o.c.heads))
	for _, h := range o.c.heads {
		heads = append(heads, h)
	}
	slices.SortFunc(heads, func(a, b *Head) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), a.Writer.Compare(b.Writer), a.Hash.Compare(b.Hash))
	})
	for _, h := range heads {
		o.head(h.Hash)
	}
}

func sortedHashes[T any](m map[format.Hash]T) []format.Hash {
	hashes := make([]format.Hash, 0, len(m))
	for h := range m {
		hashes = append(hashes, h)
	}
	format.SortHashes(hashes)
	return hashes
}

// add appends a statement. One that the listing did not show is not there any
// more, or the store hides it: there is nothing to move.
func (o *ordering) add(key string) {
	if o.still(key) {
		o.keys = append(o.keys, key)
	}
}

// still reports whether the listing shows what was there before.
func (o *ordering) still(key string) bool {
	_, ok := o.c.source[key]
	if !ok {
		o.c.problem(key, format.Fail(format.Missing, key, "it was there, and the store does not list it any more"))
	}
	return ok
}

func (o *ordering) authority(hash format.Hash) {
	a := o.c.authorities[hash]
	if a == nil || o.seen[hash] {
		return
	}
	o.seen[hash] = true
	for _, previous := range a.Previous {
		if o.c.view.authorities[previous] {
			o.still(format.AuthorityName(a.N-1, previous))
		}
		o.authority(previous)
	}
	for i := range a.Writers {
		if end := a.Writers[i].Ended; end != nil {
			o.head(end.SHA256)
		}
	}
	o.add(format.AuthorityName(a.N, hash))
}

func (o *ordering) tombstone(hash format.Hash) {
	o.authority(o.c.tombstones[hash].Authority)
	o.add(format.TombstoneName(hash))
}

func (o *ordering) head(hash format.Hash) {
	h := o.c.heads[hash]
	if h == nil || o.seen[hash] {
		return
	}
	o.seen[hash] = true
	o.authority(h.Authority)
	for _, previous := range h.Prev {
		o.head(previous)
	}
	if h.Base != nil {
		o.head(*h.Base)
	}
	for _, other := range h.Seen {
		o.head(other.SHA256)
	}
	o.add(format.HeadName(h.Writer, h.Seq, h.Hash))
}
