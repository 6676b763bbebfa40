package whatsapp

// A header is what stands before a message: its date and time, in one of the
// many forms that phones give them. The grammar is
//
//	[marks] ( "[" clock "]" | clock " - " | clock ": " ) rest
//	clock = date joint time | time joint date
//
// with marks, any kind of space and any script's digits throughout.
type header struct {
	shape shape
	date  date
	time  timeOfDay
	// line says that a direction mark stands before the header: iOS puts one
	// before lines with an attachment or a call. body says that one follows.
	line, body bool
	upper      bool // AM or PM is in capitals
	rest       int  // where the rest of the line begins, behind those marks
}

// shape is the form of a header without its values. One export is written in
// one go under one locale, so all its headers have one shape.
type shape struct {
	frame     byte // '[', '-' or ':'
	timeFirst bool
	dateSep   byte // '/', '-', '.', 'c' for 年月日 and 년월일, 'n' for a named month
	timeSep   byte
	comma     bool
	seconds   bool
	half      byte // 0, 'b' before the time, 'a' after it
	year      byte // digits of the year where its place is plain: 4 first 'f', 4 last 'l', else 0
	era       era
	pad       uint8 // leading zeros: padUnknown and so on
}

// What a header's days and months say of leading zeros.
const (
	padUnknown = iota
	padded
	bare
	both // in one line
)

// family is a shape without what values may change within one locale.
func (s shape) family() shape {
	s.pad = padUnknown
	return s
}

// date is three components in the order of the line; which is which is decided
// over the whole file.
type date struct {
	n     [3]int
	month int8 // the index of a named month, or -1
	era   era
	year  bool // whether there is a year: very old exports leave the current one out
}

type timeOfDay struct {
	hour, minute, second int
	half                 half
}

// parseHeader reads the header of a line. The line may be a part of a longer
// one: only its first few dozen bytes matter.
func parseHeader(b []byte) (h header, ok bool) {
	c := cursor{b: b}
	h.line = c.marks()
	if c.done() {
		return h, false
	}
	bracket := c.byte('[')
	if bracket {
		c.spaces()
	}
	start := c.i
	if !h.clock(&c, false) {
		// A fresh start: the first reading may have left parts behind.
		h = header{line: h.line}
		c.i = start
		if !h.clock(&c, true) {
			return h, false
		}
	}
	if !h.frame(&c, bracket) {
		return h, false
	}
	return h, h.plausible()
}

// frame reads what closes the header.
func (h *header) frame(c *cursor, bracket bool) bool {
	space := c.spaces()
	switch {
	case bracket:
		if !c.byte(']') {
			return false
		}
		h.shape.frame = '['
	case space && c.dash():
		h.shape.frame = '-'
	case c.byte(':'):
		h.shape.frame = ':'
	default:
		return false
	}
	n := spaceLen(c.b[c.i:])
	if n == 0 && !c.done() && h.shape.frame != '[' {
		return false
	}
	c.i += n
	h.body = c.marks()
	h.rest = c.i
	return true
}

// dash reads a hyphen or a dash.
func (c *cursor) dash() bool {
	if c.byte('-') {
		return true
	}
	// U+2013, U+2014
	if len(c.b)-c.i >= 3 && c.b[c.i] == 0xe2 && c.b[c.i+1] == 0x80 && (c.b[c.i+2] == 0x93 || c.b[c.i+2] == 0x94) {
		c.i += 3
		return true
	}
	return false
}

func (h *header) clock(c *cursor, timeFirst bool) bool {
	h.shape.timeFirst = timeFirst
	if timeFirst {
		return h.readTime(c) && h.joint(c) && h.readDate(c)
	}
	return h.readDate(c) && h.joint(c) && h.readTime(c)
}

// joint reads what stands between date and time: commas, dots, spaces, words
// such as "at", and the half of the day where it goes before the time.
func (h *header) joint(c *cursor) bool {
	var buf [wordLimit]byte
	for range 4 {
		h.shape.comma = h.punctuation(c) || h.shape.comma
		if _, n := digitAt(c.b[c.i:]); n > 0 {
			return true
		}
		at := c.i
		w := c.word(&buf)
		if w == "" {
			return false
		}
		switch {
		case halves[w] != 0 && !h.shape.timeFirst:
			h.time.half, h.shape.half = halves[w], 'b'
		case eras[w] != 0:
			h.setEra(eras[w])
		case joiners[w]:
		case h.shape.timeFirst && months[w] != 0:
			c.i = at
			return true
		default:
			return false
		}
	}
	return false
}

// punctuation skips spaces and commas between date and time.
func (h *header) punctuation(c *cursor) (comma bool) {
	for {
		c.spaces()
		switch {
		case c.byte(','):
			comma = true
		case c.byte('.'):
		case len(c.b)-c.i >= 2 && c.b[c.i] == 0xd8 && c.b[c.i+1] == 0x8c: // U+060C
			c.i += 2
			comma = true
		case len(c.b)-c.i >= 3 && c.b[c.i] == 0xe3 && c.b[c.i+1] == 0x80 && c.b[c.i+2] == 0x81: // U+3001
			c.i += 3
			comma = true
		default:
			return comma
		}
	}
}

func (h *header) setEra(e era) {
	h.date.era, h.shape.era = e, e
}

// readTime reads hour, minute, and maybe second and half of the day.
func (h *header) readTime(c *cursor) bool {
	t := &h.time
	var width int
	t.hour, width, _ = c.number()
	if width == 0 || width > 2 {
		return false
	}
	sep := c.timeSep()
	if sep == 0 {
		return false
	}
	h.shape.timeSep = sep
	if t.minute, width, _ = c.number(); width == 0 || width > 2 {
		return false
	}
	at := c.i
	if s := c.timeSep(); s == sep && s != 'h' {
		var w int
		if t.second, w, _ = c.number(); w == 1 || w == 2 {
			h.shape.seconds = true
		} else {
			t.second, c.i = 0, at
		}
	} else {
		c.i = at
	}
	return h.readHalf(c)
}

// timeSep reads ":" or "." or U+FF1A or " h ".
func (c *cursor) timeSep() byte {
	switch {
	case c.byte(':'):
		return ':'
	case c.byte('.'):
		return '.'
	case len(c.b)-c.i >= 3 && c.b[c.i] == 0xef && c.b[c.i+1] == 0xbc && c.b[c.i+2] == 0x9a:
		c.i += 3
		return ':'
	}
	at := c.i
	c.spaces()
	if c.byte('h') {
		c.spaces()
		if _, n := digitAt(c.b[c.i:]); n > 0 {
			return 'h'
		}
	}
	c.i = at
	return 0
}

// readHalf reads AM or PM behind a time, in any language and spelling: "AM",
// "a. m.", "_AM". None at all is fine; an unknown word is not.
func (h *header) readHalf(c *cursor) bool {
	at := c.i
	c.spaces()
	c.byte('_')
	h.upper = c.peek() >= 'A' && c.peek() <= 'Z'
	var buf [wordLimit]byte
	w := c.word(&buf)
	if w == "" {
		c.i = at
		return true
	}
	// "a. m." and "p. m." are two words.
	one := c.i
	c.spaces()
	var second [wordLimit]byte
	if more := c.word(&second); more != "" && halves[w+more] != 0 {
		w += more
	} else {
		c.i = one
	}
	h.time.half, h.shape.half = halves[w], 'a'
	return halves[w] != 0
}
