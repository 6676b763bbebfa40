package whatsapp

import (
	"fmt"
	"unicode"
)

// formError is a text that was recognised and holds no message, or few.
type formError struct {
	file string
	refused
	found, suspects int
}

func (e *formError) Error() string {
	switch {
	case e.line == 0:
		return e.file + ": no message in it: the file is empty"
	case e.found == 0:
		return fmt.Sprintf("%s: no message in it: line %d has no date of a known form: %q", e.file, e.line, e.skeleton)
	}
	return fmt.Sprintf("%s: only %d messages in it: line %d and %d more look like dates of an unknown form: %q",
		e.file, e.found, e.line, e.suspects-1, e.skeleton)
}

// Hint says what to do.
func (e *formError) Hint() string {
	if e.line == 0 {
		return "export the chat again"
	}
	return "the line is shown without its text, N for a digit and x for a letter; report it so that this form can be learned"
}

// skeletonRune hides what a rune says and keeps what it is: punctuation, spaces
// and marks stay, everything else goes.
func skeletonRune(r rune) rune {
	switch {
	case unicode.IsDigit(r):
		return 'N'
	case unicode.IsLetter(r) || unicode.IsMark(r):
		return 'x'
	case r < unicode.MaxASCII || unicode.IsPunct(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r):
		return r
	}
	return '?'
}
