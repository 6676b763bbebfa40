package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
)

// PruneKey returns this machine's prune key. There must be one.
func (w *Writable) PruneKey() (*keys.Pruner, error) {
	path := w.Memory.PruneKeyPath()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Fail(ExitWrongKey, "chatkeep writer add --role prune makes one; best on another machine than those that back up",
			"this machine has no prune key for the repository at %s", w.Place)
	}
	if err != nil {
		return nil, fmt.Errorf("prune key: %w", err)
	}
	defer clear(data)
	key, err := keys.ParsePruner(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if key.Repository != w.ID() {
		return nil, fmt.Errorf("%s belongs to repository %s", path, key.Repository)
	}
	return key, nil
}

// PrunesHere reports whether a prune key is this machine's. Where that cannot be read,
// none is.
func (w *Writable) PrunesHere(id format.Hash) bool {
	key, err := w.PruneKey()
	return err == nil && key.ID == id
}

// SavePruneKey makes a key this machine's. One that is there is kept beside it.
func (w *Writable) SavePruneKey(key *keys.Pruner) error {
	path := w.Memory.PruneKeyPath()
	if _, err := os.Lstat(path); err == nil {
		aside, err := setAside(path)
		if err != nil {
			return fmt.Errorf("prune key: %w", err)
		}
		w.call.Voice.Warn("the prune key that was here is now %s", aside)
	}
	data := key.Marshal()
	defer clear(data)
	return state.WriteFile(path, data)
}

// Look loads the repository anew, and remembers what it sees where that is in
// order.
func (w *Writable) Look(ctx context.Context) (*repo.View, error) {
	view, err := repo.Load(ctx, w.Store, w.View.ID, w.name, w.Memory)
	if err != nil || len(view.Problems) > 0 {
		return view, err
	}
	w.View = view
	return view, w.remember()
}
