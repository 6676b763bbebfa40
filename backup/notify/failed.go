package notify

import (
	"errors"
	"time"
)

// Failed is a channel that could not be told, and why. It has no part of an
// address but its scheme and host.
type Failed struct {
	Channel string
	Err     error
}

func (f Failed) Error() string { return "notify." + f.Channel + ": " + f.Err.Error() }

// Unwrap returns why.
func (f Failed) Unwrap() error { return f.Err }

// passing is trouble that another try may not meet.
type passing struct {
	error
	after time.Duration // what the other side asks to wait; 0 where it says nothing
}

// Unwrap returns the trouble.
func (p *passing) Unwrap() error { return p.error }

// cured is an error with a known cure.
type cured struct {
	error
	cure string
}

// Hint tells what to do.
func (c *cured) Hint() string { return c.cure }

func hinted(cure, message string) error { return &cured{errors.New(message), cure} }

// errLate is the trouble of a channel whose time ran out.
var errLate = errors.New("no answer in time")
