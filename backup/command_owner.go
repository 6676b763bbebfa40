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
	// Whoever was asked for a passphrase took his time. Two changes on top of one
	// state are a fork, of which nobody can say which side was meant.
	if err := w.Unchanged(ctx); err != nil {
		return err
	}
	if err := o.Commit(ctx); err != nil {
		return &Doubtful{err}
	}
	if id := o.Repository(); id != w.ID() {
		err = w.Succeed(ctx, id)
	} else {
		err = w.Reload(ctx)
	}
	if err != nil {
		return &Doubtful{err}
	}
	return tell()
}

// Doubtful is the error of a change that failed at its very end: it may have been
// made. Its exit code is that of the cause.
type Doubtful struct{ Err error }

func (d *Doubtful) Error() string {
	return "the change may have been made, or not: " + d.Err.Error()
}

// Hint tells how to find out.
func (d *Doubtful) Hint() string {
	return "keep the secrets that opened it and those that were made, until chatkeep key test has told which do"
}

// Unwrap returns the cause.
func (d *Doubtful) Unwrap() error { return d.Err }

// told says what was done, once it is.
type told func() error
