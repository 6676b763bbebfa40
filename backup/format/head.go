package format

import "time"

// MaxDeltas is how many heads in a row may have a base; the next has its whole
// live set.
const MaxDeltas = 63

// Head is a commit: it makes a snapshot, or in a checkpoint the packs of an
// interrupted run, count.
//
// Either Live is there, or Base, Add and Drop are.
type Head struct {
	Repository Hash
	Requires   []string  // empty in version 1
	Writer     Hash      // whose key signs it
	Seq        uint64    // from 1 without gaps
	Prev       []Hash    // objects of the writer's heads that no other names, ascending; none for 1
	Time       time.Time // the storage's, whole seconds in UTC; zero where it tells none
	Epoch      uint64    // from 1
	Manifest   *Ref      // nil in a checkpoint
	Replaces   *Hash     // the head whose snapshot this one is, in other packs; nil for most
	Base       *Hash     // an earlier head of the same writer
	Add        *LiveSet
	Drop       *Drop
	Live       *LiveSet
	Authority  Hash      // the newest that the writer knew
	Seen       []HeadRef // the newest heads of other writers, ascending
}

// Encode returns the statement's bytes with their final line feed. It checks
// nothing; ParseHead does.
func (h *Head) Encode() []byte {
	p := new(pen)
	p.raw(`{"type":"head","format":1,"repository":`).hash(h.Repository)
	p.raw(`,"requires":`).strs(h.Requires)
	p.raw(`,"writer":`).hash(h.Writer).raw(`,"seq":`).num(h.Seq).raw(`,"prev":`).hashes(h.Prev)
	if !h.Time.IsZero() {
		p.raw(`,"time":`).time(h.Time)
	}
	p.raw(`,"epoch":`).num(h.Epoch)
	if h.Manifest != nil {
		p.raw(`,"manifest":`).ref(*h.Manifest)
	}
	if h.Replaces != nil {
		p.raw(`,"replaces":`).hash(*h.Replaces)
	}
	if h.Base != nil {
		p.raw(`,"base":`).hash(*h.Base)
	}
	if h.Add != nil {
		p.raw(`,"add":`).liveSet(*h.Add)
	}
	if h.Drop != nil {
		p.raw(`,"drop":`).drop(*h.Drop)
	}
	if h.Live != nil {
		p.raw(`,"live":`).liveSet(*h.Live)
	}
	p.raw(`,"authority":`).hash(h.Authority).raw(`,"seen":`).headRefs(h.Seen).raw("}\n")
	return p.b
}

// ParseHead reads the body of a head's envelope. Beside the grammar it checks
// the order of lists, limits, and that a first head and one that joins a fork
// have their whole live set.
func ParseHead(body []byte) (*Head, error) {
	c := cursor{data: body, what: "head"}
	h := new(Head)
	h.Repository = c.preamble("head")
	h.Requires = c.requires()
	c.lit(`,"writer":`)
	h.Writer = c.hash()
	c.lit(`,"seq":`)
	h.Seq = c.objectNumber("its seq")
	c.lit(`,"prev":`)
	h.Prev = c.previous(h.Seq)
	if c.opt(`,"time":`) {
		h.Time = c.time()
	}
	c.lit(`,"epoch":`)
	h.Epoch = c.positive(c.num(), "the epoch")
	if c.opt(`,"manifest":`) {
		m := c.ref()
		h.Manifest = &m
		if c.opt(`,"replaces":`) {
			replaces := c.hash()
			h.Replaces = &replaces
		}
	}
	c.headLive(h)
	c.lit(`,"authority":`)
	h.Authority = c.hash()
	c.lit(`,"seen":`)
	h.Seen = c.headRefs(MaxWriters, "heads of others")
	c.lit("}\n")
	for i := range h.Seen {
		if h.Seen[i].Writer == h.Writer {
			c.fail(Malformed, "a head of its own writer stands among those of others")
		}
	}
	if err := c.same(h.Encode); err != nil {
		return nil, err
	}
	return h, nil
}

// headLive reads the live set in whichever of the two forms it has.
func (c *cursor) headLive(h *Head) {
	if c.opt(`,"live":`) {
		h.Live = c.liveSet()
		return
	}
	if c.err == nil && (h.Seq == 1 || len(h.Prev) > 1) {
		c.fail(Malformed, "a first head, and one that joins, has its whole live set")
		return
	}
	c.lit(`,"base":`)
	base := c.hash()
	h.Base = &base
	c.lit(`,"add":`)
	h.Add = c.liveSet()
	c.lit(`,"drop":`)
	h.Drop = c.drop()
}

// CheckHeadPlace reports, as WrongPlace, that name is not that of h. That the
// object's bytes have the name's hash is CheckHash's to say.
func CheckHeadPlace(name Name, h *Head) error {
	if name.Type != ObjectHead || name.Writer != h.Writer || name.N != h.Seq {
		return Fail(WrongPlace, name.String(), "it is head %d of writer %s", h.Seq, h.Writer)
	}
	return nil
}
