package restore

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func restoreCommand(env *session.Env) *cli.Command {
	own := append(filterFlags(),
		&cli.StringFlag{Name: "target", Usage: "write to `DIR`, which must be new or empty"},
		&cli.BoolFlag{Name: "overwrite", Usage: "write to a target that has something in it, and replace files of the same names"},
		&cli.StringSliceFlag{Name: "with", Usage: "also give back `WHAT`: messages, as JSON Lines in " + MessagesDir},
		&cli.StringSliceFlag{Name: "path", Usage: "only this `PATH` of the snapshot, as ls prints it, and all below it; may be repeated"},
		session.DryRun())
	own = append(own, thawFlags()...)
	return &cli.Command{
		Name: "restore", Category: session.GiveBack, ArgsUsage: "[SNAPSHOT]", Usage: "give back what was backed up, byte for byte",
		Description: snapshotHelp + "latest if left out.\n" +
			"Everything that is written was checked; nothing outside of the target is touched.\n" +
			"What the store has in archives is asked for with --thaw; the same command, run again\n" +
			"hours later, goes on with it.\n\n" +
			"  chatkeep restore --target ~/restored\n" +
			"  chatkeep restore latest~1 --source Anna --target ~/restored --with messages",
		Flags: env.KeyFlags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			o, err := optionsOf(c)
			if err != nil {
				return err
			}
			thaw, err := thawOf(c)
			if err != nil {
				return err
			}
			a, s, err := openedFrom(ctx, c, c.Arg(0))
			if err != nil {
				return err
			}
			if err := thaw.surveyCold(ctx, a, s); err != nil {
				return err
			}
			if c.DryRun() {
				return errors.Join(thaw.dryRun(ctx, o), dryRun(ctx, c, s, o))
			}
			started := c.Env.Clock.Now()
			report, err := thaw.run(ctx, o)
			var incomplete *Incomplete
			var waiting *Waiting
			if err != nil && !errors.As(err, &incomplete) && !errors.As(err, &waiting) {
				return err
			}
			return errors.Join(err, tellRestored(c, s, report, c.Env.Clock.Now().Sub(started)))
		}),
	}
}

func optionsOf(c *session.Call) (Options, error) {
	o := Options{Overwrite: c.Bool("overwrite")}
	if c.String("target") == "" {
		return o, session.Usage("restore needs --target DIR")
	}
	for _, what := range c.StringSlice("with") {
		if what != "messages" {
			return o, session.Usage("--with: %q is not messages", what)
		}
		o.Messages = true
	}
	if paths := c.StringSlice("path"); len(paths) > 0 {
		o.Only = func(path string) bool { return inside(path, paths) }
	}
	o.Progress = func(p Progress) { c.Voice.Progress(p.Bytes, p.TotalBytes, "") }
	return o, nil
}

// dryRun says what a restore would write. It does not look at the target.
func dryRun(ctx context.Context, c *session.Call, s *repo.Snapshot, o Options) error {
	sum := restored{Type: "summary", Snapshot: s.Head.Hash, Target: c.String("target"), DryRun: true, Warnings: []string{}, Lost: []lostEntry{}}
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return err
		}
		if o.Only != nil && !o.Only(e.Path) || !o.Messages && !inside(e.Path, []string{"originals"}) {
			continue
		}
		switch e.Type {
		case format.EntryFile, format.EntryZip:
			sum.Files++
			sum.Bytes += e.Size
		case format.EntryDir:
			sum.Dirs++
		case format.EntrySymlink, format.EntryHardlink:
			sum.Links++
		}
	}
	c.Voice.Print("would restore %s, %s to %s", session.Plural(sum.Files, "file", "files"), session.Size(sum.Bytes), sum.Target)
	return c.Voice.Object(sum)
}

// restored is the summary of restore --json; fields are only added.
type restored struct {
	Type       string      `json:"type"`
	Snapshot   format.Hash `json:"snapshot"`
	Target     string      `json:"target"`
	Files      int64       `json:"files"`
	Dirs       int64       `json:"dirs"`
	Links      int64       `json:"links"`
	Bytes      int64       `json:"bytes"`
	Chunks     int64       `json:"chunks_verified"`
	Zips       int64       `json:"zips_rebuilt"`
	Skipped    int64       `json:"skipped"`
	Seconds    float64     `json:"seconds"`
	DryRun     bool        `json:"dry_run,omitempty"`
	Warnings   []string    `json:"warnings"`
	Unreadable []string    `json:"unreadable,omitempty"`
	Lost       []lostEntry `json:"lost"`
	Waiting    int         `json:"waiting"` // entries that need what is in archives of the store
}

type lostEntry struct {
	Path  string `json:"path"`
	Error string `json:"error"`
}

func tellRestored(c *session.Call, s *repo.Snapshot, r *Report, took time.Duration) error {
	sum := restored{
		Type: "summary", Snapshot: s.Head.Hash, Target: c.String("target"), Files: r.Files, Dirs: r.Dirs, Links: r.Links,
		Bytes: r.Bytes, Chunks: r.Chunks, Zips: r.Zips, Skipped: r.Skipped, Seconds: took.Seconds(),
		Warnings: append([]string{}, r.Warnings...), Unreadable: r.Unreadable, Lost: []lostEntry{}, Waiting: len(r.Waiting),
	}
	for _, l := range r.Lost {
		sum.Lost = append(sum.Lost, lostEntry{l.Path, l.Err.Error()})
	}
	if c.Voice.JSON() {
		return c.Voice.Object(sum)
	}
	for _, w := range r.Warnings {
		c.Voice.Warn("%s", w)
	}
	for _, w := range r.Unreadable {
		c.Voice.Warn("not in the backup, for it could not be read then: %s", w)
	}
	for _, l := range r.Lost {
		c.Voice.Warn("not restored: %s: %v", l.Path, l.Err)
	}
	c.Voice.Say("%s, %s to %s · %s · %s", session.Plural(r.Files, "file", "files"), session.Size(r.Bytes), sum.Target,
		proof(r), session.Span(took))
	return nil
}

// proof says what a restore proved.
func proof(r *Report) string {
	text := session.Plural(r.Chunks, "chunk", "chunks") + " verified"
	if r.Zips > 0 {
		text += ", " + session.Plural(r.Zips, "zip", "zips") + " rebuilt and compared"
	}
	return text
}
