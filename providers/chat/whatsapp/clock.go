package whatsapp

import (
	"time"

	"chatkeep/providers/chat"
)

// clock turns readings of a wall clock into instants.
type clock struct {
	zone   *time.Location
	source chat.ZoneSource
	last   time.Time
}

func newClock(zone *time.Location) *clock {
	if zone == nil {
		return &clock{zone: time.Local, source: chat.FromDevice}
	}
	return &clock{zone: zone, source: chat.FromUser}
}

// at is the instant of a reading in UTC's clothes. The hour that autumn repeats
// is read as its first pass until the chat has gone beyond it.
func (c *clock) at(wall time.Time) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, c.zone)
	for _, shift := range []time.Duration{time.Hour, 30 * time.Minute} {
		if u := t.Add(-shift); sameReading(u, t) {
			t = u
		}
		if u := t.Add(shift); t.Before(c.last) && sameReading(u, t) {
			t = u
		}
	}
	c.last = t
	return t
}

func sameReading(a, b time.Time) bool {
	return a.Hour() == b.Hour() && a.Minute() == b.Minute() && a.Day() == b.Day()
}
