package backup

import (
	"context"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
)

func keyCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "key", Category: session.SetUp, Usage: "what opens the repository: passphrases, recovery key, age and SSH keys",
		Subcommands: []*cli.Command{
			keyListCommand(env), keyAddCommand(env), keyRemoveCommand(env), keyPasswdCommand(env), keyRotateCommand(env), keyJoinCommand(env), keyTestCommand(env),
		},
	}
}

func keyRemoveCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "remove", ArgsUsage: "NAME", Usage: "take a key away",
		Description: "From then on the key opens nothing new here. Whoever copied the repository before and\n" +
			"knows the secret can still open that copy.",
		Flags: env.KeyFlags(session.DryRun()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			name := c.Arg(0)
			return owned(ctx, c, func(_ *session.Writable, o *owner) (told, error) {
				if err := o.RemoveSlot(name); err != nil {
					return nil, err
				}
				return tellKey(c, "remove", name, "")
			})
		}),
	}
}

// keyChange is the summary of what was, or would be, done to a key.
type keyChange struct {
	Type   string `json:"type"`
	Verb   string `json:"verb"`
	Key    string `json:"key"`
	Kind   string `json:"kind,omitempty"`
	DryRun bool   `json:"dry_run,omitempty"`
}

// tellKey says what a dry run would do to a key, and else returns what says
// that it was done.
func tellKey(c *session.Call, verb, name, kind string) (told, error) {
	change := keyChange{"summary", verb, name, kind, c.DryRun()}
	if change.DryRun {
		c.Voice.Print("would %s the key %s", verb, name)
		return nil, c.Voice.Object(change)
	}
	return func() error {
		c.Voice.Say("%s: the key %s", verb, name)
		return c.Voice.Object(change)
	}, nil
}
