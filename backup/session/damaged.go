package session

import (
	"context"
	"errors"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
)

// OpenDamaged opens the place that the flags name to put back what is missing.
// Its view is nil where no authority can be read. Which repository it is, --id
// says, or this machine's memory, or the place itself, or else a mirror of it.
func (c *Call) OpenDamaged(ctx context.Context, mirrors []repo.Mirror) (*Writable, error) {
	p, err := c.place()
	if err != nil {
		return nil, err
	}
	store, err := c.open(ctx, p, false)
	if err != nil {
		return nil, err
	}
	a := c.archive(p, store)
	id, err := a.identify(ctx)
	for _, m := range mirrors {
		if err == nil {
			break
		}
		id, err = repo.Identify(ctx, m.Store, m.Name)
	}
	if err != nil {
		return nil, a.named(err)
	}
	a.Memory = c.Dirs.Repository(id)
	if a.key, a.keyIs = c.readWriterKey(a.Memory); a.key != nil {
		a.told = id
	}
	if err := a.askWitness(ctx, false); err != nil {
		return nil, err
	}
	w := &Writable{a, a.store}
	return w, w.Survey(ctx, id)
}

// Survey looks at the repository anew, whatever is wrong with it.
func (w *Writable) Survey(ctx context.Context, id format.Hash) error {
	view, err := repo.Survey(ctx, w.Store, id, w.name, w.Memory)
	if err != nil && format.ClassOf(err) == "" && exitCode(err) != ExitNoRepository {
		return err
	}
	w.View = view
	if view == nil {
		return nil
	}
	return w.hearWitness(ctx, w.Memory)
}

// Name is what this machine remembers the place by.
func (w *Writable) Name() string { return w.name }

// Trusted refuses a view with problems that --accept does not name.
func (w *Writable) Trusted(ctx context.Context) error { return w.trust(ctx) }

// Mirrors opens other places to read, each named as --repo names one. Settings
// of a kind of place are those of the repository's own.
func (c *Call) Mirrors(ctx context.Context, places []string) ([]repo.Mirror, error) {
	var mirrors []repo.Mirror
	for _, text := range places {
		p := place{location: storage.Location{Text: text}}
		if err := c.locate(&p, ""); err != nil {
			return nil, err
		}
		store, err := c.open(ctx, p, false)
		if err != nil {
			return nil, err
		}
		mirrors = append(mirrors, repo.Mirror{Name: text, Store: store})
	}
	return mirrors, nil
}

// Earlier is what the place that the flags name had first under each name: a mirror of
// the repository as it was before somebody deleted or replaced something.
func (c *Call) Earlier(ctx context.Context) (repo.Mirror, error) {
	p, err := c.place()
	if err != nil {
		return repo.Mirror{}, err
	}
	store, err := c.open(ctx, p, false)
	if err != nil {
		return repo.Mirror{}, err
	}
	v, ok := store.Store.(storage.Versioned)
	if !ok {
		return repo.Mirror{}, Fail(ExitUsage, "--from names a copy of the repository", "%s keeps no older versions", p.location.Text)
	}
	earlier := &traffic{Store: readOnly{Reader: v.First()}, up: store.up, down: store.down}
	return repo.Mirror{Name: "an older version", Store: earlier}, nil
}

// readOnly is a reader that refuses to be a store.
type readOnly struct{ storage.Reader }

func (readOnly) Put(context.Context, string, []byte) (storage.Info, error) {
	return storage.Info{}, errors.ErrUnsupported
}

func (readOnly) Delete(context.Context, string) error { return errors.ErrUnsupported }
