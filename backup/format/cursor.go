package format

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// cursor reads canonical JSON and nothing else: it is told what comes next,
// byte for byte, and so cannot be talked into another reading by duplicate
// keys, other spellings or unknown members. The first failure sticks; every
// read after it returns a zero value.
type cursor struct {
	data []byte
	pos  int
	what string
	err  error
}

// fail records the first failure.
func (c *cursor) fail(class Class, format string, args ...any) {
	if c.err == nil {
		c.err = Fail(class, c.what, format, args...)
	}
}

// shape records that the bytes at the cursor are not what must come next, and
// finds out why: they may be no JSON, or cut short, or JSON in another form.
func (c *cursor) shape(want string) {
	if c.err != nil {
		return
	}
	var value json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(c.data))
	err := dec.Decode(&value)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		c.fail(Truncated, "ends at byte %d, inside its JSON", len(c.data))
	case err != nil || !utf8.Valid(c.data):
		c.fail(Malformed, "no JSON at byte %d: want %s", c.pos, want)
	default:
		c.fail(NonCanonical, "at byte %d: want %s", c.pos, want)
	}
}

// opt passes over s if it comes next.
func (c *cursor) opt(s string) bool {
	if c.err != nil || len(c.data)-c.pos < len(s) || string(c.data[c.pos:c.pos+len(s)]) != s {
		return false
	}
	c.pos += len(s)
	return true
}

// lit passes over s, which must come next.
func (c *cursor) lit(s string) {
	if !c.opt(s) {
		c.shape(s)
	}
}

// end demands that nothing is left.
func (c *cursor) end() {
	if c.err == nil && c.pos != len(c.data) {
		c.shape("the end")
	}
}

// num reads a number below 2^53.
func (c *cursor) num() uint64 {
	if c.err != nil {
		return 0
	}
	start := c.pos
	for c.pos < len(c.data) && c.data[c.pos] >= '0' && c.data[c.pos] <= '9' {
		c.pos++
	}
	digits := c.data[start:c.pos]
	if len(digits) == 0 && c.opt("-") {
		c.fail(Malformed, "at byte %d: a number is not negative", start)
		return 0
	}
	if len(digits) == 0 || len(digits) > 1 && digits[0] == '0' {
		c.pos = start
		c.shape("a number")
		return 0
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil || n > maxNumber {
		c.fail(Malformed, "at byte %d: a number is below 2^53", start)
		return 0
	}
	return n
}

func (c *cursor) int() int64 { return int64(c.num()) }

// bool reads true or false.
func (c *cursor) bool() bool {
	if c.opt("true") {
		return true
	}
	c.lit("false")
	return false
}

// token returns the bytes of a string that has no escapes and is about n long;
// what is not one is left where it is. Hashes and ids are such strings.
func (c *cursor) token(n int) []byte {
	if c.err != nil || len(c.data)-c.pos < n+2 || c.data[c.pos] != '"' || c.data[c.pos+n+1] != '"' {
		return nil
	}
	return c.data[c.pos+1 : c.pos+1+n]
}

// hash reads a hash.
func (c *cursor) hash() (h Hash) {
	if c.err != nil {
		return h
	}
	if t := c.token(hashDigits); t != nil && unhex(h[:], t) {
		c.pos += hashDigits + 2
		return h
	}
	c.notHex(hashDigits, errHash)
	return Hash{}
}

// notHex says why what stands at the cursor is no hash or id.
func (c *cursor) notHex(digits int, err error) {
	start := c.pos
	s := c.str()
	class := Malformed
	if len(s) == digits && unhex(make([]byte, digits/2), bytes.ToLower([]byte(s))) {
		class = NonCanonical
	}
	c.fail(class, "at byte %d: %w", start, err)
}

// id reads a chunk's id.
func (c *cursor) id() (id ID) {
	const digits = 2 * len(id)
	if c.err != nil {
		return id
	}
	if t := c.token(digits); t != nil && unhex(id[:], t) {
		c.pos += digits + 2
		return id
	}
	c.notHex(digits, errID)
	return ID{}
}

// time reads a time; the years are 1970 to 9999.
func (c *cursor) time() time.Time {
	start := c.pos
	s := c.str()
	if c.err != nil {
		return time.Time{}
	}
	t, err := time.Parse(timeLayout, s)
	if err != nil || t.Unix() < 0 || t.Format(timeLayout) != s {
		c.fail(Malformed, "at byte %d: a time is RFC 3339 in UTC with whole seconds, from 1970 on", start)
		return time.Time{}
	}
	return t
}

// str reads a string.
func (c *cursor) str() string {
	if c.err != nil {
		return ""
	}
	if c.pos >= len(c.data) || c.data[c.pos] != '"' {
		c.shape("a string")
		return ""
	}
	i := c.pos + 1
	for i < len(c.data) && plain[c.data[i]] {
		i++
	}
	if i < len(c.data) && c.data[i] == '"' {
		s := string(c.data[c.pos+1 : i])
		c.pos = i + 1
		return s
	}
	return c.hardString(i)
}

// hardString reads a string that has something to look at from byte i on.
func (c *cursor) hardString(i int) string {
	out := append(make([]byte, 0, 2*(i-c.pos)+32), c.data[c.pos+1:i]...)
	for i < len(c.data) {
		switch b := c.data[i]; {
		case plain[b]:
			out = append(out, b)
			i++
		case b == '"':
			c.pos = i + 1
			return string(out)
		default:
			r, size := c.codePoint(i)
			if size == 0 {
				c.pos = i
				c.shape("a character in its canonical form")
				return ""
			}
			out = utf8.AppendRune(out, r)
			i += size
		}
	}
	c.pos = i
	c.shape("the string's end")
	return ""
}

// codePoint reads the escape or the UTF-8 sequence at byte i. Size 0 means
// that there is none, or that canonical JSON writes it in another way.
func (c *cursor) codePoint(i int) (r rune, size int) {
	rest := c.data[i:]
	if rest[0] != '\\' {
		r, size = utf8.DecodeRune(rest)
		if escapeOf(r, size) != "" {
			return 0, 0
		}
		return r, size
	}
	if len(rest) < 2 {
		return 0, 0
	}
	switch rest[1] {
	case '"', '\\':
		return rune(rest[1]), 2
	case 'b':
		return '\b', 2
	case 't':
		return '\t', 2
	case 'n':
		return '\n', 2
	case 'f':
		return '\f', 2
	case 'r':
		return '\r', 2
	}
	var digits [2]byte
	if len(rest) < 6 || rest[1] != 'u' || !unhex(digits[:], rest[2:6]) {
		return 0, 0
	}
	r = rune(digits[0])<<8 | rune(digits[1])
	if escapeOf(r, 3) != string(rest[:6]) {
		return 0, 0
	}
	return r, 6
}

// list reads a JSON list of at most limit items, each read by item.
func (c *cursor) list(limit int, items string, item func()) {
	c.lit("[")
	if c.opt("]") {
		return
	}
	for n := 1; c.err == nil; n++ {
		if n > limit {
			c.fail(Oversized, "more than %d %s", limit, items)
			return
		}
		item()
		if c.opt("]") {
			return
		}
		c.lit(",")
	}
}

// strs reads a list of strings.
func (c *cursor) strs(limit int, items string) []string {
	list := []string{}
	c.list(limit, items, func() { list = append(list, c.str()) })
	return list
}

// hashes reads a strictly ascending list of hashes.
func (c *cursor) hashes(limit int, items string) []Hash {
	list := []Hash{}
	c.list(limit, items, func() {
		h := c.hash()
		if n := len(list); n > 0 && list[n-1].Compare(h) >= 0 {
			c.fail(Malformed, "%s are not in ascending order", items)
		}
		list = append(list, h)
	})
	return list
}

// ids reads a list of chunk ids.
func (c *cursor) ids(limit int, items string) []ID {
	list := []ID{}
	c.list(limit, items, func() { list = append(list, c.id()) })
	return list
}

// bytes reads a name that need not be UTF-8: the key, and, where its bytes are
// no UTF-8, the key with "_b64" and the bytes. The key is given with what
// stands before it, as in `,"target"`.
func (c *cursor) bytes(prefix, key string) string {
	c.lit(prefix)
	c.lit(`"` + key + `":`)
	s := c.str()
	start := c.pos
	if !c.opt(`,"` + key + `_b64":`) {
		return s
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(c.str())
	if c.err != nil {
		return ""
	}
	if err != nil {
		c.fail(Malformed, "at byte %d: %s_b64 is no base64", start, key)
		return ""
	}
	// One name has one form: no bytes beside a name that says them all, and
	// no name that differs from the bytes.
	if utf8.Valid(raw) || display(string(raw)) != s {
		c.fail(NonCanonical, "at byte %d: %s and %s_b64 do not belong together", start, key, key)
	}
	return string(raw)
}

// preamble reads how every statement begins.
func (c *cursor) preamble(typ string) (repository Hash) {
	c.lit(`{"type":`)
	if got := c.str(); c.err == nil && got != typ {
		c.fail(WrongKind, "its type is %q, not %q", short(got), typ)
	}
	c.lit(`,"format":`)
	switch n := c.num(); {
	case c.err != nil:
	case n > 1:
		c.fail(NewerFormat, "format %d", n)
	case n == 0:
		c.fail(Malformed, "format 0")
	}
	c.lit(`,"repository":`)
	return c.hash()
}

// requires reads the features that a reader must have. Version 1 has none, so
// the first of them ends the reading: what follows may mean anything.
func (c *cursor) requires() []string {
	c.lit(`,"requires":`)
	list := []string{}
	c.list(1, "features", func() {
		feature := c.str()
		c.fail(UnknownRequirement, "%q", short(feature))
	})
	return list
}

// positive demands that n is not 0.
func (c *cursor) positive(n uint64, what string) uint64 {
	if n == 0 {
		c.fail(Malformed, "%s is 0", what)
	}
	return n
}

// short keeps foreign strings in messages from growing.
func short(s string) string {
	const most = 40
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// same guards the parsers above with what the specification prescribes: what
// was read is written again and must come out byte for byte.
func (c *cursor) same(encode func() []byte) error {
	c.end()
	if c.err == nil && !bytes.Equal(encode(), c.data) {
		c.fail(NonCanonical, "its bytes are not those of its meaning")
	}
	return c.err
}
