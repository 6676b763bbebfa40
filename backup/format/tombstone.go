package format

import "time"

// Tombstone condemns objects, for ever: condemned means absent, even while the
// object is still there.
type Tombstone struct {
	Repository Hash
	Requires   []string // empty in version 1
	Signer     Hash     // a writer with role RolePrune
	Time       time.Time
	Authority  Hash   // the newest that the signer knew
	Packs      []Hash // ascending, as the other lists; MaxLive each
	Index      []Hash
	Manifests  []Hash
}

// Encode returns the statement's bytes with their final line feed. It checks
// nothing; ParseTombstone does.
func (t *Tombstone) Encode() []byte {
	p := new(pen)
	p.raw(`{"type":"tombstone","format":1,"repository":`).hash(t.Repository)
	p.raw(`,"requires":`).strs(t.Requires)
	p.raw(`,"signer":`).hash(t.Signer).raw(`,"time":`).time(t.Time).raw(`,"authority":`).hash(t.Authority)
	p.raw(`,"packs":`).hashes(t.Packs).raw(`,"index":`).hashes(t.Index)
	p.raw(`,"manifests":`).hashes(t.Manifests).raw("}\n")
	return p.b
}

// ParseTombstone reads the body of a tombstone's envelope.
func ParseTombstone(body []byte) (*Tombstone, error) {
	c := cursor{data: body, what: "tombstone"}
	t := new(Tombstone)
	t.Repository = c.preamble("tombstone")
	t.Requires = c.requires()
	c.lit(`,"signer":`)
	t.Signer = c.hash()
	c.lit(`,"time":`)
	t.Time = c.time()
	c.lit(`,"authority":`)
	t.Authority = c.hash()
	c.lit(`,"packs":`)
	t.Packs = c.hashes(MaxLive, "condemned packs")
	c.lit(`,"index":`)
	t.Index = c.hashes(MaxLive, "condemned index objects")
	c.lit(`,"manifests":`)
	t.Manifests = c.hashes(MaxLive, "condemned manifests")
	c.lit("}\n")
	if err := c.same(t.Encode); err != nil {
		return nil, err
	}
	return t, nil
}
