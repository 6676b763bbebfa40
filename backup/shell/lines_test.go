package shell

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func linesOf(pieces ...string) (got []string) {
	l := &lines{out: func(line string) { got = append(got, line) }}
	for _, piece := range pieces {
		if n, err := l.Write([]byte(piece)); n != len(piece) || err != nil {
			panic("a short write")
		}
	}
	l.flush()
	return got
}

// FuzzLines cuts output into writes wherever it likes.
func FuzzLines(f *testing.F) {
	f.Add("one\ntwo\r\n\nthree", 5)
	f.Add(strings.Repeat("é", 3000)+"\n\x1b[2J", 4095)
	f.Add(strings.Repeat("\x00", 5000), 4097)
	f.Fuzz(func(t *testing.T, text string, at int) {
		at = max(0, min(at, len(text)))
		got := linesOf(text)
		if again := linesOf(text[:at], text[at:]); !slices.Equal(got, again) {
			t.Errorf("%q, in two pieces %q", got, again)
		}
		for _, line := range got {
			if line == "" || len(line) > 6*maxLine || strings.ContainsAny(line, "\n\r\x00\x1b") || !utf8.ValidString(line) {
				t.Errorf("%.200q", line)
			}
		}
	})
}

// TestCut: a character at the cut is whole or not there.
func TestCut(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{strings.Repeat("a", maxLine), strings.Repeat("a", maxLine)},
		{strings.Repeat("a", maxLine+1), strings.Repeat("a", maxLine) + "…"},
		{strings.Repeat("a", maxLine-1) + "éa", strings.Repeat("a", maxLine-1) + "…"},
	} {
		if got := linesOf(c.text); len(got) != 1 || got[0] != c.want {
			t.Errorf("%q", got)
		}
	}
}
