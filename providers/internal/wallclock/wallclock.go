// Package wallclock turns readings of a wall clock into instants, for exports
// that tell times without a zone.
package wallclock

import "time"

// Clock is a wall clock in a zone. It is asked for readings in the order of the
// export.
type Clock struct {
	Zone *time.Location
	last time.Time
}

// At is the instant of a reading, which comes in UTC's clothes. The hour that
// autumn repeats is read as its first pass until the readings have gone beyond
// it.
func (c *Clock) At(wall time.Time) time.Time {
	t := In(wall, c.Zone)
	for _, shift := range shifts {
		if u := t.Add(shift); t.Before(c.last) && sameReading(u, t) {
			t = u
		}
	}
	c.last = t
	return t
}

// In is the instant of one reading, without others to tell more.
func In(wall time.Time, zone *time.Location) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), zone)
	for _, shift := range shifts {
		if u := t.Add(-shift); sameReading(u, t) {
			t = u
		}
	}
	return t
}

// shifts are by how much clocks are put back.
var shifts = []time.Duration{time.Hour, 30 * time.Minute}

func sameReading(a, b time.Time) bool {
	return a.Hour() == b.Hour() && a.Minute() == b.Minute() && a.Day() == b.Day()
}
