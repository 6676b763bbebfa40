package backup

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
)

func keyCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "key", Category: session.SetUp, Usage: "what opens the repository: passphrases, recovery key, age and SSH keys",
		Subcommands: []*cli.Command{keyListCommand(env), keyAddCommand(env), keyRemoveCommand(env), keyPasswdCommand(env)},
	}
}

func keyListCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list what opens the repository; asks for no passphrase",
		Flags: env.RepositoryFlags(),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			a, err := c.Open(ctx)
			if err != nil {
				return err
			}
			classical, err := tellSlots(ctx, c, a)
			if err != nil {
				return err
			}
			if a.View.Authority.Classic || len(classical) > 0 {
				c.Voice.Print("note: somebody who copies the repository today could open it with a quantum computer one day (%s)", reason(a, classical))
			}
			return c.Voice.Object(struct {
				Type       string      `json:"type"`
				Repository format.Hash `json:"repository"`
				Keys       int         `json:"keys"`
				Classical  bool        `json:"classical"`
			}{"summary", a.ID(), len(a.View.Authority.Slots), a.View.Authority.Classic || len(classical) > 0})
		}),
	}
}

func reason(a *session.Archive, classical []string) string {
	if a.View.Authority.Classic {
		return "it was made with --classic"
	}
	return "because of " + strings.Join(classical, ", ")
}

// tellSlots lists the slots, and returns the names of those that are not safe
// from a quantum computer.
func tellSlots(ctx context.Context, c *session.Call, a *session.Archive) (classical []string, err error) {
	for _, slot := range a.View.Authority.Slots {
		stanzas, err := stanzasOf(ctx, a, slot)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(stanzas, breakable) {
			classical = append(classical, slot.Name)
		}
		c.Voice.Print("%-20s %-10s %s", slot.Name, slot.Kind, strings.Join(stanzas, ", "))
		if err := c.Voice.Object(struct {
			Type    string      `json:"type"`
			Name    string      `json:"name"`
			Kind    string      `json:"kind"`
			Stanzas []string    `json:"stanzas"`
			SHA256  format.Hash `json:"sha256"`
		}{"key", slot.Name, slot.Kind, stanzas, slot.SHA256}); err != nil {
			return nil, err
		}
	}
	return classical, nil
}

// maxStanzas bounds an age header that is read for its stanzas' types.
const maxStanzas = 64 << 10

// stanzasOf returns the types of an age file's recipients, which its header
// says openly. https://age-encryption.org/v1, section "Header".
func stanzasOf(ctx context.Context, a *session.Archive, slot format.Slot) ([]string, error) {
	name := format.SlotName(slot.Name, slot.SHA256)
	r, err := a.Store.Get(ctx, name, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	object, err := io.ReadAll(io.LimitReader(r, maxStanzas))
	if err != nil {
		return nil, err
	}
	if format.Sum(object) != slot.SHA256 {
		return nil, format.Fail(format.Flipped, name, "its bytes do not have the hash in its name")
	}
	stanzas := []string{}
	for lines := bufio.NewScanner(bytes.NewReader(object)); lines.Scan() && !strings.HasPrefix(lines.Text(), "---"); {
		if rest, ok := strings.CutPrefix(lines.Text(), "-> "); ok {
			kind, _, _ := strings.Cut(rest, " ")
			stanzas = append(stanzas, kind)
		}
	}
	return stanzas, nil
}

// breakable reports whether a stanza rests on elliptic curves or RSA alone.
// What a plugin's rests on is not known here.
func breakable(stanza string) bool {
	return stanza == "X25519" || stanza == "ssh-ed25519" || stanza == "ssh-rsa" || stanza == "piv-p256"
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
