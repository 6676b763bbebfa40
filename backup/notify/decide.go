package notify

import "time"

// Standing is how things are with a job after its last run. The caller keeps it
// from one run to the next; the zero value is that of a job that never ran.
type Standing struct {
	Outcome Kind      `json:"outcome,omitempty"` // success, warning, failure or stale
	Since   time.Time `json:"since,omitzero"`    // of the first in a row of such outcomes
	Told    time.Time `json:"told,omitzero"`     // when people last heard that it is so
	// Overdue says that the trouble came to be stale: a run that fails again makes
	// no backup younger.
	Overdue bool `json:"overdue,omitempty"`
}

// After is how things are once a run ended as success, warning or failure, or the
// job was found stale. The caller sets Told when it has told somebody.
func (s Standing) After(outcome Kind, now time.Time) Standing {
	after := Standing{Outcome: outcome, Since: now}
	if s.Outcome != "" && gravity(s.Outcome) == gravity(outcome) {
		after.Since, after.Told, after.Overdue = s.Since, s.Told, s.Overdue
	}
	after.Overdue = after.Overdue || outcome == Stale
	return after
}

// gravity puts outcomes that people need not hear of twice into one class.
func gravity(outcome Kind) int {
	switch outcome {
	case Failure, Stale:
		return 2
	case Warning:
		return 1
	}
	return 0
}

// Decide says which event it is that a job went from before to after, and whether
// it is news for people: what is as bad as before is told once a day. Pings get
// the event either way.
func Decide(before, after Standing, now time.Time) (Kind, bool) {
	was, is := gravity(before.Outcome), gravity(after.Outcome)
	switch {
	case was == 2 && is < 2:
		return Recovery, true
	case is == 0, was != is:
		return after.Outcome, true
	case after.Overdue && !before.Overdue:
		return after.Outcome, true
	}
	return after.Outcome, nextDay(before.Told, now)
}

// again is less than a day, as a job that runs daily does so some minutes earlier
// or later each time.
const again = 20 * time.Hour

// nextDay reports whether what was told then may be told once more. A time in the
// future is that of a clock that was wrong.
func nextDay(told, now time.Time) bool {
	if told.IsZero() || told.After(now) {
		return true
	}
	y, m, d := told.In(now.Location()).Date()
	ny, nm, nd := now.Date()
	return now.Sub(told) >= again && (y != ny || m != nm || d != nd)
}
