package job

import (
	"time"

	"chatkeep/backup/config"
)

// Standing is how a job stands: what status shows.
type Standing struct {
	Job      string
	Tried    time.Time // when the last run began; zero for never
	Good     time.Time // when the last one began that stored everything
	Next     time.Time // zero for never
	Running  bool      // the last run began and has not ended, if somebody has the lock
	CutOff   bool      // the last run began and never ended
	Failures int
	Last     Trouble
	Waits    string
	Stale    bool
	MaxAge   time.Duration
	Checked  time.Time // the oldest over the job's repositories; zero if one never was
	Pruned   time.Time
	Drilled  time.Time
	// Growth is what the runs of the last 30 days stored, in bytes.
	Growth int64
	Past   *Past
}

// Stand tells how a job stands now. Most, if not zero, is how old the last success
// may be, in place of the job's own limit. Running is asked only where the last run
// has not ended: whether one is at work.
func Stand(name string, j config.Job, repositories []string, p *Past, now time.Time, most time.Duration, running func() bool) Standing {
	s := Standing{
		Job: name, Tried: p.Began, Good: p.Good, Next: due(name, j, p, now), Failures: p.Failures, Last: p.Last,
		Waits: p.Waits, Past: p,
	}
	if p.cutOff() {
		s.Running = running()
		s.CutOff = !s.Running
	}
	if most > 0 {
		j.MaxAge = most
	}
	s.MaxAge, s.Stale = j.MaxAge, stale(j, p, now)
	for i, name := range repositories {
		r := p.Repo(name)
		s.Checked = oldest(i, s.Checked, r.Checked)
		s.Pruned = oldest(i, s.Pruned, r.Pruned)
		s.Drilled = oldest(i, s.Drilled, r.Drilled)
	}
	for _, run := range p.Runs {
		if now.Sub(run.Began) < 30*24*time.Hour {
			s.Growth += run.BytesStored
		}
	}
	return s
}

// oldest is the earlier of two times, the first being that of no repository yet.
func oldest(i int, a, b time.Time) time.Time {
	if i == 0 || b.Before(a) {
		return b
	}
	return a
}

// Repositories are those of a job.
func Repositories(c *config.Config, j config.Job) []string {
	if len(j.Repositories) > 0 {
		return j.Repositories
	}
	return []string{c.Repository}
}
