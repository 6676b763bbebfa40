package format

import (
	"encoding/hex"
	"strconv"
	"time"
	"unicode/utf8"
)

const timeLayout = "2006-01-02T15:04:05Z"

// pen writes canonical JSON. Literal parts go through raw, so that an encoder
// reads like the line of the specification that it implements; cursor is its
// mirror image.
type pen struct{ b []byte }

func (p *pen) raw(s string) *pen { p.b = append(p.b, s...); return p }

func (p *pen) num(n uint64) *pen { p.b = strconv.AppendUint(p.b, n, 10); return p }

func (p *pen) int(n int64) *pen { p.b = strconv.AppendInt(p.b, n, 10); return p }

func (p *pen) bool(v bool) *pen { p.b = strconv.AppendBool(p.b, v); return p }

func (p *pen) str(s string) *pen { p.b = appendString(p.b, s); return p }

func (p *pen) hash(h Hash) *pen {
	p.b = append(p.b, '"')
	p.b = hex.AppendEncode(p.b, h[:])
	p.b = append(p.b, '"')
	return p
}

func (p *pen) time(t time.Time) *pen {
	p.b = append(p.b, '"')
	p.b = t.UTC().AppendFormat(p.b, timeLayout)
	p.b = append(p.b, '"')
	return p
}

func (p *pen) strs(list []string) *pen {
	return listOf(p, list, func(s string) { p.str(s) })
}

func (p *pen) hashes(list []Hash) *pen {
	return listOf(p, list, func(h Hash) { p.hash(h) })
}

func (p *pen) ids(list []ID) *pen { p.b = appendIDs(p.b, list); return p }

// listOf writes a JSON list whose items write writes.
func listOf[T any](p *pen, list []T, write func(T)) *pen {
	p.b = append(p.b, '[')
	for i, item := range list {
		if i > 0 {
			p.b = append(p.b, ',')
		}
		write(item)
	}
	p.b = append(p.b, ']')
	return p
}

func appendIDs(dst []byte, ids []ID) []byte {
	dst = append(dst, '[')
	for i := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = hex.AppendEncode(dst, ids[i][:])
		dst = append(dst, '"')
	}
	return append(dst, ']')
}

// plain says which bytes stand for themselves inside a JSON string. Bytes from
// 0x80 on need a look at the code point.
var plain = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendString writes s as a canonical JSON string. Each byte of s that
// belongs to no UTF-8 sequence becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		escape := escapeOf(r, size)
		if escape == "" {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = append(dst, escape...)
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

const hexDigits = "0123456789abcdef"

// escapeOf returns how r is written if it does not stand for itself. A size
// of 1 with U+FFFD is the byte that no UTF-8 sequence has.
func escapeOf(r rune, size int) string {
	switch r {
	case '"':
		return `\"`
	case '\\':
		return `\\`
	case '\b':
		return `\b`
	case '\t':
		return `\t`
	case '\n':
		return `\n`
	case '\f':
		return `\f`
	case '\r':
		return `\r`
	case '\u2028':
		return `\u2028`
	case '\u2029':
		return `\u2029`
	case utf8.RuneError:
		if size == 1 {
			return "\uFFFD"
		}
	}
	if r < 0x20 {
		return `\u00` + string(hexDigits[r>>4]) + string(hexDigits[r&15])
	}
	return ""
}

// display returns s as it stands in a "path" whose bytes are in "path_b64":
// each byte that belongs to no UTF-8 sequence becomes U+FFFD.
func display(s string) string { return string([]rune(s)) }
