package format

import "strings"

// News tells a writer the recipient of a new epoch.
type News struct {
	Repository Hash
	Writer     Hash
	N          uint64 // from 1
	Epoch      uint64 // from 1
	Recipient  string // an age recipient: "age1" and lower-case letters and digits
}

// Encode returns the news' bytes with their final line feed. It checks
// nothing; ParseNews does.
func (n *News) Encode() []byte {
	p := new(pen)
	p.raw(`{"type":"news","format":1,"repository":`).hash(n.Repository)
	p.raw(`,"writer":`).hash(n.Writer).raw(`,"n":`).num(n.N).raw(`,"epoch":`).num(n.Epoch)
	p.raw(`,"recipient":`).str(n.Recipient).raw("}\n")
	return p.b
}

// ParseNews reads decoded news of at most MaxNews bytes. Of the recipient it
// checks the characters alone.
func ParseNews(data []byte) (*News, error) {
	c := cursor{data: data, what: "news"}
	if len(data) > MaxNews {
		c.fail(Oversized, "%d bytes, and %d is the limit", len(data), MaxNews)
		return nil, c.err
	}
	n := new(News)
	n.Repository = c.preamble("news")
	c.lit(`,"writer":`)
	n.Writer = c.hash()
	c.lit(`,"n":`)
	n.N = c.objectNumber("its number")
	c.lit(`,"epoch":`)
	n.Epoch = c.positive(c.num(), "the epoch")
	c.lit(`,"recipient":`)
	n.Recipient = c.str()
	c.lit("}\n")
	if err := c.same(n.Encode); err != nil {
		return nil, err
	}
	rest, ok := strings.CutPrefix(n.Recipient, "age1")
	if !ok || rest == "" || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		c.fail(Malformed, "its recipient is none of age's")
		return nil, c.err
	}
	return n, nil
}

// CheckNewsPlace reports, as WrongPlace, that name is not that of n.
func CheckNewsPlace(name Name, n *News) error {
	if name.Type != ObjectNews || name.Writer != n.Writer || name.N != n.N {
		return Fail(WrongPlace, name.String(), "it is news %d for writer %s", n.N, n.Writer)
	}
	return nil
}
