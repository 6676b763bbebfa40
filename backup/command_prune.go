package backup

import (
	"context"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func pruneCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "prune", Category: session.LookAfter, Usage: "give back the space of what no snapshot needs",
		Description: "In two steps, so that backups may run meanwhile: what no snapshot needs is condemned,\n" +
			"and deleted by a run that is a grace later, two days unless init said otherwise. Run it\n" +
			"by a timer, after chatkeep forget. It needs a prune key, and none that opens anything:\n\n" +
			"  chatkeep writer add --role prune\n" +
			"  chatkeep prune --dry-run\n" +
			"  chatkeep prune\n\n" +
			"With --max-repack it also takes packs apart in which little is needed, and then asks for\n" +
			"the passphrase.",
		Flags: env.KeyFlags(
			&cli.StringFlag{Name: "max-repack", Usage: "take packs apart in which less than 60% is needed, and store at most `SIZE` of that anew"},
			&cli.BoolFlag{Name: "machine-clock", Usage: "go by this machine's clock where the store tells no time; it must be right"},
			session.DryRun()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			w, err := c.OpenStore(ctx)
			if err != nil {
				return err
			}
			key, err := w.PruneKey()
			if err != nil {
				return err
			}
			if err := repack(ctx, c, w); err != nil {
				return err
			}
			o := repo.PruneOptions{DryRun: c.DryRun(), Now: c.Env.Clock.Now}
			if c.Bool("machine-clock") {
				o.MachineClock = c.Env.Clock.Now
			}
			o.Progress = func(done, total int64) { c.Voice.Progress(done, total, "deleting") }
			report, err := repo.Prune(ctx, w.Store, w.Look, key, o)
			if err != nil && report.Deleted.Objects == 0 {
				return err
			}
			if told := tellPruned(c, w, report); err == nil {
				err = told
			}
			return err
		}),
	}
}

// pruned is the summary of prune --json; fields are only added.
type pruned struct {
	Type       string      `json:"type"`
	Repository format.Hash `json:"repository"`
	Condemned  tally       `json:"condemned"`
	Deleted    tally       `json:"deleted"`
	Waiting    tally       `json:"waiting"`
	Due        string      `json:"due,omitempty"` // when the first of those may be deleted
	Kept       tally       `json:"kept"`
	Locked     tally       `json:"locked"`
	Young      tally       `json:"young"`
	DryRun     bool        `json:"dry_run,omitempty"`
}

type tally struct {
	Objects int64 `json:"objects"`
	Bytes   int64 `json:"bytes"`
}

func (t tally) String() string {
	return session.Plural(t.Objects, "object", "objects") + ", " + session.Size(t.Bytes)
}

func tellPruned(c *session.Call, w *session.Writable, r *repo.PruneReport) error {
	sum := pruned{
		Type: "summary", Repository: w.ID(), Condemned: tally(r.Condemned), Deleted: tally(r.Deleted), Waiting: tally(r.Waiting),
		Kept: tally(r.Kept), Locked: tally(r.Locked), Young: tally(r.Young),
		Due: session.Time(r.Due), DryRun: c.DryRun(),
	}
	tell, deleted, condemned := c.Voice.Say, "deleted", "condemned"
	if c.DryRun() {
		tell, deleted, condemned = c.Voice.Print, "would delete", "would condemn"
	}
	tell("%s %s · %s %s", deleted, sum.Deleted, condemned, sum.Condemned)
	if r.Waiting.Objects > 0 {
		tell("%s wait for the end of the grace, from %s on", sum.Waiting, session.Moment(r.Due))
	}
	if r.Kept.Objects > 0 {
		tell("%s were condemned and are needed again: they stay until they are not", sum.Kept)
	}
	if r.Young.Objects > 0 {
		tell("%s of runs under way or cut off lately are left alone", sum.Young)
	}
	if r.Locked.Objects > 0 {
		c.Voice.Warn("the store does not let go of %s yet, as under object lock: a later prune deletes them", sum.Locked)
	}
	if r.Condemned.Objects > 0 && !c.DryRun() {
		c.Voice.Say("next: chatkeep prune, when the grace is over")
	}
	return c.Voice.Object(sum)
}
