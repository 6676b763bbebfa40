package session

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// units are the binary units, each 1024 of the one before.
var units = []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}

// Size says a number of bytes in words, as "41.2 MiB".
func Size(n int64) string {
	value, unit := float64(n), 0
	// Not 1024: what would be written as "1024.0 KiB" is 1.0 MiB.
	for math.Abs(value) >= 1023.95 && unit < len(units)-1 {
		value /= 1024
		unit++
	}
	if unit == 0 {
		return strconv.FormatInt(n, 10) + " B"
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

// Count writes a number with separators, as "1,482".
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Plural is "1 file", "2 files".
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Moment writes a time in the local zone with its offset.
func Moment(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.Local().Format("2006-01-02 15:04:05 -07:00")
}

// Time writes a time for programs: RFC 3339, local with offset, whole seconds. It
// is empty where the time is not known.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.RFC3339)
}

// Span writes a duration for people, as "2.1 s" or "1 h 20 min".
func Span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// ParseSize reads a number of bytes with a unit: "500KiB", "1.5GiB", also with
// the unit's first letter alone, which is binary too. Bytes need their "B", for
// what a bare number means differs from program to program.
func ParseSize(s string) (int64, error) {
	number := strings.TrimRight(s, "BKMGTPEibkmgtpe ")
	suffix := strings.ToUpper(strings.TrimSpace(s[len(number):]))
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !(value >= 0) || math.IsInf(value, 0) || strings.ContainsAny(number, "xXpP_") {
		return 0, fmt.Errorf("%q is no size: write a number and a unit, as 500KiB or 2MiB", Clean(s))
	}
	for i, unit := range units {
		full := strings.ToUpper(unit)
		if suffix == full || i > 0 && suffix == full[:1] {
			bytes := math.Ldexp(value, 10*i)
			if bytes >= math.MaxInt64 {
				return 0, fmt.Errorf("%q is more than there can be", Clean(s))
			}
			return int64(bytes), nil
		}
	}
	if suffix == "" {
		return 0, fmt.Errorf("%q has no unit: write %sKiB or %sMiB, say", Clean(s), Clean(number), Clean(number))
	}
	return 0, fmt.Errorf("%q has an unknown unit: B, KiB, MiB, GiB and TiB are known", Clean(s))
}
