package session

import (
	"context"
	"io"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/config"
	"chatkeep/backup/state"
)

// Call is one run of one command.
type Call struct {
	*cli.Context // flags and arguments
	Env          *Env
	Voice        *Voice
	Dirs         state.Dirs

	there     string // the repository, where elsewhere is set
	elsewhere bool
	closers   []io.Closer  // the stores that want to know of the end
	file      *config.File // nil until it is asked for
}

// Action makes a command's action of a function: it gets the call with all that
// is open, and what it returns decides the exit code.
func (e *Env) Action(run func(ctx context.Context, c *Call) error) cli.ActionFunc {
	return func(flags *cli.Context) error {
		dirs, err := state.DefaultDirs(e.Getenv)
		if err != nil {
			return err
		}
		c := &Call{Context: flags, Env: e, Dirs: dirs,
			Voice: e.newVoice(flags.Bool("json"), flags.Bool("quiet"), flags.Bool("verbose"))}
		defer c.Voice.Done()
		defer c.close()
		if err := run(flags.Context, c); err != nil {
			return err
		}
		return c.Voice.failure()
	}
}

// close closes the stores. What they hold is safe already, so that trouble now
// is none of the command's.
func (c *Call) close() {
	for _, store := range c.closers {
		_ = store.Close()
	}
}

// At is the call at another repository than the flags name: a name or a place as
// --repo takes it, empty for the default. It has to be closed.
func (c *Call) At(repository string) *Call {
	other := *c
	other.there, other.elsewhere, other.closers = repository, true, nil
	return &other
}

// Anew is the call as if it began now: what it knows of the configuration file is
// read again. It has to be closed.
func (c *Call) Anew() *Call {
	other := *c
	other.file, other.closers = nil, nil
	return &other
}

// Close closes what a call from At or Anew has open.
func (c *Call) Close() { c.close() }

// Arg returns argument n, or "".
func (c *Call) Arg(n int) string { return c.Args().Get(n) }

// DryRun reports whether nothing may change.
func (c *Call) DryRun() bool { return c.Bool("dry-run") }

// Size returns a flag's size in bytes, 0 where the flag is not set.
func (c *Call) Size(flag string) (int64, error) {
	text := c.String(flag)
	if text == "" {
		return 0, nil
	}
	n, err := ParseSize(text)
	if err != nil {
		return 0, Usage("--%s: %v", flag, err)
	}
	return n, nil
}
