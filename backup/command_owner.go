package backup

import (
	"context"

	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// owner is an owner at work: the change in the making and the unlocked key.
type owner struct {
	*repo.Owner
	master *keys.Master
}

// owned is what the commands share that change who may open a repository and
// who may write to it: unlock, change, commit, look again, tell. What change
// returns tells of it; nil is for a dry run, after which nothing is committed.
func owned(ctx context.Context, c *session.Call, change func(*session.Writable, *owner) (told, error)) error {
	w, err := c.OpenStore(ctx)
	if err != nil {
		return err
	}
	o, master, err := w.Owner(ctx)
	if err != nil {
		return err
	}
	tell, err := change(w, &owner{o, master})
	if err != nil || tell == nil {
		return err
	}
	if err := o.Commit(ctx); err != nil {
		return err
	}
	if err := w.Reload(ctx); err != nil {
		return err
	}
	return tell()
}

// told says what was done, once it is.
type told func() error
