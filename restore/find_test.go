package restore

import (
	"testing"
	"time"

	"chatkeep/backup/format"
)

func TestParseLatest(t *testing.T) {
	for name, want := range map[string]int{
		"latest": 0, "latest~0": 0, "latest~2": 2, "latest~1073741823": 1073741823,
		"latest~": -1, "latest2": -1, "latest~-1": -1, "latest~x": -1, "latest~99999999999": -1, "late": -1, "": -1, "Latest": -1, "latest~2~1": -1,
	} {
		back, ok := parseLatest(name)
		if !ok {
			back = -1
		}
		if back != want {
			t.Errorf("%q is %d, want %d", name, back, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for text, want := range map[string]time.Time{
		"2026-11-20":                time.Date(2026, 11, 21, 0, 0, 0, 0, time.Local),
		"2026-11-20 10:11":          time.Date(2026, 11, 20, 10, 12, 0, 0, time.Local),
		"2026-11-20T10:11":          time.Date(2026, 11, 20, 10, 12, 0, 0, time.Local),
		"2026-11-20T10:11:05":       time.Date(2026, 11, 20, 10, 11, 6, 0, time.Local),
		"2026-11-20 10:11:05":       time.Date(2026, 11, 20, 10, 11, 6, 0, time.Local),
		"2026-11-20T10:11:05+01:00": time.Date(2026, 11, 20, 10, 11, 6, 0, zone),
	} {
		until, ok := parseTime(text)
		// Up to the last instant before the next unit begins.
		if !ok || !until.Before(want) || !until.Add(time.Nanosecond).Equal(want) {
			t.Errorf("%q is up to %v, %v, want just before %v", text, until, ok, want)
		}
	}
	for _, text := range []string{"", "20261120", "2026-13-01", "2026-11-31", "7c1e09ab", "yesterday", "10:11", "2026-11-20 25:00"} {
		if until, ok := parseTime(text); ok {
			t.Errorf("%q is %v", text, until)
		}
	}
}

func TestInside(t *testing.T) {
	for _, c := range []struct {
		entry, path string
		want        bool
	}{
		{"originals/a", "originals", true}, {"originals/a", "originals/", true}, {"originals/a", "/originals/a", true},
		{"originals/ab", "originals/a", false}, {"originals", "originals/a", false}, {"originals/a", "", true}, {"originals/a", "./originals/./a", true},
	} {
		if got := inside(c.entry, []string{"elsewhere", c.path}); got != c.want {
			t.Errorf("%q inside %q: %v", c.entry, c.path, got)
		}
	}
	if !inside("a", nil) {
		t.Error("no path is every path")
	}
}

func TestFilter(t *testing.T) {
	m := &format.Manifest{Source: format.Source{Name: "Anna", Host: "h"}, Tags: []string{"a", "b"}}
	for _, c := range []struct {
		f    Filter
		want bool
	}{
		{Filter{}, true}, {Filter{Source: "Anna", Host: "h", Tags: []string{"b", "a"}}, true},
		{Filter{Source: "anna"}, false}, {Filter{Host: "x"}, false}, {Filter{Tags: []string{"a", "c"}}, false},
	} {
		if c.f.takes(m) != c.want {
			t.Errorf("%+v: %v", c.f, !c.want)
		}
	}
}
