package backup

import (
	"context"
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func initCommand(env *session.Env) *cli.Command {
	own := append(slices.Concat(session.SecretFlags(), session.KitFlags()),
		&cli.StringFlag{Name: "name", Usage: "write it into the configuration file under this `NAME`, by which --repo finds it"},
		&cli.BoolFlag{Name: "classic", Usage: "use X25519 alone, for recovery with age before 1.3; a quantum computer could break it"},
		&cli.BoolFlag{Name: "parity", Usage: "store parity with every backup, from which damaged packs heal; see chatkeep parity on"},
		&cli.StringFlag{Name: "label", Usage: "this machine's `NAME` in the repository (default the host's)"},
		&cli.DurationFlag{Name: "grace", Usage: "`TIME` that prune lets pass between condemning and deleting: more than any backup sleeps, and than any listing is late",
			Value: repo.DefaultGrace},
		session.Yes(), session.DryRun())
	return &cli.Command{
		Name: "init", Category: session.SetUp, Usage: "create a repository",
		Description: "Creates an empty repository, in a place with nothing else in it, and lets this machine\n" +
			"back up to it. It can be opened with the passphrase that you choose, and with a recovery\n" +
			"key that is shown once and typed once. --kit makes a page for the safe.\n\n" +
			"  chatkeep init --repo /media/disk/chats\n" +
			"  chatkeep init --repo s3://bucket/chats --recovery-key-file ~/stick/recovery.txt\n" +
			"  chatkeep init --repo s3://bucket/chats --kit kit.html --with-recovery-key",
		Flags: env.RepositoryFlags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			name := c.String("name")
			if err := nameIsFree(c, name); err != nil {
				return err
			}
			page, err := c.Kit()
			if err != nil {
				return err
			}
			place, err := c.Vacant(ctx)
			if err != nil {
				return err
			}
			if c.DryRun() {
				c.Voice.Print("would create a repository at %s", place)
				return c.Voice.Object(created{Type: "summary", Place: place, DryRun: true})
			}
			w, recovery, err := c.Create(ctx, c.String("label"))
			if err != nil {
				return err
			}
			kept := writeKitBeside(ctx, c, w.Archive, page, recovery, "the repository was created")
			return errors.Join(nameCreated(c, w, name), kept, tellCreated(c, w, page))
		}),
	}
}

// nameIsFree proves, before anything is created, that a name can be given.
func nameIsFree(c *session.Call, name string) error {
	if name == "" {
		if c.IsSet("name") {
			return session.Usage("--name is empty")
		}
		return nil
	}
	f, err := c.ConfigToChange()
	if err != nil {
		return err
	}
	return f.Free(name)
}

// nameCreated writes a new repository into the configuration file. It is there by
// then: what goes wrong here is no reason to make another.
func nameCreated(c *session.Call, w *session.Writable, name string) error {
	if name == "" {
		return nil
	}
	f, err := c.ConfigToChange()
	if err != nil {
		return err
	}
	r, err := w.AsConfigured()
	if err != nil {
		return err
	}
	change, err := f.AddRepository(name, r)
	if err == nil {
		err = change.Write()
	}
	if err != nil {
		return session.Fail(session.ExitFailed, "write it into "+f.Path+" by hand", "the repository was created, but not named: %v", err)
	}
	c.Voice.Say("named %s in %s", name, f.Path)
	return nil
}

// created is the summary of init.
type created struct {
	Type       string       `json:"type"`
	Repository *format.Hash `json:"repository,omitempty"`
	Place      string       `json:"place"`
	Keys       []string     `json:"keys,omitempty"`
	DryRun     bool         `json:"dry_run,omitempty"`
}

func tellCreated(c *session.Call, w *session.Writable, page string) error {
	id := w.ID()
	c.Voice.Say("created repository %s at %s", id, w.Place)
	if page == "" {
		c.Voice.Say("chatkeep kit makes a page for the safe: where it is, its id, and how to get everything back")
	}
	c.Voice.Say("next: chatkeep backup PATH · keep the recovery key and the repository's id off this machine")
	object := created{Type: "summary", Repository: &id, Place: w.Place}
	for _, s := range w.View.Authority.Slots {
		object.Keys = append(object.Keys, s.Name)
	}
	return c.Voice.Object(object)
}
