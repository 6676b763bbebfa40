package record

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// object writes one JSON object, key by key. It keeps the first error.
type object struct {
	b    []byte
	some bool // a key was written
	file func(string) string
	err  error
}

func itoa(n int) string { return strconv.Itoa(n) }

// key writes a key. Keys need no escapes.
func (o *object) key(k string) {
	if o.some {
		o.b = append(o.b, ',')
	}
	o.some = true
	o.b = append(o.b, '"')
	o.b = append(o.b, k...)
	o.b = append(o.b, '"', ':')
}

// str writes a string that is not empty. Bytes that are no UTF-8 are replaced by
// U+FFFD, and the true bytes follow in base64 under the key with "_b64".
func (o *object) str(k, s string) {
	if s == "" {
		return
	}
	o.key(k)
	if utf8.ValidString(s) {
		o.b = appendString(o.b, s)
		return
	}
	o.b = appendString(o.b, readable(s))
	o.key(k + "_b64")
	o.b = append(o.b, '"')
	o.b = base64.StdEncoding.AppendEncode(o.b, []byte(s))
	o.b = append(o.b, '"')
}

// readable replaces each byte that is no UTF-8.
func readable(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

// path writes a path of the export as one of the snapshot.
func (o *object) path(k, s string) {
	if s != "" {
		s = o.file(s)
	}
	o.str(k, s)
}

// num writes a number that is not zero.
func (o *object) num(k string, n int64) {
	if n != 0 {
		o.always(k, n)
	}
}

// always writes a number.
func (o *object) always(k string, n int64) {
	if n < 0 {
		o.fail(k, "negative")
	}
	o.key(k)
	o.b = strconv.AppendInt(o.b, n, 10)
}

// flag writes true, or nothing.
func (o *object) flag(k string, v bool) {
	if v {
		o.key(k)
		o.b = append(o.b, "true"...)
	}
}

// fail keeps the first error.
func (o *object) fail(k, why string) {
	if o.err == nil {
		o.err = fmt.Errorf("%s: %s", k, why)
	}
}

// ids writes a list of strings that is not empty. They are ids, so they are
// UTF-8.
func (o *object) ids(k string, list []string) {
	if len(list) == 0 {
		return
	}
	o.key(k)
	o.b = append(o.b, '[')
	for i, s := range list {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		if !utf8.ValidString(s) {
			o.fail(k, "an id is not UTF-8")
		}
		o.b = appendString(o.b, readable(s))
	}
	o.b = append(o.b, ']')
}

// sub writes an object under a key.
func (o *object) sub(k string, fill func(*object)) {
	o.key(k)
	o.nest(fill)
}

func (o *object) nest(fill func(*object)) {
	o.b = append(o.b, '{')
	o.some = false
	fill(o)
	o.b = append(o.b, '}')
	o.some = true
}

// list writes n objects under a key, or nothing for none.
func (o *object) list(k string, n int, fill func(o *object, i int)) {
	if n == 0 {
		return
	}
	o.key(k)
	o.b = append(o.b, '[')
	for i := range n {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.nest(func(o *object) { fill(o, i) })
	}
	o.b = append(o.b, ']')
}

const (
	layoutSecond = "2006-01-02T15:04:05Z07:00"
	layoutMilli  = "2006-01-02T15:04:05.000Z07:00"
)

// time writes an instant that is known, to the unit given: 0 is as many
// milliseconds as there are.
func (o *object) time(k string, t time.Time, unit time.Duration) {
	if t.IsZero() {
		return
	}
	if _, offset := t.Zone(); offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
		t = t.UTC() // local mean times had seconds, which RFC 3339 cannot say
	}
	if y := t.Year(); y < 1 || y > 9999 {
		o.fail(k, "a year of more than four digits")
		return
	}
	layout := layoutSecond
	switch {
	case unit == time.Millisecond, unit == 0 && t.Nanosecond() >= int(time.Millisecond):
		layout = layoutMilli
	case unit == time.Minute:
		t = t.Add(-time.Duration(t.Second()) * time.Second)
	case unit == 24*time.Hour:
		t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, fixed(t))
	}
	o.key(k)
	o.b = append(o.b, '"')
	o.b = t.AppendFormat(o.b, layout)
	o.b = append(o.b, '"')
}

// fixed is the offset of an instant as a zone, so that midnight keeps it.
func fixed(t time.Time) *time.Location {
	_, offset := t.Zone()
	return time.FixedZone("", offset)
}

// millis writes a duration that is not zero, in milliseconds.
func (o *object) millis(k string, d time.Duration) { o.num(k, d.Milliseconds()) }

const hex = "0123456789abcdef"

// appendString writes a JSON string. Besides what JSON demands, U+0085, U+2028
// and U+2029 are escaped: some programs end a line there.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, n := rune(c), 1
		if c >= utf8.RuneSelf {
			if r, n = utf8.DecodeRuneInString(s[i:]); r != 0x85 && r != 0x2028 && r != 0x2029 {
				i += n
				continue
			}
		}
		b = append(b, s[start:i]...)
		b = appendEscape(b, r)
		i += n
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendEscape(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
