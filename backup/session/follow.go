package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
)

// follow makes what this machine has of the repository under ids that it had before
// its own under the present one: keys, and what it remembers. It is for an id that a
// person has named. A store that shows another root, endorsed by a stolen one, must not
// move a machine to it.
func (a *Archive) follow() (moved bool, err error) {
	if a.given == "" || a.call.DryRun() || a.call.Dirs.IsStill() {
		return false, nil
	}
	for _, id := range slices.Backward(a.View.Authority.Former) {
		from := a.call.Dirs.Repository(id)
		keyed, err := a.followKeys(from)
		if err != nil {
			return moved, err
		}
		known, err := a.Memory.Follow(from)
		if err != nil {
			return moved, err
		}
		moved = moved || keyed || known
	}
	if moved {
		a.key, a.keyIs = a.call.readWriterKey(a.Memory)
		a.call.Voice.Say("this machine follows the repository to its new id, %s", Short(a.ID()))
	}
	return moved, a.followConfig()
}

// followConfig writes the new id where the configuration file has a former one.
func (a *Archive) followConfig() error {
	id, err := format.ParseHash(a.said.ID)
	if err != nil || !slices.Contains(a.View.Authority.Former, id) {
		return nil
	}
	f, err := a.call.ConfigToChange()
	if err != nil {
		return err
	}
	change, err := f.SetID(a.as, a.ID().String())
	if err == nil {
		err = change.Write()
	}
	if err != nil {
		return fmt.Errorf("%s: the id of %s: %w", f.Path, a.as, err)
	}
	a.said.ID = a.ID().String()
	a.call.Voice.Say("%s: the id of %s is the new one now", f.Path, a.as)
	return nil
}

// followKeys writes this machine's key files anew, for the present root.
func (a *Archive) followKeys(from *state.Repository) (had bool, err error) {
	root, err := keys.ParsePublicKey(a.View.Authority.Root)
	if err != nil {
		return false, err
	}
	writer := func(data []byte) ([]byte, error) {
		key, err := keys.ParseWriter(data)
		if err != nil {
			return nil, err
		}
		key.Follow(root)
		return key.Marshal(), nil
	}
	pruner := func(data []byte) ([]byte, error) {
		key, err := keys.ParsePruner(data)
		if err != nil {
			return nil, err
		}
		key.Follow(root)
		return key.Marshal(), nil
	}
	wrote, err := rewrite(from.WriterKeyPath(), a.Memory.WriterKeyPath(), writer)
	if err != nil {
		return false, err
	}
	pruned, err := rewrite(from.PruneKeyPath(), a.Memory.PruneKeyPath(), pruner)
	return wrote || pruned, err
}

// rewrite moves a secret file to another place, changed. One that is there already
// stays, and the other as well.
func rewrite(from, to string, change func([]byte) ([]byte, error)) (done bool, err error) {
	data, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer clear(data)
	if _, err := os.Lstat(to); err == nil {
		return false, nil
	}
	changed, err := change(data)
	if err != nil {
		return false, fmt.Errorf("%s: %w", from, err)
	}
	defer clear(changed)
	if err := state.WriteFile(to, changed); err != nil {
		return false, err
	}
	return true, os.Remove(from)
}

// Succeed opens the repository anew by the id that it has since this command gave its
// root a successor.
func (w *Writable) Succeed(ctx context.Context, id format.Hash) error {
	view, err := repo.Load(ctx, w.Store, id, w.name, nil)
	if err != nil {
		return err
	}
	w.View, w.given, w.told, w.Memory = view, id.String(), id, w.call.Dirs.Repository(id)
	if _, err := w.follow(); err != nil {
		return err
	}
	return w.Reload(ctx)
}
