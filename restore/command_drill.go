package restore

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func drillCommand(env *session.Env) *cli.Command {
	own := append(filterFlags(),
		&cli.BoolFlag{Name: "all", Usage: "prove every file, not a sample"},
		&cli.StringFlag{Name: "sample", Value: "500MiB", Usage: "prove as many files, drawn by lot, as a `SIZE` or a share, as 5%, has room for"},
		&cli.StringFlag{Name: "target", Usage: "leave what is restored in `DIR`, which must be new or empty; else nothing is written to a disk"},
		session.DryRun())
	return &cli.Command{
		Name: "drill", Category: session.LookAfter, ArgsUsage: "[SNAPSHOT]", Usage: "restore to nowhere, to know that it can be done and how long it takes",
		Description: snapshotHelp + "latest if left out.\n" +
			"It goes as somebody would who has nothing but the place and the passphrase or recovery\n" +
			"key: it asks for that, and uses nothing that this machine remembers. All messages are\n" +
			"read back and counted, and files drawn by lot are put together and compared. The result\n" +
			"is noted in the repository, where chatkeep snapshots shows it.\n\n" +
			"  chatkeep drill\n" +
			"  chatkeep drill --sample 5%\n" +
			"  chatkeep drill 2026-11-20 --all --target ~/drill",
		Flags: env.KeyFlags(own...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			if c.Bool("all") && c.IsSet("sample") {
				return session.Usage("either --all or --sample")
			}
			if _, err := sampleOf(c, 0); err != nil {
				return err
			}
			a, err := c.Open(ctx)
			if a == nil {
				return err
			}
			d := &drilling{c: c, a: a}
			if err == nil {
				err = d.run(ctx)
			}
			return d.broken(ctx, err)
		}),
	}
}

// sampleOf reads --sample, a share of so many bytes or a size.
func sampleOf(c *session.Call, total int64) (int64, error) {
	text := c.String("sample")
	if number, isShare := strings.CutSuffix(text, "%"); isShare {
		share, err := strconv.ParseFloat(number, 64)
		if err != nil || !(share > 0) || share > 100 {
			return 0, session.Usage("--sample: %q is no share; write 5%%, say", text)
		}
		return int64(float64(total) * share / 100), nil
	}
	size, err := session.ParseSize(text)
	if err != nil {
		return 0, session.Usage("--sample: %v", err)
	}
	return size, nil
}

// drilling is one run of the command.
type drilling struct {
	c      *session.Call
	a      *session.Archive
	reader *repo.Reader
	head   *repo.Head
	noted  bool
}

func (d *drilling) run(ctx context.Context) error {
	c := d.c
	started := c.Env.Clock.Now()
	var err error
	if d.reader, err = d.a.Newcomer(ctx); err != nil {
		return err
	}
	if d.head, err = Find(ctx, d.reader, c.Arg(0), filterOf(c)); err != nil {
		return err
	}
	s, err := d.reader.Open(ctx, d.head)
	if err != nil {
		return err
	}
	c.Voice.Say("snapshot %s of %s, %s; opened with nothing but its place and the key in %s",
		session.Short(d.head.Hash), s.Manifest.Source.Name, d.head.Age(c.Env.Clock.Now()), session.Span(c.Env.Clock.Now().Sub(started)))
	tellLack(c, s)
	o := DrillOptions{
		All: c.Bool("all"), Target: c.String("target"), Now: c.Env.Clock.Now,
		Lot:      rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		Progress: func(p Progress) { c.Voice.Progress(p.Bytes, p.TotalBytes, "") },
	}
	if o.Sample, err = sampleOf(c, s.Manifest.Totals.Bytes); err != nil {
		return err
	}
	if c.DryRun() {
		return d.dryRun(ctx, s, o)
	}
	report, err := Drill(ctx, s, o)
	if err != nil {
		return err
	}
	d.note(ctx, report)
	return d.tell(s, report)
}

// broken notes that a drill could not even begin, for what is wrong with the
// repository. A wrong passphrase and a store out of reach prove nothing.
func (d *drilling) broken(ctx context.Context, err error) error {
	class := format.ClassOf(err)
	if class == "" || class == format.WrongKey || d.noted || d.c.DryRun() {
		return err
	}
	r := &DrillReport{}
	r.fail("", err)
	d.note(ctx, r)
	return err
}

// note puts the result into the repository. That it cannot is no reason to keep
// it from the person.
func (d *drilling) note(ctx context.Context, r *DrillReport) {
	d.noted = true
	noter, err := d.a.Noter(ctx)
	if err == nil {
		err = d.put(ctx, noter, r)
	}
	if err != nil {
		d.c.Voice.Warn("the result could not be noted in the repository: %v", err)
	}
}

func (d *drilling) put(ctx context.Context, noter *repo.Noter, r *DrillReport) error {
	now := d.c.Env.Clock.Now()
	one := &repo.Drill{
		Place: d.a.PlaceName(), Time: now, Scope: repo.ScopeSample, Outcome: repo.Proved,
		Files: r.Files, FilesTotal: r.FilesTotal, Bytes: r.Bytes, BytesTotal: r.BytesTotal,
		Messages: r.Messages, MessagesTotal: r.MessagesTotal, Chunks: r.Chunks, Zips: r.Zips,
		Seconds: int64(r.Took.Seconds()), Failures: r.Failures, FailuresTotal: r.FailuresTotal,
	}
	if d.head != nil {
		one.Snapshot = d.head.Hash
	}
	if r.Everything {
		one.Scope = repo.ScopeAll
	}
	if !r.Proved() {
		one.Outcome = repo.Failed
	}
	var before *repo.Drills
	if d.reader != nil {
		before = drillsOf(ctx, d.c, d.reader)
	}
	return noter.NoteDrill(ctx, one, before)
}

// dryRun says what a drill would read.
func (d *drilling) dryRun(ctx context.Context, s *repo.Snapshot, o DrillOptions) error {
	r := &DrillReport{}
	draw, err := survey(ctx, s, o, r)
	if err != nil {
		return err
	}
	d.c.Voice.Print("would read back %s and %s of %s", session.Plural(r.MessagesTotal, "message", "messages"),
		session.Plural(draw.files, "file", "files"), session.Count(r.FilesTotal))
	sum := d.summary(r)
	sum.Outcome, sum.DryRun, sum.Files = "", true, draw.files
	return d.c.Voice.Object(sum)
}
