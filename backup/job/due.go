package job

import (
	"hash/fnv"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/rhythm"
)

const (
	// A job that failed is tried again before its rhythm says so, at the first
	// call of the timer after this, and after ever longer.
	againFirst = time.Hour
	againMost  = 6 * time.Hour
	// networkFirst is the same for what could not reach its store.
	networkFirst = 10 * time.Minute
	// wrongClock is how far in the future a remembered time may be.
	wrongClock = time.Hour
)

// due returns when a job is to run next, zero for never. One that never ran is due
// at once.
func due(name string, j config.Job, p *Past, now time.Time) time.Time {
	if j.Every.Never() {
		return time.Time{}
	}
	began := believed(p.Began, now)
	if began.IsZero() {
		return now
	}
	next := j.Every.Next(began.In(now.Location()))
	next = next.Add(delay(name, next, j.RandomDelay))
	if again := again(p, began); !again.IsZero() && again.Before(next) {
		return again
	}
	return next
}

// believed is a remembered time. One in the future is of a clock that was wrong,
// and must not keep anything from running for years.
func believed(t, now time.Time) time.Time {
	if t.Sub(now) > wrongClock {
		return time.Time{}
	}
	return t
}

// delay is by chance, and the same however often it is asked for.
func delay(name string, next time.Time, most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	h.Write([]byte(next.UTC().Format(time.RFC3339)))
	return time.Duration(h.Sum64() % uint64(most))
}

// again is when to try again what failed or was cut off, zero where it went well.
// What had no network is tried sooner: it costs little to find out.
func again(p *Past, began time.Time) time.Time {
	switch {
	case p.cutOff(), p.Last.Code == codeInterrupted:
		return began
	case p.Failures == 0:
		return time.Time{}
	case p.Last.Code == codeUnreachable:
		return began.Add(min(time.Duration(p.Failures)*networkFirst, againFirst))
	}
	pause := againFirst
	for range min(p.Failures-1, 8) {
		pause = min(2*pause, againMost)
	}
	return began.Add(pause)
}

// cutOff reports whether the last run began and never ended.
func (p *Past) cutOff() bool { return p.Ended.Before(p.Began) }

// missed counts the times since the last good run at which the job was due and
// did not run, this one not counted.
func missed(r rhythm.Rhythm, p *Past, now time.Time) int {
	const enough = 1000
	last := believed(p.Began, now)
	if r.Never() || last.IsZero() {
		return 0
	}
	n := -1
	for t := r.Next(last.In(now.Location())); !t.After(now) && n < enough; t = r.Next(t) {
		n++
	}
	return max(n, 0)
}

// stale reports whether nothing good came for too long.
func stale(j config.Job, p *Past, now time.Time) bool {
	if j.MaxAge <= 0 {
		return false
	}
	since := believed(p.Good, now)
	if since.IsZero() {
		since = believed(p.Met, now)
	}
	return now.Sub(since) > j.MaxAge
}

// stepDue reports whether a step at a repository with its own rhythm is due. One
// that never was is due at the first run; one that failed is tried with each run.
func stepDue(r rhythm.Rhythm, good, now time.Time) bool {
	if r.Never() {
		return false
	}
	good = believed(good, now)
	return good.IsZero() || !r.Next(good.In(now.Location())).After(now)
}
