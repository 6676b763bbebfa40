package backup

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
)

func keyListCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list what opens the repository, and how strong it is; asks for no passphrase",
		Description: "For each key: its name, its kind, when the store says it was made, and how it is locked.\n" +
			"\"classical\" is what a quantum computer could open one day; \"by id\" is a key that\n" +
			"anybody who knows its recipient could have made a slot for, so that a machine which\n" +
			"opens the repository with it has to be told the repository's id.",
		Flags: env.RepositoryFlags(),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			a, err := c.Open(ctx)
			if err != nil {
				return err
			}
			var locks []lock
			for _, slot := range a.View.Authority.Slots {
				l, err := lockOf(ctx, a, slot)
				if err != nil {
					return err
				}
				if err := l.tell(c, madeAt(ctx, a, slot)); err != nil {
					return err
				}
				locks = append(locks, *l)
			}
			return tellLocks(c, a, locks)
		}),
	}
}

// madeAt is when the store says that a slot was made, zero where it does not tell.
func madeAt(ctx context.Context, a *session.Archive, slot format.Slot) time.Time {
	info, err := a.Store.Stat(ctx, format.SlotName(slot.Name, slot.SHA256))
	if err != nil {
		return time.Time{}
	}
	return info.Time
}

// tell prints one slot.
func (l *lock) tell(c *session.Call, at time.Time) error {
	made, exact := "-", ""
	if !at.IsZero() {
		made, exact = at.Local().Format(time.DateOnly), at.UTC().Format(time.RFC3339)
	}
	notes := strings.Join(l.Stanzas, ", ")
	if l.isClassical() {
		notes += " · classical"
	}
	if l.Forgeable {
		notes += " · by id"
	}
	c.Voice.Print("%-20s %-10s %-10s %s", l.Slot.Name, l.Slot.Kind, made, notes)
	return c.Voice.Object(struct {
		Type    string      `json:"type"`
		Name    string      `json:"name"`
		Kind    string      `json:"kind"`
		Made    string      `json:"made,omitempty"`
		Stanzas []string    `json:"stanzas"`
		Quantum *bool       `json:"post_quantum,omitempty"`
		NeedsID bool        `json:"needs_id"`
		SHA256  format.Hash `json:"sha256"`
	}{"key", l.Slot.Name, l.Slot.Kind, exact, l.Stanzas, l.PostQuantum, l.Forgeable, l.Slot.SHA256})
}

// tellLocks ends the list with what it means for the repository.
func tellLocks(c *session.Call, a *session.Archive, locks []lock) error {
	classic := a.View.Authority.Classic
	var classical []string
	for _, l := range locks {
		if l.isClassical() {
			classical = append(classical, l.Slot.Name)
		}
	}
	if classic || len(classical) > 0 {
		c.Voice.Print("note: somebody who copies the repository today could open it with a quantum computer one day (%s)", weakBy(classic, classical))
	}
	weakest := slices.MinFunc(locks, func(x, y lock) int { return cmp.Compare(x.strength(), y.strength()) })
	c.Voice.Print("note: the weakest way in is %s: %s", weakest.Slot.Name, weakest.strength())
	return c.Voice.Object(struct {
		Type       string      `json:"type"`
		Repository format.Hash `json:"repository"`
		Keys       int         `json:"keys"`
		Classical  bool        `json:"classical"`
		Weakest    string      `json:"weakest"`
		Strength   string      `json:"strength"`
	}{"summary", a.ID(), len(locks), classic || len(classical) > 0, weakest.Slot.Name, weakest.strength().word()})
}
