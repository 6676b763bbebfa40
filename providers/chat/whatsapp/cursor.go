package whatsapp

import (
	"unicode"
	"unicode/utf8"
)

// cursor reads the head of a line, byte by byte where it is ASCII.
type cursor struct {
	b []byte
	i int
}

func (c *cursor) done() bool { return c.i >= len(c.b) }

// peek is the next byte, or 0 at the end.
func (c *cursor) peek() byte {
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

func (c *cursor) byte(want byte) bool {
	if c.peek() == want {
		c.i++
		return true
	}
	return false
}

// markLen is the length of the mark that shows nothing at the head of b: the
// direction marks U+200E/F, U+202A-E and U+2066-9, and U+FEFF. 0 is none.
func markLen(b []byte) int {
	if len(b) < 3 || b[0] < 0xe2 {
		return 0
	}
	switch {
	case b[0] == 0xe2 && b[1] == 0x80 && (b[2] == 0x8e || b[2] == 0x8f || b[2] >= 0xaa && b[2] <= 0xae):
		return 3
	case b[0] == 0xe2 && b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9:
		return 3
	case b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf:
		return 3
	}
	return 0
}

// isAppMark says whether b begins with U+200E or U+200F, which the app puts
// before what it wrote itself (Arabic, Persian, Hebrew and Urdu use U+200F).
func isAppMark(b []byte) bool {
	return len(b) >= 3 && b[0] == 0xe2 && b[1] == 0x80 && (b[2] == 0x8e || b[2] == 0x8f)
}

// spaceLen is the length of the space at the head of b, as Unicode has them
// (U+00A0, U+2000-A, U+202F, U+205F, U+3000 besides space and tab). 0 is none.
func spaceLen(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	switch b[0] {
	case ' ', '\t':
		return 1
	case 0xc2:
		if len(b) > 1 && b[1] == 0xa0 {
			return 2
		}
	case 0xe2:
		if len(b) > 2 && (b[1] == 0x80 && (b[2] <= 0x8a || b[2] == 0xaf) || b[1] == 0x81 && b[2] == 0x9f) {
			return 3
		}
	case 0xe3:
		if len(b) > 2 && b[1] == 0x80 && b[2] == 0x80 {
			return 3
		}
	}
	return 0
}

// marks skips marks and says whether one of them was U+200E or U+200F.
func (c *cursor) marks() (app bool) {
	for c.i < len(c.b) && c.b[c.i] >= 0xe2 {
		n := markLen(c.b[c.i:])
		if n == 0 {
			break
		}
		app = app || isAppMark(c.b[c.i:])
		c.i += n
	}
	return app
}

// spaces skips spaces and marks and says whether there was a space.
func (c *cursor) spaces() (any bool) {
	for {
		c.marks()
		n := spaceLen(c.b[c.i:])
		if n == 0 {
			return any
		}
		any = true
		c.i += n
	}
}

// zeros are the digit zeros of the scripts that phones write dates in; the
// other nine follow each.
var zeros = []rune{0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66,
	0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x17e0, 0x1810, 0xff10}

// digitAt is the decimal digit at the head of b and its length; length 0 is
// none.
func digitAt(b []byte) (value, length int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] < utf8.RuneSelf {
		if b[0] >= '0' && b[0] <= '9' {
			return int(b[0] - '0'), 1
		}
		return 0, 0
	}
	r, n := utf8.DecodeRune(b)
	if !unicode.IsDigit(r) {
		return 0, 0
	}
	for _, z := range zeros {
		if r >= z && r < z+10 {
			return int(r - z), n
		}
	}
	return 0, 0
}

// number reads up to four digits, in any script, with marks before and after
// but not between. More than four are no number here.
func (c *cursor) number() (value, width int, zero bool) {
	c.marks()
	for width <= 4 {
		d, n := digitAt(c.b[c.i:])
		if n == 0 {
			break
		}
		if width == 0 {
			zero = d == 0
		}
		value, width = value*10+d, width+1
		c.i += n
	}
	if width > 4 {
		width = 0
	}
	if width > 0 {
		c.marks()
	}
	return value, width, zero
}

// wordLimit bounds a word of a header, in bytes.
const wordLimit = 48

// word reads letters, and the dots, apostrophes and combining marks among
// them, folded to lower case without its dots. It returns "" where there is no
// letter.
func (c *cursor) word(buf *[wordLimit]byte) string {
	n, start := 0, c.i
	for c.i < len(c.b) && c.i-start < wordLimit-utf8.UTFMax {
		if k := markLen(c.b[c.i:]); k > 0 {
			c.i += k
			continue
		}
		r, k := utf8.DecodeRune(c.b[c.i:])
		if r == utf8.RuneError {
			break
		}
		if r == '.' || r == '\'' || r == '’' || r == '״' {
			if n == 0 {
				break
			}
			c.i += k
			continue
		}
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			break
		}
		n += utf8.EncodeRune(buf[n:], unicode.ToLower(r))
		c.i += k
	}
	return string(buf[:n])
}
