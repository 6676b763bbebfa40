package job

import (
	"context"
	"time"
)

// Planned is what a job would do.
type Planned struct {
	Job     string
	Due     time.Time // zero for never; in the past for now
	Waits   string    // why it would not begin
	Before  []string  // commands that produce an export first
	Lines   [][]string
	Trouble []Trouble // sources that could not be stored
}

// Plan says what Run would do, and does nothing. No command that produces an export
// is run, so what it would produce is looked for as it is now.
func (r *Runner) Plan(ctx context.Context, names []string) ([]*Planned, error) {
	if len(names) == 0 {
		names = r.due()
	}
	var plans []*Planned
	for _, name := range names {
		j, ok := r.Config.Jobs[name]
		if !ok {
			return nil, &UnknownJob{name}
		}
		now := r.Now()
		p := r.Memory.Of(name, now)
		w := &work{Runner: r, job: j, past: p, report: &Report{}}
		plans = append(plans, w.plan(ctx, name, now))
	}
	return plans, nil
}

func (w *work) plan(ctx context.Context, name string, now time.Time) *Planned {
	plan := &Planned{Job: name, Due: due(name, w.job, w.past, now), Waits: w.waits(ctx, w.job)}
	for _, repository := range w.repositories() {
		for _, source := range w.sources() {
			paths, err := w.paths(w.Config.Sources[source])
			if err != nil {
				plan.Trouble = append(plan.Trouble, NotReady(source, err))
			}
			for _, path := range paths {
				plan.Lines = append(plan.Lines, backupLine(source, path, repository))
			}
		}
	}
	for _, source := range w.sources() {
		if before := w.Config.Sources[source].Before; before != "" {
			plan.Before = append(plan.Before, before)
		}
	}
	return plan
}
