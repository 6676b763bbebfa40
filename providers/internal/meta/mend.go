package meta

import (
	"strings"
	"unicode/utf8"

	"chatkeep/providers/internal/jsonstream"
)

// mend undoes what the downloads do to text: each byte of its UTF-8 is written
// as a code point of its own, "Ã©" for "é". A string in which a code point is
// above U+00FF was not treated so, nor one whose code points, taken as bytes, are
// no UTF-8, as a title that was cut within a letter: they stay as they are.
func mend(s string) string {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf {
		i++
	}
	if i == len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)), s[:i]...)
	for i < len(s) {
		if s[i] < utf8.RuneSelf {
			b = append(b, s[i])
			i++
			continue
		}
		// U+0080 to U+00FF are two bytes that begin with C2 or C3.
		if i+1 == len(s) || s[i] != 0xc2 && s[i] != 0xc3 || s[i+1]&0xc0 != 0x80 {
			return s
		}
		b = append(b, s[i]<<6|s[i+1]&0x3f)
		i += 2
	}
	if !utf8.Valid(b) {
		return s
	}
	return string(b)
}

// mendJSON mends the strings of a JSON text.
func mendJSON(s string) string {
	if !strings.Contains(s, `\u00`) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		end := i + 1
		for end < len(s) && s[end] != '"' {
			if s[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end+1, len(s))
		b.WriteString(s[:i])
		quoted := s[i:end]
		if text, ok := jsonstream.Value(quoted).Text(); ok && mend(text) != text {
			quoted = quote(mend(text))
		}
		b.WriteString(quoted)
		s = s[end:]
	}
	b.WriteString(s)
	return b.String()
}

// quote is a text as a JSON string.
func quote(s string) string {
	const hex = "0123456789abcdef"
	b := []byte{'"'}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
