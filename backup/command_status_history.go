package backup

import (
	"context"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// history shows what the machines that back up have noted in a repository: what a
// new one can know of those before it.
func history(ctx context.Context, c *session.Call) error {
	a, err := c.Open(ctx)
	if err != nil {
		return err
	}
	r, err := a.Reader(ctx)
	if err != nil {
		return err
	}
	runs, problems, err := r.Runs(ctx, c.Env.Clock.Now())
	if err != nil {
		return err
	}
	for _, p := range problems {
		c.Voice.Warn("%v", p)
	}
	label := labelsOf(r.Keyring())
	for _, j := range byJob(runs) {
		one := notedOf(j, label(j[0].Writer))
		c.Voice.Print("%s on %s: %s, %d not a success", one.Name, one.Machine, session.Plural(int64(one.Runs), "run", "runs"), one.Failures)
		c.Voice.Print("  %-14s %s", "last try", session.Moment(j[len(j)-1].Time))
		if !one.good.IsZero() {
			c.Voice.Print("  %-14s %s", "last success", session.Moment(one.good))
		}
		if one.Message != "" {
			c.Voice.Print("  %-14s %s", "trouble", one.Message)
		}
		if err := c.Voice.Object(one); err != nil {
			return err
		}
	}
	return c.Voice.Object(statusSummary{Type: "summary", Jobs: len(byJob(runs))})
}

// noted is a job in the output of status --repo --json; fields are only added.
type noted struct {
	Type     string      `json:"type"`
	Name     string      `json:"name"`
	Writer   format.Hash `json:"writer"`
	Machine  string      `json:"machine"`
	Runs     int         `json:"runs"`
	Failures int         `json:"failures"`
	Tried    string      `json:"last_try"`
	Good     string      `json:"last_success,omitempty"`
	Code     int         `json:"code"`
	Message  string      `json:"message,omitempty"`

	good time.Time
}

func notedOf(runs []repo.JobRun, machine string) noted {
	last := runs[len(runs)-1]
	n := noted{Type: "job", Name: last.Job, Writer: last.Writer, Machine: machine, Runs: len(runs), Tried: session.Time(last.Time), Code: last.Code, Message: last.Message}
	for _, r := range runs {
		if r.Code == 0 || r.Code == session.ExitIncomplete {
			n.good = r.Time
		} else {
			n.Failures++
		}
	}
	n.Good = session.Time(n.good)
	return n
}

// byJob parts runs by writer and job, in the order in which these came up.
func byJob(runs []repo.JobRun) [][]repo.JobRun {
	type key struct {
		writer format.Hash
		job    string
	}
	place := map[key]int{}
	var all [][]repo.JobRun
	for _, r := range runs {
		k := key{r.Writer, r.Job}
		i, ok := place[k]
		if !ok {
			i = len(all)
			place[k], all = i, append(all, nil)
		}
		all[i] = append(all[i], r)
	}
	return all
}
