package session

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/term"

	"chatkeep/providers/storage"
)

// Env is everything outside of the process that a command touches. Tests make
// one of their own; System is the real one.
type Env struct {
	OS             string // as runtime.GOOS has it
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Getenv looks up an environment variable; "" is the same as unset.
	Getenv func(string) string
	// Environ is the whole environment, for programs that are started; nil is an
	// empty one.
	Environ func() []string
	Clock   Clock
	// Terminal opens the terminal of the person who started the program. It
	// returns an error where nobody sits there.
	Terminal func() (Terminal, error)
	// Stores are the kinds of places this build knows.
	Stores []storage.Provider
	// Program runs a command line of the whole program on another Env, for commands
	// that are made of others, and returns its exit code.
	Program func(ctx context.Context, env *Env, args []string) int

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
	e := &Env{OS: runtime.GOOS, Stdin: stdin, Stdout: stdout, Stderr: stderr, Getenv: getenv, Environ: os.Environ, Clock: SystemClock(), Stores: stores}
	e.Terminal = func() (Terminal, error) {
		if !isTerminal(stdin) && !isTerminal(stderr) {
			return nil, errNobody
		}
		return openTerminal()
	}
	return e
}

// Home is the folder of whoever started the program, "" where there is none.
func (e *Env) Home() string {
	home := e.Getenv("HOME")
	if home == "" {
		home, _ = os.UserHomeDir()
	}
	return home
}

// Environment is what programs that are started get, before it is looked through for
// secrets.
func (e *Env) Environment() []string {
	if e.Environ == nil {
		return nil
	}
	return e.Environ()
}

// Piped returns stdin for one who takes what comes through it: a person who is at
// the other end would wait for something to happen. A read ends with the context.
func (e *Env) Piped(ctx context.Context) (io.ReadCloser, error) {
	if isTerminal(e.Stdin) {
		return nil, Fail(ExitUsage, "let a program write into it: PROGRAM | chatkeep …", "standard input is a terminal")
	}
	in, out := io.Pipe()
	context.AfterFunc(ctx, func() { out.CloseWithError(context.Cause(ctx)) })
	go func() {
		// A read of a pipe cannot be cut short: after an interruption this goroutine
		// stays until the process ends, which is soon.
		_, err := io.Copy(out, e.Stdin)
		if err != nil {
			err = fmt.Errorf("standard input: %w", err)
		}
		out.CloseWithError(err)
	}()
	return in, nil
}

// isTerminal reports whether a stream is one.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
