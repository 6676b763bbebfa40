package backup

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/rhythm"
	"chatkeep/backup/session"
)

func lockCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "lock", Category: session.LookAfter, Usage: "keep what snapshots need from being deleted, in a bucket with object lock",
		Subcommands: []*cli.Command{lockExtend(env)},
	}
}

// What of the time that an object is to be locked for has to be left. lock extend
// renews what has less, so that a run a day looks at a lock often and changes it
// seldom; check complains where no run did for a quarter of the time.
const (
	leastToExtend = 0.75
	leastToCheck  = 0.5
)

func lockExtend(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "extend", Usage: "lock everything that snapshots need for longer; asks for no passphrase",
		Description: "Each object is locked from its own put on, for as long as --s3-object-lock says. This\n" +
			"locks anew, from now on, what snapshots that are not forgotten need and what has less\n" +
			"than three quarters of that time left. What is forgotten is let alone, and can be pruned\n" +
			"once its time is over. No lock is made shorter, and one that keeps everybody out stays\n" +
			"so. Run it by a timer, more often than a quarter of the time. The newest statement of a\n" +
			"repository that is not in order may not be what it should be: then what could be needed\n" +
			"is locked as well, and the exit code is 11.\n\n" +
			"  chatkeep lock extend --repo s3://bucket/chats --s3-object-lock 30d\n" +
			"  chatkeep lock extend --repo NAME --for 90d --dry-run",
		Flags: env.RepositoryFlags(
			&cli.StringFlag{Name: "for", Usage: "lock for this `TIME` from now on, as 30d (default what --s3-object-lock says)"},
			session.DryRun()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			a, err := c.Inspect(ctx)
			if err != nil {
				return err
			}
			locker, err := a.Locker()
			if err != nil {
				return err
			}
			keep, err := lockTime(c, "for", a)
			if err != nil {
				return err
			}
			if keep == 0 {
				return session.Fail(session.ExitUsage, "--s3-object-lock 30d, or s3-object-lock beside the place in the configuration, also has backups lock what they put",
					"--for says how long, as 30d")
			}
			if !a.Vouched() {
				c.Voice.Warn("nothing tells that this is your repository: that it is %s is its own claim; --id says which one to expect", a.ID())
			}
			report, err := repo.Locks(ctx, a.Store, locker, a.View, repo.LockOptions{
				For: keep, Least: time.Duration(float64(keep) * leastToExtend), Now: c.Env.Clock.Now(), DryRun: c.DryRun(),
				Progress: func(done, total int64) { c.Voice.Progress(done, total, "looking at locks") },
			})
			if err != nil && report.Extended.Objects == 0 {
				return err
			}
			if told := tellLocked(c, a, report); err == nil {
				err = told
			}
			return err
		}),
	}
}

// lockTime is the time that a flag gives, or else what the settings of the place say
// for puts; 0 where neither does.
func lockTime(c *session.Call, flag string, a *session.Archive) (time.Duration, error) {
	if !c.IsSet(flag) {
		keep, _ := a.Wanted()
		return keep, nil
	}
	d, err := rhythm.ParseSpan(c.String(flag))
	if err != nil {
		return 0, session.Usage("--%s: %v", flag, err)
	}
	return d, nil
}

// lockedSummary ends lock extend --json; fields are only added.
type lockedSummary struct {
	Type       string      `json:"type"`
	Repository format.Hash `json:"repository"`
	Live       tally       `json:"live"`
	Unlocked   tally       `json:"unlocked"`
	Short      tally       `json:"short"`
	Extended   tally       `json:"extended"`
	First      string      `json:"first,omitempty"` // when the first lock ends
	Problems   int         `json:"problems"`
	DryRun     bool        `json:"dry_run,omitempty"`
}

func tellLocked(c *session.Call, a *session.Archive, r *repo.LockReport) error {
	sum := lockedSummary{"summary", a.ID(), tally(r.Live), tally(r.Unlocked), tally(r.Short), tally(r.Extended), session.Time(r.First), len(r.Problems), c.DryRun()}
	if err := tellEach(c, r.Problems); err != nil {
		return err
	}
	tell, locked := c.Voice.Say, "locked"
	if c.DryRun() {
		tell, locked = c.Voice.Print, "would lock"
	}
	tell("%s %s for longer, of %s that snapshots need", locked, sum.Extended, sum.Live)
	if r.Unlocked.Objects > 0 {
		tell("%s were not locked at all", sum.Unlocked)
	}
	if !r.First.IsZero() {
		tell("nobody may delete any of them before %s", session.Moment(r.First))
	}
	if err := c.Voice.Object(sum); err != nil || len(r.Problems) == 0 {
		return err
	}
	return session.Fail(session.ExitDamaged, "chatkeep check says more; chatkeep repair --versions puts back what was deleted or replaced in a bucket with versions",
		"what is there was locked, but the repository has %s", session.Plural(int64(len(r.Problems)), "problem", "problems"))
}
