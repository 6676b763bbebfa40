package session

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
)

// otherSecret is the flag that names a second secret.
const otherSecret = "other-passphrase-file"

// OtherSecretFlag names a file with the secret of a side of a fork that has keys of
// its own.
func OtherSecretFlag() cli.Flag {
	return &cli.StringFlag{Name: otherSecret, Usage: "the `FILE` with the passphrase or recovery key of a side that has keys of its own"}
}

// Join unlocks the sides of a fork of authorities, and finds out how they become one.
// Where a side has keys of its own, another secret is asked for.
func (w *Writable) Join(ctx context.Context) (*repo.Join, error) {
	master, err := w.unlock(ctx)
	if err != nil {
		return nil, err
	}
	w.told = master.Repository
	masters, tried := []*keys.Master{master}, map[format.Hash]bool{}
	for {
		join, err := repo.PlanJoin(ctx, w.Store, w.View, w.Memory, masters...)
		var locked *repo.Locked
		if !errors.As(err, &locked) || tried[locked.Side.Hash] {
			return join, err
		}
		tried[locked.Side.Hash] = true
		if master, err = w.unlockSide(ctx, locked); err != nil {
			return nil, err
		}
		masters = append(masters, master)
	}
}

// unlockSide opens the master of a side that what was given so far does not open:
// with an identity, the secret in a file, or one that is asked for.
func (w *Writable) unlockSide(ctx context.Context, locked *repo.Locked) (*keys.Master, error) {
	side := *w.Archive
	side.View = w.View.Of(locked.Side)
	if files := w.call.StringSlice("identity"); len(files) > 0 {
		master, err := side.unlockFiles(ctx, files)
		if err == nil || !repo.WrongKey(err) {
			return master, err
		}
	}
	if path := w.call.String(otherSecret); path != "" {
		data, err := readSecretFile(path, "passphrase")
		if err != nil {
			return nil, err
		}
		defer clear(data)
		secret, err := oneSecret(data, path)
		if err != nil {
			return nil, err
		}
		return side.try(ctx, sourced{secret: secret, from: path})
	}
	return side.askSide(ctx, locked)
}

// askSide asks the person for the secret of a side.
func (a *Archive) askSide(ctx context.Context, locked *repo.Locked) (*keys.Master, error) {
	t, err := a.call.Env.Terminal()
	if err != nil {
		f := Fail(ExitWrongKey, "--"+otherSecret+" gives a secret that opens it, and a terminal is asked", "%v", locked)
		f.Err = locked
		return nil, f
	}
	defer t.Close()
	return a.tryOften(ctx, func() (sourced, error) {
		secret, err := t.Secret(ctx, "passphrase or recovery key of authority "+Short(locked.Side.Hash)+", which has keys of its own")
		return sourced{secret: secret, from: "what you typed", asked: true}, err
	})
}
