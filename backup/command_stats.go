package backup

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
)

func statsCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "stats", Category: session.LookAfter, Usage: "say how much is stored, and with --by who uses it",
		Description: "Without --by it counts objects, and what each month added, and asks for no passphrase.\n" +
			"With --by it reads the lists of all snapshots. A chunk that several use counts for the\n" +
			"oldest snapshot that has it, and takes its share of its pack, padding included. Files,\n" +
			"messages and size are those of the newest snapshot of each source; by chat nothing\n" +
			"else is looked at.\n\n" +
			"  chatkeep stats\n" +
			"  chatkeep stats --by source\n" +
			"  chatkeep stats --by chat --json",
		Flags: env.KeyFlags(&cli.StringFlag{Name: "by", Usage: "tell apart by `WHAT`: source, chat or kind"}),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			by := c.String("by")
			if c.IsSet("by") && by != bySource && by != byKind && by != byChat {
				return session.Usage("--by: %q is none of source, chat and kind", by)
			}
			a, err := c.Open(ctx)
			if err != nil {
				return err
			}
			if by != "" {
				return tellUsage(ctx, c, a, by)
			}
			totals, err := countObjects(ctx, a)
			if err != nil {
				return err
			}
			return tellStats(c, a, totals)
		}),
	}
}

// objectTotal counts the objects of one type.
type objectTotal struct {
	Type    string `json:"type"`
	Kind    string `json:"kind"`
	Objects int64  `json:"objects"`
	Bytes   int64  `json:"bytes"`
}

func countObjects(ctx context.Context, a *session.Archive) ([]objectTotal, error) {
	byType := map[string]*objectTotal{}
	for info, err := range a.Store.List(ctx, "") {
		if err != nil {
			return nil, err
		}
		kind := "foreign"
		if name, ok := format.ParseName(info.Key); ok {
			kind = name.Type.String()
		}
		t := byType[kind]
		if t == nil {
			t = &objectTotal{Type: "objects", Kind: kind}
			byType[kind] = t
		}
		t.Objects++
		t.Bytes += info.Size
	}
	var totals []objectTotal
	for _, t := range byType {
		totals = append(totals, *t)
	}
	slices.SortFunc(totals, func(x, y objectTotal) int { return strings.Compare(x.Kind, y.Kind) })
	return totals, nil
}

func tellStats(c *session.Call, a *session.Archive, totals []objectTotal) error {
	sum := objectTotal{}
	for _, t := range totals {
		sum.Objects += t.Objects
		sum.Bytes += t.Bytes
		c.Voice.Print("%-10s %9s  %12s", t.Kind, session.Count(t.Objects), session.Size(t.Bytes))
		if err := c.Voice.Object(t); err != nil {
			return err
		}
	}
	for _, g := range GrowthOf(a.View) {
		month := g.Month
		if month == "" {
			month = "no time"
		}
		c.Voice.Print("%-10s %9s  %12s added", month, session.Plural(g.Snapshots, "snapshot", "snapshots"), session.Size(g.Bytes))
		if err := c.Voice.Object(g); err != nil {
			return err
		}
	}
	snapshots := countSnapshots(a)
	c.Voice.Print("%-10s %9s  %12s", "all", session.Count(sum.Objects), session.Size(sum.Bytes))
	c.Voice.Print("repository %s at %s: %s, %s", a.ID(), a.Place,
		session.Plural(snapshots, "snapshot", "snapshots"), session.Plural(int64(len(a.View.Authority.Writers)), "writer", "writers"))
	return c.Voice.Object(struct {
		Type       string      `json:"type"`
		Repository format.Hash `json:"repository"`
		Place      string      `json:"place"`
		Objects    int64       `json:"objects"`
		Bytes      int64       `json:"bytes"`
		Snapshots  int64       `json:"snapshots"`
		Writers    int         `json:"writers"`
		Keys       int         `json:"keys"`
	}{"summary", a.ID(), a.Place, sum.Objects, sum.Bytes, snapshots, len(a.View.Authority.Writers), len(a.View.Authority.Slots)})
}

// countSnapshots counts heads that have a manifest and are not forgotten.
func countSnapshots(a *session.Archive) (n int64) {
	for _, chain := range a.View.Chains {
		for _, h := range chain.Heads {
			if h.Manifest != nil && !a.View.Forgotten(h) {
				n++
			}
		}
	}
	return n
}
