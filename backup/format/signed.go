package format

import (
	"math"
	"strings"
)

// The namespaces of signatures, one for each kind of statement.
const (
	NamespaceAuthority = "chatkeep-authority-v1@chatkeep"
	NamespaceHead      = "chatkeep-head-v1@chatkeep"
	NamespaceTombstone = "chatkeep-tombstone-v1@chatkeep"
	NamespaceNote      = "chatkeep-note-v1@chatkeep"
)

// Envelope is a signed object: a statement and its signature.
type Envelope struct {
	Body       string   // canonical JSON with its final line feed; the signature covers exactly these bytes
	Signatures []string // exactly one SSH signature in armour; later versions of the format may have more
}

// Encode returns the bytes of the object.
func (e *Envelope) Encode() []byte {
	p := pen{b: make([]byte, 0, len(e.Body)+len(e.Body)/8+1024)}
	p.raw(`{"body":`).str(e.Body).raw(`,"signatures":`).strs(e.Signatures).raw("}\n")
	return p.b
}

// ParseEnvelope reads a signed object of at most limit bytes (MaxSigned for
// those of the specification). It verifies no signature and does not look into
// the body.
func ParseEnvelope(data []byte, limit int64) (*Envelope, error) {
	c := cursor{data: data, what: "signed object"}
	if int64(len(data)) > limit {
		c.fail(Oversized, "%d bytes, and %d is the limit", len(data), limit)
		return nil, c.err
	}
	e := new(Envelope)
	c.lit(`{"body":`)
	e.Body = c.str()
	c.lit(`,"signatures":`)
	e.Signatures = c.signatures()
	c.lit("}\n")
	if err := c.same(e.Encode); err != nil {
		return nil, err
	}
	if !strings.HasSuffix(e.Body, "\n") {
		c.fail(Malformed, "its body does not end with a line feed")
	}
	if len(e.Signatures) == 0 {
		c.fail(BadSignature, "there is none")
	}
	if c.err != nil {
		return nil, c.err
	}
	return e, nil
}

// signatures reads the list of exactly one. A further signature that nobody
// verifies would be room for anything: whoever may write to the store could
// make a second object, of another hash, of a statement that its signer made
// once, and it would pass for a fork.
func (c *cursor) signatures() []string {
	list := []string{}
	c.list(math.MaxInt, "signatures", func() {
		if len(list) == 1 {
			c.fail(Malformed, "it has more than one signature")
			return
		}
		list = append(list, c.str())
	})
	return list
}
