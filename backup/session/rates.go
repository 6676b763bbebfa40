package session

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rates are a limit in bytes a second that changes with the time of day. The zero
// value is no limit.
type rates struct {
	windows []window
	base    int64 // outside of the windows; 0 is no limit
}

// window is a part of every day, by the local clock. One that ends before it
// begins goes over midnight.
type window struct {
	from, to int // in minutes from midnight; to is at most 24 hours
	rate     int64
}

// maxWindows bounds how many windows a limit may have.
const maxWindows = 24

// parseRates reads "2MiB", "08:00-18:00=500KiB,2MiB" and the like: windows of the
// day with a rate for each and, for the rest of it, a bare rate. Where windows
// overlap, the first counts. A rate of nothing would never end.
func parseRates(text string) (rates, error) {
	var r rates
	if text == "" {
		return r, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		span, size, isWindow := strings.Cut(strings.TrimSpace(part), "=")
		if !isWindow {
			size = span
		}
		rate, err := ParseSize(strings.TrimSpace(size))
		switch {
		case err != nil:
			return r, err
		case rate == 0:
			return r, fmt.Errorf("a limit of nothing would never end")
		case !isWindow && r.base != 0:
			return r, fmt.Errorf("%q has two rates without a time of day", Clean(text))
		case !isWindow:
			r.base = rate
			continue
		}
		w, err := parseWindow(span)
		if err != nil {
			return r, err
		}
		w.rate = rate
		if r.windows = append(r.windows, w); len(r.windows) > maxWindows {
			return r, fmt.Errorf("more than %d times of day", maxWindows)
		}
	}
	return r, nil
}

func parseWindow(span string) (w window, err error) {
	from, to, ok := strings.Cut(strings.TrimSpace(span), "-")
	if ok {
		w.from, ok = parseMinute(from)
	}
	if ok {
		w.to, ok = parseMinute(to)
	}
	if !ok || w.from == w.to || w.from == minutesOfDay {
		return w, fmt.Errorf("%q is no part of a day: write it as 08:00-18:00, or 23:00-06:00", Clean(span))
	}
	return w, nil
}

const minutesOfDay = 24 * 60

// parseMinute reads a time of day, up to 24:00.
func parseMinute(text string) (int, bool) {
	h, m, ok := strings.Cut(strings.TrimSpace(text), ":")
	hour, err1 := strconv.ParseUint(h, 10, 8)
	minute, err2 := strconv.ParseUint(m, 10, 8)
	n := int(hour)*60 + int(minute)
	return n, ok && err1 == nil && err2 == nil && len(h) <= 2 && len(m) == 2 && minute < 60 && n <= minutesOfDay
}

// none reports whether there is no limit at any time.
func (r *rates) none() bool { return r.base == 0 && len(r.windows) == 0 }

func (w window) holds(minute int) bool {
	if w.from < w.to {
		return w.from <= minute && minute < w.to
	}
	return minute >= w.from || minute < w.to
}

// at is the rate at a moment, 0 for no limit.
func (r *rates) at(t time.Time) int64 {
	t = t.Local()
	for _, w := range r.windows {
		if w.holds(t.Hour()*60 + t.Minute()) {
			return w.rate
		}
	}
	return r.base
}

// change is the first moment after t at which the rate may be another one. There
// is always one within a day: midnight, if nothing else.
func (r *rates) change(t time.Time) time.Time {
	t = t.Local()
	edges := []int{minutesOfDay}
	for _, w := range r.windows {
		edges = append(edges, w.from, w.to)
	}
	slices.Sort(edges)
	for _, minute := range edges {
		// By the calendar: a day on which the clocks change has other lengths.
		if edge := time.Date(t.Year(), t.Month(), t.Day(), 0, minute, 0, 0, t.Location()); edge.After(t) {
			return edge
		}
	}
	return t.Add(time.Hour) // an edge that the clocks skipped
}

// pay returns when n bytes are paid for that begin to pass at t.
func (r *rates) pay(t time.Time, n int) time.Time {
	left := float64(n)
	for {
		rate := float64(r.at(t))
		if rate == 0 {
			return t
		}
		// As a float: n times a second in nanoseconds overflows from 9 GB on.
		end := left / rate * float64(time.Second)
		if len(r.windows) == 0 {
			return t.Add(time.Duration(end))
		}
		change := r.change(t)
		if end <= float64(change.Sub(t)) {
			return t.Add(time.Duration(end))
		}
		left -= change.Sub(t).Seconds() * rate
		t = change
	}
}
