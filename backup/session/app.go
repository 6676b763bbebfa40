package session

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/urfave/cli/v2"
)

// The groups in which help lists the commands.
const (
	SetUp     = "SET UP"
	TakeIn    = "TAKE IN"
	LookAfter = "LOOK AFTER"
	GiveBack  = "GIVE BACK"
	Automate  = "AUTOMATE"
	Meta      = "META"
)

// App is the program: its commands and what it runs on.
type App struct {
	env *Env
	cli *cli.App
}

// NewApp makes the program of the commands and adds those that are about the
// program itself.
func NewApp(env *Env, commands ...[]*cli.Command) *App {
	a := &cli.App{
		Name: "chatkeep", HelpName: "chatkeep", Usage: "end-to-end encrypted backup for chat history",
		Writer: env.Stdout, ErrWriter: env.Stderr, Reader: env.Stdin,
		HideVersion: true, HideHelpCommand: true, CustomAppHelpTemplate: appHelp(),
		// A comma in --exclude is a comma.
		DisableSliceFlagSeparator: true,
		// Only main ends the program.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   usageError,
	}
	for _, group := range commands {
		a.Commands = append(a.Commands, group...)
	}
	a.Commands = append(a.Commands, completionCommand(env, a), manCommand(env, a), versionCommand(env))
	tame(a.Commands)
	return &App{env, a}
}

// tame sets on every command what urfave/cli does not hand down.
func tame(commands []*cli.Command) {
	for _, c := range commands {
		// The help command would take an argument that is named like it.
		c.HideHelpCommand = true
		c.OnUsageError = usageError
		c.CustomHelpTemplate = commandHelp
		if isGroup(c) {
			c.CustomHelpTemplate = groupHelp
		}
		for _, f := range c.Flags {
			if b, ok := f.(*cli.BoolFlag); ok {
				b.DisableDefaultText = true // it is always false
			}
		}
		tame(c.Subcommands)
	}
}

// isGroup reports whether a command is nothing but the others below it.
func isGroup(c *cli.Command) bool { return len(c.Subcommands) > 0 && c.Action == nil }

// usageError keeps help off stdout when a flag's value is wrong.
func usageError(_ *cli.Context, err error, _ bool) error {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return Usage("%s", err)
}

// Run runs one command line, without the program's name in front, and returns
// the exit code. The first interruption by a signal ends the context, so that
// what is stored stays valid; the second ends the process.
func (a *App) Run(args []string) int {
	ctx, stop := interruptible(context.Background())
	defer stop()
	return a.RunIn(ctx, args)
}

// RunIn is Run within a context, which is all that ends it: for command lines that
// the program gives itself.
func (a *App) RunIn(ctx context.Context, args []string) int {
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:len(args):len(args)], "--help")
	}
	l, err := parseLine(a.cli, args)
	voice := a.env.newVoice(wantsJSON(args), false, false)
	if err == nil {
		err = a.run(ctx, l)
	}
	voice.Done()
	return voice.Report(interruption(ctx, err))
}

// wantsJSON looks for --json in a line that may be wrong before it comes to that:
// who asked for it parses errors, too.
func wantsJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json")
}

func (a *App) run(ctx context.Context, l *line) error {
	c := l.command()
	switch {
	case l.has("help", "h"):
		l = &line{path: l.path, flags: []given{{text: "--help"}}}
		return a.cli.RunContext(ctx, l.ordered(a.cli.Name))
	case c == nil && l.has("version"):
		return a.cli.RunContext(ctx, []string{a.cli.Name, "version"})
	case c == nil, isGroup(c):
		return a.incomplete(ctx, l)
	}
	if err := l.check(); err != nil {
		return err
	}
	return a.cli.RunContext(ctx, l.ordered(a.cli.Name))
}

// incomplete shows the help of a group that was named without a command. That
// is an error, and so it goes to stderr; a program gets the error alone.
func (a *App) incomplete(ctx context.Context, l *line) error {
	for _, f := range l.flags {
		if l.command() == nil && f.name != "json" {
			return Usage("no command, and the flag %s is not chatkeep's own", f.text)
		}
	}
	if !l.has("json") {
		a.cli.Writer = a.env.Stderr
		show := &line{path: l.path, flags: []given{{text: "--help"}}}
		if err := a.cli.RunContext(ctx, show.ordered(a.cli.Name)); err != nil {
			return err
		}
	}
	if l.command() == nil {
		return Usage("no command")
	}
	return Usage("%s needs a command", l.name())
}

// interruptible returns a context that the first SIGINT or SIGTERM ends. The
// second one ends the process at once.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	over := make(chan struct{})
	go func() {
		for count := 0; ; count++ {
			select {
			case <-signals:
				if count > 0 {
					os.Exit(ExitInterrupted)
				}
				cancel(ErrInterrupted)
			case <-over:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(over)
		cancel(nil)
	}
}
