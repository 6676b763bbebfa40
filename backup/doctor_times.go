package backup

import (
	"context"
	"slices"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/format"
	"chatkeep/backup/job"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// What is too old where nothing says otherwise.
const (
	maxSnapshotAge = 7 * 24 * time.Hour
	maxCheckAge    = 31 * 24 * time.Hour
	maxDrillAge    = 92 * 24 * time.Hour
)

// Clocks that are apart. S3 refuses what is signed a quarter of an hour off; from a
// day on a wrong clock misdates snapshots.
const (
	clockWarning = 5 * time.Minute
	clockFailure = 24 * time.Hour
)

const cureClock = "set this machine's clock, or have it set by the network"

// clock holds this machine's clock against the store's. Where the store does not tell
// its time, the newest snapshot shows what it has reached.
func (x *examination) clock(ctx context.Context, a *session.Archive) {
	now := x.c.Env.Clock.Now()
	there, ok, err := a.StoreTime(ctx)
	if err != nil {
		x.trouble("clock", err)
		return
	}
	if ok {
		x.skew(now.Sub(there))
		return
	}
	if last := newest(a.View); last != nil && last.Time.Sub(now) > clockWarning {
		x.warn("clock", cureClock, "the newest snapshot is of %s, and it is %s here", session.Moment(last.Time), session.Moment(now))
		return
	}
	x.ok("clock", "the store tells no time without a put; nothing in it is of later than now")
}

// skew tells how far apart the clocks are, positive where this machine's is ahead.
func (x *examination) skew(apart time.Duration) {
	direction := "ahead of"
	if apart < 0 {
		direction = "behind"
	}
	text := session.Span(apart.Abs()) + " " + direction + " the store's"
	switch {
	case apart.Abs() > clockFailure:
		x.fail("clock", cureClock, "this machine's clock is %s", text)
	case apart.Abs() > clockWarning:
		x.warn("clock", cureClock, "this machine's clock is %s", text)
	default:
		x.ok("clock", "this machine's clock agrees with the store's")
	}
}

// age tells how old the newest snapshot is.
func (x *examination) age(a *session.Archive) {
	last := newest(a.View)
	if last == nil {
		x.warn("snapshot", "chatkeep backup PATH makes one", "there is no snapshot yet")
		return
	}
	most, whose := maxSnapshotAge, ""
	for _, name := range x.conf.JobNames() {
		j := x.conf.Jobs[name]
		if j.MaxAge > 0 && (whose == "" || j.MaxAge < most) && x.goesTo(j, a) {
			most, whose = j.MaxAge, name
		}
	}
	age := x.c.Env.Clock.Now().Sub(last.At())
	text := "the newest is of " + session.Moment(last.At()) + ", " + days(age)
	switch {
	case age <= most:
		x.ok("snapshot", "%s", text)
	case whose != "":
		x.warn("snapshot", "chatkeep run --verbose "+whose+" tries it now", "%s; the job %s allows %s", text, whose, session.Span(most))
	default:
		x.warn("snapshot", "chatkeep backup makes one, and chatkeep schedule install has it made", "%s", text)
	}
}

// goesTo reports whether a job stores in the repository.
func (x *examination) goesTo(j config.Job, a *session.Archive) bool {
	return slices.ContainsFunc(job.Repositories(x.conf, j), func(name string) bool { return x.isAt(name, a) })
}

// isAt reports whether a job that names a repository means this one.
func (x *examination) isAt(name string, a *session.Archive) bool {
	place, err := x.c.At(name).Location()
	return err == nil && place == a.Place
}

// days says an age for people, in days from two on.
func days(age time.Duration) string { return inDays(max(age, 0)) + " ago" }

// inDays says how long something lasts, in days from two on.
func inDays(d time.Duration) string {
	if d < 48*time.Hour {
		return session.Span(d)
	}
	return session.Plural(int64(d/(24*time.Hour)), "day", "days")
}

// proofs tells when the repository was checked last and when a restore was tried: by
// the runs of jobs on this machine, and with a secret by what is noted in the
// repository.
func (x *examination) proofs(ctx context.Context, a *session.Archive) {
	checked, drilled := x.byJobs(a)
	if key, err := a.Key(); key != nil && err == nil {
		if l, err := a.Ledger(); err == nil && l.Newest().After(checked) {
			checked = l.Newest()
		}
	}
	reader, err := a.Unasked(ctx)
	if err != nil {
		x.trouble("secret", err)
	} else if reader != nil {
		x.ok("secret", "the secret that the environment or the configuration gives opens it")
		drills, err := reader.Drills(ctx, x.c.Env.Clock.Now())
		if err != nil {
			x.trouble("drill", err)
			return
		}
		last, ok := drills.Last(format.Hash{}, func(*repo.Drill) bool { return true })
		if ok && last.Outcome == repo.Failed {
			x.fail("drill", "chatkeep check --read-data says what is wrong", "the last drill, of %s, failed", session.Moment(last.Time))
			return
		}
		if ok && last.Time.After(drilled) {
			drilled = last.Time
		}
	}
	x.lately("check", checked, maxCheckAge, reader != nil, "chatkeep check --read-data reads every byte, with --every-byte-within a part at a time")
	x.lately("drill", drilled, maxDrillAge, reader != nil, "chatkeep drill restores a sample and notes it")
}

// byJobs tells when jobs of this machine last checked and drilled the repository.
func (x *examination) byJobs(a *session.Archive) (checked, drilled time.Time) {
	memory, err := job.LoadMemory(x.c.Dirs.RunsPath())
	if err != nil {
		x.trouble("jobs", err)
		return checked, drilled
	}
	for _, name := range x.conf.JobNames() {
		for _, repository := range job.Repositories(x.conf, x.conf.Jobs[name]) {
			past := memory.Jobs[name]
			if past == nil || past.Repos[repository] == nil || !x.isAt(repository, a) {
				continue
			}
			r := past.Repos[repository]
			if r.Checked.After(checked) {
				checked = r.Checked
			}
			if r.Drilled.After(drilled) {
				drilled = r.Drilled
			}
		}
	}
	return checked, drilled
}

// lately tells when something was last done that should be done now and then. Without
// a secret the notes of other machines are not known.
func (x *examination) lately(what string, last time.Time, most time.Duration, opened bool, cure string) {
	age := x.c.Env.Clock.Now().Sub(last)
	switch {
	case last.IsZero() && !opened:
		x.warn(what, cure, "this machine remembers none; what others noted takes a secret to read")
	case last.IsZero():
		x.warn(what, cure, "there was none yet")
	case age > most:
		x.warn(what, cure, "the last was %s, on %s", days(age), session.Moment(last))
	default:
		x.ok(what, "the last was %s, on %s", days(age), session.Moment(last))
	}
}
