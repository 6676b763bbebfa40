package session

import (
	"context"

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
	return nil
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
