package restore

import (
	"context"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// Commands are the commands that read a repository and give back.
func Commands(env *session.Env) []*cli.Command {
	return []*cli.Command{
		openCommand(env),
		snapshotsCommand(env),
		lsCommand(env),
		restoreCommand(env),
		drillCommand(env),
		catCommand(env),
		chatsCommand(env),
		exportCommand(env),
	}
}

// snapshotHelp is for the help of commands that take a snapshot's name.
const snapshotHelp = "SNAPSHOT is the beginning of an id, latest, latest~2 for the second before, or a time,\n" +
	"as 2026-11-20 or 2026-11-20T18:00, for the last one until then; "

// filterFlags say which snapshots count.
func filterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "source", Usage: "only snapshots of the source with this `NAME`"},
		&cli.StringFlag{Name: "host", Usage: "only snapshots from this `HOST`"},
		&cli.StringSliceFlag{Name: "tag", Usage: "only snapshots with this `TAG`; may be repeated"},
	}
}

func filterOf(c *session.Call) Filter {
	return Filter{Source: c.String("source"), Host: c.String("host"), Tags: c.StringSlice("tag")}
}

// opened unlocks the repository, finds a snapshot and opens it.
func opened(ctx context.Context, c *session.Call, name string) (*repo.Snapshot, error) {
	_, s, err := openedIn(ctx, c, name)
	return s, err
}

// openedIn is opened for those who want to know of the repository, too.
func openedIn(ctx context.Context, c *session.Call, name string) (*session.Archive, *repo.Snapshot, error) {
	a, err := c.Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	r, err := a.Reader(ctx)
	if err != nil {
		return nil, nil, err
	}
	h, err := Find(ctx, r, name, filterOf(c))
	if err != nil {
		return nil, nil, err
	}
	s, err := r.Open(ctx, h)
	if err != nil {
		return nil, nil, err
	}
	age := h.Age(c.Env.Clock.Now())
	c.Voice.Say("snapshot %s of %s: backup %d, of %s, %s", session.Short(h.Hash), s.Manifest.Source.Name, h.Seq, session.Moment(h.At()), age)
	if a.View.Unsure() {
		c.Voice.Warn("this machine never saw the repository, and no witness that did was heard: nothing tells whether backup %d, of %s, %s, is the newest state; "+
			"the recovery kit may know a newer one", h.Seq, session.Moment(h.At()), age)
	}
	tellLack(c, s)
	return a, s, nil
}

// tellLack says what was missing and could be done without.
func tellLack(c *session.Call, s *repo.Snapshot) {
	for _, note := range s.Notes {
		c.Voice.Warn("%s", note)
	}
}
