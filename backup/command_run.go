package backup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/config"
	"chatkeep/backup/job"
	"chatkeep/backup/metrics"
	"chatkeep/backup/notify"
	"chatkeep/backup/power"
	"chatkeep/backup/runlog"
	"chatkeep/backup/session"
)

func runCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "run", Category: session.Automate, ArgsUsage: "[JOB…]", Usage: "run the jobs that are due, or those named",
		Description: "A timer calls it every quarter of an hour: see chatkeep schedule install. What is due\n" +
			"it decides by the rhythms in config.toml and by what ran before, so that a machine that\n" +
			"slept catches up. It prints nothing where all went well, and a line for each job where\n" +
			"something did not. Without --wait it leaves when another run is at work.\n\n" +
			"Where there is no timer, as in a container, --every stays and does that again and\n" +
			"again. The configuration is read anew each time. SIGTERM and Ctrl-C end it: with 0\n" +
			"between two rounds, with 130 in the middle of one, which the next start makes up for.\n" +
			"With --json each round ends with its summary.\n\n" +
			"  chatkeep run\n" +
			"  chatkeep run nightly --verbose\n" +
			"  chatkeep run --every 15m\n" +
			"  chatkeep run --dry-run",
		Flags: env.Flags(session.ConfigFlag(),
			&cli.StringFlag{Name: "every", Usage: "stay, and look at once and then after each `TIME`, as 15m, what is due"},
			&cli.BoolFlag{Name: "log-json", Usage: "write what is done to stderr, one JSON object a line"},
			&cli.BoolFlag{Name: "wait", Usage: "wait until another run has ended"},
			session.DryRun()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			pause, err := everyOf(c)
			if err != nil {
				return err
			}
			r, err := newJobRun(c)
			switch {
			case err != nil:
				return err
			case c.DryRun():
				return r.plan(ctx)
			case pause > 0:
				return (&rounds{c: c, pause: pause}).all(ctx, r)
			}
			failed, err := r.once(ctx)
			if err != nil {
				return err
			}
			return failed
		}),
	}
}

// jobRun is one call of the command.
type jobRun struct {
	c        *session.Call
	cfg      *config.Config
	runner   *job.Runner
	notifier *notify.Notifier
	records  *runlog.Log
}

// busyPause is how often a run that waits looks whether the other has ended.
const busyPause = 5 * time.Second

// turn waits for this machine's other runs, or reports that there is one.
func (r *jobRun) turn(ctx context.Context) (release func(), ok bool, err error) {
	for {
		release, ok, err = r.c.Dirs.LockRuns()
		if err != nil || ok {
			return release, ok, err
		}
		if !r.c.Bool("wait") {
			r.c.Voice.Say("another run is at work; nothing is done")
			return nil, false, r.c.Voice.Object(runSummary{Type: "summary", Busy: true})
		}
		if err := r.c.Env.Clock.Sleep(ctx, busyPause); err != nil {
			return nil, false, err
		}
	}
}

// once runs the jobs when it is this run's turn. Failed is what went wrong in
// them, made one error; err is why they could not be run.
func (r *jobRun) once(ctx context.Context) (failed, err error) {
	release, ok, err := r.turn(ctx)
	if err != nil || !ok {
		return nil, err
	}
	defer release()
	// Only now: the run that was waited for wrote it.
	memory, err := job.LoadMemory(r.c.Dirs.RunsPath())
	if err != nil {
		return nil, err
	}
	r.runner.Memory = memory
	reports, err := r.runner.Run(ctx, r.c.Args().Slice())
	if err != nil {
		return nil, err
	}
	r.measure()
	return r.tellReports(reports)
}

// tellReports writes what became of the jobs for a program, and makes one error of
// what went wrong in them.
func (r *jobRun) tellReports(reports []*job.Report) (failed, err error) {
	var bad []*job.Report
	for _, report := range reports {
		if err := r.c.Voice.Object(ranOf(report)); err != nil {
			return nil, err
		}
		if code := report.Trouble.Code; code != 0 && code != session.ExitIncomplete {
			bad = append(bad, report)
		}
	}
	if err := r.c.Voice.Object(runSummary{Type: "summary", Jobs: len(reports), Failed: len(bad)}); err != nil {
		return nil, err
	}
	return r.outcome(reports, bad), nil
}

// measure writes the metrics. That it cannot is no reason for a backup to fail.
func (r *jobRun) measure() {
	path := r.cfg.Metrics.Textfile
	if path == "" {
		return
	}
	if err := metrics.Write(path, metrics.Of(r.runner.Memory, r.cfg, session.Version())); err != nil {
		r.c.Voice.Warn("%v", err)
	}
}

// outcome is the error of a run: that of the first job that failed, in one line.
// The others are told before.
func (r *jobRun) outcome(reports, failed []*job.Report) error {
	if len(failed) > 0 {
		for _, report := range failed[1:] {
			r.c.Voice.Warn("%s", failureLine(report))
		}
		return session.Fail(failed[0].Trouble.Code, "", "%s", failureLine(failed[0]))
	}
	for _, report := range reports {
		if report.Trouble.Code == session.ExitIncomplete {
			return session.Fail(session.ExitIncomplete, "", "%s", failureLine(report))
		}
	}
	return nil
}

// failureLine says what went wrong in a job and what to do, in one line.
func failureLine(report *job.Report) string {
	var b strings.Builder
	b.WriteString(report.Job + ": " + report.Trouble.Message)
	if report.Others > 0 {
		b.WriteString(", and " + session.Plural(int64(report.Others), "thing", "things") + " more")
	}
	if report.Trouble.Hint != "" {
		b.WriteString(" (" + report.Trouble.Hint + ")")
	}
	return b.String()
}

// plan prints what would be done.
func (r *jobRun) plan(ctx context.Context) error {
	memory, err := job.LoadMemory(r.c.Dirs.RunsPath())
	if err != nil {
		return err
	}
	r.runner.Memory = memory
	plans, err := r.runner.Plan(ctx, r.c.Args().Slice())
	if err != nil {
		return err
	}
	for _, p := range plans {
		if err := r.tellPlan(p); err != nil {
			return err
		}
	}
	return r.c.Voice.Object(runSummary{Type: "summary", Jobs: len(plans), DryRun: true})
}

func (r *jobRun) tellPlan(p *job.Planned) error {
	v := r.c.Voice
	if p.Waits != "" {
		v.Print("%s would wait: %s", p.Job, p.Waits)
	} else {
		v.Print("%s would run:", p.Job)
	}
	for _, command := range p.Before {
		v.Print("  %s", command)
	}
	lines := []string{}
	for _, line := range p.Lines {
		lines = append(lines, shellLine(line))
		v.Print("  chatkeep %s", lines[len(lines)-1])
	}
	for _, t := range p.Trouble {
		v.Warn("%s", t.Message)
	}
	return v.Object(struct {
		Type   string   `json:"type"`
		Job    string   `json:"job"`
		Waits  string   `json:"waits,omitempty"`
		Before []string `json:"before"`
		Lines  []string `json:"lines"`
	}{"planned", p.Job, p.Waits, append([]string{}, p.Before...), lines})
}

// shellLine writes arguments as a shell takes them.
func shellLine(args []string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+:,./@%"
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = arg
		if arg == "" || strings.Trim(arg, plain) != "" {
			words[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// newJobRun puts together what runs jobs on this machine.
func newJobRun(c *session.Call) (*jobRun, error) {
	cfg, err := c.Config()
	if err != nil {
		return nil, err
	}
	if len(cfg.Jobs) == 0 {
		path, _ := c.ConfigPath()
		return nil, session.Fail(session.ExitUsage, "a job is a table in it: [jobs.nightly] and a line every = \"day at 03:00\"", "%s has no job", path)
	}
	r := &jobRun{c: c, cfg: cfg}
	if err := r.listen(); err != nil {
		return nil, err
	}
	machine := power.This()
	r.runner = &job.Runner{
		Finder: job.Finder{Now: c.Env.Clock.Now, Sleep: c.Env.Clock.Sleep, Match: config.Source.Matches, Produce: r.produce},
		Config: cfg,
		Save:   func(m *job.Memory) error { return m.Save(c.Dirs.RunsPath()) },
		Do:     r.do,
		Power: func(ctx context.Context) (battery, metered bool) {
			return machine.OnBattery(ctx), machine.Metered(ctx)
		},
		Unlocked: func(repository string) bool { return c.Env.HasSecret(cfg.Repositories[repository]) },
		NewRun:   newRunID,
		Began:    r.began,
		Ended:    r.ended,
		Step:     r.step,
	}
	return r, nil
}

// do runs one of the program's own command lines.
func (r *jobRun) do(ctx context.Context, args []string) job.Ended {
	if path, named := r.c.ConfigPath(); named {
		args = slices.Insert(slices.Clone(args), 1, "--config="+path)
	}
	e := r.c.Within(ctx, args)
	return job.Ended{Code: e.Code, Message: e.Message, Hint: e.Hint, Warnings: e.Warnings, Output: e.Output, Summary: e.Summary}
}

// produce runs the command that makes an export. What it prints goes to the log.
func (r *jobRun) produce(ctx context.Context, name string, s config.Source) error {
	out := func(line string) { r.log(runlog.Record{Level: runlog.Info, Message: line, Source: name}) }
	return before(r.c.Env, name, s, out).Run(ctx)
}

func newRunID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	h := hex.EncodeToString(id[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
