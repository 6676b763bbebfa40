package session

import (
	"cmp"
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
	unasked   bool         // no witness is asked
	file      *config.File // nil until it is asked for
	opened
	late *late // of the whole command
}

// opened is what a call has open.
type opened struct {
	closers   []io.Closer // the stores that want to know of the end
	witnessed []*Archive  // the repositories that have a witness
}

// late is what went wrong at the end of a command, which had done its work by then.
type late struct{ err error }

// Action makes a command's action of a function: it gets the call with all that
// is open, and what it returns decides the exit code.
func (e *Env) Action(run func(ctx context.Context, c *Call) error) cli.ActionFunc {
	return func(flags *cli.Context) error {
		dirs, err := state.DefaultDirs(e.Getenv)
		if err != nil {
			return err
		}
		c := &Call{Context: flags, Env: e, Dirs: dirs, late: &late{},
			Voice: e.newVoice(flags.Bool("json"), flags.Bool("quiet"), flags.Bool("verbose"))}
		defer c.Voice.Done()
		err = run(flags.Context, c)
		c.Close()
		if err == nil {
			err = c.Voice.failure()
		}
		if err != nil && c.late.err != nil {
			c.Voice.Warn("%v", c.late.err)
		}
		return cmp.Or(err, c.late.err)
	}
}

// Close tells the witnesses what was signed, and closes the stores. What those hold
// is safe already, so that trouble with closing is none of the command's. A call
// from At or Anew has to be closed by who made it.
func (c *Call) Close() {
	c.tellWitnesses(c.Context.Context)
	for _, store := range c.closers {
		_ = store.Close()
	}
}

// At is the call at another repository than the flags name: a name or a place as
// --repo takes it, empty for the default. It has to be closed.
func (c *Call) At(repository string) *Call {
	other := *c
	other.there, other.elsewhere, other.opened = repository, true, opened{}
	return &other
}

// WithoutWitness makes a call ask no witness: for one who goes on with what another
// call has just looked at.
func (c *Call) WithoutWitness() { c.unasked = true }

// Anew is the call as if it began now: what it knows of the configuration file is
// read again. It has to be closed.
func (c *Call) Anew() *Call {
	other := *c
	other.file, other.opened = nil, opened{}
	return &other
}

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
