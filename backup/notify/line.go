package notify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// oneLine makes one line of a text: whatever ends a line, moves a cursor or turns
// the direction of writing is a space, what is no UTF-8 is U+FFFD, and no more than
// so many bytes are left.
func oneLine(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unsafeRune(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= most {
		return s
	}
	const cut = "…"
	end := most - len(cut)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + cut
}

func unsafeRune(r rune) bool {
	switch {
	case unicode.IsControl(r):
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r == 0xfeff:
		return true
	case r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}

// redact takes secrets out of a text that others had a hand in.
func redact(text string, secrets ...string) string {
	for _, secret := range secrets {
		// What is shorter hides nothing and tears words apart.
		if len(secret) >= 4 {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return text
}
