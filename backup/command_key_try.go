package backup

import (
	"context"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
)

func keyTestCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "test", ArgsUsage: "[NAME]", Usage: "prove that a key opens the repository",
		Description: "The key with this name is tried, or whichever fits what is given, and what is sealed\n" +
			"behind it is opened. If what the environment or the configuration gives does not open\n" +
			"the named one, it is asked for. Nothing is changed. A kit in a safe is worth such a\n" +
			"test once a year.\n\n" +
			"  chatkeep key test recovery\n" +
			"  chatkeep key test laptop --identity ~/.ssh/id_ed25519",
		Flags: env.KeyFlags(),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			a, err := c.Open(ctx)
			if err != nil {
				return err
			}
			slot, err := a.Try(ctx, c.Arg(0))
			if err != nil {
				return err
			}
			c.Voice.Print("the key %s opens the repository", slot.Name)
			return c.Voice.Object(struct {
				Type string `json:"type"`
				Key  string `json:"key"`
				Kind string `json:"kind"`
			}{"summary", slot.Name, slot.Kind})
		}),
	}
}
