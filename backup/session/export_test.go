package session

import (
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/providers/storage"
)

// What the tests in package session_test see of the inside.
var (
	ParseLine   = parseLine
	Arity       = arity
	OneSecret   = oneSecret
	LooksLike   = looksLikeRecovery
	ExitCodeOf  = exitCode
	ValueFlags  = valueFlags
	Completions = completions
)

// Ordered gives a line as urfave/cli gets it.
func Ordered(app *cli.App, args []string) ([]string, error) {
	l, err := parseLine(app, args)
	if err == nil && l.command() == nil {
		err = Usage("no command")
	}
	if err == nil {
		err = l.check()
	}
	return l.ordered("chatkeep"), err
}

// CLI is the library's app inside.
func (a *App) CLI() *cli.App { return a.cli }

// Limit wraps a store, with limits as their flags give them.
func Limit(s storage.Store, clock Clock, up, down string) (storage.Store, error) {
	u, err := parseRates(up)
	if err != nil {
		return nil, err
	}
	d, err := parseRates(down)
	return limit(s, clock, u, d), err
}

// MeterLine is what a meter shows.
func MeterLine(started, now time.Time, done, total int64, what string, write func(int64) string) string {
	m := &meter{started: started}
	return m.line(now, done, total, what, write)
}

// Cut shortens a line.
var Cut = cut

// TerminalOn is a terminal on a file.
func TerminalOn(f *os.File) Terminal { return &tty{f, f} }

// RealTerminal is the controlling terminal.
var RealTerminal = openTerminal
