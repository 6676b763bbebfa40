package telegram

import (
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

const (
	// maxElement is how long a message of a page may be, in bytes: what is in it
	// still fits a line of records however it has to be spelled there.
	maxElement = 1 << 20
	// perToken is what each tag and run of text counts for besides, in bytes.
	perToken = 64
)

// node is an element of a page, or a run of text where tag is "".
type node struct {
	tag   string
	class string
	attrs []html.Attribute
	text  string
	kids  []*node
}

// is says whether the element has every one of some classes.
func (n *node) is(classes ...string) bool {
	for _, c := range classes {
		if !n.has(c) {
			return false
		}
	}
	return true
}

// has says whether the element has a class.
func (n *node) has(class string) bool { return slices.Contains(strings.Fields(n.class), class) }

// attr is the value of an attribute, or "".
func (n *node) attr(name string) string {
	for _, a := range n.attrs {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// find is the first element within that has some classes, or nil.
func (n *node) find(classes ...string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.tag != "" && k.is(classes...) {
			return k
		}
		if found := k.find(classes...); found != nil {
			return found
		}
	}
	return nil
}

// link is the first element within of a tag, or nil.
func (n *node) link(tag string) *node {
	for _, k := range n.kids {
		if k.tag == tag {
			return k
		}
		if found := k.link(tag); found != nil {
			return found
		}
	}
	return nil
}

// plain is the text within, without the space that the page puts around it.
func (n *node) plain() string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	n.write(&b)
	return strings.TrimSpace(b.String())
}

func (n *node) write(b *strings.Builder) {
	switch n.tag {
	case "":
		b.WriteString(n.text)
	case "br":
		b.WriteByte('\n')
	}
	for _, k := range n.kids {
		k.write(b)
	}
}

// page reads some elements of one page, each whole.
type page struct {
	z *html.Tokenizer
	// begins says whether an element is one of those that are wanted. It is asked
	// within of one too: one that begins there ends it.
	begins func(n *node, within bool) bool

	open   []*node // of the element at hand, outermost first
	done   *node   // an element that is whole
	size   int     // of it, in bytes
	read   int     // of the token at hand
	large  bool    // it is beyond maxElement
	ended  bool    // the page's own end was met
	failed error
}

// errLarge is what an element beyond maxElement gives.
var errLarge = errors.New("larger than a record may be")

func newPage(r io.Reader, begins func(n *node, within bool) bool) *page {
	z := html.NewTokenizer(r)
	z.SetMaxBuf(2 * maxElement)
	return &page{z: z, begins: begins}
}

// isMessageNode begins a message or the header of a page. Messages are not within
// each other, but versions 4.15 to 5.8 forgot to close the table of buttons.
func isMessageNode(n *node, within bool) bool {
	if n.is("message") && strings.HasPrefix(n.attr("id"), "message") {
		return true
	}
	return !within && n.is("page_header")
}

// next is the next element that is wanted. After the last it gives io.EOF, or
// io.ErrUnexpectedEOF where the page was cut off.
func (p *page) next() (*node, error) {
	for p.failed == nil {
		large := p.large
		p.step()
		if n := p.done; n != nil {
			p.done = nil
			if large {
				return n, errLarge
			}
			return n, nil
		}
	}
	return nil, p.failed
}

// step takes in one token.
func (p *page) step() {
	kind := p.z.Next()
	p.read = len(p.z.Raw())
	switch kind {
	case html.ErrorToken:
		p.failed = p.z.Err()
		if p.failed == io.EOF && !p.ended {
			p.failed = io.ErrUnexpectedEOF
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		p.start(p.z.Token(), kind == html.SelfClosingTagToken)
	case html.EndTagToken:
		p.end(p.z.Token().Data)
	case html.TextToken:
		if len(p.open) > 0 {
			p.add(&node{text: p.z.Token().Data})
		}
	}
}

// start opens an element.
func (p *page) start(t html.Token, closed bool) {
	n := &node{tag: t.Data, attrs: t.Attr}
	n.class = n.attr("class")
	if p.begins(n, len(p.open) > 0) {
		if len(p.open) > 0 {
			p.done = p.open[0]
		}
		p.open, p.size, p.large = append(p.open[:0], n), 0, false
		return
	}
	if len(p.open) == 0 {
		return
	}
	p.add(n)
	if !closed && !p.large && n.tag != "br" && n.tag != "img" {
		p.open = append(p.open, n)
	}
}

// add puts a node into the innermost element.
func (p *page) add(n *node) {
	if p.size += p.read + perToken; p.size > maxElement {
		p.large = true
		return
	}
	in := p.open[len(p.open)-1]
	in.kids = append(in.kids, n)
}

// end closes the innermost element of a tag, and what was left open in it.
func (p *page) end(tag string) {
	if tag == "html" || tag == "body" {
		p.ended = true
		if len(p.open) > 0 {
			p.done, p.open = p.open[0], p.open[:0]
		}
		return
	}
	for i := len(p.open) - 1; i >= 0; i-- {
		if p.open[i].tag != tag {
			continue
		}
		if i == 0 {
			p.done = p.open[0]
		}
		p.open = p.open[:i]
		return
	}
}
