package telegram

import (
	"strconv"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
	"chatkeep/providers/internal/wallclock"
)

// moment is a time as the export tells it.
type moment struct {
	at        time.Time
	wall      time.Time // the reading of the exporter's clock, in UTC's clothes
	precision chat.Precision
	zone      chat.ZoneSource
}

// clock reads times. Exports before June 2022 have nothing but the reading of
// the clock of the computer that exported.
type clock struct {
	wallclock.Clock
	source chat.ZoneSource
	// guessed says that a time had to be read in a zone that nobody said.
	guessed bool
	fixed   *time.Location // the last zone that the export told
	offset  int
}

func newClock(zone *time.Location) *clock {
	if zone == nil {
		return &clock{Clock: wallclock.Clock{Zone: time.Local}, source: chat.FromDevice}
	}
	return &clock{Clock: wallclock.Clock{Zone: zone}, source: chat.FromUser}
}

// read is a time by its seconds since 1970 and by its reading, either of which
// may be missing. False is no time at all.
func (c *clock) read(unix, date jsonstream.Value) (m moment, ok bool) {
	r, known := readDate(date)
	m.wall, m.precision, m.zone = r.wall, chat.Second, chat.FromExport
	if s, ok := seconds(unix); ok {
		m.at = time.Unix(s, 0).UTC()
		if known {
			m.at = c.dressed(m.at, r.wall)
		} else {
			m.wall = m.at
		}
		return m, true
	}
	if !known {
		return m, false
	}
	if r.fraction {
		m.precision = chat.Millisecond
	}
	if r.zoned {
		m.at = c.in(r.wall.Add(-time.Duration(r.offset)*time.Second), r.offset)
		return m, true
	}
	c.guessed = true
	m.at, m.zone = c.At(r.wall), c.source
	return m, true
}

// aside is a time that stands in a message beside its own, as that of a reaction:
// in the same zone where the message's is known.
func (c *clock) aside(unix, date jsonstream.Value, own *moment) (at time.Time, ok bool) {
	if s, ok := seconds(unix); ok {
		return time.Unix(s, 0).In(own.at.Location()), true
	}
	r, ok := readDate(date)
	switch {
	case !ok:
		return at, false
	case r.zoned:
		return c.in(r.wall.Add(-time.Duration(r.offset)*time.Second), r.offset), true
	case own.zone == chat.FromExport:
		return wallclock.In(r.wall, own.at.Location()), true
	}
	return wallclock.In(r.wall, c.Zone), true
}

// dressed shows an instant in the zone in which its reading is wall, so far as
// that can be a zone.
func (c *clock) dressed(at, wall time.Time) time.Time {
	offset := int(wall.Unix() - at.Unix())
	if offset < -15*3600 || offset > 15*3600 || offset%900 != 0 {
		return at
	}
	return c.in(at, offset)
}

// in shows an instant in a zone of an offset in seconds.
func (c *clock) in(at time.Time, offset int) time.Time {
	if offset == 0 {
		return at.UTC()
	}
	if c.fixed == nil || c.offset != offset {
		c.fixed, c.offset = time.FixedZone("", offset), offset
	}
	return at.In(c.fixed)
}

// Years that records can have, in seconds since 1970.
const (
	minSeconds = -62135596800 + 86400
	maxSeconds = 253402300799 - 86400
)

// seconds reads a count of seconds, as a number or in quotes.
func seconds(v jsonstream.Value) (int64, bool) {
	n, ok := v.Int()
	if !ok {
		text, _ := v.Text()
		var err error
		n, err = strconv.ParseInt(text, 10, 64)
		ok = err == nil
	}
	return n, ok && n >= minSeconds && n <= maxSeconds
}

// reading is 2024-01-15T10:30:00 or more.
type reading struct {
	wall     time.Time
	fraction bool
	zoned    bool
	offset   int
}

// layout is how Telegram Desktop writes a date; others add parts of a second and
// a zone.
const layout = "2006-01-02T15:04:05"

// readDate reads a date. It is called for every message, and time.Parse takes
// three times as long.
func readDate(v jsonstream.Value) (r reading, ok bool) {
	if len(v) < len(layout)+2 || v[0] != '"' {
		return r, false
	}
	s := v[1 : len(v)-1]
	var n [6]int
	for i, at := range [...]int{0, 5, 8, 11, 14, 17} {
		width := 2
		if i == 0 {
			width = 4
		}
		for _, c := range s[at : at+width] {
			if c < '0' || c > '9' {
				return r, false
			}
			n[i] = n[i]*10 + int(c-'0')
		}
	}
	if s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return r, false
	}
	r.wall = time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	if n[0] == 0 || n[0] == 9999 || n[1] < 1 || n[1] > 12 || r.wall.Day() != n[2] || n[3] > 23 || n[4] > 59 || n[5] > 59 {
		return r, false
	}
	if len(s) == len(layout) {
		return r, true
	}
	return r, r.more(string(s[len(layout):]))
}

// more reads what others write behind the seconds.
func (r *reading) more(s string) bool {
	t, err := time.Parse(layout+"Z07:00", layout+s)
	if err != nil {
		if t, err = time.Parse(layout, layout+s); err != nil {
			return false
		}
	} else {
		_, r.offset = t.Zone()
		r.zoned = true
	}
	r.fraction = t.Nanosecond() != 0 || s[0] == '.'
	r.wall = r.wall.Add(time.Duration(t.Nanosecond()).Truncate(time.Millisecond))
	return true
}
