package jsonstream

import (
	"bytes"
	"iter"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Value is one JSON value as it is written. The zero Value is one that is not
// there; its methods find nothing in it.
type Value []byte

// lenient are the rules that a value is held against.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.PreserveRawStrings(true)}

func isValid(b []byte) bool { return jsontext.Value(b).IsValid(lenient...) }

// Parse is text as a value, mended where that is needed.
func Parse(text []byte) (Value, bool) {
	text = bytes.TrimSpace(text)
	if isValid(text) {
		return text, true
	}
	text = mend(text)
	return text, isValid(text)
}

// Kind is the first byte: one of { [ " t f n, a digit, or -. Of no value it is 0.
func (v Value) Kind() byte {
	if len(v) == 0 {
		return 0
	}
	return v[0]
}

// IsNull says whether there is no value, or null.
func (v Value) IsNull() bool { return v.Kind() == 0 || v.Kind() == 'n' }

// Members yields an object's names and values in their order. A name is valid
// until the next.
func (v Value) Members() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		for i := v.into('{'); i > 0; {
			name, at := v.value(i)
			if len(name) == 0 {
				return
			}
			value, end := v.value(v.past(at, ':'))
			if !yield(name.Bytes(), value) {
				return
			}
			i = v.past(end, ',')
		}
	}
}

// Elements yields what is in an array.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for i := v.into('['); i > 0; {
			element, end := v.value(i)
			if len(element) == 0 || !yield(element) {
				return
			}
			i = v.past(end, ',')
		}
	}
}

// Get is the value of an object's first member of a name.
func (v Value) Get(name string) Value {
	for k, m := range v.Members() {
		if string(k) == name {
			return m
		}
	}
	return nil
}

// into is where the first thing within stands, or 0.
func (v Value) into(open byte) int {
	if v.Kind() != open {
		return 0
	}
	return v.past(1, 0)
}

// past is what stands behind spaces and one mark.
func (v Value) past(i int, mark byte) int {
	for ; i < len(v); i++ {
		switch c := v[i]; {
		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
		case c == mark:
			mark = 0
		default:
			return i
		}
	}
	return i
}

// value is the value at i, empty at a closing bracket, and where it ends.
func (v Value) value(i int) (Value, int) {
	if i >= len(v) {
		return nil, i
	}
	var s scan
	end := i
	if v[i] == '"' {
		s.quoted = true
		end = s.string(v, i+1)
	} else {
		n, _ := s.feed(v[i:])
		end += n
	}
	return v[i:end:end], end
}

// Text is a string's text. Bytes that are no UTF-8 stay as they are; half of a
// surrogate pair becomes U+FFFD.
func (v Value) Text() (text string, ok bool) {
	if v.Kind() != '"' {
		return "", false
	}
	return string(v.Bytes()), true
}

// Bytes is a string's text, without a copy where nothing in it is escaped: it is
// not to be changed, and goes when the value does. Of any other value it is nil.
func (v Value) Bytes() []byte {
	if len(v) < 2 || v[0] != '"' {
		return nil
	}
	b := v[1 : len(v)-1]
	i := bytes.IndexByte(b, '\\')
	if i < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i >= 0 && i+1 < len(b) {
		out = append(out, b[:i]...)
		var n int
		out, n = unescape(out, b[i:])
		b = b[i+n:]
		i = bytes.IndexByte(b, '\\')
	}
	return append(out, b...)
}

// unescape appends what the escape at the head of b stands for, and returns its
// length.
func unescape(out, b []byte) ([]byte, int) {
	switch c := b[1]; c {
	case 'b':
		return append(out, '\b'), 2
	case 'f':
		return append(out, '\f'), 2
	case 'n':
		return append(out, '\n'), 2
	case 'r':
		return append(out, '\r'), 2
	case 't':
		return append(out, '\t'), 2
	case 'u':
		r, ok := hex4(b)
		if !ok {
			return append(out, 'u'), 2
		}
		if utf16.IsSurrogate(r) {
			if low, ok := hex4(b[6:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
				return utf8.AppendRune(out, utf16.DecodeRune(r, low)), 12
			}
		}
		return utf8.AppendRune(out, r), 6
	default:
		return append(out, c), 2
	}
}

// hex4 reads \uXXXX at the head of b.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// Int is a whole number.
func (v Value) Int() (n int64, ok bool) {
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return 0, false
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	return n, err == nil
}

// Compact is the value as text without space between its parts: what stands in
// two places of a file at two depths is the same then.
func (v Value) Compact() string {
	if bytes.IndexByte(v, '\n') < 0 && bytes.IndexByte(v, ' ') < 0 && bytes.IndexByte(v, '\t') < 0 {
		return string(v)
	}
	b, err := jsontext.AppendFormat(nil, []byte(v), lenient...)
	if err != nil {
		return string(v)
	}
	return string(b)
}
