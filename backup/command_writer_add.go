package backup

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
)

func writerAddCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "add", Usage: "let a machine back up: this one, or with --output another",
		Description: "Makes a key that can write and cannot read. A machine that replaces another one takes\n" +
			"--inherit, or it would upload everything again: not one that was stolen, whose secrets the\n" +
			"thief has, with which he reads the new machine's index and confirms guesses.\n\n" +
			"  chatkeep writer add --repo s3://bucket/chats\n" +
			"  chatkeep writer add --label server --output server.key\n" +
			"  chatkeep writer add --role prune",
		Flags: env.KeyFlags(
			&cli.StringFlag{Name: "label", Usage: "the machine's `NAME` in the repository (default the host's)"},
			&cli.StringFlag{Name: "role", Usage: "what the key may do, `ROLE`: writer, or prune for chatkeep prune", Value: format.RoleWriter},
			&cli.StringFlag{Name: "inherit", Usage: "take over what this `WRITER`, which is gone, has stored"},
			&cli.StringFlag{Name: "output", Usage: "write the key to `FILE`, which must not exist, for another machine"},
			session.DryRun()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			if strings.HasPrefix(c.String("label"), "chatkeep:") {
				return session.Usage("--label: names that begin with chatkeep: are chatkeep's own")
			}
			return owned(ctx, c, func(w *session.Writable, o *owner) (told, error) {
				switch c.String("role") {
				case format.RoleWriter:
					return addWriter(c, w, o)
				case format.RolePrune:
					return addPruner(c, w, o)
				}
				return nil, session.Usage("--role: %q is neither writer nor prune", c.String("role"))
			})
		}),
	}
}

// mayAdd refuses to replace a key of this machine that still works: what it
// stored would be stored again.
func mayAdd(c *session.Call, w *session.Writable) error {
	if c.String("output") != "" {
		return nil
	}
	for _, writer := range w.View.Authority.Writers {
		if w.IsThisMachine(writer.ID) && writer.Ended == nil {
			return session.Fail(session.ExitFailed, "--output FILE makes a key for another machine; chatkeep writer end takes this one's away",
				"this machine has a writer key already, %s", session.Short(writer.ID))
		}
	}
	return nil
}

// addWriter enrols a writer. Its key is in its file before the authority names
// it: a crash in between leaves a key that may do nothing, and not an enrolled
// writer whose key is lost.
func addWriter(c *session.Call, w *session.Writable, o *owner) (told, error) {
	if err := mayAdd(c, w); err != nil {
		return nil, err
	}
	inherit, err := inherited(c, w)
	if err != nil {
		return nil, err
	}
	label, path := session.Label(c.String("label")), c.String("output")
	if c.DryRun() {
		c.Voice.Print("would add a writer named %s at %s", label, w.Place)
		return nil, c.Voice.Object(writerChange{Type: "summary", Verb: "add", Label: label, File: path, DryRun: true})
	}
	key, err := o.AddWriter(label, inherit)
	if err != nil {
		return nil, err
	}
	if path == "" {
		err = w.SaveWriterKey(key)
	} else {
		err = writeKey(path, key.Marshal())
	}
	if err != nil {
		return nil, err
	}
	return tellAdded(c, w, key.ID, label, "writer"), nil
}

// addPruner enrols a key that may condemn, in the same order.
func addPruner(c *session.Call, w *session.Writable, o *owner) (told, error) {
	if c.String("inherit") != "" {
		return nil, session.Usage("--inherit is for writers: a prune key has nothing to take over")
	}
	label, path := session.Label(c.String("label")), c.String("output")
	if c.DryRun() {
		c.Voice.Print("would add a prune key named %s at %s", label, w.Place)
		return nil, c.Voice.Object(writerChange{Type: "summary", Verb: "add", Label: label, File: path, DryRun: true})
	}
	key, err := o.AddPruner(label)
	if err != nil {
		return nil, err
	}
	if path == "" {
		err = w.SavePruneKey(key)
	} else {
		err = writeKey(path, key.Marshal())
	}
	if err != nil {
		return nil, err
	}
	return tellAdded(c, w, key.ID, label, "prune"), nil
}

// writeKey writes a key for another machine.
func writeKey(path string, data []byte) error {
	defer clear(data)
	return session.WriteSecret(path, data)
}

// tellAdded tells of a new key: whose file, for another machine, is to be named
// after kind.
func tellAdded(c *session.Call, w *session.Writable, id format.Hash, label, kind string) told {
	return func() error {
		path := c.String("output")
		c.Voice.Say("add: %s %s, %s", kind, session.Short(id), label)
		if path != "" {
			c.Voice.Say("next: move %s to %s below that machine's data folder, mode 0600", path, "chatkeep/"+w.ID().String()+"/"+kind+".key")
		}
		return c.Voice.Object(writerChange{Type: "summary", Verb: "add", Writer: &id, Label: label, File: path})
	}
}

// inherited is the writer to inherit from, nil for none.
func inherited(c *session.Call, w *session.Writable) (*format.Hash, error) {
	prefix := c.String("inherit")
	if prefix == "" {
		return nil, nil
	}
	id, err := pickWriter(w, prefix)
	return &id, err
}
