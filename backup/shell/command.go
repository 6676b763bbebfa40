package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/harden"
)

// Command is a line for the shell, /bin/sh or cmd on Windows, or a program.
type Command struct {
	// Name is how errors call it: `the command before "exports"`.
	Name string
	Line string
	// Args are a program and its arguments, which are run without a shell in place
	// of Line.
	Args []string
	// Env is the environment that it gets, less the secrets in it.
	Env []string
	// Credentials says that it is asked for a secret of its own, and may look where
	// systemd keeps those.
	Credentials bool
	// Attended says that a person started it: it may ask for something on the
	// terminal, and a Ctrl-C there ends it. What it started itself is then not
	// ended with it.
	Attended bool
	Timeout  time.Duration // as long as the context lasts where 0
	// Grace is how long it may take after it was asked to end; 5 seconds where 0.
	// As long may something that it left behind in the background hold its output
	// open when it ended by itself.
	Grace time.Duration
	Stdin io.Reader // nothing where nil
	// Stdout and Stderr get what it prints, as it is. Where one is nil, Out gets it.
	Stdout, Stderr io.Writer
	// Out gets each line, in one goroutine and not after the end of the command:
	// cleaned, and cut after 4,096 bytes. It may be nil.
	Out func(line string)
}

const defaultGrace = 5 * time.Second

// Run runs the command and waits for its end. When the time is up or the context
// ends, its whole process group is asked to end, and killed after the grace. What
// it leaves in the background when it ends by itself goes on, without a reader of
// what it prints.
//
// The error says how it ended and never what it printed.
func (c Command) Run(ctx context.Context) error {
	p := c.process(ctx)
	defer p.cancel()
	err := p.cmd.Start()
	if err == nil {
		err = p.wait()
	}
	return p.outcome(err)
}

// process is a command at work.
type process struct {
	Command
	ctx    context.Context // of the caller
	cmd    *exec.Cmd
	cancel context.CancelFunc
	out    *lines
	killAt time.Time // set when it was asked to end
}

// process makes the command ready to start.
func (c Command) process(ctx context.Context) *process {
	if c.Grace <= 0 {
		c.Grace = defaultGrace
	}
	within, cancel := context.WithCancel(ctx)
	if c.Timeout > 0 {
		within, cancel = context.WithTimeout(ctx, c.Timeout)
	}
	p := &process{Command: c, ctx: ctx, cancel: cancel, out: &lines{out: c.Out}}
	if len(c.Args) > 0 {
		p.cmd = exec.CommandContext(within, c.Args[0], c.Args[1:]...)
	} else {
		p.cmd = exec.CommandContext(within, shell)
	}
	c.prepare(p.cmd)
	p.cmd.Env, p.cmd.WaitDelay, p.cmd.Stdin = c.environment(), c.Grace, c.Stdin
	p.cmd.Stdout, p.cmd.Stderr = or(c.Stdout, p.out), or(c.Stderr, p.out)
	p.cmd.Cancel = func() error {
		p.killAt = time.Now().Add(p.Grace)
		return ask(p.cmd)
	}
	return p
}

// or is a writer, or the other one where it is nil.
func or(w io.Writer, other io.Writer) io.Writer {
	if w == nil {
		return other
	}
	return w
}

// wait waits for the end of the command that was started.
func (p *process) wait() error {
	err := p.cmd.Wait()
	p.out.flush()
	switch {
	case p.asked():
		end(p.cmd, p.killAt)
	case errors.Is(err, exec.ErrWaitDelay):
		return nil // it went well, and left something in the background
	}
	return err
}

// asked reports whether the command was asked to end. It is called after that.
func (p *process) asked() bool { return !p.killAt.IsZero() }

// outcome makes of how it went an error that says so.
func (p *process) outcome(err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !p.asked() && errors.As(err, &exit):
		return &Failed{p.Name, exit.ExitCode(), how(exit.ProcessState)}
	case p.ctx.Err() != nil:
		return fmt.Errorf("%s was ended: %w", p.Name, context.Cause(p.ctx))
	case p.asked(), errors.Is(err, context.DeadlineExceeded):
		return &TimedOut{p.Name, p.Timeout}
	case p.cmd.Process == nil:
		return fmt.Errorf("%s cannot be run: %w", p.Name, err)
	}
	return fmt.Errorf("%s: %w", p.Name, err) // of what it gets, or prints
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

// credentials is where systemd puts a service's secrets.
const credentials = "CREDENTIALS_DIRECTORY"

// environment is what the command gets.
func (c Command) environment() []string {
	secret := func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return !c.Credentials && strings.EqualFold(name, credentials) || harden.IsSecret(name)
	}
	// Never nil, which would be the whole environment of this process.
	return slices.DeleteFunc(append([]string{}, c.Env...), secret)
}
