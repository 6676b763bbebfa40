package session

import (
	"context"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
)

// Try unlocks the repository through the slot of a name alone, or through any where
// that is "", and returns the slot that opened. What is sealed behind it is read as
// well: it is this repository's, and opens it.
func (a *Archive) Try(ctx context.Context, name string) (format.Slot, error) {
	if err := a.chooseSlot(name); err != nil {
		return format.Slot{}, err
	}
	_, _, err := a.unlocked(ctx)
	return a.by, err
}

// chooseSlot makes the slot of a name the only one that is tried. There must be one,
// and it must be of a kind that what is given can open.
func (a *Archive) chooseSlot(name string) error {
	if name == "" {
		return nil
	}
	slots := a.View.Authority.Slots
	i := slices.IndexFunc(slots, func(s format.Slot) bool { return s.Name == name })
	if i < 0 {
		return Fail(ExitFailed, "chatkeep key list shows what there is", "there is no key named %s", name)
	}
	a.only = &slots[i]
	byFile := len(a.call.StringSlice("identity")) > 0
	switch {
	case a.only.Kind == format.SlotRecipient && !byFile:
		return Fail(ExitWrongKey, "--identity FILE takes it", "the key %s is opened by an age or SSH identity", name)
	case a.only.Kind != format.SlotRecipient && byFile:
		return Fail(ExitWrongKey, "leave --identity out", "the key %s is opened by a %s, not by an identity", name, secretOf(a.only.Kind))
	}
	return nil
}

// unlockOne opens the slot that alone is tried. The secret that is configured is
// often that of another: then whoever is there is asked.
func (a *Archive) unlockOne(ctx context.Context) (*keys.Master, error) {
	s, ok, err := a.call.Env.configured(ctx, a.said)
	if err != nil {
		return nil, err
	}
	if ok {
		master, err := a.try(ctx, s)
		if err == nil || !repo.WrongKey(err) || !a.call.attended() {
			return master, err
		}
		a.call.Voice.Say("%v", err)
	}
	prompt := secretOf(a.only.Kind) + " named " + a.only.Name
	return a.tryOften(ctx, func() (sourced, error) { return a.call.askSecret(ctx, prompt) })
}

// attended reports whether there is a person to ask.
func (c *Call) attended() bool {
	t, err := c.Env.Terminal()
	if err != nil {
		return false
	}
	t.Close()
	return true
}

// secretOf is what opens a slot of a kind that a person can type.
func secretOf(kind string) string {
	if kind == format.SlotRecovery {
		return "recovery key"
	}
	return "passphrase"
}
