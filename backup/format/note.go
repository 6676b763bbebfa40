package format

import "time"

// Note is a signed-for extra: the result of a drill, say.
type Note struct {
	Repository Hash
	Writer     Hash
	About      string
	Time       time.Time
	Text       string
	Signature  string // an SSH signature in armour, over Unsigned; the namespace is NamespaceNote
}

// Unsigned returns the bytes that the signature covers.
func (n *Note) Unsigned() []byte {
	unsigned := *n
	unsigned.Signature = ""
	return unsigned.Encode()
}

// Encode returns the note's bytes with their final line feed. It checks
// nothing; ParseNote does.
func (n *Note) Encode() []byte {
	p := new(pen)
	p.raw(`{"type":"note","format":1,"repository":`).hash(n.Repository)
	p.raw(`,"writer":`).hash(n.Writer).raw(`,"about":`).str(n.About).raw(`,"time":`).time(n.Time)
	p.raw(`,"text":`).str(n.Text).raw(`,"signature":`).str(n.Signature).raw("}\n")
	return p.b
}

// ParseNote reads a decoded note of at most MaxNote bytes. A note without a
// signature is refused as BadSignature; a signature is not verified.
func ParseNote(data []byte) (*Note, error) {
	c := cursor{data: data, what: "note"}
	if len(data) > MaxNote {
		c.fail(Oversized, "%d bytes, and %d is the limit", len(data), MaxNote)
		return nil, c.err
	}
	n := new(Note)
	n.Repository = c.preamble("note")
	c.lit(`,"writer":`)
	n.Writer = c.hash()
	c.lit(`,"about":`)
	n.About = c.str()
	c.lit(`,"time":`)
	n.Time = c.time()
	c.lit(`,"text":`)
	n.Text = c.str()
	c.lit(`,"signature":`)
	n.Signature = c.str()
	c.lit("}\n")
	if err := c.same(n.Encode); err != nil {
		return nil, err
	}
	if n.Signature == "" {
		c.fail(BadSignature, "there is none")
		return nil, c.err
	}
	return n, nil
}

// CheckNotePlace reports, as WrongPlace, that name is not that of n.
func CheckNotePlace(name Name, n *Note) error {
	if name.Type != ObjectNote || name.Writer != n.Writer {
		return Fail(WrongPlace, name.String(), "it is a note of writer %s", n.Writer)
	}
	return nil
}
