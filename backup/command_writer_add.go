package backup

import (
	"context"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
)

func writerAddCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "add", Usage: "let a machine back up: this one, or with --output another",
		Description: "Makes a key that can write and cannot read. A machine that replaces another one takes\n" +
			"--inherit, or it would upload everything again.\n\n" +
			"  chatkeep writer add --repo s3://bucket/chats\n" +
			"  chatkeep writer add --label server --output server.key",
		Flags: env.KeyFlags(
			&cli.StringFlag{Name: "label", Usage: "the machine's `NAME` in the repository (default the host's)"},
			&cli.StringFlag{Name: "inherit", Usage: "take over what this `WRITER`, which is gone, has stored"},
			&cli.StringFlag{Name: "output", Usage: "write the key to `FILE`, which must not exist, for another machine"},
			session.DryRun()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			return owned(ctx, c, func(w *session.Writable, o *owner) (told, error) {
				if err := mayAdd(c, w); err != nil {
					return nil, err
				}
				return addWriter(c, w, o)
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
		data := key.Marshal()
		defer clear(data)
		err = session.WriteSecret(path, data)
	}
	if err != nil {
		return nil, err
	}
	return func() error {
		c.Voice.Say("add: writer %s, %s", session.Short(key.ID), label)
		if path != "" {
			c.Voice.Say("next: move %s to %s below that machine's data folder, mode 0600", path, "chatkeep/"+w.ID().String()+"/writer.key")
		}
		return c.Voice.Object(writerChange{Type: "summary", Verb: "add", ID: &key.ID, Label: label, File: path})
	}, nil
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
