package format

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// Ref names an object by the hash of its bytes and says how many they are.
type Ref struct {
	SHA256 Hash  `json:"sha256"`
	Size   int64 `json:"size"`
}

// HeadRef names a head.
type HeadRef struct {
	Writer Hash   `json:"writer"`
	Seq    uint64 `json:"seq"`
	SHA256 Hash   `json:"sha256"`
}

// Compare orders heads by writer, seq and hash.
func (r HeadRef) Compare(other HeadRef) int {
	return cmp.Or(r.Writer.Compare(other.Writer), cmp.Compare(r.Seq, other.Seq), r.SHA256.Compare(other.SHA256))
}

// SortHeadRefs puts heads in the ascending order that statements want.
func SortHeadRefs(refs []HeadRef) { slices.SortFunc(refs, HeadRef.Compare) }

// SortRefs puts refs in the ascending order that statements want.
func SortRefs(refs []Ref) {
	slices.SortFunc(refs, func(a, b Ref) int { return a.SHA256.Compare(b.SHA256) })
}

// LiveSet is what a snapshot needs: its packs and the index objects that cover
// them. Both lists ascend by hash, and no hash stands twice in one.
type LiveSet struct {
	Packs []Ref `json:"packs"`
	Index []Ref `json:"index"`
}

// Drop names what a head takes out of its base's live set. Both lists ascend.
type Drop struct {
	Packs []Hash `json:"packs"`
	Index []Hash `json:"index"`
}

// Len returns the number of packs and index objects.
func (s LiveSet) Len() int { return len(s.Packs) + len(s.Index) }

// Sort puts both lists in order. It does not remove what stands twice.
func (s LiveSet) Sort() {
	SortRefs(s.Packs)
	SortRefs(s.Index)
}

// HasPack reports whether the set holds a pack.
func (s LiveSet) HasPack(h Hash) bool { return hasRef(s.Packs, h) }

// HasIndex reports whether the set holds an index object.
func (s LiveSet) HasIndex(h Hash) bool { return hasRef(s.Index, h) }

func hasRef(refs []Ref, h Hash) bool {
	_, ok := slices.BinarySearchFunc(refs, h, func(r Ref, h Hash) int { return r.SHA256.Compare(h) })
	return ok
}

// Hash returns the live set's hash: that of a line "index <hash> <size>" or
// "pack <hash> <size>" for each object.
func (s LiveSet) Hash() Hash {
	sum := sha256.New()
	line := make([]byte, 0, 128)
	write := func(word string, refs []Ref) {
		for i := range refs {
			line = append(line[:0], word...)
			line = hex.AppendEncode(line, refs[i].SHA256[:])
			line = append(line, ' ')
			line = strconv.AppendInt(line, refs[i].Size, 10)
			line = append(line, '\n')
			sum.Write(line)
		}
	}
	write("index ", s.Index)
	write("pack ", s.Packs)
	return Hash(sum.Sum(nil))
}

// Apply returns s with add and without drop. What is added must not be in s,
// what is dropped must be: else the head that says so has another base than it
// names, and the error is Malformed. Neither s nor add is changed.
func (s LiveSet) Apply(add LiveSet, drop Drop) (LiveSet, error) {
	packs, err := applyRefs("pack", s.Packs, add.Packs, drop.Packs)
	if err != nil {
		return LiveSet{}, err
	}
	index, err := applyRefs("index object", s.Index, add.Index, drop.Index)
	if err != nil {
		return LiveSet{}, err
	}
	next := LiveSet{Packs: packs, Index: index}
	if next.Len() > MaxLive {
		return LiveSet{}, Fail(Oversized, "live set", "%d packs and index objects, and %d is the limit", next.Len(), MaxLive)
	}
	return next, nil
}

// applyRefs merges three ascending lists.
func applyRefs(what string, base, add []Ref, drop []Hash) ([]Ref, error) {
	next := make([]Ref, 0, max(len(base)+len(add)-len(drop), 0))
	for len(base) > 0 || len(add) > 0 {
		order := -1
		switch {
		case len(base) == 0:
			order = 1
		case len(add) > 0:
			order = base[0].SHA256.Compare(add[0].SHA256)
		}
		switch {
		case order == 0:
			return nil, Fail(Malformed, "live set", "%s %s is added, and there already", what, add[0].SHA256)
		case order > 0:
			next = append(next, add[0])
			add = add[1:]
		default:
			if len(drop) > 0 && drop[0] == base[0].SHA256 {
				drop = drop[1:]
			} else {
				next = append(next, base[0])
			}
			base = base[1:]
		}
	}
	if len(drop) > 0 {
		return nil, Fail(Malformed, "live set", "%s %s is dropped, and not there", what, drop[0])
	}
	return next, nil
}

// Diff returns what leads from base to next, so that base.Apply(Diff(base,
// next)) is next. Both must be in order, and agree on the size of what is in
// both.
func Diff(base, next LiveSet) (add LiveSet, drop Drop) {
	add.Packs, drop.Packs = diffRefs(base.Packs, next.Packs)
	add.Index, drop.Index = diffRefs(base.Index, next.Index)
	return add, drop
}

func diffRefs(base, next []Ref) (add []Ref, drop []Hash) {
	for len(base) > 0 || len(next) > 0 {
		order := -1
		switch {
		case len(base) == 0:
			order = 1
		case len(next) > 0:
			order = base[0].SHA256.Compare(next[0].SHA256)
		}
		if order < 0 {
			drop = append(drop, base[0].SHA256)
		}
		if order > 0 {
			add = append(add, next[0])
		}
		if order <= 0 {
			base = base[1:]
		}
		if order >= 0 {
			next = next[1:]
		}
	}
	return add, drop
}

func (p *pen) ref(r Ref) *pen {
	return p.raw(`{"sha256":`).hash(r.SHA256).raw(`,"size":`).int(r.Size).raw("}")
}

func (p *pen) refs(list []Ref) *pen { return listOf(p, list, func(r Ref) { p.ref(r) }) }

func (p *pen) liveSet(s LiveSet) *pen {
	return p.raw(`{"packs":`).refs(s.Packs).raw(`,"index":`).refs(s.Index).raw("}")
}

func (p *pen) drop(d Drop) *pen {
	return p.raw(`{"packs":`).hashes(d.Packs).raw(`,"index":`).hashes(d.Index).raw("}")
}

func (p *pen) headRefs(list []HeadRef) *pen {
	return listOf(p, list, func(r HeadRef) {
		p.raw(`{"writer":`).hash(r.Writer).raw(`,"seq":`).num(r.Seq).raw(`,"sha256":`).hash(r.SHA256).raw("}")
	})
}

func (c *cursor) ref() (r Ref) {
	c.lit(`{"sha256":`)
	r.SHA256 = c.hash()
	c.lit(`,"size":`)
	r.Size = c.int()
	c.lit("}")
	return r
}

func (c *cursor) refs(limit int, items string) []Ref {
	list := []Ref{}
	c.list(limit, items, func() {
		r := c.ref()
		if n := len(list); n > 0 && list[n-1].SHA256.Compare(r.SHA256) >= 0 {
			c.fail(Malformed, "%s are not in ascending order", items)
		}
		list = append(list, r)
	})
	return list
}

func (c *cursor) liveSet() *LiveSet {
	s := new(LiveSet)
	c.lit(`{"packs":`)
	s.Packs = c.refs(MaxLive, "packs")
	c.lit(`,"index":`)
	s.Index = c.refs(MaxLive-len(s.Packs), "packs and index objects")
	c.lit("}")
	return s
}

func (c *cursor) drop() *Drop {
	d := new(Drop)
	c.lit(`{"packs":`)
	d.Packs = c.hashes(MaxLive, "dropped packs")
	c.lit(`,"index":`)
	d.Index = c.hashes(MaxLive-len(d.Packs), "dropped packs and index objects")
	c.lit("}")
	return d
}

func (c *cursor) headRefs(limit int, items string) []HeadRef {
	list := []HeadRef{}
	c.list(limit, items, func() {
		var r HeadRef
		c.lit(`{"writer":`)
		r.Writer = c.hash()
		c.lit(`,"seq":`)
		r.Seq = c.positive(c.num(), "a head's seq")
		c.lit(`,"sha256":`)
		r.SHA256 = c.hash()
		c.lit("}")
		if n := len(list); n > 0 && list[n-1].Compare(r) >= 0 {
			c.fail(Malformed, "%s are not in ascending order", items)
		}
		list = append(list, r)
	})
	return list
}
