package restore

import (
	"context"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/restore/merge"
)

// merged unlocks the repository and makes one archive of the snapshots that are
// asked for: the one of a name, or without one all that a filter takes.
func merged(ctx context.Context, c *session.Call, name string) (*merge.Archive, int, error) {
	opened, err := c.Open(ctx)
	if err != nil {
		return nil, 0, err
	}
	r, err := opened.Reader(ctx)
	if err != nil {
		return nil, 0, err
	}
	heads, err := meant(ctx, r, name, filterOf(c))
	if err != nil {
		return nil, 0, err
	}
	a, err := merge.Load(ctx, r, heads, func(done, all int) { c.Voice.Steps(int64(done), int64(all), "snapshots") })
	c.Voice.Done()
	if err != nil {
		return nil, 0, err
	}
	a.Link()
	for _, err := range a.Lost {
		c.Voice.Warn("a snapshot is left out: %v", err)
	}
	return a, len(heads), nil
}

// meant are the snapshots of a name, or all that a filter takes, carried ones
// included: they have what forgotten ones had.
func meant(ctx context.Context, r *repo.Reader, name string, f Filter) ([]*repo.Head, error) {
	if name != "" {
		h, err := Find(ctx, r, name, f)
		return []*repo.Head{h}, err
	}
	var heads []*repo.Head
	for _, h := range r.Heads() {
		m, err := r.Manifest(ctx, h)
		switch {
		case err != nil && format.ClassOf(err) != "" && f.empty():
			// It counts, for all that is known: whoever reads it will see.
		case err != nil:
			return nil, err
		case !f.takes(m):
			continue
		}
		heads = append(heads, h)
	}
	if len(heads) > 0 {
		return heads, nil
	}
	// It says why there is none.
	_, err := Find(ctx, r, "latest", f)
	return nil, err
}

// damagedBy is the failure of a command that left out what it could not read.
func damagedBy(lost int) error {
	if lost == 0 {
		return nil
	}
	return session.Fail(session.ExitDamaged, "chatkeep check --read-data says what is damaged, chatkeep repair what can be had again",
		"%s could not be read; all else is there", session.Plural(int64(lost), "part of the archive", "parts of the archive"))
}
