package storage

import (
	"errors"
	"fmt"
)

// Class says what kind of trouble a store met, where the kind decides what a
// person should do.
type Class int

const (
	Other       Class = iota
	NoPlace           // the bucket or directory does not exist
	Unreachable       // network, name, timeout, server trouble: trying again may help
	Login             // credentials missing, wrong or refused
	Full              // no space left, or a quota
	ReadOnly          // the place does not take writes
	Archived          // the object is in an archive, and has to be thawed first: see Thawer
)

// String is the class in a word, for programs; "" for Other.
func (c Class) String() string {
	return [...]string{"", "no-place", "unreachable", "login", "full", "read-only", "archived"}[c]
}

// Error is trouble with a store. It wraps the cause, so that the io/fs
// sentinels match where they fit.
type Error struct {
	Class Class
	Op    string // "put", "get", "stat", "list", "delete", "open"
	Key   string // the object, or "" for the place
	Place string // the location as the user knows it
	Err   error
	Cure  string // for Hint; may be empty
}

func (e *Error) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("%s %s: %v", e.Op, e.Place, e.Err)
	}
	return fmt.Sprintf("%s %s in %s: %v", e.Op, e.Key, e.Place, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Hint tells what to do next, or "".
func (e *Error) Hint() string { return e.Cure }

// ExitCode is the program's exit code for this trouble.
func (e *Error) ExitCode() int {
	switch e.Class {
	case NoPlace:
		return 10
	case Unreachable, Archived:
		return 13 // later it may work
	case Login:
		return 14
	}
	return 1
}

// ClassOf returns the class of the first [Error] in err's chain, or Other.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Other
}
