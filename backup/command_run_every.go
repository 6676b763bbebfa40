package backup

import (
	"context"
	"time"

	"chatkeep/backup/rhythm"
	"chatkeep/backup/session"
)

// rounds is a run that stays, for machines without a timer.
type rounds struct {
	c     *session.Call
	pause time.Duration // from the begin of a round to that of the next
	told  string        // what kept the last round from beginning, "" for nothing
}

// everyOf is how long to wait between two rounds, 0 for a run that does not stay.
func everyOf(c *session.Call) (time.Duration, error) {
	if !c.IsSet("every") {
		return 0, nil
	}
	pause, err := rhythm.ParseSpan(c.String("every"))
	if err != nil {
		return 0, session.Usage("--every: %v", err)
	}
	if c.NArg() > 0 {
		return 0, session.Usage("--every does what is due, and a job by name is always")
	}
	return pause, nil
}

// all goes round until the context ends, which between two rounds is how it ends
// well. What keeps the first round from beginning ends it as well: whoever started
// it is still there to see that.
func (r *rounds) all(ctx context.Context, first *jobRun) error {
	began := r.c.Env.Clock.Now()
	failed, err := first.once(ctx)
	if err != nil {
		return err
	}
	for {
		switch {
		case failed != nil && ctx.Err() != nil:
			return failed
		case failed != nil:
			r.c.Voice.Report(failed)
		}
		if r.wait(ctx, began) != nil {
			return nil
		}
		began = r.c.Env.Clock.Now()
		failed = r.round(ctx)
	}
}

// round is one more round, with the configuration as it is now. It returns what
// is to be told: what went wrong in the jobs, or what kept them from being run, if
// that was not told the last time.
func (r *rounds) round(ctx context.Context) error {
	c := r.c.Anew()
	defer c.Close()
	var failed error
	run, err := newJobRun(c)
	if err == nil {
		failed, err = run.once(ctx)
	}
	if err == nil {
		r.told = ""
		return failed
	}
	if err.Error() == r.told {
		return nil
	}
	r.told = err.Error()
	return err
}

// longestNap is how long a wait goes without a look at the clock.
const longestNap = time.Minute

// wait waits until the pause since a round began is over: by the clock or by the
// time that was waited, whichever comes first. While the machine sleeps the
// second stands still, and the first one may be set back.
func (r *rounds) wait(ctx context.Context, began time.Time) error {
	clock := r.c.Env.Clock
	left := r.pause - max(0, r.since(began))
	for left > 0 {
		before, nap := clock.Now(), min(left, longestNap)
		if err := clock.Sleep(ctx, nap); err != nil {
			return err
		}
		left -= max(nap, r.since(before))
	}
	return ctx.Err()
}

// since is how far the clock on the wall went; what the time package would tell
// is the time for which the machine was awake.
func (r *rounds) since(t time.Time) time.Duration {
	return r.c.Env.Clock.Now().Round(0).Sub(t.Round(0))
}
