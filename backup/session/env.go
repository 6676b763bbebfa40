package session

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"chatkeep/providers/storage"
)

// Env is everything outside of the process that a command touches. Tests make
// one of their own; System is the real one.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Getenv looks up an environment variable; "" is the same as unset.
	Getenv func(string) string
	Clock  Clock
	// Terminal opens the terminal of the person who started the program. It
	// returns an error where nobody sits there.
	Terminal func() (Terminal, error)
	// Stores are the kinds of places this build knows.
	Stores []storage.Provider

	checks map[string]func(string) error // of the configuration file, by key
}

// Clock is the one source of time.
type Clock struct {
	Now func() time.Time
	// Sleep waits, or returns the context's error when that ends first.
	Sleep func(ctx context.Context, d time.Duration) error
}

// SystemClock is the machine's clock.
func SystemClock() Clock {
	return Clock{Now: time.Now, Sleep: func(ctx context.Context, d time.Duration) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}}
}

// System is the machine that the program runs on. A person is taken to be there
// if stdin or stderr is a terminal: then /dev/tty is asked, so that pipes on
// either side do no harm.
func System(stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string, stores []storage.Provider) *Env {
	e := &Env{Stdin: stdin, Stdout: stdout, Stderr: stderr, Getenv: getenv, Clock: SystemClock(), Stores: stores}
	e.Terminal = func() (Terminal, error) {
		if !isTerminal(stdin) && !isTerminal(stderr) {
			return nil, errNobody
		}
		return openTerminal()
	}
	return e
}

// isTerminal reports whether a stream is one.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
