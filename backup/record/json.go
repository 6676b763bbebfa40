package record

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

func encode64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// maxDepth bounds arrays and objects in each other.
const maxDepth = 16

// value is any JSON value. Numbers keep their digits.
type value struct {
	kind byte // '{', '[', '"', '0' for a number, 't', 'f', 'n'
	text string
	keys []string
	list []value
}

// parser reads one line.
type parser struct {
	b     []byte
	i     int
	depth int
}

var errJSON = errors.New("not valid JSON")

func (p *parser) fail() error { return fmt.Errorf("byte %d: %w", p.i, errJSON) }

// parse reads a line that holds one value and nothing else.
func parse(b []byte) (value, error) {
	if !utf8.Valid(b) {
		return value{}, errors.New("not valid UTF-8")
	}
	p := parser{b: b}
	v, err := p.value()
	if err == nil && p.space() != 0 {
		err = p.fail()
	}
	return v, err
}

// space skips spaces and returns the byte behind them, 0 at the end.
func (p *parser) space() byte {
	for p.i < len(p.b) {
		switch c := p.b[p.i]; c {
		case ' ', '\t', '\r', '\n':
			p.i++
		case 0:
			return 1 // no end
		default:
			return c
		}
	}
	return 0
}

func (p *parser) value() (v value, err error) {
	switch c := p.space(); {
	case c == '{' || c == '[':
		if p.depth++; p.depth > maxDepth {
			return v, fmt.Errorf("byte %d: nested too deep", p.i)
		}
		v, err = p.many(c)
		p.depth--
		return v, err
	case c == '"':
		v.kind = '"'
		v.text, err = p.str()
		return v, err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for _, w := range []string{"true", "false", "null"} {
		if len(p.b)-p.i >= len(w) && string(p.b[p.i:p.i+len(w)]) == w {
			p.i += len(w)
			return value{kind: w[0]}, nil
		}
	}
	return v, p.fail()
}

// many reads an object or an array. A key twice in one object has no meaning
// that two readers would agree on, so it is an error.
func (p *parser) many(open byte) (v value, err error) {
	v.kind = open
	end := open + 2 // ']' and '}' in ASCII
	p.i++
	seen := map[string]bool{}
	for first := true; ; first = false {
		c := p.space()
		if c == end && first {
			p.i++
			return v, nil
		}
		if open == '{' {
			if c != '"' {
				return v, p.fail()
			}
			k, err := p.str()
			if err != nil {
				return v, err
			}
			if seen[k] {
				return v, fmt.Errorf("byte %d: a key twice", p.i)
			}
			seen[k] = true
			v.keys = append(v.keys, k)
			if p.space() != ':' {
				return v, p.fail()
			}
			p.i++
		}
		e, err := p.value()
		if err != nil {
			return v, err
		}
		v.list = append(v.list, e)
		switch p.space() {
		case ',':
			p.i++
		case end:
			p.i++
			return v, nil
		default:
			return v, p.fail()
		}
	}
}

func (p *parser) number() (value, error) {
	start := p.i
	for p.i < len(p.b) {
		c := p.b[p.i]
		if c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' && (c < '0' || c > '9') {
			break
		}
		p.i++
	}
	s := string(p.b[start:p.i])
	if _, err := strconv.ParseFloat(s, 64); err != nil && !errors.Is(err, strconv.ErrRange) {
		return value{}, p.fail()
	}
	return value{kind: '0', text: s}, nil
}

// str reads a string. Half a surrogate pair becomes U+FFFD.
func (p *parser) str() (string, error) {
	p.i++
	var b []byte
	start := p.i
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			s := p.b[start:p.i]
			p.i++
			if b == nil {
				return string(s), nil
			}
			return string(append(b, s...)), nil
		case c < ' ':
			return "", p.fail()
		case c == '\\':
			b = append(b, p.b[start:p.i]...)
			r, ok := p.escape()
			if !ok {
				return "", p.fail()
			}
			b = utf8.AppendRune(b, r)
			start = p.i
		default:
			p.i++
		}
	}
	return "", p.fail()
}

func (p *parser) escape() (rune, bool) {
	p.i++
	if p.i >= len(p.b) {
		return 0, false
	}
	c := p.b[p.i]
	p.i++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
	default:
		return 0, false
	}
	r, ok := p.hex4()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if len(p.b)-p.i >= 6 && p.b[p.i] == '\\' && p.b[p.i+1] == 'u' {
		at := p.i
		p.i += 2
		if low, ok := p.hex4(); ok {
			if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
				return both, true
			}
		}
		p.i = at
	}
	return utf8.RuneError, true
}

func (p *parser) hex4() (rune, bool) {
	if len(p.b)-p.i < 4 {
		return 0, false
	}
	n := rune(0)
	for _, c := range p.b[p.i : p.i+4] {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			n = n<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	p.i += 4
	return n, true
}
