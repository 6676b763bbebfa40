package schedule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// crontab keeps an entry in a user's crontab.
type crontab struct {
	m       Machine
	account Account
}

func (c *crontab) place() string { return "crontab of " + c.account.Name }

func (c *crontab) Draft(p Plan) (Draft, error) {
	line, err := cronLine(p, "")
	if err != nil {
		return Draft{}, err
	}
	return Draft{Pieces: []Piece{{c.place(), cronBegin + "\n" + line + "\n" + cronEnd + "\n"}}}, nil
}

// read returns the crontab, nil if the user has none, or the machine no cron.
func (c *crontab) read(ctx context.Context) ([]byte, error) {
	data, err := c.m.Run(ctx, nil, Command{"crontab", "-l"})
	var failed *CommandError
	if errors.As(err, &failed) && failed.Code == 1 && strings.Contains(strings.ToLower(failed.Said), "no crontab") {
		return nil, nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return nil, nil
	}
	return data, err
}

func (c *crontab) Installed(ctx context.Context) ([]Piece, error) {
	data, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	start, end, err := cronBlock(data)
	if err != nil || start == end {
		return nil, err
	}
	return []Piece{{c.place(), string(data[start:end])}}, nil
}

func (c *crontab) Install(ctx context.Context, d Draft) error {
	return c.replace(ctx, []byte(d.Pieces[0].Text))
}

func (c *crontab) Remove(ctx context.Context) error { return c.replace(ctx, nil) }

// replace puts a text in the place of the block, and writes nothing where it
// stands there already.
func (c *crontab) replace(ctx context.Context, block []byte) error {
	old, err := c.read(ctx)
	if err != nil {
		return err
	}
	now, err := withBlock(old, block)
	switch {
	case err != nil || bytes.Equal(old, now):
		return err
	case len(now) == 0:
		// An empty crontab would stay as a file; before there was none.
		_, err = c.m.Run(ctx, nil, Command{"crontab", "-r"})
	default:
		_, err = c.m.Run(ctx, now, Command{"crontab", "-"})
	}
	return err
}

const noClock = "cron does not tell when it ran, nor whether it runs at all"

func (c *crontab) Status(ctx context.Context) (Status, error) {
	there, err := c.Installed(ctx)
	return cronStatus(there), err
}

func cronStatus(there []Piece) Status {
	if len(there) == 0 {
		return Status{}
	}
	return Status{Installed: true, Note: noClock}
}

// cronFile keeps an entry of the machine, as a file of its own.
type cronFile struct{ m Machine }

// systemCron has no dot: cron takes files with one for a package manager's.
const systemCron = "/etc/cron.d/chatkeep"

func (c *cronFile) Draft(p Plan) (Draft, error) {
	if p.Account.Name == "" || strings.ContainsAny(p.Account.Name, " \t#") {
		return Draft{}, fmt.Errorf("%q cannot stand in %s as the name of a user", p.Account.Name, systemCron)
	}
	line, err := cronLine(p, p.Account.Name)
	if err != nil {
		return Draft{}, err
	}
	return Draft{Pieces: []Piece{{systemCron, "# " + header + "\nSHELL=/bin/sh\n" + line + "\n"}}}, nil
}

func (c *cronFile) Installed(context.Context) ([]Piece, error) { return readPieces(c.m, systemCron) }

func (c *cronFile) Install(ctx context.Context, d Draft) error {
	return carryOut(ctx, c.m, d, systemMode, func(text string) []byte { return []byte(text) })
}

func (c *cronFile) Remove(context.Context) error {
	_, err := removeFiles(c.m, systemCron)
	return err
}

func (c *cronFile) Status(ctx context.Context) (Status, error) {
	there, err := c.Installed(ctx)
	return cronStatus(there), err
}
