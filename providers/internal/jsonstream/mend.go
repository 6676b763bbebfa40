package jsonstream

import "bytes"

// mend repairs what writers of JSON are known to get wrong:
//   - Telegram Desktop writes control characters as \xHH, which JSON lacks.
//   - Others leave them as they are, or put a backslash before what needs none.
//   - Telegram Desktop 4.1.0 and 4.1.1 wrote the file of a custom emoji without
//     quotes, to the end of the line.
//
// What else is wrong stays so. The text is copied.
func mend(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/8+16)
	for i := 0; i < len(b); {
		n := 1
		switch b[i] {
		case '"':
			n = stringEnd(b[i:])
			out = mendString(out, b[i:i+n])
		case ':':
			out = append(out, ':')
			if word := bare(b[i+1:]); word > 0 {
				n += word
				out = quote(out, b[i+1:i+n])
			}
		default:
			out = append(out, b[i])
		}
		i += n
	}
	return out
}

// stringEnd is the length of the string at the head of b.
func stringEnd(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

const hexDigits = "0123456789ABCDEF"

// mendString appends a string with escapes that JSON has.
func mendString(out, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c < ' ':
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c != '\\' || i+1 == len(s):
			out = append(out, c)
		default:
			n := 1
			out, n = mendEscape(out, s[i:])
			i += n
		}
	}
	return out
}

// mendEscape appends the escape at the head of s and returns how many bytes
// behind its backslash were used.
func mendEscape(out, s []byte) ([]byte, int) {
	switch c := s[1]; c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return append(out, '\\', c), 1
	case 'u':
		if _, ok := hex4(s); ok {
			return append(out, s[:6]...), 5
		}
	case 'x':
		if len(s) > 3 && isHex(s[2]) && isHex(s[3]) {
			return append(out, '\\', 'u', '0', '0', s[2], s[3]), 3
		}
	}
	return append(out, '\\', '\\'), 0
}

func isHex(c byte) bool { return bytes.IndexByte([]byte("0123456789abcdefABCDEF"), c) >= 0 }

// bare is the length of a member's value that is text without quotes, to the end
// of its line and with the space before it, or 0.
func bare(b []byte) int {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return 0
	}
	line := bytes.TrimRight(b[:end], ", \r\t")
	word := bytes.TrimLeft(line, " \t")
	first := bytes.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' })
	if first == 0 && word[0] != '(' || len(word) == 0 {
		return 0
	}
	switch string(word[:max(first, 0)]) {
	case "true", "false", "null":
		return 0
	}
	if first < 0 && isValid(word) {
		return 0
	}
	return len(line)
}

// quote appends bare text as a string.
func quote(out, b []byte) []byte {
	word := bytes.TrimLeft(b, " \t")
	out = append(append(out, b[:len(b)-len(word)]...), '"')
	for _, c := range word {
		if c == '"' || c == '\\' {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return append(out, '"')
}
