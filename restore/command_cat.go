package restore

import (
	"bufio"
	"context"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func catCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "cat", Category: session.GiveBack, ArgsUsage: "SNAPSHOT PATH", Usage: "print one file of a snapshot",
		Description: snapshotHelp + "it must be named.\n" +
			"PATH is a path as ls prints it. On a terminal control characters are made visible.\n\n" +
			"  chatkeep cat latest originals/_chat.txt | less",
		Flags: env.KeyFlags(filterFlags()...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			s, err := opened(ctx, c, c.Arg(0))
			if err != nil {
				return err
			}
			e, err := entryAt(ctx, s, c.Arg(1))
			if err != nil {
				return err
			}
			out, flush := c.Voice.Raw()
			buffered := bufio.NewWriterSize(out, 64<<10)
			if err := WriteFile(ctx, s, e, buffered); err != nil {
				return err
			}
			if err := buffered.Flush(); err != nil {
				return err
			}
			return flush()
		}),
	}
}

// entryAt finds the entry of a path.
func entryAt(ctx context.Context, s *repo.Snapshot, name string) (repo.Entry, error) {
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return e, err
		}
		if e.Path != name {
			continue
		}
		if e.Type == format.EntryDir {
			return e, session.Fail(session.ExitFailed, "chatkeep ls lists what is in it", "%s is a folder", name)
		}
		return e, nil
	}
	return repo.Entry{}, session.Fail(session.ExitFailed, "chatkeep ls lists what there is", "the snapshot has no %s", name)
}
