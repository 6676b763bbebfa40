package restore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/providers/storage"
)

// thawFlags say what a restore may ask of a store with archives.
func thawFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "thaw", Usage: "have the store bring back what it has in archives, which costs money, without asking"},
		&cli.StringFlag{Name: "thaw-tier", Value: string(storage.Standard), Usage: "haste of it, a `TIER`: Bulk, Standard or Expedited; the more, the dearer"},
		&cli.IntFlag{Name: "thaw-days", Value: 7, Usage: "for how many `DAYS` it can be read then"},
		&cli.BoolFlag{Name: "wait", Usage: "wait until it is there, for hours or days, and go on"},
	}
}

// thawing is a restore from a store that may have archives.
type thawing struct {
	c        *session.Call
	snapshot *repo.Snapshot
	cold     *cold
	packs    []int // that this restore needs, as far as archives might have them
	how      storage.Thaw
	agreed   bool // a person wants the thaw, and knows what it costs
	wait     bool
	pause    time.Duration // before the next look at what thaws
}

const (
	maxThawDays = 365 // more is a mistake: two copies are paid for
	firstLook   = 5 * time.Second
	longestLook = 15 * time.Minute
)

func thawOf(c *session.Call) (*thawing, error) {
	t := &thawing{c: c, agreed: c.Bool("thaw"), wait: c.Bool("wait"), how: storage.Thaw{Days: c.Int("thaw-days")}, pause: firstLook}
	for _, tier := range []storage.Tier{storage.Bulk, storage.Standard, storage.Expedited} {
		if strings.EqualFold(c.String("thaw-tier"), string(tier)) {
			t.how.Tier = tier
		}
	}
	switch {
	case t.how.Tier == "":
		return nil, session.Usage("--thaw-tier: %q is none of Bulk, Standard, Expedited", c.String("thaw-tier"))
	case t.how.Days < 1 || t.how.Days > maxThawDays:
		return nil, session.Usage("--thaw-days: from 1 to %d", maxThawDays)
	}
	return t, nil
}

// surveyCold finds out which packs archives might have.
func (t *thawing) surveyCold(ctx context.Context, a *session.Archive, s *repo.Snapshot) (err error) {
	t.snapshot = s
	t.cold, err = surveyCold(ctx, a.Store, a.Thawer(), s)
	return err
}

// dryRun says what would be thawed.
func (t *thawing) dryRun(ctx context.Context, o Options) error {
	if err := t.look(ctx, o); err != nil {
		return err
	}
	return t.tell()
}

// run restores what can be read, and has the rest thawed. The error is a
// [Waiting] where a part is still to come.
func (t *thawing) run(ctx context.Context, o Options) (*Report, error) {
	total, target := &Report{}, t.c.String("target")
	for {
		report, err := t.round(ctx, o)
		if o.Overwrite {
			total = report // of all that was asked for, each time
		} else {
			total.add(report)
		}
		var waiting *Waiting
		var incomplete *Incomplete
		isWaiting, isIncomplete := errors.As(err, &waiting), errors.As(err, &incomplete)
		if len(report.Waiting) > 0 && !o.Overwrite {
			t.mark(target)
		}
		switch {
		case isIncomplete && len(report.Waiting) > 0:
			return total, errors.Join(err, t.later(report))
		case !isWaiting:
			if (err == nil || isIncomplete) && !o.Overwrite {
				err = errors.Join(err, removeWaiting(target, t.mine()))
			}
			return total, err
		case len(t.cold.in(t.packs, storage.Frozen)) > 0:
			return total, err // nobody asked for them
		case !t.wait:
			return total, t.later(report)
		}
		if err := t.await(ctx); err != nil {
			return total, err
		}
	}
}

// round is one restore of what can be read by now.
func (t *thawing) round(ctx context.Context, o Options) (*Report, error) {
	o, err := t.goOn(o)
	if err != nil {
		return &Report{}, err
	}
	if err := t.look(ctx, o); err != nil {
		return &Report{}, err
	}
	if err := t.request(ctx); err != nil {
		return &Report{}, err
	}
	if len(t.cold.pending(t.cold.lists())) > 0 {
		return &Report{}, &Waiting{}
	}
	o.Unready = t.cold.unready
	if len(t.cold.packs) > 0 {
		o.Resume = "" // what is in archives has a way of its own to go on
	}
	report, err := Run(ctx, t.snapshot, t.c.String("target"), o)
	learnt := false
	if t.packs, learnt = t.cold.learn(report.Waiting, t.packs); learnt {
		if failed := t.request(ctx); failed != nil {
			return report, errors.Join(failed, err)
		}
	}
	return report, err
}

// goOn narrows the options to what an earlier run of the restore left to do.
func (t *thawing) goOn(o Options) (Options, error) {
	target := t.c.String("target")
	found, there, err := readWaiting(target)
	switch {
	case err != nil || !there || o.Overwrite:
		return o, err
	case found.Snapshot != t.snapshot.Head.Hash:
		return o, session.Fail(session.ExitFailed, "chatkeep restore "+session.Short(found.Snapshot)+" with the same --target goes on with it",
			"%q has an unfinished restore of another snapshot, %s", target, session.Short(found.Snapshot))
	}
	o.Overwrite = true
	o.There, err = inTarget(target)
	return o, err
}

// look finds the packs that are needed, and which of them can be read. Where the
// lists cannot, it guesses: all that is there, if all is asked for.
func (t *thawing) look(ctx context.Context, o Options) (err error) {
	t.packs = t.cold.lists()
	if err := t.cold.look(ctx, t.packs); err != nil {
		return err
	}
	if len(t.cold.pending(t.packs)) == 0 {
		t.packs, err = t.cold.needs(ctx, o)
	} else if o.Only == nil && len(o.Paths) == 0 {
		t.packs = t.cold.those(func(k format.Kind) bool { return k != format.Messages || o.Messages })
	}
	if err != nil {
		return err
	}
	return t.cold.look(ctx, t.packs)
}

// request has the frozen ones thawed, once somebody agreed to that.
func (t *thawing) request(ctx context.Context) error {
	frozen := t.cold.in(t.packs, storage.Frozen)
	if err := t.cold.has(frozen, t.how.Tier); err != nil {
		return session.Fail(session.ExitUsage, "--thaw-tier Standard is what all have", "--thaw-tier: %v", err)
	}
	if err := t.tell(); err != nil || len(frozen) == 0 {
		return err
	}
	if err := t.consent(ctx); err != nil {
		return err
	}
	return t.cold.ask(ctx, frozen, t.how)
}

// await waits until everything can be read, or has to be asked for again. A line
// that is down for a while does not end it.
func (t *thawing) await(ctx context.Context) error {
	for {
		pending := t.cold.pending(t.packs)
		t.c.Voice.Say("waiting for %s; next look in %s", session.Plural(int64(len(pending)), "object", "objects"), session.Span(t.pause))
		if err := t.c.Env.Clock.Sleep(ctx, t.pause); err != nil {
			return err
		}
		t.pause = min(2*t.pause, longestLook)
		err := t.cold.look(ctx, pending)
		if err != nil && storage.ClassOf(err) != storage.Unreachable {
			return err
		}
		if err == nil && len(t.cold.in(pending, storage.Thawing)) == 0 {
			return nil
		}
	}
}
