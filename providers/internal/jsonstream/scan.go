package jsonstream

import "bytes"

// scan finds where a value ends. It looks at brackets and quotes alone and
// keeps its place from one piece of the text to the next.
type scan struct {
	depth, deepest int
	quoted, after  bool // within a string; behind a backslash in it
	begun          bool
}

// kinds of bytes outside of strings.
const (
	plain = iota
	parts // what stands between values
	quotes
	opens
	closes
)

var kindOf = [256]uint8{'"': quotes, '{': opens, '[': opens, '}': closes, ']': closes,
	',': parts, ':': parts, ' ': parts, '\n': parts, '\r': parts, '\t': parts}

// feed takes the next piece. It returns how many bytes of it belong to the value,
// and whether the value ends there.
func (s *scan) feed(b []byte) (n int, done bool) {
	for i := 0; ; i++ {
		if s.quoted {
			if i = s.string(b, i); s.quoted {
				return len(b), false
			}
			if s.depth == 0 {
				return i, true
			}
		}
		if s.depth > 0 {
			for i < len(b) && kindOf[b[i]] <= parts {
				i++
			}
		}
		if i >= len(b) {
			return len(b), false
		}
		kind := kindOf[b[i]]
		if s.depth == 0 && (s.begun && kind != plain || kind == parts || kind == closes) {
			return i, true
		}
		s.begun = true
		switch kind {
		case quotes:
			s.quoted = true
		case opens:
			s.depth++
			s.deepest = max(s.deepest, s.depth)
		case closes:
			if s.depth--; s.depth == 0 {
				return i + 1, true
			}
		}
	}
}

// string goes on in a string from i to behind its quote, or to the end of b. A
// quote behind an odd number of backslashes is not its own.
func (s *scan) string(b []byte, i int) int {
	if s.after {
		s.after = false
		i++
	}
	for i < len(b) {
		quote := bytes.IndexByte(b[i:], '"')
		if quote < 0 {
			s.after = slashes(b[i:])&1 == 1
			return len(b)
		}
		n := slashes(b[i : i+quote])
		if i += quote + 1; n&1 == 0 {
			s.quoted = false
			return i
		}
	}
	return len(b)
}

// slashes is how many backslashes are at the end of b.
func slashes(b []byte) (n int) {
	for n < len(b) && b[len(b)-1-n] == '\\' {
		n++
	}
	return n
}

// ends says whether the end of the text may be the end of the value: a number or
// a word.
func (s *scan) ends() bool { return s.begun && s.depth == 0 && !s.quoted }
