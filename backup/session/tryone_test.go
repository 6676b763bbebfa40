package session_test

import (
	"context"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// TestTryOne tries one key of two by its name, where the environment has the secret
// of the other, with nobody there and with somebody who has the right one.
func TestTryOne(t *testing.T) {
	w := newWorld(t)
	place, _ := w.cheap("r")
	spare := keys.NewRecoveryKey()
	w.wantCode(w.does(func(ctx context.Context, c *session.Call) error { return addSpare(ctx, c, spare) }, "-r", place), 0)
	for name, c := range map[string]struct {
		key     string
		answers []string // nil: nobody is there
		code    int
		says    string
		prompts int
	}{
		"the one that is configured": {"recovery", []string{}, 0, "", 0},
		"the other, nobody there":    {"spare", nil, session.ExitWrongKey, "CHATKEEP_PASSPHRASE does not open the key spare", 0},
		"the other, typed":           {"spare", []string{string(spare)}, 0, "", 1},
		"the other, at last":         {"spare", []string{strong, strong, string(spare)}, 0, "try again", 3},
		"the other, never typed":     {"spare", []string{strong, strong, strong}, session.ExitWrongKey, "what you typed does not open the key spare", 3},
		"one that is not there":      {"third", []string{}, session.ExitFailed, "no key named third", 0},
	} {
		w.person = nil
		if c.answers != nil {
			w.person = &person{answers: c.answers}
		}
		opened := ""
		code := w.does(func(ctx context.Context, call *session.Call) error {
			a, err := call.Open(ctx)
			if err != nil {
				return err
			}
			slot, err := a.Try(ctx, c.key)
			opened = slot.Name
			return err
		}, "-r", place)
		if code != c.code || !strings.Contains(w.err.String(), c.says) || (code == 0) != (opened == c.key) {
			t.Errorf("%s: code %d, %q opened, %s", name, code, opened, &w.err)
		}
		if w.person != nil && len(w.person.prompts) != c.prompts {
			t.Errorf("%s: asked for %q", name, w.person.prompts)
		}
	}
}

// addSpare gives the repository a second recovery key.
func addSpare(ctx context.Context, c *session.Call, spare keys.RecoveryKey) error {
	s, err := c.OpenStore(ctx)
	if err != nil {
		return err
	}
	o, master, err := s.Owner(ctx)
	if err != nil {
		return err
	}
	object, err := keys.SealRecovery(master, spare)
	if err != nil {
		return err
	}
	if err := o.AddSlot(ctx, repo.NewSlot{Name: "spare", Kind: format.SlotRecovery, Object: object}); err != nil {
		return err
	}
	return o.Commit(ctx)
}
