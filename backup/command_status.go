package backup

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/job"
	"chatkeep/backup/rhythm"
	"chatkeep/backup/session"
)

func statusCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "status", Category: session.Automate, ArgsUsage: "[JOB…]", Usage: "tell how the jobs stand",
		Description: "Shows of each job its last try and its last success, when it runs next, and what is\n" +
			"wrong. It reads this machine's memory alone, and needs no network. A job with no\n" +
			"success for too long is stale: then it ends with 15, for other monitors to see.\n\n" +
			"  chatkeep status\n" +
			"  chatkeep status --max-age 26h\n\n" +
			"With --repo it shows instead what the machines that back up have noted in the\n" +
			"repository, and asks for the passphrase:\n\n" +
			"  chatkeep status --repo s3://bucket/chats",
		Flags: env.KeyFlags(
			&cli.StringFlag{Name: "max-age", Usage: "a last success before this `TIME`, as 26h, is stale (default: the job's max-age, else by its rhythm)"}),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			if c.IsSet("repo") {
				return history(ctx, c)
			}
			standings, err := standingsOf(c)
			if err != nil {
				return err
			}
			stale := 0
			for i, s := range standings {
				if i > 0 {
					c.Voice.Print("")
				}
				printStanding(c, s)
				if err := c.Voice.Object(standingOf(s)); err != nil {
					return err
				}
				if s.Stale {
					stale++
				}
			}
			if err := c.Voice.Object(statusSummary{"summary", len(standings), stale}); err != nil {
				return err
			}
			if stale > 0 {
				return staleFailure(standings)
			}
			return nil
		}),
	}
}

// standingsOf is how the jobs stand that are named, or all.
func standingsOf(c *session.Call) ([]job.Standing, error) {
	cfg, err := c.Config()
	if err != nil {
		return nil, err
	}
	var most time.Duration
	if text := c.String("max-age"); text != "" {
		if most, err = rhythm.ParseSpan(text); err != nil {
			return nil, session.Usage("--max-age: %v", err)
		}
	}
	memory, err := job.LoadMemory(c.Dirs.RunsPath())
	if err != nil {
		return nil, err
	}
	names := c.Args().Slice()
	if len(names) == 0 {
		names = cfg.JobNames()
	}
	var all []job.Standing
	for _, name := range names {
		j, ok := cfg.Jobs[name]
		if !ok {
			return nil, &job.UnknownJob{Name: name}
		}
		now := c.Env.Clock.Now()
		all = append(all, job.Stand(name, j, job.Repositories(cfg, j), memory.Of(name, now), now, most, runsNow(c)))
	}
	return all, nil
}

// runsNow looks whether a run is at work. To look is to hold the lock for a moment,
// in which a run that begins would take this for another.
func runsNow(c *session.Call) func() bool {
	return func() bool {
		release, free, err := c.Dirs.LockRuns()
		if err == nil && free {
			release()
		}
		return err == nil && !free
	}
}

func printStanding(c *session.Call, s job.Standing) {
	v := c.Voice
	_, words := stateOf(s)
	if s.Stale {
		words += ", stale"
	}
	v.Print("%s: %s", s.Job, words)
	line := func(name string, t time.Time) {
		if !t.IsZero() {
			v.Print("  %-14s %s", name, session.Moment(t))
		}
	}
	line("last try", s.Tried)
	line("last success", s.Good)
	line("next run", s.Next)
	line("checked", s.Checked)
	line("pruned", s.Pruned)
	line("last proven", s.Drilled)
	if s.Growth > 0 {
		v.Print("  %-14s %s in 30 days", "growth", session.Size(s.Growth))
	}
	if s.Waits != "" {
		v.Print("  %-14s %s", "waits", s.Waits)
	}
	if s.Last.Message != "" {
		v.Print("  %-14s %s", "trouble", s.Last.Message)
	}
	if s.Last.Hint != "" {
		v.Print("  %-14s %s", "hint", s.Last.Hint)
	}
}

// stateOf says how a job stands, to programs and to people.
func stateOf(s job.Standing) (state, words string) {
	switch {
	case s.Running:
		return "running", "running"
	case s.Tried.IsZero():
		return "never-ran", "never ran"
	case s.CutOff:
		return "cut-off", "cut off"
	case s.Failures > 0:
		return "failing", "failing, " + session.Plural(int64(s.Failures), "run", "runs") + " in a row"
	case s.Last.Code != 0:
		return "incomplete", "done, not in full"
	}
	return "ok", "ok"
}

func staleFailure(standings []job.Standing) error {
	var names []string
	for _, s := range standings {
		if s.Stale {
			names = append(names, s.Job)
		}
	}
	return session.Fail(session.ExitStale, "chatkeep run --verbose "+names[0]+" tries it now", "no success for too long: %s", strings.Join(names, ", "))
}

// standing is a job in the output of status --json; fields are only added.
type standing struct {
	Type     string       `json:"type"`
	Name     string       `json:"name"`
	State    string       `json:"state"`
	Tried    string       `json:"last_try,omitempty"`
	Good     string       `json:"last_success,omitempty"`
	Next     string       `json:"next_run,omitempty"`
	Checked  string       `json:"last_check,omitempty"`
	Pruned   string       `json:"last_prune,omitempty"`
	Drilled  string       `json:"last_proven,omitempty"`
	MaxAge   float64      `json:"max_age_seconds,omitempty"`
	Failures int          `json:"failures"`
	Code     int          `json:"code"`
	Message  string       `json:"message,omitempty"`
	Hint     string       `json:"hint,omitempty"`
	Waits    string       `json:"waits,omitempty"`
	Stale    bool         `json:"stale"`
	Growth   int64        `json:"bytes_stored_30d"`
	Sources  []sourceLine `json:"sources"`
}

// sourceLine is what was stored last of a source at a repository.
type sourceLine struct {
	Source     string `json:"source"`
	Repository string `json:"repository"`
	Time       string `json:"time"`
	Snapshot   string `json:"snapshot"`
	Files      int64  `json:"files"`
	Messages   int64  `json:"messages"`
}

type statusSummary struct {
	Type  string `json:"type"`
	Jobs  int    `json:"jobs"`
	Stale int    `json:"stale"`
}

func standingOf(s job.Standing) standing {
	state, _ := stateOf(s)
	return standing{
		Type: "job", Name: s.Job, State: state, Tried: session.Time(s.Tried), Good: session.Time(s.Good), Next: session.Time(s.Next),
		Checked: session.Time(s.Checked), Pruned: session.Time(s.Pruned), Drilled: session.Time(s.Drilled), MaxAge: s.MaxAge.Seconds(),
		Failures: s.Failures, Code: s.Last.Code, Message: s.Last.Message, Hint: s.Last.Hint, Waits: s.Waits,
		Stale: s.Stale, Growth: s.Growth, Sources: sourceLines(s.Past),
	}
}

func sourceLines(p *job.Past) []sourceLine {
	lines := []sourceLine{}
	for _, source := range slices.Sorted(maps.Keys(p.Srcs)) {
		for _, repository := range slices.Sorted(maps.Keys(p.Srcs[source].Stored)) {
			st := p.Srcs[source].Stored[repository]
			lines = append(lines, sourceLine{source, repository, session.Time(st.Time), st.Snapshot, st.Files, st.Messages})
		}
	}
	return lines
}
