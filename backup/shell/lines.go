package shell

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"chatkeep/backup/session"
)

// maxLine is how much of a line is passed on, in bytes.
const maxLine = 4 << 10

// lines is a writer that passes lines on, and keeps no more of them than one.
type lines struct {
	out  func(string)
	line []byte // that has no end yet
	cut  bool   // it was longer
}

func (l *lines) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		piece, after, ended := bytes.Cut(rest, []byte{'\n'})
		l.take(piece)
		if ended {
			l.pass()
		}
		rest = after
	}
	return len(p), nil
}

// take adds to the line what there is room for.
func (l *lines) take(piece []byte) {
	if room := maxLine - len(l.line); len(piece) > room {
		piece, l.cut = piece[:room], true
	}
	l.line = append(l.line, piece...)
}

// pass passes the line on. Empty ones say nothing.
func (l *lines) pass() {
	text := string(l.line)
	if l.cut {
		text = whole(text) + "…"
	}
	text = strings.TrimRight(text, " \t\r")
	l.line, l.cut = l.line[:0], false
	if text != "" && l.out != nil {
		l.out(session.Clean(text))
	}
}

// flush passes on a last line that has no end.
func (l *lines) flush() {
	if len(l.line) > 0 {
		l.pass()
	}
}

// whole takes a character that was cut off the end of a text.
func whole(text string) string {
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if tail := text[len(text)-back:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRuneInString(tail) {
				return text[:len(text)-back]
			}
			break
		}
	}
	return text
}
