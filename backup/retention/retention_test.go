package retention_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"chatkeep/backup/retention"
)

// zones have days of 23, 24 and 25 hours, half hours and days that never were.
func zones(t *testing.T) []*time.Location {
	t.Helper()
	list := []*time.Location{time.UTC, time.FixedZone("", 5*3600+1800)}
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Skipf("no zones on this machine: %v", err)
		}
		list = append(list, zone)
	}
	return list
}

// history is a random list of snapshots, oldest first: rarely or often, in the
// years from 1970 to 2100, and around the hours in which clocks change.
func history(r *rand.Rand, zone *time.Location) []retention.Snapshot {
	step := []time.Duration{17 * time.Minute, 5 * time.Hour, 26 * time.Hour, 6 * 24 * time.Hour, 200 * 24 * time.Hour}[r.IntN(5)]
	at := time.Unix(r.Int64N(130*365*86400), 0)
	if r.IntN(2) == 0 {
		at = time.Date(2026, []time.Month{time.March, time.April, time.October, time.November, time.December}[r.IntN(5)], 25+r.IntN(8), 0, 0, 0, 0, zone)
	}
	var list []retention.Snapshot
	for range r.IntN(40) {
		at = at.Add(time.Duration(r.Int64N(int64(2 * step))))
		s := retention.Snapshot{Time: at, Complete: r.IntN(4) > 0}
		for _, tag := range []string{"a", "b"} {
			if r.IntN(5) == 0 {
				s.Tags = append(s.Tags, tag)
			}
		}
		if r.IntN(8) == 0 {
			s.Spared = "young"
		}
		list = append(list, s)
	}
	return list
}

func somePolicy(r *rand.Rand) retention.Policy {
	count := func() int { return []int{0, 0, 0, 1, 2, 7, retention.Unlimited}[r.IntN(7)] }
	within := func() retention.Duration {
		return []retention.Duration{{}, {}, {}, {Hours: 30}, {Days: 9}, {Months: 2, Days: 1}, {Years: 1}}[r.IntN(7)]
	}
	p := retention.Policy{
		Last: count(), Hourly: count(), Daily: count(), Weekly: count(), Monthly: count(), Yearly: count(),
		Within: within(), WithinHourly: within(), WithinDaily: within(), WithinWeekly: within(), WithinMonthly: within(), WithinYearly: within(),
	}
	p.Tags = [][][]string{nil, {{"a"}}, {{"a", "b"}}, {{"a"}, {"b"}}}[r.IntN(4)]
	return p
}

// kept is the model: what a policy keeps of some snapshots, written down the slow
// way, as sets. It sorts snapshots into spans of the calendar by their names.
func kept(p *retention.Policy, list []retention.Snapshot, zone *time.Location, counts func(retention.Snapshot) bool) map[int]bool {
	var those []int
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Spared == "" && counts(list[i]) {
			those = append(those, i)
		}
	}
	keep := map[int]bool{}
	if len(those) == 0 {
		return keep
	}
	newest := list[those[0]].Time.In(zone)
	inside := func(i int, d retention.Duration) bool {
		from := newest.AddDate(-d.Years, -d.Months, -d.Days).Add(-time.Duration(d.Hours) * time.Hour)
		return list[i].Time.After(from)
	}
	spans := []func(i int) string{
		func(i int) string { return fmt.Sprint(i) },
		func(i int) string { return list[i].Time.In(zone).Format("2006-01-02 15") },
		func(i int) string { return list[i].Time.In(zone).Format("2006-01-02") },
		func(i int) string { y, w := list[i].Time.In(zone).ISOWeek(); return fmt.Sprint(y, " ", w) },
		func(i int) string { return list[i].Time.In(zone).Format("2006-01") },
		func(i int) string { return list[i].Time.In(zone).Format("2006") },
	}
	counted := []int{p.Last, p.Hourly, p.Daily, p.Weekly, p.Monthly, p.Yearly}
	for k, most := range counted {
		met := map[string]bool{}
		for _, i := range those {
			name := spans[k](i)
			if most != retention.Unlimited && len(met) >= most {
				break
			}
			if !met[name] {
				keep[i] = true
			}
			met[name] = true
		}
		if oldest := those[len(those)-1]; most == retention.Unlimited || len(met) < most {
			keep[oldest] = true
		}
	}
	for k, d := range []retention.Duration{{}, p.WithinHourly, p.WithinDaily, p.WithinWeekly, p.WithinMonthly, p.WithinYearly} {
		met := map[string]bool{}
		for n, i := range those {
			if d.IsZero() || !inside(i, d) {
				continue
			}
			if !met[spans[k](i)] || n == len(those)-1 {
				keep[i] = true
			}
			met[spans[k](i)] = true
		}
	}
	for _, i := range those {
		if !p.Within.IsZero() && inside(i, p.Within) {
			keep[i] = true
		}
		for _, tags := range p.Tags {
			all := true
			for _, tag := range tags {
				all = all && slices.Contains(list[i].Tags, tag)
			}
			if all {
				keep[i] = true
			}
		}
	}
	return keep
}

// TestPolicy compares with the model, over zones and years.
func TestPolicy(t *testing.T) {
	all := zones(t)
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 1))
		zone := all[r.IntN(len(all))]
		list, p := history(r, zone), somePolicy(r)
		want := kept(&p, list, zone, func(retention.Snapshot) bool { return true })
		for i := range kept(&p, list, zone, func(s retention.Snapshot) bool { return s.Complete }) {
			want[i] = true
		}
		for i, reasons := range p.Apply(list, zone) {
			if keeps := len(reasons) > 0; keeps != (want[i] || list[i].Spared != "") {
				t.Fatalf("seed %d, %v: %+v of %d, snapshot %d at %v: kept by %q, want %v", seed, zone, p, len(list), i, list[i].Time.In(zone), reasons, want[i])
			}
		}
	}
}

// TestNoneIsPushedOut: what is spared, and what is incomplete, never costs a
// complete snapshot its place, wherever it stands and however much there is of it.
func TestNoneIsPushedOut(t *testing.T) {
	all := zones(t)
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 2))
		zone := all[r.IntN(len(all))]
		list, p := history(r, zone), somePolicy(r)
		var good []retention.Snapshot
		for _, s := range list {
			if s.Complete && s.Spared == "" {
				good = append(good, s)
			}
		}
		alone := p.Apply(good, zone)
		n := 0
		for i, reasons := range p.Apply(list, zone) {
			if !list[i].Complete || list[i].Spared != "" {
				continue
			}
			if len(reasons) == 0 && len(alone[n]) > 0 {
				t.Fatalf("seed %d: %+v: snapshot %d is pushed out, and would be kept by %q", seed, p, i, alone[n])
			}
			n++
		}
	}
}

// TestReasons names the rule that kept each snapshot.
func TestReasons(t *testing.T) {
	at := func(day, hour int) retention.Snapshot {
		return retention.Snapshot{Time: time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC), Complete: true}
	}
	tagged, incomplete, young, timeless := at(2, 1), at(4, 23), at(6, 1), retention.Snapshot{Complete: true}
	tagged.Tags, incomplete.Complete, young.Spared = []string{"x", "y"}, false, "younger than 7d"
	p := retention.Policy{Last: 1, Daily: 3, Within: retention.Duration{Hours: 2}, Tags: [][]string{{"y", "x"}}}
	list := []retention.Snapshot{timeless, at(1, 1), tagged, at(3, 1), at(4, 1), at(4, 2), incomplete, young}
	want := []string{
		"[no time is known of it]", "[]", "[has tags y,x daily snapshot]", "[daily snapshot]", "[within 2h]",
		"[within 2h last snapshot daily snapshot]", "[within 2h last snapshot daily snapshot]", "[younger than 7d]",
	}
	for i, reasons := range p.Apply(list, time.UTC) {
		if got := fmt.Sprint(reasons); got != want[i] {
			t.Errorf("snapshot %d: %s, want %s", i, got, want[i])
		}
	}
}

// TestSpared: whatever a head says of itself, it is young for as long as the
// store has not had it for the grace.
func TestSpared(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	grace := retention.Duration{Days: 7}
	for _, c := range []struct {
		name            string
		arrived, signed time.Time
		grace           retention.Duration
		spared          bool
	}{
		{"old", ago(8), ago(8), grace, false},
		{"young", ago(6), ago(6), grace, true},
		{"backdated", ago(1), ago(900), grace, true},
		{"future-dated", ago(1), ago(-900), grace, true},
		{"future-dated long ago", ago(100), ago(-900), retention.Duration{}, true},
		{"of a store without a clock, old", time.Time{}, ago(8), grace, false},
		{"of a store without a clock, young", time.Time{}, ago(6), grace, true},
		{"of nothing at all", time.Time{}, time.Time{}, grace, true},
		{"of nothing at all, without grace", time.Time{}, time.Time{}, retention.Duration{}, false},
		{"just now, without grace", now, now, retention.Duration{}, false},
		{"copied yesterday", ago(1), ago(400), grace, true},
	} {
		if why := retention.Spared(c.arrived, c.signed, now, c.grace, time.UTC); (why != "") != c.spared {
			t.Errorf("%s: %q", c.name, why)
		}
	}
	if got := retention.Now(ago(-30), now); !got.Equal(now.Add(retention.MaxAhead)) {
		t.Errorf("a store a month ahead makes it %v", got)
	}
	if got := retention.Now(ago(30), now); !got.Equal(ago(30)) {
		t.Errorf("a store a month behind makes it %v", got)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]retention.Duration{
		"1y5m7d2h": {1, 5, 7, 2}, "7d": {Days: 7}, "0": {}, "3h3h": {Hours: 6}, "36500d": {Days: 36500},
	} {
		got, err := retention.ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
		if back, err := retention.ParseDuration(got.String()); err != nil || back != got {
			t.Errorf("%v is written %q and read %v, %v", got, got.String(), back, err)
		}
	}
	for _, text := range []string{"", "7", "d", "-7d", "7 d", "7w", "1.5h", "99999999999999999999d", "2000000h", "7d5"} {
		if got, err := retention.ParseDuration(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
	for text, want := range map[string]int{"0": 0, "7": 7, "-1": retention.Unlimited, "unlimited": retention.Unlimited} {
		if got, err := retention.ParseCount(text); err != nil || got != want {
			t.Errorf("%q is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-2", "x", "1.5", "99999999999"} {
		if got, err := retention.ParseCount(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, text := range []string{"1y5m7d2h", "0", "7", "-1d", "9999999999999999999h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := retention.ParseDuration(text)
		if err != nil {
			return
		}
		if back, err := retention.ParseDuration(d.String()); err != nil || back != d {
			t.Errorf("%q is %v, written %q, read %v, %v", text, d, d.String(), back, err)
		}
	})
}
