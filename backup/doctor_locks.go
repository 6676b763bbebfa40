package backup

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
)

// locks tells, where the settings of the place ask for object lock, whether somebody
// renews it: the text that init put is the oldest object that stays.
func (x *examination) locks(ctx context.Context, a *session.Archive) {
	keep, _ := a.Wanted()
	if keep == 0 {
		return
	}
	locker, err := a.Locker()
	if err != nil {
		x.trouble("locks", err)
		return
	}
	lock, err := locker.Locked(ctx, format.TextName)
	left := lock.Until.Sub(x.c.Env.Clock.Now())
	switch {
	case errors.Is(err, fs.ErrPermission):
		x.warn("locks", "chatkeep doctor storage --print-policy reader, with --s3-object-lock, prints the right to see it", "for how long objects are locked cannot be seen with these credentials")
	case err != nil:
		x.trouble("locks", err)
	case left <= 0:
		x.warn("locks", "chatkeep lock extend locks it; run it by a timer", "the oldest object is not locked: it may be deleted")
	case left < time.Duration(float64(keep)*leastToCheck):
		x.warn("locks", "chatkeep lock extend renews it; run it by a timer", "the lock of the oldest object ends on %s", session.Moment(lock.Until))
	default:
		x.ok("locks", "the oldest object is locked until %s", session.Moment(lock.Until))
	}
}
