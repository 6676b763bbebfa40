package format

import (
	"errors"
	"fmt"
)

// Class names a way in which an object can fail (section 14 of the
// specification). Test vectors name the class they expect.
type Class string

// The classes.
const (
	Truncated          Class = "truncated"
	Flipped            Class = "flipped"
	Malformed          Class = "malformed"
	NonCanonical       Class = "non-canonical"
	WrongKind          Class = "wrong-kind"
	WrongPlace         Class = "wrong-place"
	WrongRepository    Class = "wrong-repository"
	Oversized          Class = "oversized"
	UnknownRequirement Class = "unknown-requirement"
	NewerFormat        Class = "newer-format"
	BadSignature       Class = "bad-signature"
	WrongWriter        Class = "wrong-writer"
	Fork               Class = "fork"
	Gap                Class = "gap"
	Rollback           Class = "rollback"
	Missing            Class = "missing"
	WrongKey           Class = "wrong-key"
)

// Exit codes that classes have; the table of all is in docs/format.md.
const (
	exitFailed   = 1
	exitDamaged  = 11
	exitWrongKey = 12
)

// classes gives each class its words for people and, where there is one that
// always holds, its cure.
var classes = map[Class]struct{ words, cure string }{
	Truncated:          {"cut short", ""},
	Flipped:            {"damaged", ""},
	Malformed:          {"malformed", ""},
	NonCanonical:       {"not in canonical form", ""},
	WrongKind:          {"another kind of object", ""},
	WrongPlace:         {"in the wrong place", ""},
	WrongRepository:    {"of another repository", ""},
	Oversized:          {"over a limit", ""},
	UnknownRequirement: {"needs a feature this version does not have", "use a newer chatkeep"},
	NewerFormat:        {"of a newer format", "use a newer chatkeep"},
	BadSignature:       {"bad signature", ""},
	WrongWriter:        {"signed by a key that may not", ""},
	Fork:               {"forked", ""},
	Gap:                {"a number is missing", ""},
	Rollback:           {"older than what was seen before", ""},
	Missing:            {"missing", ""},
	WrongKey:           {"the key does not open it", ""},
}

// Error is a failure of an object or a place in a repository.
type Error struct {
	Class Class
	What  string // the object or place, e.g. "packs/3f/3f2a….age" or "head"
	Err   error  // the detail; may be nil
	Cure  string // what a person can do; empty where the class knows or nobody does
}

// Fail returns an Error. The format may wrap with %w.
func Fail(class Class, what string, format string, args ...any) *Error {
	return &Error{Class: class, What: what, Err: fmt.Errorf(format, args...)}
}

// Error returns "what: class in words: detail".
func (e *Error) Error() string {
	words := classes[e.Class].words
	if words == "" {
		words = string(e.Class)
	}
	if e.What != "" {
		words = e.What + ": " + words
	}
	if e.Err != nil {
		words += ": " + e.Err.Error()
	}
	return words
}

// Unwrap returns the detail.
func (e *Error) Unwrap() error { return e.Err }

// Hint returns what a person can do, or "".
func (e *Error) Hint() string {
	if e.Cure != "" {
		return e.Cure
	}
	return classes[e.Class].cure
}

// ExitCode returns the process exit code of the class: 1 where this program is
// too old, 12 for a wrong key, else 11.
func (e *Error) ExitCode() int {
	switch e.Class {
	case UnknownRequirement, NewerFormat:
		return exitFailed
	case WrongKey:
		return exitWrongKey
	}
	return exitDamaged
}

// ClassOf returns the class of the first Error in err's chain, or "".
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ""
}

// At names the place of a failure: a parser knows that it reads a head, its
// caller knows which. If err is an Error, the result is a copy whose What is
// what; any other error comes back as it is.
func At(what string, err error) error {
	if e, ok := err.(*Error); ok && e != nil {
		moved := *e
		moved.What = what
		return &moved
	}
	return err
}

// lineError is a detail with the line of a stream, from 1, that it is about.
type lineError struct {
	line int
	err  error
}

func (e lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }

func (e lineError) Unwrap() error { return e.err }
