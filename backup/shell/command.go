package shell

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Command is a line for the shell: /bin/sh, or cmd on Windows.
type Command struct {
	// Name is how errors call it: `the command before "exports"`.
	Name string
	Line string
	// Env is the environment that it gets, less the secrets in it.
	Env     []string
	Timeout time.Duration // as long as the context lasts where 0
	// Grace is how long it may take after it was asked to end; 5 seconds where 0.
	// As long may something that it left behind in the background hold its output
	// open when it ended by itself.
	Grace time.Duration
	// Out gets each line of its stdout and stderr, in one goroutine and not after
	// Run has returned: cleaned, and cut after 4,096 bytes. It may be nil.
	Out func(line string)
}

const defaultGrace = 5 * time.Second

// Run runs the command, with nothing on its stdin, and waits for its end. When the
// time is up or the context ends, its whole process group is asked to end, and
// killed after the grace. What it leaves in the background when it ends by itself
// goes on, without a reader of what it prints.
//
// The error says how it ended and never what it printed.
func (c Command) Run(ctx context.Context) error {
	if c.Grace <= 0 {
		c.Grace = defaultGrace
	}
	within := ctx
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	out := &lines{out: c.Out}
	cmd := exec.CommandContext(within, shell)
	c.prepare(cmd)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = withoutSecrets(c.Env), out, out, c.Grace
	var killAt time.Time
	cmd.Cancel = func() error {
		killAt = time.Now().Add(c.Grace)
		return ask(cmd.Process)
	}
	err := cmd.Run()
	out.flush()
	asked := !killAt.IsZero()
	if asked {
		end(cmd.Process, killAt)
	}
	if !asked && errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it went well, and left something in the background
	}
	return c.outcome(ctx, asked, err)
}

// outcome makes of how it went an error that says so.
func (c Command) outcome(ctx context.Context, asked bool, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !asked && errors.As(err, &exit):
		return &Failed{c.Name, exit.ExitCode(), how(exit.ProcessState)}
	case ctx.Err() != nil:
		return fmt.Errorf("%s was ended: %w", c.Name, context.Cause(ctx))
	case asked, errors.Is(err, context.DeadlineExceeded):
		return &TimedOut{c.Name, c.Timeout}
	}
	return fmt.Errorf("%s cannot be run: %w", c.Name, err)
}

// Failed is the error of a command that did not succeed.
type Failed struct {
	Name string
	Code int    // -1 where it has none
	How  string // "ended with code 3", "was ended by a signal: killed"
}

func (e *Failed) Error() string { return e.Name + " " + e.How }

// Hint tells of what is different where nobody is logged in.
func (e *Failed) Hint() string {
	switch e.Code {
	case 126:
		return "what it names cannot be run: is it executable?"
	case 127:
		return "the shell found no such program: write its whole path, as a timer has a short PATH"
	}
	return ""
}

// TimedOut is the error of a command that took too long.
type TimedOut struct {
	Name  string
	After time.Duration
}

func (e *TimedOut) Error() string { return fmt.Sprintf("%s timed out after %s", e.Name, span(e.After)) }

// Hint tells where the time is set.
func (e *TimedOut) Hint() string { return "give it longer in the configuration, if it needs that" }

// span writes a duration without its zeros: 30m, not 30m0s.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// secrets begin the names of variables that hold a secret, or tell where one is.
var secrets = []string{"CHATKEEP_PASSPHRASE", "CHATKEEP_NEW_PASSPHRASE", "CHATKEEP_EXPORT_KEY", "CREDENTIALS_DIRECTORY"}

// withoutSecrets takes them out of an environment. Windows knows no case in names.
func withoutSecrets(env []string) []string {
	secret := func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.ContainsFunc(secrets, func(s string) bool { return strings.HasPrefix(strings.ToUpper(name), s) })
	}
	// Never nil, which would be the whole environment of this process.
	return slices.DeleteFunc(append([]string{}, env...), secret)
}
