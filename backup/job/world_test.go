package job

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"chatkeep/backup/config"
	"chatkeep/backup/rhythm"
)

// world is a machine with a clock that only moves when somebody waits.
type world struct {
	t       *testing.T
	now     time.Time
	config  *config.Config
	memory  *Memory
	saved   *Memory
	lines   []string
	answers map[string][]Ended // by the first word of a line, the next first
	reports []*Report
	battery bool
	metered bool
	secret  bool
	made    []string // commands that produced an export
	match   func(config.Source) ([]string, error)
}

func newWorld(t *testing.T, jobs map[string]config.Job) *world {
	w := &world{t: t, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), answers: map[string][]Ended{}, memory: &Memory{Version: 1, Jobs: map[string]*Past{}}}
	w.config = &config.Config{Repository: "home", Jobs: jobs, Sources: map[string]config.Source{"exports": {Path: "/exports"}}}
	w.match = func(s config.Source) ([]string, error) { return []string{s.Path}, nil }
	return w
}

func (w *world) runner() *Runner {
	n := 0
	return &Runner{
		Config: w.config, Memory: w.memory,
		Save: func(m *Memory) error { w.saved = m; return nil },
		Do: func(ctx context.Context, args []string) Ended {
			w.lines = append(w.lines, strings.Join(args, " "))
			if ctx.Err() != nil {
				return Ended{Code: codeInterrupted, Message: "interrupted"}
			}
			next := w.answers[args[0]]
			if len(next) == 0 {
				return Ended{}
			}
			w.answers[args[0]] = next[1:]
			return next[0]
		},
		Finder: Finder{
			Now: func() time.Time { return w.now },
			Sleep: func(ctx context.Context, d time.Duration) error {
				w.now = w.now.Add(d)
				return ctx.Err()
			},
			Match: func(s config.Source) ([]string, error) { return w.match(s) },
			Produce: func(_ context.Context, _ string, s config.Source) error {
				w.made = append(w.made, s.Before)
				return nil
			},
		},
		Power:    func(context.Context) (bool, bool) { return w.battery, w.metered },
		Unlocked: func(string) bool { return w.secret },
		NewRun:   func() string { n++; return fmt.Sprint(n) },
		Ended:    func(_ context.Context, r *Report, _ *Past) { w.reports = append(w.reports, r) },
	}
}

// call is what the timer does.
func (w *world) call(names ...string) []*Report {
	w.t.Helper()
	w.lines = nil
	reports, err := w.runner().Run(w.t.Context(), names)
	if err != nil {
		w.t.Fatal(err)
	}
	return reports
}

// verbs are the first words of the lines that were done.
func (w *world) verbs() string {
	var verbs []string
	for _, line := range w.lines {
		verb, _, _ := strings.Cut(line, " ")
		verbs = append(verbs, verb)
	}
	return strings.Join(verbs, " ")
}

func must(text string) rhythm.Rhythm {
	r, err := rhythm.Parse(text)
	if err != nil {
		panic(err)
	}
	return r
}

func daily() config.Job {
	return config.Job{Every: must("day at 03:00"), Retries: 3, RetryFor: 30 * time.Minute, MaxAge: 49 * time.Hour}
}
