package backup

import (
	"context"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/forget"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/retention"
	"chatkeep/backup/session"
)

func forgetCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "forget", Category: session.LookAfter, ArgsUsage: "[SNAPSHOT…]", Usage: "drop snapshots by a policy or by name, and never messages",
		Description: "Forgets the snapshots that a policy does not keep, or those named. A message or an\n" +
			"attachment that no other snapshot of the source has is carried into a new snapshot\n" +
			"first. The policy's words mean what they mean in restic; it judges the snapshots of a\n" +
			"source on one machine, and leaves alone what came less than a week ago: see --grace.\n" +
			"What is forgotten takes up its space until it is pruned.\n\n" +
			"  chatkeep forget --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --keep-yearly -1 --dry-run\n" +
			"  chatkeep forget --source phone --keep-within 1y --keep-tag important\n" +
			"  chatkeep forget 7c1e09ab",
		Flags: env.KeyFlags(append(policyFlags(), forgetFlags()...)...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			q, err := forgetRequest(c)
			if err != nil {
				return err
			}
			w, err := c.OpenStore(ctx)
			if err != nil {
				return err
			}
			master, r, err := w.Unlock(ctx)
			if err != nil {
				return err
			}
			if q.Named, err = named(c, r); err != nil {
				return err
			}
			filter := filterOf(c)
			q.Filter = filter.takes
			if key, err := w.WriterKey(); err == nil {
				q.Own = key.ID
			}
			plan, err := forget.Make(ctx, r, q)
			if err != nil {
				return err
			}
			if !filter.empty() && !plan.Asks() {
				return session.Fail(session.ExitFailed, "chatkeep snapshots lists them", "no snapshot fits")
			}
			f := &forgetting{c, w, r, plan, q.LoseMessages}
			return f.run(ctx, forget.Hands{
				Store: w.Store, Memory: w.Memory, Master: master, Program: "chatkeep " + session.Version(), Now: c.Env.Clock.Now,
				Load: func(ctx context.Context) (*repo.View, error) {
					err := w.Renew(ctx)
					return w.View, err
				},
				Begin: func(ctx context.Context) (*repo.Session, error) {
					if err := w.Renew(ctx); err != nil {
						return nil, err
					}
					s, _, err := w.Begin(ctx, repo.SessionOptions{})
					return s, err
				},
			})
		}),
	}
}

// counted are the rules that keep a number of snapshots, within those that keep
// what is younger than the newest by less than a time.
var counted = []string{"last", "hourly", "daily", "weekly", "monthly", "yearly"}

func policyFlags() []cli.Flag {
	var flags []cli.Flag
	for _, word := range counted {
		usage := "keep the last `N`; -1 or unlimited keeps all"
		if word != "last" {
			usage = "keep the last one of each of the last `N` " + word + " spans with a snapshot"
		}
		flags = append(flags, &cli.StringFlag{Name: "keep-" + word, Usage: usage})
	}
	flags = append(flags, &cli.StringFlag{Name: "keep-within", Usage: "keep what is at most `DURATION`, as 1y5m7d2h, older than the newest"})
	for _, word := range counted[1:] {
		flags = append(flags, &cli.StringFlag{Name: "keep-within-" + word, Usage: "keep the " + word + " ones within `DURATION` of the newest"})
	}
	return append(flags, &cli.StringSliceFlag{Name: "keep-tag", Usage: "keep what has this `TAG`, or all of several with commas between; may be repeated"})
}

func forgetFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "grace", Value: retention.DefaultGrace.String(), Usage: "leave alone what came less than `DURATION` ago, so that a stolen key can push nothing out; 0 for none"},
		&cli.StringFlag{Name: "group-by", Value: "source,host", Usage: "apply the policy to each group with the same of these `WORDS`: source, host, tags"},
		&cli.StringFlag{Name: "source", Usage: "only snapshots of the source with this `NAME`"},
		&cli.StringFlag{Name: "host", Usage: "only snapshots from this `HOST`"},
		&cli.StringSliceFlag{Name: "tag", Usage: "only snapshots with this `TAG`; may be repeated"},
		&cli.BoolFlag{Name: "lose-messages", Usage: "carry nothing: what only forgotten snapshots have is lost"},
		&cli.BoolFlag{Name: "unsafe-allow-remove-all", Usage: "allow a policy that keeps no snapshot of a source"},
		session.DryRun(),
	}
}

// forgetRequest reads the flags.
func forgetRequest(c *session.Call) (forget.Request, error) {
	q := forget.Request{
		All: c.Bool("unsafe-allow-remove-all"), LoseMessages: c.Bool("lose-messages"), Here: c.Env.Clock.Now(), Zone: time.Local,
		Progress: func(done, total int) { c.Voice.Steps(int64(done), int64(total), "snapshots") },
	}
	p, err := policyOf(c)
	if err != nil {
		return q, err
	}
	q.Policy = p
	if q.Grace, err = retention.ParseDuration(c.String("grace")); err != nil {
		return q, session.Usage("--grace: %v", err)
	}
	if q.GroupBy, err = forget.GroupBy(strings.Split(c.String("group-by"), ",")); err != nil {
		return q, session.Usage("--group-by: %v", err)
	}
	byName := c.Args().Present()
	switch {
	case byName && !p.Empty():
		return q, session.Usage("either snapshots or a policy")
	case byName && !filterOf(c).empty():
		return q, session.Usage("--source, --host and --tag go with a policy, not with snapshots that are named")
	case !byName && p.Empty() && !q.All:
		return q, session.Fail(session.ExitUsage, "say what to keep, as --keep-daily 7, or name snapshots", "neither a policy nor a snapshot: this would keep nothing")
	}
	return q, nil
}

func policyOf(c *session.Call) (retention.Policy, error) {
	var p retention.Policy
	for i, count := range []*int{&p.Last, &p.Hourly, &p.Daily, &p.Weekly, &p.Monthly, &p.Yearly} {
		flag := "keep-" + counted[i]
		text := c.String(flag)
		if text == "" {
			continue
		}
		n, err := retention.ParseCount(text)
		if err != nil {
			return p, session.Usage("--%s: %v", flag, err)
		}
		*count = n
	}
	within := []*retention.Duration{&p.Within, &p.WithinHourly, &p.WithinDaily, &p.WithinWeekly, &p.WithinMonthly, &p.WithinYearly}
	for i, d := range within {
		flag := "keep-within"
		if i > 0 {
			flag += "-" + counted[i]
		}
		text := c.String(flag)
		if text == "" {
			continue
		}
		var err error
		if *d, err = retention.ParseDuration(text); err != nil {
			return p, session.Usage("--%s: %v", flag, err)
		}
	}
	for _, text := range c.StringSlice("keep-tag") {
		p.Tags = append(p.Tags, []string{text})
		if strings.Contains(text, ",") {
			p.Tags = append(p.Tags, strings.Split(text, ","))
		}
	}
	return p, nil
}

// selector says which snapshots a policy is asked about.
type selector struct {
	source, host string
	tags         []string // all of them
}

// filterOf reads the flags of a selector.
func filterOf(c *session.Call) *selector {
	return &selector{c.String("source"), c.String("host"), c.StringSlice("tag")}
}

func (s *selector) empty() bool { return s.source == "" && s.host == "" && len(s.tags) == 0 }

func (s *selector) takes(m *format.Manifest) bool {
	for _, tag := range s.tags {
		if !hasTag(m, tag) {
			return false
		}
	}
	return (s.source == "" || m.Source.Name == s.source) && (s.host == "" || m.Source.Host == s.host)
}

func hasTag(m *format.Manifest, tag string) bool {
	for _, have := range m.Tags {
		if have == tag {
			return true
		}
	}
	return false
}

// named finds the snapshots that the arguments mean.
func named(c *session.Call, r *repo.Reader) ([]format.Hash, error) {
	var all, found []format.Hash
	for _, h := range r.Heads() {
		all = append(all, h.Hash)
	}
	for _, arg := range c.Args().Slice() {
		hash, err := session.Pick("snapshot", arg, all)
		if err != nil {
			return nil, err
		}
		found = append(found, hash)
	}
	return found, nil
}
