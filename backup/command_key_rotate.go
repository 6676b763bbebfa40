package backup

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func keyRotateCommand(env *session.Env) *cli.Command {
	own := append(slices.Concat(session.SecretFlags(), session.KitFlags()), recipientFlag(), pluginFlag(),
		&cli.BoolFlag{Name: "drop", Usage: "let the age and SSH keys go that --recipient and --plugin do not give again"},
		&cli.BoolFlag{Name: "new-root", Usage: "sign with another root, which gives the repository another id that every machine has to be told"},
		reencryptFlag(), session.Yes(), session.DryRun())
	return &cli.Command{
		Name: "rotate", Usage: "begin anew after a secret leaked: new keys, which alone open what is written from then on",
		Description: "Every key is made anew: a passphrase is asked for, or read from\n" +
			"$CHATKEEP_NEW_PASSPHRASE_FILE, and a recovery key is made, if there were such; age and\n" +
			"SSH keys have to be given again. Machines that back up go on with what they have, and\n" +
			"learn of it by themselves.\n\n" +
			"Whoever had one of the old keys, and a copy of the repository, still reads what was\n" +
			"written before, what a run adds that had begun by then, and, of machines enrolled before,\n" +
			"ids and sizes of chunks. He also has the root key, and may sign where he can write:\n" +
			"--new-root ends it. The repository then has another id. Write it down; each other machine\n" +
			"stops until a person has told it that id, by chatkeep writer accept --id ID where backups\n" +
			"are made, and chatkeep open PLACE --id ID where they are read. What he had signed by then\n" +
			"counts: look at chatkeep writer list, and end the writers and prune keys that you do not\n" +
			"know. Take another passphrase than the old one, and copy this repository to its copies\n" +
			"first.\n\n" +
			"With --reencrypt, what was written before is stored anew for the new keys, the messages\n" +
			"first, of all machines; chatkeep prune takes the old packs away when its grace is over.\n" +
			"Interrupted, the same command goes on. Where an epoch has begun and older packs are left,\n" +
			"it does only that, and makes no new keys.\n\n" +
			"  chatkeep key rotate --recovery-key-file /media/usb/recovery.txt\n" +
			"  chatkeep key rotate --recipient \"$(cat ~/.ssh/id_ed25519.pub)\"\n" +
			"  chatkeep key rotate --new-root\n" +
			"  chatkeep key rotate --reencrypt --dry-run",
		Flags: env.KeyFlags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			if _, err := recipientsOf(c, nil); err != nil {
				return err
			}
			page, err := c.Kit()
			if err != nil {
				return err
			}
			if c.Bool("reencrypt") {
				return rotateReencrypting(ctx, c, page)
			}
			return owned(ctx, c, func(w *session.Writable, o *owner) (told, error) { return rotate(ctx, c, w, o, page) })
		}),
	}
}

// rotated is the summary of a rotation that was, or would be, done.
type rotated struct {
	Type  string   `json:"type"`
	Verb  string   `json:"verb"`
	Epoch uint64   `json:"epoch"`
	Keys  []string `json:"keys"`
	Gone  []string `json:"gone"`
	// Repository is the new id, with a new root.
	Repository *format.Hash `json:"repository,omitempty"`
	DryRun     bool         `json:"dry_run,omitempty"`
}

func rotate(ctx context.Context, c *session.Call, w *session.Writable, o *owner, page string) (told, error) {
	kinds, err := kindsAnew(c, w.View.Authority.Slots)
	if err != nil {
		return nil, err
	}
	if page != "" && !slices.Contains(kinds, format.SlotRecovery) {
		return nil, session.Usage("--kit goes with a recovery key, and there was none; chatkeep kit makes the page afterwards")
	}
	sum := rotated{Type: "summary", Verb: "rotate", Epoch: w.View.Authority.Epoch + 1, Keys: kinds, Gone: []string{}, DryRun: c.DryRun()}
	if c.Bool("reencrypt") {
		sum.Type = "rotation" // the summary is that of what follows
	}
	for _, s := range w.View.Authority.Slots {
		if !slices.Contains(kinds, s.Name) {
			sum.Gone = append(sum.Gone, s.Name)
		}
	}
	if sum.DryRun {
		root := ""
		if c.Bool("new-root") {
			root = "a new root and "
		}
		c.Voice.Print("would begin epoch %d, with %snew keys: %s", sum.Epoch, root, strings.Join(sum.Keys, ", "))
		return nil, c.Voice.Object(sum)
	}
	renew, change := o.master.Renew, o.Rotate
	if c.Bool("new-root") {
		renew, change = keys.NewMaster, o.Succeed
	}
	master, err := renew(w.View.Authority.Classic)
	if err != nil {
		return nil, err
	}
	slots, recovery, forget, err := slotsAnew(ctx, c, master, kinds, func(passphrase string) error { return unused(ctx, w, passphrase) })
	if err == nil {
		err = change(ctx, master, slots)
	}
	if err == nil && c.Bool("new-root") {
		// Before it is: who loses the connection at the end must know it, too.
		sum.Repository = &master.Repository
		c.Voice.Warn("the repository's id will be %s: write it down", master.Repository)
	}
	if err != nil {
		forget()
		return nil, err
	}
	o.master = master
	return func() error {
		kept := error(nil)
		if recovery != "" {
			kept = writeKitBeside(ctx, c, w.Archive, page, recovery, "the keys were rotated")
		}
		if slices.Contains(kinds, format.SlotRecipient) {
			tellIdentities(c)
		}
		c.Voice.Say("epoch %d has begun, with new keys: %s", sum.Epoch, strings.Join(sum.Keys, ", "))
		if len(sum.Gone) > 0 {
			c.Voice.Say("gone: %s", strings.Join(sum.Gone, ", "))
		}
		if sum.Repository != nil {
			c.Voice.Say("next: chatkeep writer list, and end what you do not know · on each other machine: chatkeep writer accept --id ID, or chatkeep open PLACE --id ID · chatkeep kit makes a page with the new id")
		}
		return errors.Join(kept, c.Voice.Object(sum))
	}, nil
}

// kindsAnew are the kinds of the new slots, which are also their names: what there
// was, but for age and SSH keys, which nobody can seal to again who does not have
// their recipients.
func kindsAnew(c *session.Call, slots []format.Slot) ([]string, error) {
	given := len(c.StringSlice("recipient"))+len(c.StringSlice("plugin")) > 0
	had := func(kind string) bool {
		return slices.ContainsFunc(slots, func(s format.Slot) bool { return s.Kind == kind })
	}
	if had(format.SlotRecipient) && !given && !c.Bool("drop") {
		return nil, session.Fail(session.ExitUsage, "--recipient gives them again; --drop lets them go",
			"there are age or SSH keys, which have to be given again")
	}
	var kinds []string
	for _, kind := range []string{format.SlotPassphrase, format.SlotRecovery} {
		if had(kind) {
			kinds = append(kinds, kind)
		}
	}
	if given {
		kinds = append(kinds, format.SlotRecipient)
	}
	if len(kinds) == 0 {
		return nil, session.Fail(session.ExitUsage, "--recipient gives one", "no key would be left")
	}
	return kinds, nil
}

// unused refuses a passphrase that opens the repository as it is: it is what leaked,
// or may be.
func unused(ctx context.Context, w *session.Writable, passphrase string) error {
	_, _, err := repo.Unlock(ctx, w.Store, w.View, w.ID(), repo.Through{Kind: format.SlotPassphrase}, keys.Passphrase(passphrase))
	if err == nil {
		return session.Fail(session.ExitUsage, "choose another one", "the new passphrase is one that there is already")
	}
	return nil
}

// slotsAnew seals a master behind a new secret of each kind. Forget takes files back
// that a secret was written to.
func slotsAnew(ctx context.Context, c *session.Call, master *keys.Master, kinds []string, fresh func(passphrase string) error) (slots []repo.NewSlot, recovery keys.RecoveryKey, forget func(), err error) {
	forget = func() {}
	for _, kind := range kinds {
		object, key, undo, err := newSlot(ctx, c, master, kind, fresh)
		if kind == format.SlotRecovery && undo != nil {
			recovery, forget = key, undo
		}
		if err != nil {
			return nil, "", forget, err
		}
		slots = append(slots, repo.NewSlot{Name: kind, Kind: kind, Object: object})
	}
	return slots, recovery, forget, nil
}
