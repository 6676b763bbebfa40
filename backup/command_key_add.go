package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func keyAddCommand(env *session.Env) *cli.Command {
	own := append(slices.Concat(session.SecretFlags(), session.KitFlags()),
		&cli.StringFlag{Name: "name", Usage: "`NAME` of the key (default its kind)"},
		&cli.BoolFlag{Name: "recovery", Usage: "make a recovery key"},
		recipientFlag(), pluginFlag(),
		session.Yes(), session.DryRun())
	return &cli.Command{
		Name: "add", Usage: "add a key: another passphrase, a recovery key, an age or SSH key, or a plugin of age",
		Description: "The environment's passphrase opens the repository; a new one is asked for, or read\n" +
			"from $CHATKEEP_NEW_PASSPHRASE_FILE.\n\n" +
			"  chatkeep key add --recovery\n" +
			"  chatkeep key add --recovery --kit kit.html --with-recovery-key\n" +
			"  chatkeep key add --name laptop --recipient \"$(cat ~/.ssh/id_ed25519.pub)\"\n" +
			"  chatkeep key add --name token --recipient age1yubikey1…",
		Flags: env.KeyFlags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			kind, err := kindOf(c)
			if err != nil {
				return err
			}
			page, err := c.Kit()
			if err != nil {
				return err
			}
			if page != "" && kind != format.SlotRecovery {
				return session.Usage("--kit goes with --recovery; chatkeep kit makes the page afterwards")
			}
			return owned(ctx, c, func(w *session.Writable, o *owner) (told, error) {
				return addKey(ctx, c, w, o, kind, page)
			})
		}),
	}
}

func recipientFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "recipient", Usage: "open it with the age or SSH key of this `RECIPIENT`, age1… or ssh-ed25519 …; may be repeated"}
}

func pluginFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "plugin", Usage: "open it with the age plugin of this `NAME`, which asks for what it needs, as age -j does; may be repeated"}
}

// kindOf tells which kind of key the flags ask for.
func kindOf(c *session.Call) (string, error) {
	recipients := slices.Concat(c.StringSlice("recipient"), c.StringSlice("plugin"))
	if name := c.String("name"); name != "" && !format.ValidSlotName(name) {
		return "", session.Usage("--name: %q cannot name a key: lower-case letters, digits and dashes can", name)
	}
	switch {
	case len(recipients) > 0 && c.Bool("recovery"):
		return "", session.Usage("either --recovery, or --recipient and --plugin")
	case len(recipients) > 0:
		_, err := recipientsOf(c, nil)
		return format.SlotRecipient, err
	case c.Bool("recovery"):
		return format.SlotRecovery, nil
	}
	return format.SlotPassphrase, nil
}

// recipientsOf are the recipients that the flags name. The programs of plugins run
// when something is encrypted to them, and ask through ui.
func recipientsOf(c *session.Call, ui *plugin.ClientUI) ([]age.Recipient, error) {
	if ui == nil {
		ui = &plugin.ClientUI{}
	}
	var all []age.Recipient
	for _, text := range c.StringSlice("recipient") {
		r, err := keys.ParseRecipientUI(text, ui)
		if err != nil {
			return nil, session.Usage("--recipient: %v", err)
		}
		all = append(all, r)
	}
	for _, name := range c.StringSlice("plugin") {
		id, err := plugin.NewIdentityWithoutData(name, ui)
		if err != nil {
			return nil, session.Usage("--plugin: %q cannot name a plugin", name)
		}
		all = append(all, id.Recipient())
	}
	return all, nil
}

// tellIdentities says how a slot of plugins is opened. What it names is no secret:
// the plugin asks for that.
func tellIdentities(c *session.Call) {
	for _, name := range c.StringSlice("plugin") {
		c.Voice.Print("to open it with %s, put this line into a file for --identity: %s", name, plugin.EncodeIdentity(name, nil))
	}
}

// addKey adds a key and, to a recovery key, the kit at page, if that is not empty.
func addKey(ctx context.Context, c *session.Call, w *session.Writable, o *owner, kind, page string) (told, error) {
	name := freeName(w, c.String("name"), kind)
	if c.DryRun() {
		return tellKey(c, "add", name, kind)
	}
	object, recovery, forget, err := newSlot(ctx, c, o.master, kind, nil)
	if err != nil {
		return nil, err
	}
	if err := o.AddSlot(ctx, repo.NewSlot{Name: name, Kind: kind, Object: object}); err != nil {
		forget()
		return nil, err
	}
	if kind == format.SlotRecipient {
		tellIdentities(c)
		c.Voice.Say("a machine that opens it with this key has to be told the repository's id: --id %s", w.ID())
	}
	tell, err := tellKey(c, "add", name, kind)
	if err != nil || kind != format.SlotRecovery {
		return tell, err
	}
	return func() error {
		kept := writeKitBeside(ctx, c, w.Archive, page, recovery, "the key was added")
		if page == "" {
			c.Voice.Say("chatkeep kit makes a page for the safe that names it")
		}
		return errors.Join(kept, tell())
	}, nil
}

// freeName is the name given, or the kind, with a number where that is taken.
func freeName(w *session.Writable, name, kind string) string {
	if name != "" {
		return name
	}
	taken := func(name string) bool {
		return slices.ContainsFunc(w.View.Authority.Slots, func(s format.Slot) bool { return s.Name == name })
	}
	name = kind
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s-%d", kind, n)
	}
	return name
}

// newSlot seals the master behind a new secret of a kind, which is returned if it is
// a recovery key. Forget takes files back that the secret was written to.
func newSlot(ctx context.Context, c *session.Call, master *keys.Master, kind string, fresh func(passphrase string) error) (object []byte, recovery keys.RecoveryKey, forget func(), err error) {
	forget = func() {}
	switch kind {
	case format.SlotRecipient:
		var recipients []age.Recipient
		if recipients, err = recipientsOf(c, c.Prompts(ctx).Plugin); err == nil {
			object, err = keys.SealRecipient(master, recipients...)
		}
	case format.SlotRecovery:
		if recovery, forget, err = c.NewRecoveryKey(ctx, true); err != nil {
			return nil, "", nil, err
		}
		if recovery == "" {
			return nil, "", nil, session.Fail(session.ExitFailed, "--recovery-key-file FILE takes it", "there is nobody to show the recovery key to")
		}
		object, err = keys.SealRecovery(master, recovery)
	default:
		var passphrase string
		if passphrase, err = c.AskNewPassphrase(ctx); err == nil && fresh != nil {
			err = fresh(passphrase)
		}
		if err == nil {
			object, err = keys.SealPassphrase(master, passphrase)
		}
	}
	return object, recovery, forget, err
}

func keyPasswdCommand(env *session.Env) *cli.Command {
	own := append(session.SecretFlags()[1:], // there is no recovery key to make
		&cli.StringFlag{Name: "name", Usage: "change the passphrase with this `NAME`", Value: format.SlotPassphrase},
		session.Yes(), session.DryRun())
	return &cli.Command{
		Name: "passwd", Usage: "change the passphrase",
		Description: "The environment's passphrase opens the repository; the new one is asked for, or read\n" +
			"from $CHATKEEP_NEW_PASSPHRASE_FILE. The old one still opens copies made before.",
		Flags: env.KeyFlags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			name := c.String("name")
			return owned(ctx, c, func(w *session.Writable, o *owner) (told, error) {
				if err := isPassphrase(w, name); err != nil || c.DryRun() {
					if err == nil {
						return tellKey(c, "change", name, format.SlotPassphrase)
					}
					return nil, err
				}
				object, _, _, err := newSlot(ctx, c, o.master, format.SlotPassphrase, nil)
				if err != nil {
					return nil, err
				}
				if err := o.ReplaceSlot(ctx, repo.NewSlot{Name: name, Kind: format.SlotPassphrase, Object: object}); err != nil {
					return nil, err
				}
				return tellKey(c, "change", name, format.SlotPassphrase)
			})
		}),
	}
}

func isPassphrase(w *session.Writable, name string) error {
	for _, s := range w.View.Authority.Slots {
		if s.Name == name && s.Kind == format.SlotPassphrase {
			return nil
		}
	}
	return session.Fail(session.ExitFailed, "chatkeep key list shows what there is", "there is no passphrase named %s", name)
}
