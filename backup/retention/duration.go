package retention

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time as people count it: a month before the end of
// March is the end of February.
type Duration struct{ Years, Months, Days, Hours int }

// IsZero reports whether it has no length.
func (d Duration) IsZero() bool { return d == Duration{} }

// Before is the moment that lies d before t, by the calendar of the zone.
func (d Duration) Before(t time.Time, zone *time.Location) time.Time {
	return t.In(zone).AddDate(-d.Years, -d.Months, -d.Days).Add(-time.Duration(d.Hours) * time.Hour)
}

// String writes it as ParseDuration reads it.
func (d Duration) String() string {
	text := ""
	for _, part := range []struct {
		n    int
		unit string
	}{{d.Years, "y"}, {d.Months, "m"}, {d.Days, "d"}, {d.Hours, "h"}} {
		if part.n != 0 {
			text += strconv.Itoa(part.n) + part.unit
		}
	}
	if text == "" {
		return "0h"
	}
	return text
}

// maxUnits bounds each part of a duration: a century in hours, and far more than
// there is to keep.
const maxUnits = 1_000_000

// ParseDuration reads years, months, days and hours, as 1y5m7d2h, or 0.
func ParseDuration(text string) (Duration, error) {
	var d Duration
	if text == "0" {
		return d, nil
	}
	fail := fmt.Errorf("%q is no length of time: write years, months, days and hours, as 1y5m7d2h", text)
	rest := text
	for rest != "" {
		i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if i <= 0 {
			return Duration{}, fail
		}
		n, err := strconv.Atoi(rest[:i])
		if err != nil || n > maxUnits {
			return Duration{}, fail
		}
		switch rest[i] {
		case 'y':
			d.Years += n
		case 'm':
			d.Months += n
		case 'd':
			d.Days += n
		case 'h':
			d.Hours += n
		default:
			return Duration{}, fail
		}
		rest = rest[i+1:]
	}
	if text == "" || max(d.Years, d.Months, d.Days, d.Hours) > maxUnits {
		return Duration{}, fail
	}
	return d, nil
}

// ParseCount reads the count of a rule: a number, or -1 or "unlimited" for all.
func ParseCount(text string) (int, error) {
	if text == "unlimited" {
		return Unlimited, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < Unlimited || n > math.MaxInt32 {
		return 0, fmt.Errorf("%q is no number of snapshots; -1 or unlimited keeps all", text)
	}
	return n, nil
}
