package backup

import (
	"context"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
)

func doctorCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "doctor", Category: session.LookAfter, Usage: "look whether all is well, and say what to do where it is not",
		Description: "Each line is ok, a warning or a failure, and below it stands the cure. It looks at the\n" +
			"repository, this machine's keys, clocks, the age of the newest snapshot, modes of files,\n" +
			"and what was cut off. It asks for no passphrase; with one in the environment or in the\n" +
			"configuration it also reads when the repository was last proved. It changes nothing and\n" +
			"leaves nothing behind. With a failure the exit code is 1.\n\n" +
			"  chatkeep doctor\n" +
			"  chatkeep doctor --repo s3://bucket/chats --json\n\n" +
			"With --storage it also tests the storage, as chatkeep doctor storage does, and writes\n" +
			"test objects there for that.",
		Flags: env.KeyFlags(&cli.BoolFlag{Name: "storage", Usage: "also test whether the storage keeps its promises, with objects that are removed again"}),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			x := newExamination(c)
			if err := x.examine(ctx); err != nil {
				return err
			}
			if c.Bool("storage") {
				if err := x.storage(ctx); err != nil {
					return err
				}
			}
			return x.end()
		}),
		Subcommands: []*cli.Command{doctorStorageCommand(env)},
	}
}
