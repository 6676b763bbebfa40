package session

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Clean makes foreign text safe to show: control characters, which can move
// the cursor, retitle the window or fake lines, those that reverse the
// direction of writing, and bytes that are no UTF-8 become visible escapes.
// Line ends are among them: what is cleaned is one line.
func Clean(s string) string {
	if !strings.ContainsFunc(s, unsafeRune) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(cleanRune(r))
		}
		s = s[n:]
	}
	return b.String()
}

func cleanRune(r rune) string {
	switch {
	case !unsafeRune(r):
		return string(r)
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// unsafeRune tells of C0 and C1 controls, line separators and the controls of
// bidirectional text. Joiners and variation selectors, which emoji are made
// with, are harmless.
func unsafeRune(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r == 0xfeff:
		return true
	case r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}

// cleanArgs cleans whatever among the arguments of a format is text.
func cleanArgs(args []any) []any {
	cleaned := make([]any, len(args))
	for i, arg := range args {
		switch a := arg.(type) {
		case string:
			arg = Clean(a)
		case []byte:
			arg = Clean(string(a))
		case error:
			arg = Clean(a.Error())
		case fmt.Stringer:
			arg = Clean(a.String())
		}
		cleaned[i] = arg
	}
	return cleaned
}

// CleanWriter cleans a stream of text, all but its line ends and tabs. A
// character must not be cut between two writes, so that a buffer stands in
// front of it and Flush at the end.
type CleanWriter struct {
	w    io.Writer
	rest []byte // of a character that is not complete
}

// NewCleanWriter returns a writer that cleans what it passes on to w.
func NewCleanWriter(w io.Writer) *CleanWriter { return &CleanWriter{w: w} }

// Write implements io.Writer.
func (c *CleanWriter) Write(p []byte) (int, error) {
	data := append(c.rest, p...)
	end := len(data)
	for back := 1; back < utf8.UTFMax && back <= len(data); back++ {
		if tail := data[len(data)-back:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				end -= back
			}
			break
		}
	}
	text := string(data[:end])
	c.rest = append([]byte(nil), data[end:]...)
	return len(p), c.pass(text)
}

// Flush passes on what is left.
func (c *CleanWriter) Flush() error {
	text := string(c.rest)
	c.rest = nil
	return c.pass(text)
}

func (c *CleanWriter) pass(text string) error {
	var b strings.Builder
	for piece := range strings.SplitAfterSeq(text, "\n") {
		line, ended := strings.CutSuffix(piece, "\n")
		for i, cell := range strings.Split(line, "\t") {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(Clean(cell))
		}
		if ended {
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(c.w, b.String())
	return err
}
