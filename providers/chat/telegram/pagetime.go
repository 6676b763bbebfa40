package telegram

import (
	"strconv"
	"strings"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/wallclock"
)

// pageClock reads the times of pages. Since June 2022 they tell the offset of the
// exporter's zone: its standard one, though the reading may be of summer.
type pageClock struct {
	clock
	zone     *time.Location // that the user says, or nil
	standard bool           // an offset had to be taken as it is
	day      time.Time      // of the last line that begins one
	last     moment         // of the last message
}

func newPageClock(zone *time.Location) *pageClock {
	return &pageClock{clock: *newClock(zone), zone: zone}
}

// pageLayout is how a page writes the time of a message, with an offset behind it
// or not.
const pageLayout = "02.01.2006 15:04:05"

// at reads the time of a message: "14.05.2023 16:43:57 UTC+03:30".
func (c *pageClock) at(s string) (m moment, ok bool) {
	m.precision = chat.Second
	reading, zone := s, ""
	if len(s) > len(pageLayout) {
		reading, zone = s[:len(pageLayout)], strings.TrimSpace(s[len(pageLayout):])
	}
	wall, err := time.Parse(pageLayout, reading)
	if err != nil || wall.Year() < 1 {
		return m, false
	}
	m.wall = wall
	offset, told := offsetOf(zone)
	switch {
	case !told:
		c.guessed = true
		m.at, m.zone = c.At(wall), c.source
	case c.zone != nil && standardOffset(c.zone, wall.Year()) == offset:
		m.at, m.zone = c.At(wall), chat.FromUser
	default:
		c.standard = c.standard || offset != 0
		m.at, m.zone = c.in(wall.Add(-time.Duration(offset)*time.Second), offset), chat.FromExport
	}
	c.last = m
	return m, true
}

// aside reads a time within a message.
func (c *pageClock) aside(s string) time.Time {
	before := *c
	m, _ := c.at(s)
	*c = before
	return m.at
}

// offsetOf reads UTC, UTC+03:30 or UTC-05:00 in seconds.
func offsetOf(zone string) (seconds int, ok bool) {
	rest, ok := strings.CutPrefix(zone, "UTC")
	if !ok || rest == "" {
		return 0, ok
	}
	hours, minutes, ok := strings.Cut(rest[1:], ":")
	h, err := strconv.Atoi(hours)
	m, err2 := strconv.Atoi(minutes)
	if !ok || err != nil || err2 != nil || h < 0 || h > 15 || m < 0 || m > 59 {
		return 0, false
	}
	switch rest[0] {
	case '+':
		return h*3600 + m*60, true
	case '-':
		return -(h*3600 + m*60), true
	}
	return 0, false
}

// standardOffset is a zone's offset in a year without summer time, in seconds.
func standardOffset(zone *time.Location, year int) int {
	_, january := time.Date(year, 1, 15, 12, 0, 0, 0, zone).Zone()
	_, july := time.Date(year, 7, 15, 12, 0, 0, 0, zone).Zone()
	return min(january, july)
}

// begin takes in a line that begins a day: "14 May 2023".
func (c *pageClock) begin(line string) {
	day, err := time.Parse("2 January 2006", line)
	if err == nil && day.Year() > 0 {
		c.day = day
	}
}

// today is when a notice came up, of which the page says the day alone. It is not
// before what stands before it.
func (c *pageClock) today() (m moment, ok bool) {
	if c.day.IsZero() {
		return m, false
	}
	m = moment{wall: c.day, precision: chat.Day, zone: c.source}
	zone := c.Zone
	if !c.last.at.IsZero() {
		zone, m.zone = c.last.at.Location(), c.last.zone
	}
	m.at = wallclock.In(c.day, zone)
	if m.at.Before(c.last.at) && c.last.wall.Before(c.day.AddDate(0, 0, 1)) {
		m.at = c.last.at
	}
	return m, true
}

// prime takes in the time of the first message, for the notices before it.
func (c *pageClock) prime(title string) {
	if m, ok := c.at(title); ok {
		c.last = moment{at: time.Unix(0, 0).In(m.at.Location()), zone: m.zone}
	}
	c.clock = *newClock(c.zone)
	c.standard = false
}
