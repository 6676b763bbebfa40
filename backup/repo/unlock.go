package repo

import (
	"context"
	"errors"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// Through says which slots are tried.
type Through struct {
	Kind string
	Name string // "" for all of the kind
}

func (t Through) fits(s format.Slot) bool {
	return s.Kind == t.Kind && (t.Name == "" || t.Name == s.Name)
}

// Unlock opens the master identity through the slots of the repository with
// the view that fit, one after the other, and returns the one that opened. Told is
// the id that the user or this machine's memory expects, zero where nobody does: a
// slot that an outsider could have forged then does not count.
func Unlock(ctx context.Context, store storage.Reader, view *View, told format.Hash, through Through, ids ...age.Identity) (*keys.Master, format.Slot, error) {
	source := &objects{store: store}
	var last error
	for _, slot := range view.Authority.Slots {
		if !through.fits(slot) {
			continue
		}
		name := format.Name{Type: format.ObjectSlot, Slot: slot.Name, Hash: slot.SHA256}
		object, err := source.get(ctx, name, format.MaxSlotFile)
		if err == nil {
			var m *keys.Master
			if m, err = keys.OpenSlot(name.String(), object, ids...); err == nil {
				return m, slot, m.Confirm(name.String(), told)
			}
		}
		// A damaged slot is worse news than one that another secret opens.
		if last == nil || format.ClassOf(err) != format.WrongKey {
			last = err
		}
	}
	if last == nil {
		last = &NoSlot{through.Kind}
	}
	return nil, format.Slot{}, last
}

// NoSlot is the error of a secret that no slot is made for.
type NoSlot struct{ Kind string }

func (e *NoSlot) Error() string { return "the repository has no " + e.Kind + " key" }

// Hint tells what to do.
func (e *NoSlot) Hint() string { return "chatkeep key list shows what opens it" }

// ExitCode is 12.
func (e *NoSlot) ExitCode() int { return 12 }

// WrongKey reports whether an error says that a secret does not fit.
func WrongKey(err error) bool {
	var none *NoSlot
	return errors.As(err, &none) || format.ClassOf(err) == format.WrongKey
}
