package backup

import (
	"context"
	"slices"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func writerCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "writer", Category: session.SetUp, Usage: "which machines may back up to the repository",
		Subcommands: []*cli.Command{writerListCommand(env), writerAddCommand(env), writerEndCommand(env), writerAcceptCommand(env)},
	}
}

func writerListCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list the machines that may back up, and those that no longer may",
		Description: "Labels are encrypted and need a key; --keyless lists without them.",
		Flags:       env.KeyFlags(&cli.BoolFlag{Name: "keyless", Usage: "ask for no passphrase, and show no labels"}),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			w, err := c.OpenStore(ctx)
			if err != nil {
				return err
			}
			labels := func(format.Hash) string { return "" }
			if !c.Bool("keyless") {
				r, err := w.Reader(ctx)
				if err != nil {
					return err
				}
				labels = labelsOf(r.Keyring())
			}
			for i := range w.View.Authority.Writers {
				if err := tellWriter(c, w, &w.View.Authority.Writers[i], labels); err != nil {
					return err
				}
			}
			return c.Voice.Object(struct {
				Type    string `json:"type"`
				Writers int    `json:"writers"`
			}{"summary", len(w.View.Authority.Writers)})
		}),
	}
}

func labelsOf(ring *keys.Keyring) func(format.Hash) string {
	return func(id format.Hash) string {
		entry, _ := ring.Writer(id)
		return entry.Label
	}
}

// listedWriter is a writer as writer list --json prints it.
type listedWriter struct {
	Type  string      `json:"type"`
	ID    format.Hash `json:"id"`
	Label string      `json:"label,omitempty"`
	Role  string      `json:"role"`
	This  bool        `json:"this_machine"`
	Ended bool        `json:"ended"`
	Heads int         `json:"heads"`
	Last  string      `json:"last_backup,omitempty"`
}

func tellWriter(c *session.Call, w *session.Writable, writer *format.AuthorityWriter, label func(format.Hash) string) error {
	one := listedWriter{Type: "writer", ID: writer.ID, Label: label(writer.ID), Role: writer.Role,
		This: w.IsThisMachine(writer.ID) || writer.Role == format.RolePrune && w.PrunesHere(writer.ID), Ended: writer.Ended != nil}
	last := "never"
	if chain := w.View.Chains[writer.ID]; chain != nil {
		one.Heads = len(chain.Heads)
		if tip := chain.Tip(); tip != nil {
			last = session.Moment(tip.Time)
			one.Last = session.Time(tip.Time)
		}
	}
	state := ""
	if one.Ended {
		state = "  ended"
	}
	if one.This {
		state += "  this machine"
	}
	c.Voice.Print("%s  %-7s %-20s last %s%s", session.Short(one.ID), one.Role, one.Label, last, state)
	return c.Voice.Object(one)
}

// pickWriter finds a writer by the beginning of its id.
func pickWriter(w *session.Writable, prefix string) (format.Hash, error) {
	var ids []format.Hash
	for _, writer := range w.View.Authority.Writers {
		ids = append(ids, writer.ID)
	}
	return session.Pick("writer", prefix, ids)
}

func writerEndCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "end", ArgsUsage: "WRITER", Usage: "let a machine back up no more",
		Description: "Backups of a machine that was lost or broken into count no more from now on. Those\n" +
			"before stay, unless --last names an earlier one as the last good one.\n\n" +
			"  chatkeep writer end 7c1e09ab\n" +
			"  chatkeep writer end 7c1e09ab --last 51f0c2aa",
		Flags: env.KeyFlags(&cli.StringFlag{Name: "last", Usage: "the last `SNAPSHOT` that counts, or none (default the newest)"}, session.DryRun()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			return owned(ctx, c, func(w *session.Writable, o *owner) (told, error) {
				id, err := pickWriter(w, c.Arg(0))
				if err != nil {
					return nil, err
				}
				last, err := lastGood(w, id, c.String("last"))
				if err != nil {
					return nil, err
				}
				if err := o.EndWriter(id, last); err != nil {
					return nil, err
				}
				return tellChange(c, w, writerChange{Verb: "end", Writer: &id})
			})
		}),
	}
}

// lastGood finds the last head that is to count, nil for none.
func lastGood(w *session.Writable, id format.Hash, text string) (*repo.Head, error) {
	chain := w.View.Chains[id]
	if chain == nil || text == "none" {
		return nil, nil
	}
	if text == "" {
		return chain.Tip(), nil
	}
	var hashes []format.Hash
	for _, h := range chain.Heads {
		hashes = append(hashes, h.Hash)
	}
	hash, err := session.Pick("snapshot", text, hashes)
	if err != nil {
		return nil, err
	}
	return chain.Find(hash), nil
}

func writerAcceptCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "accept", Usage: "accept backups that were signed with this machine's key elsewhere",
		Description: "After a clone of this machine has backed up, or this one was restored from an image:\n" +
			"says that all backups under its key are its own. If you know of no clone, the key was\n" +
			"stolen: use chatkeep writer end, and then writer add.\n\n" +
			"With --id: the owner has given the repository another root, and this is its new id. The\n" +
			"machine follows it, and accepts nothing else.",
		Flags: env.RepositoryFlags(session.DryRun()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			w, err := c.OpenStore(ctx)
			if err != nil {
				return err
			}
			key, err := w.WriterKey()
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(w.View.Authority.Writers, func(a format.AuthorityWriter) bool { return a.ID == key.ID }) {
				return session.Fail(session.ExitDamaged, "chatkeep writer add enrols it", "the repository does not name this machine's key")
			}
			tell, err := tellChange(c, w, writerChange{Verb: "accept", Writer: &key.ID})
			if err != nil || tell == nil {
				return err
			}
			// One that was told another id says nothing of who signed with its key.
			if !w.Followed() {
				err = w.Accept()
			}
			if err != nil {
				return err
			}
			return tell()
		}),
	}
}

// writerChange is the summary of what was, or would be, done to a writer.
type writerChange struct {
	Type   string       `json:"type"`
	Verb   string       `json:"verb"`
	Writer *format.Hash `json:"writer,omitempty"`
	Label  string       `json:"label,omitempty"`
	File   string       `json:"file,omitempty"`
	DryRun bool         `json:"dry_run,omitempty"`
}

// tellChange says what a dry run would do to a writer, and else returns what
// says that it was done.
func tellChange(c *session.Call, w *session.Writable, change writerChange) (told, error) {
	change.Type, change.DryRun = "summary", c.DryRun()
	if change.DryRun {
		c.Voice.Print("would %s writer %s at %s", change.Verb, session.Short(*change.Writer), w.Place)
		return nil, c.Voice.Object(change)
	}
	return func() error {
		c.Voice.Say("%s: writer %s", change.Verb, session.Short(*change.Writer))
		return c.Voice.Object(change)
	}, nil
}
