package format

import "encoding/binary"

// Types of sealed objects, as they stand in their headers.
const (
	TypePack     = "pack"
	TypeIndex    = "index"
	TypeManifest = "manifest"
	TypeNews     = "news"
	TypeNote     = "note"
)

// Magic numbers of the frames that stock decoders pass over (RFC 8878,
// section 3.1.2).
const (
	magicHeader  = 0x184D2A50
	magicTail    = 0x184D2A51
	magicPadding = 0x184D2A52
)

const (
	skipHead = 8 // a skippable frame's magic number and length
	tailEnd  = 4 // the tail's length at its end
)

// Header begins a sealed object.
type Header struct {
	Type       string // TypePack to TypeNote
	Repository Hash
	Epoch      uint64 // from 1
	Writer     Hash
	Kind       string // of a pack, else ""
}

// appendTo writes the header's canonical JSON, which has no line feed.
func (h *Header) appendTo(dst []byte) []byte {
	p := pen{b: dst}
	p.raw(`{"type":`).str(h.Type).raw(`,"format":1,"repository":`).hash(h.Repository)
	p.raw(`,"epoch":`).num(h.Epoch).raw(`,"writer":`).hash(h.Writer).raw(`,"kind":`).str(h.Kind).raw("}")
	return p.b
}

// isType reports whether s is a type of sealed object.
func isType(s string) bool {
	switch s {
	case TypePack, TypeIndex, TypeManifest, TypeNews, TypeNote:
		return true
	}
	return false
}

// parseHeader reads a header's JSON.
func parseHeader(data []byte) (h Header, err error) {
	c := cursor{data: data, what: "header"}
	c.lit(`{"type":`)
	h.Type = c.str()
	if c.err == nil && !isType(h.Type) {
		c.fail(WrongKind, "no sealed object has the type %q", short(h.Type))
	}
	c.pos = 0
	h.Repository = c.preamble(h.Type)
	c.lit(`,"epoch":`)
	h.Epoch = c.positive(c.num(), "the epoch")
	c.lit(`,"writer":`)
	h.Writer = c.hash()
	c.lit(`,"kind":`)
	h.Kind = c.str()
	c.lit("}")
	if _, err := ParseKind(h.Kind); (err == nil) != (h.Type == TypePack) || err != nil && h.Kind != "" {
		c.fail(Malformed, "a %s of kind %q", h.Type, short(h.Kind))
	}
	return h, c.same(func() []byte { return h.appendTo(nil) })
}

// Check reports that a header is not that of an object of this type and, for a
// pack, kind ("" for others): WrongKind; or of this repository:
// WrongRepository. What names the object.
func (h *Header) Check(what, typ, kind string, repository Hash) error {
	switch {
	case h.Type != typ:
		return Fail(WrongKind, what, "it is of type %s, not %s", h.Type, typ)
	case h.Kind != kind:
		return Fail(WrongKind, what, "it is of kind %q, not %q", h.Kind, kind)
	case h.Repository != repository:
		return Fail(WrongRepository, what, "it is of repository %s", h.Repository)
	}
	return nil
}

// Floor returns the least size of the plaintext, in bytes.
func (h *Header) Floor() int64 {
	switch {
	case h.Type != TypePack:
		return floorOthers
	case h.Kind == Messages.String() || h.Kind == Meta.String():
		return floorText
	}
	return floorBlobs
}

// appendSkip begins a skippable frame of n bytes.
func appendSkip(dst []byte, magic uint32, n int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, magic)
	return binary.LittleEndian.AppendUint32(dst, uint32(n))
}
