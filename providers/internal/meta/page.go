package meta

import (
	"io"
	"strings"

	"golang.org/x/net/html"
)

// block is one message as a page shows it, or, where stray is set, text between
// messages that belongs to none.
type block struct {
	sender string
	body   []bit
	stamp  stamp
	shown  string // the time as it stands there
	stray  bool
}

// size is about how much memory it takes.
func (b *block) size() int {
	n := 256
	for i := range b.body {
		n += len(b.body[i].text) + len(b.body[i].href) + 64
	}
	return n
}

// bit is a piece of a page's content.
type bit struct {
	kind  bitKind
	text  string
	href  string // what a link leads to, or where a medium lies
	depth int    // how deep the element is that it stands in directly
}

type bitKind uint8

const (
	bitText  bitKind = iota
	bitLine          // the end of a line
	bitStamp         // a text that is a time
	bitMedia
	bitItem // of a list: pages list reactions so
)

const (
	// maxPending bounds the text that is held because it may yet belong to a
	// message, and maxToken a single run of it, in bytes.
	maxPending, maxToken = 4 << 20, 16 << 20
	// maxNested bounds elements within each other; what is deeper is taken as if
	// it stood in the deepest.
	maxNested = 512
)

// pageReader finds the messages of a page. No class and no word of it is relied
// on: an element that holds a time and anything else, and none smaller does, is a
// message if its first text, in an element of its own, can be the sender. Several
// times in it are text but for the last.
type pageReader struct {
	order  string // of day and month
	open   []element
	deeper int // elements beyond maxNested
	held   int // bytes of text in open
	title  string
	header []bit // what stands before the first message
	blocks int
	closed bool // the page came to its end
	each   func(*block) bool
	done   bool // each has had enough
}

// element is one that is open.
type element struct {
	tag  string
	href string
	bits []bit
}

// readPage reads a page and hands its messages to each, in the page's order,
// until that says false. A page without its last tag gives io.ErrUnexpectedEOF.
func readPage(r io.Reader, order string, each func(*block) bool) (*pageReader, error) {
	p := &pageReader{order: order, each: each, open: []element{{}}}
	tokens := html.NewTokenizer(r)
	tokens.SetMaxBuf(maxToken)
	for !p.done {
		switch tokens.Next() {
		case html.ErrorToken:
			err := tokens.Err()
			if err == io.EOF && !p.closed {
				err = io.ErrUnexpectedEOF
			} else if err == io.EOF {
				err = nil
			}
			return p, err
		case html.TextToken:
			p.text(string(tokens.Text()))
		case html.StartTagToken:
			p.start(tokens, false)
		case html.SelfClosingTagToken:
			p.start(tokens, true)
		case html.EndTagToken:
			name, _ := tokens.TagName()
			p.end(string(name))
		}
	}
	return p, nil
}

func (p *pageReader) top() *element { return &p.open[len(p.open)-1] }

func (p *pageReader) add(b bit) {
	b.depth = len(p.open)
	p.held += len(b.text) + len(b.href) + 16
	e := p.top()
	e.bits = append(e.bits, b)
	if p.held > maxPending {
		p.flush(false)
	}
}

// text takes a run of text in, with single spaces. One at its ends stays: it may
// stand between two words.
func (p *pageReader) text(s string) {
	switch tag := p.top().tag; tag {
	case "script", "style", "noscript":
		return
	case "title":
		p.title += strings.Join(strings.Fields(s), " ")
		return
	}
	p.add(bit{kind: bitText, text: singleSpaced(s)})
}

// singleSpaced has one space for each run of those that HTML takes as one.
func singleSpaced(s string) string {
	var b strings.Builder
	space := false
	for i := range len(s) {
		switch s[i] {
		case ' ', '\n', '\t', '\r', '\f':
			if !space {
				b.WriteByte(' ')
			}
			space = true
		default:
			b.WriteByte(s[i])
			space = false
		}
	}
	return b.String()
}

// isBlank says whether a bit is text that shows nothing.
func (b *bit) isBlank() bool { return b.kind == bitText && (b.text == " " || b.text == "") }

// start opens an element.
func (p *pageReader) start(tokens *html.Tokenizer, selfClosing bool) {
	name, more := tokens.TagName()
	e := element{tag: string(name)}
	for more {
		var key, value []byte
		key, value, more = tokens.TagAttr()
		if k := string(key); (k == "href" && e.tag == "a" || k == "src") && e.href == "" {
			e.href = string(value)
		}
	}
	switch e.tag {
	case "img", "video", "audio", "source":
		if e.href != "" {
			p.add(bit{kind: bitMedia, href: e.href})
		}
		e.href = ""
	case "br":
		p.add(bit{kind: bitLine})
	}
	if bits := p.top().bits; breaksLine(e.tag) && len(bits) > 0 && bits[len(bits)-1].kind != bitLine {
		p.add(bit{kind: bitLine})
	}
	if selfClosing || isVoid(e.tag) {
		return
	}
	if len(p.open) > maxNested {
		p.deeper++
		return
	}
	p.open = append(p.open, e)
}

func isVoid(tag string) bool {
	switch tag {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr":
		return true
	}
	return false
}

// breaksLine says whether an element stands on lines of its own.
func breaksLine(tag string) bool {
	switch tag {
	case "a", "b", "br", "i", "img", "source", "wbr", "u", "s", "span", "strong", "em", "code", "font", "small", "sub", "sup", "video", "audio":
		return false
	}
	return true
}

// end closes an element, and those within it that were left open.
func (p *pageReader) end(tag string) {
	if p.deeper > 0 {
		p.deeper--
		return
	}
	i := len(p.open) - 1
	for i > 0 && p.open[i].tag != tag {
		i--
	}
	if i == 0 {
		return
	}
	for len(p.open) > i && !p.done {
		p.pop()
	}
	p.closed = p.closed || tag == "html"
}

// pop closes the innermost element.
func (p *pageReader) pop() {
	e := *p.top()
	depth := len(p.open)
	p.open = p.open[:depth-1]
	if e.tag == "li" {
		e.bits = asItem(e.bits)
	}
	if s, ok := p.asStamp(e.bits); ok {
		e.bits = []bit{{kind: bitStamp, text: s, depth: depth}}
	} else if e.tag == "a" && e.href != "" {
		e.bits = asLink(e.bits, e.href, depth)
	}
	if b := p.asBlock(e.bits, depth); b != nil {
		for i := range e.bits {
			p.held -= len(e.bits[i].text) + len(e.bits[i].href) + 16
		}
		p.emit(b)
		return
	}
	parent := p.top()
	parent.bits = append(parent.bits, e.bits...)
	if breaksLine(e.tag) && len(e.bits) > 0 {
		parent.bits = append(parent.bits, bit{kind: bitLine, depth: depth})
	}
}

// asItem makes one bit of a list's element, if it is text alone.
func asItem(bits []bit) []bit {
	text, ok := joined(bits)
	if !ok {
		return bits
	}
	return []bit{{kind: bitItem, text: text, depth: bits[0].depth}}
}

// joined is the text of bits that are nothing else.
func joined(bits []bit) (text string, ok bool) {
	for _, b := range bits {
		switch b.kind {
		case bitText:
			text += b.text
			ok = ok || !b.isBlank()
		case bitLine:
			text += " "
		default:
			return "", false
		}
	}
	return strings.Trim(singleSpaced(text), " "), ok
}

// asStamp is the text of an element that is a time and nothing else.
func (p *pageReader) asStamp(bits []bit) (string, bool) {
	if len(bits) > 32 {
		return "", false
	}
	s, ok := joined(bits)
	if ok {
		_, ok = parseStamp(s, p.order)
	}
	return s, ok
}

// asLink marks what stands in a link. One to a file of the export is a medium;
// those around a time, or to another page, lead nowhere from here.
func asLink(bits []bit, href string, depth int) []bit {
	if strings.HasPrefix(href, "#") {
		return bits
	}
	remote := strings.Contains(href, "://") || strings.HasPrefix(href, "mailto:") || strings.HasPrefix(href, "tel:")
	texts := 0
	for i := range bits {
		if bits[i].kind == bitText && remote && bits[i].href == "" {
			bits[i].href = href
		}
		if bits[i].kind == bitText && !bits[i].isBlank() || bits[i].kind == bitMedia {
			texts++
		}
	}
	if texts > 0 && !remote && !strings.HasSuffix(href, ".html") {
		bits = append(bits, bit{kind: bitMedia, href: href, depth: depth})
	}
	return bits
}

// asBlock makes a message of an element's content, or nil.
func (p *pageReader) asBlock(bits []bit, depth int) *block {
	first, last, others := -1, -1, 0
	for i, b := range bits {
		switch {
		case b.kind == bitStamp:
			last = i
		case b.kind != bitLine && !b.isBlank():
			if others++; first < 0 {
				first = i
			}
		}
	}
	if last < 0 || others == 0 {
		return nil
	}
	if bits[first].kind != bitText || bits[first].depth <= depth {
		for i := range bits {
			if bits[i].kind == bitStamp {
				bits[i].kind = bitText
			}
		}
		return nil
	}
	b := &block{sender: strings.Trim(bits[first].text, " "), shown: bits[last].text}
	b.stamp, _ = parseStamp(bits[last].text, p.order)
	for i, part := range bits {
		if i == first || i == last {
			continue
		}
		if part.kind == bitStamp {
			part.kind = bitText
		}
		b.body = append(b.body, part)
	}
	return b
}

// emit hands a message on, after what was left before it.
func (p *pageReader) emit(b *block) {
	if p.flush(true); p.done {
		return
	}
	p.blocks++
	p.done = !p.each(b)
}

// flush takes the content of all open elements away: right before the first
// message it is the page's header, later it belongs to none.
func (p *pageReader) flush(atMessage bool) {
	var left []bit
	for i := range p.open {
		left = append(left, p.open[i].bits...)
		p.open[i].bits = nil
	}
	p.held = 0
	if p.blocks == 0 && atMessage {
		p.header = append(p.header, left...)
		return
	}
	for _, b := range left {
		if b.kind != bitLine && !b.isBlank() {
			p.done = !p.each(&block{body: left, stray: true})
			return
		}
	}
}
