package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// Exit codes that belong to no other package; docs/format.md and the storage
// contract have the rest.
const (
	ExitFailed       = 1
	ExitIncomplete   = 3
	ExitNoRepository = 10
	ExitDamaged      = 11
	ExitWrongKey     = 12
	ExitStale        = 15
	ExitShrunk       = 16
	ExitUsage        = 64
	ExitInterrupted  = 130
)

// ErrInterrupted is why a context ends on a signal.
var ErrInterrupted = errors.New("interrupted")

// Failure is an error of the command line: what happened, what to do, and how
// the program ends.
type Failure struct {
	Message string
	Cure    string // for Hint; may be empty
	Code    int    // 1 where 0
	Err     error  // the cause; may be nil
}

// Fail returns a Failure with the arguments in the message cleaned.
func Fail(code int, cure, format string, args ...any) *Failure {
	f := &Failure{Message: fmt.Sprintf(format, cleanArgs(args)...), Cure: cure, Code: code}
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			f.Err = err
		}
	}
	return f
}

// Usage is the Failure of a command line that means nothing.
func Usage(format string, args ...any) *Failure { return Fail(ExitUsage, "", format, args...) }

func (f *Failure) Error() string { return f.Message }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Hint tells what to do, or "".
func (f *Failure) Hint() string { return f.Cure }

// ExitCode is how the program ends.
func (f *Failure) ExitCode() int {
	if f.Code == 0 {
		return ExitFailed
	}
	return f.Code
}

// classOf names the kind of trouble, as docs/json.md lists them, or "".
func classOf(err error) string {
	if class := format.ClassOf(err); class != "" {
		return string(class)
	}
	return storage.ClassOf(err).String()
}

// exitCode asks the first error in the chain that knows.
func exitCode(err error) int {
	var known interface{ ExitCode() int }
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ErrInterrupted):
		return ExitInterrupted
	case errors.As(err, &known):
		return known.ExitCode()
	}
	return ExitFailed
}

// HintOf asks the errors of the chain, from the outside in, for the first hint.
func HintOf(err error) string {
	if err == nil {
		return ""
	}
	if h, ok := err.(interface{ Hint() string }); ok && h.Hint() != "" {
		return h.Hint()
	}
	switch inner := err.(type) {
	case interface{ Unwrap() error }:
		return HintOf(inner.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range inner.Unwrap() {
			if hint := HintOf(one); hint != "" {
				return hint
			}
		}
	}
	return ""
}

// interruption makes one plain error of all that an interruption brings about:
// a put that was cut short is no trouble with the store.
func interruption(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), ErrInterrupted) {
		return ErrInterrupted
	}
	return err
}

// linesOf is what is said of an error: one line, also of errors that were joined
// and come in lines, but for a list of many things that are wrong.
func linesOf(err error) []string {
	var list interface{ Lines() []string }
	lines := []string{strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")}
	if errors.As(err, &list) {
		lines = list.Lines()
	}
	for i, line := range lines {
		lines[i] = Clean(line)
	}
	return lines
}

// Report tells of an error and returns the exit code that it stands for. A command
// whose error ends it returns it instead.
func (v *Voice) Report(err error) int {
	code := exitCode(err)
	if err == nil {
		return code
	}
	lines := linesOf(err)
	message := strings.Join(lines, "; ")
	hint := Clean(HintOf(err))
	if v.json {
		line, _ := jsonLine(struct {
			Type    string `json:"type"`
			Code    int    `json:"code"`
			Class   string `json:"class,omitempty"`
			Message string `json:"message"`
			Hint    string `json:"hint,omitempty"`
		}{"error", code, classOf(err), message, hint})
		v.write(v.err, string(line))
		return code
	}
	const name = "chatkeep: "
	text := name + strings.Join(lines, "\n"+strings.Repeat(" ", len(name))) + "\n"
	if hint != "" {
		text += "hint: " + hint + "\n"
	}
	v.write(v.err, text)
	return code
}
