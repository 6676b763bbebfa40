package backup

import (
	"context"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func parityCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "parity", Category: session.LookAfter, Usage: "store a little more, so that damage heals without a copy",
		Subcommands: []*cli.Command{
			paritySwitch(env, "on", true, "let backups from now on add parity",
				"Of every 24 packs that a backup stores, two rows of parity are stored with them, one\n"+
					"where there are 12 packs or fewer: 8 % for a large backup, up to as much again for one\n"+
					"of a single pack. chatkeep repair then makes lost or damaged packs again, one of each\n"+
					"dozen. What is stored already has no parity.\n\n"+
					"  chatkeep parity on"),
			paritySwitch(env, "off", false, "let backups from now on add none", "Parity that is there stays, and heals what it is over.\n\n  chatkeep parity off"),
			parityStatus(env),
		},
	}
}

func paritySwitch(env *session.Env, name string, on bool, usage, description string) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, Description: description,
		Flags: env.KeyFlags(session.DryRun()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			return owned(ctx, c, func(_ *session.Writable, o *owner) (told, error) {
				already := o.Authority().Parity == on
				tell := func() error {
					c.Voice.Print("parity is %s", name)
					return c.Voice.Object(paritySwitched{"summary", on, !already, c.DryRun()})
				}
				if already {
					return nil, tell()
				}
				if c.DryRun() {
					c.Voice.Print("would switch parity %s", name)
					return nil, c.Voice.Object(paritySwitched{"summary", on, true, true})
				}
				o.SetParity(on)
				return tell, nil
			})
		}),
	}
}

// paritySwitched ends parity on and off with --json; fields are only added.
type paritySwitched struct {
	Type    string `json:"type"`
	Parity  bool   `json:"parity"`
	Changed bool   `json:"changed"`
	DryRun  bool   `json:"dry_run,omitempty"`
}

func parityStatus(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "say what parity there is; asks for no passphrase",
		Description: "Counts the packs that snapshots need, and those of them that parity could make again\n" +
			"if they alone of their group were lost.\n\n  chatkeep parity status",
		Flags: env.RepositoryFlags(),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			a, err := c.Open(ctx)
			if err != nil {
				return err
			}
			s, err := repo.Parity(ctx, a.Store, a.View)
			if err != nil {
				return err
			}
			state := "off"
			if a.View.Authority.Parity {
				state = "on"
			}
			c.Voice.Print("parity is %s: %s, %s, over %s of %s that snapshots need", state, session.Plural(int64(s.Objects), "row", "rows"),
				session.Size(s.Bytes), session.Count(int64(s.Covered)), session.Plural(int64(s.Packs), "pack", "packs"))
			return c.Voice.Object(parityStated{"summary", a.View.Authority.Parity, s.Objects, s.Bytes, s.Packs, s.Covered})
		}),
	}
}

// parityStated ends parity status with --json; fields are only added.
type parityStated struct {
	Type    string `json:"type"`
	Parity  bool   `json:"parity"`
	Objects int    `json:"objects"`
	Bytes   int64  `json:"bytes"`
	Packs   int    `json:"packs"`
	Covered int    `json:"covered"`
}
