package rhythm

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// unit is what a rhythm counts in.
type unit int

const (
	never unit = iota
	span       // a length of time since the last time
	hour
	day
	week
	month
)

// Rhythm says when something is due again. The zero value is never.
type Rhythm struct {
	text    string
	unit    unit
	every   time.Duration // of span
	weekday time.Weekday
	date    int // of the month, 1 to 31; in a shorter month its last day
	hour    int
	minute  int
}

// Parse reads a rhythm:
//
//	never
//	6h, 90m, 2d, 1w           so long after the last time
//	hour, hour at :20         each hour, at this minute of the clock (default :00)
//	day at 03:00              each day
//	monday at 03:00           each week
//	1st at 03:00              each month; 31st is the last day of a shorter one
//
// Hourly, daily, weekly and monthly stand for hour, day at 03:00, monday at 03:00
// and 1st at 03:00.
func Parse(text string) (Rhythm, error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 1 {
		if long, ok := shorthand[words[0]]; ok {
			words = strings.Fields(long)
		}
	}
	r := Rhythm{text: strings.TrimSpace(text)}
	at := ""
	switch {
	case len(words) == 1:
	case len(words) == 3 && words[1] == "at":
		at = words[2]
	default:
		return Rhythm{}, odd(text)
	}
	err := r.unitOf(words[0], at != "")
	if err == nil {
		err = r.clock(at)
	}
	if err != nil {
		return Rhythm{}, fmt.Errorf("%q: %w", text, err)
	}
	return r, nil
}

var shorthand = map[string]string{
	"hourly": "hour", "daily": "day at 03:00", "weekly": "monday at 03:00", "monthly": "1st at 03:00",
}

func odd(text string) error {
	return fmt.Errorf("%q is no rhythm; one is written as 6h, day at 03:00, monday at 03:00, 1st at 03:00 or never", text)
}

// unitOf reads the first word.
func (r *Rhythm) unitOf(word string, at bool) error {
	if d, err := ParseSpan(word); err == nil {
		r.unit, r.every = span, d
		if at {
			return fmt.Errorf("a length of time has no time of day")
		}
		return nil
	}
	switch word {
	case "never":
		if at {
			return fmt.Errorf("never has no time of day")
		}
		return nil
	case "hour":
		r.unit = hour
		return nil
	case "day":
		r.unit = day
		return nil
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if word == strings.ToLower(d.String()) {
			r.unit, r.weekday = week, d
			return nil
		}
	}
	for _, suffix := range []string{"st", "nd", "rd", "th"} {
		if n, err := strconv.Atoi(strings.TrimSuffix(word, suffix)); strings.HasSuffix(word, suffix) && err == nil && n >= 1 && n <= 31 {
			r.unit, r.date = month, n
			return nil
		}
	}
	return fmt.Errorf("%s is neither a length of time, hour, day, a weekday nor a day of the month as 1st", word)
}

// clock reads the time of day, or for an hour the minute.
func (r *Rhythm) clock(at string) error {
	if r.unit == never || r.unit == span {
		return nil
	}
	if at == "" {
		if r.unit != hour {
			return fmt.Errorf("it lacks a time of day, as at 03:00")
		}
		return nil
	}
	hours, minutes, ok := strings.Cut(at, ":")
	if r.unit == hour && hours != "" {
		return fmt.Errorf("the minute of an hour is written as at :20")
	}
	var err error
	if r.minute, err = digits(minutes, 59); !ok || err != nil {
		return fmt.Errorf("%s is no time of day", at)
	}
	if r.unit != hour {
		if r.hour, err = digits(hours, 23); err != nil {
			return fmt.Errorf("%s is no time of day", at)
		}
	}
	return nil
}

// digits reads one or two digits.
func digits(text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || len(text) > 2 || n < 0 || n > most || text[0] == '+' {
		return 0, fmt.Errorf("%q is no number up to %d", text, most)
	}
	return n, nil
}

// longestSpan is more than anybody waits for.
const longestSpan = 100 * 366 * 24 * time.Hour

// ParseSpan reads a length of time: a number and s, m, h, d or w, several after
// one another, as 1d12h. A day is 24 hours. It has to be longer than nothing, and
// at most 100 years.
func ParseSpan(text string) (time.Duration, error) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	var total time.Duration
	for rest := text; rest != ""; {
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if end <= 0 || end > 6 {
			return 0, notSpan(text)
		}
		n, _ := strconv.Atoi(rest[:end])
		u, ok := units[rest[end]]
		if !ok || time.Duration(n) > longestSpan/u {
			return 0, notSpan(text)
		}
		if total += time.Duration(n) * u; total > longestSpan {
			return 0, notSpan(text)
		}
		rest = rest[end+1:]
	}
	if total <= 0 {
		return 0, notSpan(text)
	}
	return total, nil
}

func notSpan(text string) error {
	return fmt.Errorf("%q is no length of time; one is written as 30m, 26h, 7d or 1d12h", text)
}

// String is the rhythm as it was written; "never" for the zero value.
func (r Rhythm) String() string {
	if r.text == "" {
		return "never"
	}
	return r.text
}

// Never reports whether it is never due.
func (r Rhythm) Never() bool { return r.unit == never }

// Next returns the first time after last at which it is due, in last's zone; the
// zero time for never. A time of day that the clocks skip in spring is due when
// they have been put forward; one that comes twice in autumn is due once, at its
// first.
func (r Rhythm) Next(last time.Time) time.Time {
	switch r.unit {
	case span:
		return last.Add(r.every)
	case hour:
		// Not by calendar fields: an hour that comes twice is due twice.
		next := last.Truncate(time.Minute)
		for next = next.Add(time.Minute); next.Minute() != r.minute; next = next.Add(time.Minute) {
		}
		return next
	case day, week, month:
		return r.nextDate(last)
	}
	return time.Time{}
}

// nextDate goes through the days from last's on.
func (r Rhythm) nextDate(last time.Time) time.Time {
	y, m, d := last.Date()
	for i := 0; ; i++ {
		// Noon exists on every day, of nearly every zone; dates are what counts.
		noon := time.Date(y, m, d+i, 12, 0, 0, 0, last.Location())
		if !r.on(noon) {
			continue
		}
		if at := atClock(noon, r.hour, r.minute); at.After(last) {
			return at
		}
	}
}

// on reports whether it is due on this day.
func (r Rhythm) on(noon time.Time) bool {
	switch r.unit {
	case week:
		return noon.Weekday() == r.weekday
	case month:
		last := time.Date(noon.Year(), noon.Month()+1, 0, 12, 0, 0, 0, noon.Location()).Day()
		return noon.Day() == min(r.date, last)
	}
	return true
}

// atClock is the first moment of a day at which its clocks show h:m, or, where
// they skip that, the first after it.
func atClock(noon time.Time, h, m int) time.Time {
	y, month, d := noon.Date()
	at := time.Date(y, month, d, h, m, 0, 0, noon.Location())
	if at.Hour() == h && at.Minute() == m {
		// time.Date gives either of two; the first is up to an hour or so before.
		for _, back := range []time.Duration{time.Hour, 30 * time.Minute} {
			if first := at.Add(-back); first.Hour() == h && first.Minute() == m && first.Day() == d {
				return first
			}
		}
		return at
	}
	// The clocks jump over it. One of the two offsets puts it before the jump:
	// walk to the jump's end.
	start := at.Add(-3 * time.Hour).Truncate(time.Minute)
	for t := start; ; t = t.Add(time.Minute) {
		ty, tm, td := t.Date()
		after := ty == y && tm == month && td == d && (t.Hour() > h || t.Hour() == h && t.Minute() >= m)
		if after || time.Date(ty, tm, td, 0, 0, 0, 0, time.UTC).After(time.Date(y, month, d, 0, 0, 0, 0, time.UTC)) {
			return t
		}
	}
}
