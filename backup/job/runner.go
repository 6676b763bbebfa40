package job

import (
	"context"
	"fmt"
	"slices"
	"time"

	"chatkeep/backup/config"
)

// Runner runs jobs. All fields but the hooks have to be set. It is used by one
// goroutine, and by one process of a machine at a time.
type Runner struct {
	Finder
	Config *config.Config
	Memory *Memory
	// Save keeps the memory; it is called after each thing worth remembering.
	Save func(*Memory) error
	Do   Do
	// Power reports whether the machine is on battery, and whether its network
	// costs by volume.
	Power func(context.Context) (battery, metered bool)
	// Unlocked reports whether there is a source for the secret of a slot of this
	// repository, so that what reads can be done without a person.
	Unlocked func(repository string) bool
	// NewRun makes the id of a run.
	NewRun func() string

	// Hooks, which may be nil: a job begins, one ended, or is stale.
	Began func(context.Context, *Report)
	Ended func(context.Context, *Report, *Past)
	// Step is told of each command line that ended.
	Step func(*Report, []string, Ended)
}

// Report is one run of one job.
type Report struct {
	Job      string
	Run      string
	Began    time.Time
	Took     time.Duration
	Trouble  Trouble  // the worst; code 0 is a success
	Others   int      // further troubles
	Warnings []string // that are no failure
	Due      []string // what needs a secret and is due, as command lines
	Missed   int      // how often it was due before and did not run
	Waits    string   // why it did not begin although it is due
	Stale    bool     // nothing good came for too long
	Good     time.Time

	Files, Messages, BytesRead, BytesStored int64
	Snapshots                               []string
	Reached                                 []string // repositories with which something went well
}

// UnknownJob is the error of a name that the configuration does not have.
type UnknownJob struct{ Name string }

func (e *UnknownJob) Error() string { return fmt.Sprintf("there is no job %s", e.Name) }

// Hint tells where the names are.
func (e *UnknownJob) Hint() string { return "chatkeep status lists the jobs there are" }

// ExitCode is that of a wrong command line.
func (e *UnknownJob) ExitCode() int { return 64 }

// Run runs the jobs of these names, or without names all that are due. What goes
// wrong in a job is in its report, and does not keep the others from running; an
// error is one of the runner itself, after which nothing can be claimed.
func (r *Runner) Run(ctx context.Context, names []string) ([]*Report, error) {
	asked := len(names) > 0
	if !asked {
		names = r.due()
	}
	for _, name := range names {
		if _, ok := r.Config.Jobs[name]; !ok {
			return nil, &UnknownJob{name}
		}
	}
	var reports []*Report
	for _, name := range names {
		if ctx.Err() != nil {
			break
		}
		report, err := r.run(ctx, name, asked)
		if err != nil {
			return reports, err
		}
		reports = append(reports, report)
	}
	late, err := r.late(ctx, reports)
	return append(reports, late...), err
}

// due names the jobs that are due, what waits for longest first.
func (r *Runner) due() []string {
	now := r.Now()
	since := map[string]time.Time{}
	var names []string
	for name, j := range r.Config.Jobs {
		at := due(name, j, r.Memory.Of(name, now), now)
		if !at.IsZero() && !at.After(now) {
			names, since[name] = append(names, name), at
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if c := since[a].Compare(since[b]); c != 0 {
			return c
		}
		if a < b {
			return -1
		}
		return 1
	})
	return names
}

// run runs one job.
func (r *Runner) run(ctx context.Context, name string, asked bool) (*Report, error) {
	j, now := r.Config.Jobs[name], r.Now()
	p := r.Memory.Of(name, now)
	report := &Report{Job: name, Run: r.NewRun(), Began: now, Missed: missed(j.Every, p, now), Good: p.Good}
	if p.Waits = r.waits(ctx, j); p.Waits != "" && !asked {
		report.Waits = p.Waits
		return report, r.Save(r.Memory)
	}
	p.Waits, p.Began = "", now
	// Before anything is done: what is cut off here has to be seen as cut off.
	if err := r.Save(r.Memory); err != nil {
		return nil, err
	}
	if r.Began != nil {
		r.Began(ctx, report)
	}
	w := &work{Runner: r, job: j, past: p, report: report}
	w.all(ctx)
	return report, r.finish(ctx, p, report)
}

// waits says why a job that is due is not to begin now.
func (r *Runner) waits(ctx context.Context, j config.Job) string {
	battery, metered := r.Power(ctx)
	switch {
	case battery && j.OnBattery == config.PowerWait:
		return "the machine is on battery"
	case metered && j.Metered == config.PowerWait:
		return "the network is metered"
	}
	return ""
}

// finish remembers how a run went and tells of it.
func (r *Runner) finish(ctx context.Context, p *Past, report *Report) error {
	p.Ended = r.Now()
	if p.Ended.Before(p.Began) {
		p.Ended = p.Began // the clock was set back meanwhile
	}
	report.Took = p.Ended.Sub(p.Began)
	p.Last = report.Trouble
	switch report.Trouble.Code {
	case codeOK, codeIncomplete:
		p.Failures, p.Good, p.Stale = 0, p.Began, false
	case codeInterrupted: // a shutdown is no failure; it is due again
	default:
		p.Failures++
	}
	report.Good = p.Good
	p.enter(Entry{Run: report.Run, Began: report.Began, Seconds: report.Took.Seconds(), Code: report.Trouble.Code,
		Message: report.Trouble.Message, Missed: report.Missed, BytesStored: report.BytesStored})
	if r.Ended != nil {
		r.Ended(ctx, report, p)
	}
	return r.Save(r.Memory)
}

// late finds jobs of which nothing good came for too long, and tells of each once
// until it is good again.
func (r *Runner) late(ctx context.Context, ran []*Report) ([]*Report, error) {
	now := r.Now()
	var reports []*Report
	for _, name := range r.Config.JobNames() {
		p := r.Memory.Of(name, now)
		if p.Stale || !stale(r.Config.Jobs[name], p, now) {
			continue
		}
		p.Stale = true
		report := &Report{Job: name, Run: r.NewRun(), Began: now, Stale: true, Good: p.Good, Waits: p.Waits,
			Trouble: Trouble{Code: codeStale, Message: staleMessage(p, now), Hint: "chatkeep status tells what its last runs did"}}
		if r.Ended != nil {
			r.Ended(ctx, report, p)
		}
		reports = append(reports, report)
	}
	if len(reports) == 0 && len(ran) > 0 {
		return nil, nil
	}
	return reports, r.Save(r.Memory)
}

func staleMessage(p *Past, now time.Time) string {
	if p.Good.IsZero() {
		return "no run was a success yet"
	}
	return fmt.Sprintf("the last success was %d hours ago", int(now.Sub(p.Good)/time.Hour))
}
