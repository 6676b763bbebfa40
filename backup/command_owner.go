package backup

import (
	"context"
	"errors"

	"chatkeep/backup/format"
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
	if id := o.Repository(); id != w.ID() {
		return succeeded(ctx, w, o, id, tell)
	}
	if err := o.Commit(ctx); err != nil {
		return &Doubtful{err}
	}
	if err := w.Reload(ctx); err != nil {
		return &Doubtful{err}
	}
	if err := w.View.Ended(); err != nil {
		return err // and what was changed does not count
	}
	return tell()
}

// succeeded is the end of a change that gives the repository another root. No run of
// this machine's is to be under way by the old one.
func succeeded(ctx context.Context, w *session.Writable, o *repo.Owner, id format.Hash, tell told) error {
	release, err := w.Memory.Lock()
	if err != nil {
		return err
	}
	err = o.Commit(ctx)
	release()
	var changed *repo.Changed
	switch {
	case errors.As(err, &changed):
		return err
	case err != nil:
		return &Doubtful{err}
	}
	if err := w.Succeed(ctx, id); err != nil {
		return errors.Join(tell(), session.Fail(session.ExitFailed, "chatkeep writer accept --id "+id.String(),
			"the repository has its new id, and this machine has not followed it: %v", err))
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
