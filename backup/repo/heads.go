package repo

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// Head is one verified head and the hash of its object, which is its id.
type Head struct {
	Hash format.Hash
	*format.Head
	// as is the time of the snapshot that this one stands for; see stand.
	as time.Time
}

// Ref is how other statements name the head.
func (h *Head) Ref() format.HeadRef {
	return format.HeadRef{Writer: h.Writer, Seq: h.Seq, SHA256: h.Hash}
}

// name is that of the head's object.
func (h *Head) name() format.Name {
	return format.Name{Type: format.ObjectHead, Writer: h.Writer, N: h.Seq, Hash: h.Hash}
}

// Chain is what one writer committed.
type Chain struct {
	Writer format.AuthorityWriter
	// Heads are those that count, ascending by seq; several with one seq in a
	// fork.
	Heads []*Head
	mu    sync.RWMutex // of byID: a session at work adds its heads, beside a reader
	byID  map[format.Hash]*Head
	// listed are all heads that the store shows, whether they count or not.
	listed map[format.Hash]bool
	// passed are heads that the writer signed and that do not count: see applyEnd.
	passed []*Head
}

// Last is the highest seq, 0 for an empty chain.
func (c *Chain) Last() uint64 {
	if len(c.Heads) == 0 {
		return 0
	}
	return c.Heads[len(c.Heads)-1].Seq
}

// Tip is the newest head, nil in an empty chain.
func (c *Chain) Tip() *Head {
	if len(c.Heads) == 0 {
		return nil
	}
	return c.Heads[len(c.Heads)-1]
}

// Tips are the heads that no other head names: one, or several in a fork.
func (c *Chain) Tips() []*Head {
	named := map[format.Hash]bool{}
	for _, h := range c.Heads {
		for _, p := range h.Prev {
			named[p] = true
		}
	}
	var tips []*Head
	for _, h := range c.Heads {
		if !named[h.Hash] {
			tips = append(tips, h)
		}
	}
	return tips
}

// Times are the times of Heads for putting snapshots in order, see [Times].
func (c *Chain) Times() []time.Time { return Times(c.Heads) }

// Times are the times of some heads of one writer, in its order, for putting
// snapshots in order: those that the heads have, except that a head without one
// has that of the head before, and that none is later than that of a head after
// it. So one wrong time of the store's neither turns a writer's heads around nor
// lasts beyond its next one. A head that stands for a forgotten snapshot has the
// time of that one.
func Times(heads []*Head) []time.Time {
	times := make([]time.Time, len(heads))
	for i, h := range heads {
		times[i] = h.Time
		if i > 0 && h.Time.IsZero() {
			times[i] = times[i-1]
		}
	}
	for i := len(times) - 2; i >= 0; i-- {
		if times[i+1].Before(times[i]) {
			times[i] = times[i+1]
		}
	}
	for i, h := range heads {
		if !h.as.IsZero() {
			times[i] = h.as
		}
	}
	return times
}

// Newest is the newest head of all writers by [Chain.Times], nil before the first.
func (v *View) Newest() *Head {
	var newest *Head
	var at time.Time
	for _, chain := range v.Chains {
		for i, t := range chain.Times() {
			h := chain.Heads[i]
			if order := t.Compare(at); newest == nil || order > 0 || order == 0 && h.Ref().Compare(newest.Ref()) > 0 {
				newest, at = h, t
			}
		}
	}
	return newest
}

// Find returns the head with this hash, or nil.
func (c *Chain) Find(hash format.Hash) *Head {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.byID[hash]
}

// has reports whether a head that somebody saw is still there, or is beyond the
// end of its writer, where nothing is missed.
func (c *Chain) has(seq uint64, hash format.Hash) bool {
	end := c.Writer.Ended
	return c.listed[hash] || c.Find(hash) != nil || end != nil && seq > end.Seq
}

// Live works out the live set of a head.
func (c *Chain) Live(h *Head) (format.LiveSet, error) {
	var bases []*Head
	for h.Live == nil {
		bases = append(bases, h)
		base := c.Find(*h.Base)
		if base == nil || base.Seq >= h.Seq {
			return format.LiveSet{}, format.Fail(format.Missing, format.HeadName(h.Writer, h.Seq, h.Hash), "its base is not there")
		}
		h = base
	}
	live := *h.Live
	for _, h := range slices.Backward(bases) {
		var err error
		if live, err = live.Apply(*h.Add, *h.Drop); err != nil {
			return live, format.Fail(format.Malformed, format.HeadName(h.Writer, h.Seq, h.Hash), "%v", err)
		}
	}
	return live, nil
}

// Ever lists every pack and index object that any head of the chain holds.
func (c *Chain) Ever() format.LiveSet {
	packs, index := map[format.Hash]format.Ref{}, map[format.Hash]format.Ref{}
	note := func(s *format.LiveSet) {
		if s == nil {
			return
		}
		for _, r := range s.Packs {
			packs[r.SHA256] = r
		}
		for _, r := range s.Index {
			index[r.SHA256] = r
		}
	}
	for _, h := range c.Heads {
		note(h.Live)
		note(h.Add)
	}
	return format.LiveSet{Packs: sortedRefs(packs), Index: sortedRefs(index)}
}

func sortedRefs(m map[format.Hash]format.Ref) []format.Ref {
	refs := make([]format.Ref, 0, len(m))
	for _, r := range m {
		refs = append(refs, r)
	}
	slices.SortFunc(refs, func(a, b format.Ref) int { return slices.Compare(a.SHA256[:], b.SHA256[:]) })
	return refs
}

func (v *View) loadHeads(ctx context.Context, source *objects) error {
	names, err := list(ctx, source.store, format.SnapshotsDir)
	if err != nil {
		return err
	}
	byWriter := map[format.Hash][]format.Name{}
	for _, name := range names {
		v.shown[name] = true
		byWriter[name.Writer] = append(byWriter[name.Writer], name)
	}
	for _, w := range v.Authority.Writers {
		if w.Role != "writer" {
			continue
		}
		chain, err := v.loadChain(ctx, source, w, byWriter[w.ID])
		if err != nil {
			return err
		}
		v.Chains[w.ID] = chain
		delete(byWriter, w.ID)
	}
	for _, names := range byWriter {
		v.strangers = true
		v.Problems = append(v.Problems, format.Fail(format.WrongWriter, names[0].String(), "the authority names no such writer"))
	}
	return nil
}

func (v *View) loadChain(ctx context.Context, source *objects, w format.AuthorityWriter, names []format.Name) (*Chain, error) {
	key, err := keys.ParsePublicKey(w.Key)
	if err != nil {
		return nil, format.Fail(format.Malformed, "authority", "the key of writer %s: %v", w.ID, err)
	}
	c := &Chain{Writer: w, byID: map[format.Hash]*Head{}, listed: map[format.Hash]bool{}}
	for _, name := range names {
		c.listed[name.Hash] = true
	}
	heads, errs := fetchHeads(ctx, source, v.Label(), key, v.untilEnd(w, names))
	for _, err := range errs {
		if err != nil {
			if err := v.problem(err); err != nil {
				return nil, err
			}
		}
	}
	for _, h := range heads {
		if h != nil {
			c.Heads = append(c.Heads, h)
			c.byID[h.Hash] = h
		}
	}
	v.applyEnd(c)
	v.checkChain(c)
	return c, nil
}

// untilEnd leaves out the heads that come after the one their writer was ended
// with. They are not even read: whoever has the key can make any number of them.
func (v *View) untilEnd(w format.AuthorityWriter, names []format.Name) []format.Name {
	if w.Ended == nil {
		return names
	}
	var good []format.Name
	for _, name := range names {
		if name.N <= w.Ended.Seq {
			good = append(good, name)
		}
	}
	if n := len(names) - len(good); n > 0 {
		v.Notes = append(v.Notes, fmt.Sprintf("writer %s was ended: %d later heads do not count", w.ID.String()[:8], n))
	}
	return good
}

// applyEnd keeps of an ended writer the last good head and what it continues.
// Whoever has the key can still sign heads with earlier numbers.
func (v *View) applyEnd(c *Chain) {
	end := c.Writer.Ended
	if end == nil || end.Seq == 0 {
		return
	}
	if c.byID[end.SHA256] == nil {
		// Without it nothing tells the writer's own heads from a thief's.
		v.Problems = append(v.Problems, format.Fail(format.Gap, format.HeadName(c.Writer.ID, end.Seq, end.SHA256),
			"its writer ended with it, and it is gone: none of the %d heads before it counts", len(c.Heads)))
		c.Heads, c.passed, c.byID = nil, c.Heads, map[format.Hash]*Head{}
		return
	}
	good := map[format.Hash]bool{}
	for todo := []format.Hash{end.SHA256}; len(todo) > 0; {
		h := c.byID[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		if h != nil && !good[h.Hash] {
			good[h.Hash] = true
			todo = append(todo, h.Prev...)
		}
	}
	for _, h := range c.Heads {
		if !good[h.Hash] {
			v.Notes = append(v.Notes, format.HeadName(h.Writer, h.Seq, h.Hash)+" does not count: the head that its writer ended with does not continue it")
			delete(c.byID, h.Hash)
			c.passed = append(c.passed, h)
		}
	}
	c.Heads = slices.DeleteFunc(c.Heads, func(h *Head) bool { return !good[h.Hash] })
}

// fetchHeads reads heads side by side. The results stand in the order of names;
// for each there is either a head or an error.
func fetchHeads(ctx context.Context, source *objects, id format.Hash, key keys.PublicKey, names []format.Name) ([]*Head, []error) {
	heads, errs := make([]*Head, len(names)), make([]error, len(names))
	var group sync.WaitGroup
	tickets := make(chan struct{}, 8)
	for i, name := range names {
		tickets <- struct{}{}
		group.Go(func() {
			defer func() { <-tickets }()
			heads[i], errs[i] = openSigned(ctx, source, name, func(object []byte) (*Head, error) {
				h, err := keys.OpenHead(name.String(), object, id, key)
				if err != nil {
					return nil, err
				}
				return &Head{Hash: name.Hash, Head: h}, nil
			})
		})
	}
	group.Wait()
	return heads, errs
}

// checkChain asks that the numbers have no gap, that every head continues heads
// that are there, and tells of forks.
func (v *View) checkChain(c *Chain) {
	var last uint64
	for _, h := range c.Heads {
		name := format.HeadName(h.Writer, h.Seq, h.Hash)
		if h.Seq > last+1 {
			v.Problems = append(v.Problems, format.Fail(format.Gap, name, "the heads from %d to %d before it are gone", last+1, h.Seq-1))
		}
		last = h.Seq
		for _, p := range h.Prev {
			if prev := c.byID[p]; prev == nil {
				v.Problems = append(v.Problems, format.Fail(format.Gap, name, "the head %s that it continues is gone", p))
			} else if prev.Seq >= h.Seq {
				v.Problems = append(v.Problems, format.Fail(format.Malformed, name, "it continues a head that is not before it"))
			}
		}
	}
	if tips := c.Tips(); len(tips) > 1 {
		v.Notes = append(v.Notes, fmt.Sprintf("writer %s has a fork: %d heads that no other continues; nothing is lost, its next backup joins them", c.Writer.ID.String()[:8], len(tips)))
	}
}
