package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
)

// Reader unlocks the repository and reads it. Once it returns without error,
// the repository is known to be the one that its secret was made for.
func (a *Archive) Reader(ctx context.Context) (*repo.Reader, error) {
	_, r, err := a.unlocked(ctx)
	return r, err
}

// Owner unlocks the repository to change who may open it and write to it.
func (w *Writable) Owner(ctx context.Context) (*repo.Owner, *keys.Master, error) {
	master, _, err := w.unlocked(ctx)
	if err != nil {
		return nil, nil, err
	}
	o, err := repo.NewOwner(ctx, w.Store, w.View, master, w.Memory)
	return o, master, err
}

// Unlock unlocks the repository to read it and then change it.
func (w *Writable) Unlock(ctx context.Context) (*keys.Master, *repo.Reader, error) {
	return w.unlocked(ctx)
}

func (a *Archive) unlocked(ctx context.Context) (*keys.Master, *repo.Reader, error) {
	master, err := a.unlock(ctx)
	if err != nil {
		return nil, nil, err
	}
	r, err := repo.NewReader(ctx, a.Store, a.View, master, a.Memory)
	if err != nil {
		return nil, nil, err
	}
	a.told = master.Repository
	if accept, err := a.call.accepted(); err != nil || a.View.Trust(accept) != nil {
		return master, r, err // a check looks at what is not in order
	}
	return master, r, a.remember()
}

// Unasked unlocks the repository to read it if that takes no question: with an
// identity in a file, or a secret that the environment or the configuration file
// gives. Without one the reader is nil. Nothing is remembered.
func (a *Archive) Unasked(ctx context.Context) (*repo.Reader, error) {
	if len(a.call.StringSlice("identity")) == 0 && !a.call.Env.HasSecret(a.said) {
		return nil, nil
	}
	quiet := *a.call.Env
	quiet.Terminal = func() (Terminal, error) { return nil, errNobody }
	call := *a.call
	call.Env = &quiet
	mute := *a
	mute.call = &call
	master, err := mute.unlock(ctx)
	if err != nil {
		return nil, err
	}
	return repo.NewReader(ctx, a.Store, a.View, master, a.Memory)
}

func (a *Archive) unlock(ctx context.Context) (*keys.Master, error) {
	if files := a.call.StringSlice("identity"); len(files) > 0 {
		return a.unlockFiles(ctx, files)
	}
	if a.only != nil {
		return a.unlockOne(ctx)
	}
	return a.tryOften(ctx, func() (sourced, error) { return a.call.existing(ctx, a.said) })
}

// tryOften opens slots with the secret that comes next, until one does. Only a person
// who typed a wrong one has another try.
func (a *Archive) tryOften(ctx context.Context, next func() (sourced, error)) (*keys.Master, error) {
	for try := 1; ; try++ {
		s, err := next()
		if err != nil {
			return nil, err
		}
		master, err := a.try(ctx, s)
		if err == nil || !repo.WrongKey(err) || !s.asked || try == tries {
			return master, err
		}
		a.call.Voice.Warn("%s; try again", err)
	}
}

// try opens slots with a secret: as a recovery key if it has the shape of one,
// else, and also then if it opens nothing, as a passphrase.
func (a *Archive) try(ctx context.Context, s sourced) (*keys.Master, error) {
	recovery, mistyped := keys.ParseRecoveryKey(s.secret)
	if mistyped == nil {
		master, err := a.open(ctx, format.SlotRecovery, a.identityOf(string(recovery)))
		if err == nil || !repo.WrongKey(err) {
			return master, err
		}
	}
	master, err := a.open(ctx, format.SlotPassphrase, a.identityOf(s.secret))
	var none *repo.NoSlot
	switch {
	case err == nil || !repo.WrongKey(err):
		return master, err
	case mistyped != nil && looksLikeRecovery(s.secret):
		return nil, mistyped
	case a.only != nil:
		f := Fail(ExitWrongKey, "give what opens it, at a terminal or by "+envFile, "%s does not open the key %s", s.from, a.only.Name)
		f.Err = err
		return nil, f
	case errors.As(err, &none):
		// Not even tried: nothing is wrong with the secret itself.
		f := Fail(ExitWrongKey, "chatkeep key list shows what opens it; --identity FILE takes an age or SSH identity",
			"the repository has nothing that %s could open", s.from)
		f.Err = err
		return nil, f
	}
	f := Fail(ExitWrongKey, "chatkeep key list shows what opens it", "%s does not open the repository", s.from)
	f.Err = err
	return nil, f
}

// identityOf is what a secret opens. Anybody can put up a repository whose slot
// asks for a gibibyte and seconds; one must know it to be the right one for that.
func (a *Archive) identityOf(secret string) age.Identity {
	if !a.Vouched() {
		return keys.PassphraseWithin(secret, keys.FirstWork)
	}
	return keys.Passphrase(secret)
}

// open asks the slots of one kind.
func (a *Archive) open(ctx context.Context, kind string, ids ...age.Identity) (*keys.Master, error) {
	through := repo.Through{Kind: kind}
	if a.only != nil {
		through.Name = a.only.Name
	}
	master, slot, err := repo.Unlock(ctx, a.Store, a.View, a.told, through, ids...)
	var odd *format.Error
	if errors.As(err, &odd) && odd.Class == format.Oversized && !a.Vouched() {
		known := *odd
		known.Cure = "this machine does not know the repository; --id ID says that it is the right one, and lets it ask for more"
		return nil, &known
	}
	if err != nil {
		return nil, err
	}
	a.by = slot
	return master, nil
}

// unlockFiles opens slots of recipients with the identities in files.
func (a *Archive) unlockFiles(ctx context.Context, files []string) (*keys.Master, error) {
	var ids []age.Identity
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("identity file: %w", err)
		}
		some, err := keys.ParseIdentityFile(bytes.NewReader(data), a.call.Prompts(ctx))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		ids = append(ids, some...)
	}
	return a.open(ctx, format.SlotRecipient, ids...)
}

// Prompts lets keys ask the person.
func (c *Call) Prompts(ctx context.Context) keys.Prompts {
	ask := func(prompt string, secret bool) (string, error) {
		t, err := c.Env.Terminal()
		if err != nil {
			return "", err
		}
		defer t.Close()
		if secret {
			return t.Secret(ctx, prompt)
		}
		return t.Line(ctx, prompt)
	}
	return keys.Prompts{
		Passphrase: func(what string) ([]byte, error) {
			secret, err := ask("passphrase of "+what, true)
			return []byte(secret), err
		},
		Plugin: &plugin.ClientUI{
			DisplayMessage: func(name, message string) error {
				c.Voice.Say("%s: %s", name, message)
				return nil
			},
			RequestValue: func(name, message string, secret bool) (string, error) {
				return ask(name+": "+message, secret)
			},
			Confirm: func(name, message, yes, no string) (bool, error) {
				choices := slices.DeleteFunc([]string{yes, no}, func(s string) bool { return s == "" })
				answer := c.Choose(ctx, name+": "+message, choices)
				if answer == "" {
					return false, fmt.Errorf("%s asks a question, %q, and has no answer", name, message)
				}
				return answer == yes, nil
			},
			WaitTimer: func(name string) { c.Voice.Say("waiting for %s", name) },
		},
	}
}
