package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
)

// follow makes what this machine has of the repository under ids that it had before
// its own under the present one: keys, and what it remembers. It is for an id that a
// person has named, and a view that is trusted: a store that shows another root,
// endorsed by a stolen one, must not move a machine to it. Nor must one repository take
// what belongs to another by saying that it was that one: both roots have to say so.
func (a *Archive) follow(ctx context.Context) error {
	if a.given == "" || a.call.DryRun() || a.call.Dirs.IsStill() {
		return nil
	}
	if !a.Behind() && !a.formerly(a.said.ID) {
		return nil
	}
	endorsed, err := a.View.Endorsed(ctx, a.Store)
	if err != nil {
		return err
	}
	for _, id := range endorsed {
		if !a.knows(id) {
			continue
		}
		if err := a.followFrom(a.call.Dirs.Repository(id)); err != nil {
			return err
		}
		a.followed = true
	}
	a.followConfig(endorsed)
	if !a.followed {
		return nil
	}
	a.key, a.keyIs = a.call.readWriterKey(a.Memory)
	a.call.Voice.Say("this machine follows the repository to its new id, %s", Short(a.ID()))
	// It remembers more than it did when the view was judged.
	if err := a.View.Compare(a.Memory); err != nil {
		return err
	}
	return a.judge()
}

// Behind reports whether this machine has keys, or a memory, of an id that the
// repository says it had before.
func (a *Archive) Behind() bool { return slices.ContainsFunc(a.View.Authority.Former, a.knows) }

func (a *Archive) knows(id format.Hash) bool { return a.call.Dirs.Repository(id).Known() }

// Followed reports whether this command made the machine follow the repository to
// another id.
func (a *Archive) Followed() bool { return a.followed }

// formerly reports whether an id is one that the repository says it had.
func (a *Archive) formerly(text string) bool {
	id, err := format.ParseHash(text)
	return err == nil && slices.Contains(a.View.Authority.Former, id)
}

func (a *Archive) followFrom(from *state.Repository) error {
	own, err := a.followKeys(from)
	if err != nil {
		return err
	}
	return a.Memory.Follow(from, own)
}

// followKeys writes this machine's key files anew, for the present root. It returns
// its writer, zero where it has none.
func (a *Archive) followKeys(from *state.Repository) (own format.Hash, err error) {
	root, err := keys.ParsePublicKey(a.View.Authority.Root)
	if err != nil {
		return own, err
	}
	// Whoever was cut off before may have moved the key, and no more.
	for _, place := range []*state.Repository{from, a.Memory} {
		if key, err := a.call.readWriterKey(place); err == nil && key != nil {
			own = key.ID
		}
	}
	err = rewrite(from.WriterKeyPath(), a.Memory.WriterKeyPath(), following(root, keys.ParseWriter))
	if err == nil {
		err = rewrite(from.PruneKeyPath(), a.Memory.PruneKeyPath(), following(root, keys.ParsePruner))
	}
	return own, err
}

// following writes a key file anew, for another root.
func following[K interface {
	Follow(root keys.PublicKey)
	Marshal() []byte
}](root keys.PublicKey, parse func(file []byte) (K, error)) func([]byte) ([]byte, error) {
	return func(file []byte) ([]byte, error) {
		key, err := parse(file)
		if err != nil {
			return nil, err
		}
		key.Follow(root)
		return key.Marshal(), nil
	}
}

// rewrite moves a secret file to another place, changed. Another that is there already
// stays, and so does the one that was to move.
func rewrite(from, to string, change func([]byte) ([]byte, error)) error {
	data, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer clear(data)
	changed, err := change(data)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	defer clear(changed)
	there, err := os.ReadFile(to)
	defer clear(there)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = state.WriteFile(to, changed)
	case err == nil && !bytes.Equal(there, changed):
		return nil
	}
	if err != nil {
		return err
	}
	return os.Remove(from)
}

// followConfig writes the new id where the configuration file has a former one for this
// place. The repository is followed by then, whatever becomes of that.
func (a *Archive) followConfig(endorsed []format.Hash) {
	here, err := a.AsConfigured()
	if err != nil {
		return
	}
	f, err := a.call.ConfigToChange()
	if err != nil {
		return // a place was named, and needs no such file
	}
	for _, name := range slices.Sorted(maps.Keys(f.Config.Repositories)) {
		r := f.Config.Repositories[name]
		if id, err := format.ParseHash(r.ID); err != nil || r.Place != here.Place || !slices.Contains(endorsed, id) {
			continue
		}
		change, err := f.SetID(name, a.ID().String())
		if err == nil {
			err = change.Write()
		}
		if err != nil {
			a.call.Voice.Warn("%s has a former id of %s still, and cannot be changed (%v): make it %s", f.Path, name, err, a.ID())
			return
		}
		a.call.Voice.Say("%s: the id of %s is the new one now", f.Path, name)
	}
}

// Succeed opens the repository anew by the id that it has since this command gave its
// root a successor.
func (w *Writable) Succeed(ctx context.Context, id format.Hash) error {
	view, err := repo.Load(ctx, w.Store, id, w.name, nil)
	if err != nil {
		return err
	}
	w.View, w.given, w.told, w.Memory = view, id.String(), id, w.call.Dirs.Repository(id)
	if err := w.follow(ctx); err != nil {
		return err
	}
	return w.Reload(ctx)
}
