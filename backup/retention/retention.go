// Package retention decides which snapshots a policy keeps: as restic's does, in
// the same words, except for what a thief could turn against the owner. It is
// pure: times come in, verdicts go out. docs/retention.md says it in plain words.
//
// Two kinds of snapshots cost no other its place. One that is young, by the
// store's clock, is kept and takes no part, so that what a stolen key signs has
// to stay unnoticed for the whole grace before it can do anything. One that is
// incomplete may be kept, and the complete ones are judged as though it were not
// there as well.
package retention

import (
	"slices"
	"strings"
	"time"
)

// Unlimited is the count of a rule that keeps all it finds.
const Unlimited = -1

// Policy says what to keep. The zero value keeps nothing.
type Policy struct {
	Last, Hourly, Daily, Weekly, Monthly, Yearly int // how many; Unlimited for all

	Within, WithinHourly, WithinDaily, WithinWeekly, WithinMonthly, WithinYearly Duration

	Tags [][]string // keep what has all tags of any of these
}

// Empty reports whether the policy has no rule.
func (p *Policy) Empty() bool {
	for _, r := range p.rules() {
		if r.count != 0 || !r.within.IsZero() {
			return false
		}
	}
	return p.Within.IsZero() && len(p.Tags) == 0
}

// Snapshot is what a policy knows of one.
type Snapshot struct {
	Time     time.Time // by the storage's clock; zero where nobody tells
	Complete bool
	Tags     []string
	// Spared is why it stays whatever the policy says, and takes no part in it;
	// empty for most.
	Spared string
}

// Apply judges the snapshots of one group, oldest first. Days and their likes
// are those of the zone. Of each snapshot it says by which rules it is kept;
// none means that it is not.
func (p *Policy) Apply(list []Snapshot, zone *time.Location) [][]string {
	reasons := make([][]string, len(list))
	var all, complete []int // newest first
	for i := range slices.Backward(list) {
		switch {
		case list[i].Spared != "":
			reasons[i] = []string{list[i].Spared}
		case list[i].Complete:
			all, complete = append(all, i), append(complete, i)
		default:
			all = append(all, i)
		}
	}
	p.judge(list, complete, zone, reasons)
	if len(all) > len(complete) {
		p.judge(list, all, zone, reasons)
	}
	return reasons
}

// judge applies the policy to some of the snapshots, newest first, as if there
// were no others, and adds its reasons.
func (p *Policy) judge(list []Snapshot, some []int, zone *time.Location, reasons [][]string) {
	rules := p.rules()
	var latest time.Time
	for _, i := range some {
		if list[i].Time.After(latest) {
			latest = list[i].Time
		}
	}
	for n, i := range some {
		s := &list[i]
		for _, tags := range p.Tags {
			if hasAll(s.Tags, tags) {
				add(reasons, i, "has tags "+strings.Join(tags, ","))
			}
		}
		if !p.Within.IsZero() && !s.Time.IsZero() && s.Time.After(p.Within.Before(latest, zone)) {
			add(reasons, i, "within "+p.Within.String())
		}
		for k := range rules {
			if why := rules[k].keeps(s.Time, latest, n, len(some), zone); why != "" {
				add(reasons, i, why)
			}
		}
	}
	p.timeless(list, some, reasons)
}

// timeless keeps those of which no time is known, where a rule goes by time.
func (p *Policy) timeless(list []Snapshot, some []int, reasons [][]string) {
	byTime := *p
	byTime.Last, byTime.Tags = 0, nil
	if byTime.Empty() {
		return
	}
	for _, i := range some {
		if list[i].Time.IsZero() {
			add(reasons, i, "no time is known of it")
		}
	}
}

func add(reasons [][]string, i int, why string) {
	if !slices.Contains(reasons[i], why) {
		reasons[i] = append(reasons[i], why)
	}
}

func hasAll(tags, wanted []string) bool {
	for _, tag := range wanted {
		if !slices.Contains(tags, tag) {
			return false
		}
	}
	return true
}

// rule keeps the newest snapshot of each bucket that it comes to: so many of
// them, or those within a time.
type rule struct {
	name   string
	count  int
	within Duration
	bucket func(t time.Time, n int) int // of a time and the place from the newest

	last int // the bucket of the one it kept last
	any  bool
}

func (p *Policy) rules() []rule {
	return []rule{
		{name: "last", count: p.Last, bucket: func(_ time.Time, n int) int { return n }},
		{name: "hourly", count: p.Hourly, bucket: hour},
		{name: "daily", count: p.Daily, bucket: day},
		{name: "weekly", count: p.Weekly, bucket: week},
		{name: "monthly", count: p.Monthly, bucket: month},
		{name: "yearly", count: p.Yearly, bucket: year},
		{name: "hourly", within: p.WithinHourly, bucket: hour},
		{name: "daily", within: p.WithinDaily, bucket: day},
		{name: "weekly", within: p.WithinWeekly, bucket: week},
		{name: "monthly", within: p.WithinMonthly, bucket: month},
		{name: "yearly", within: p.WithinYearly, bucket: year},
	}
}

// keeps says why a snapshot is kept, the nth of many from the newest. The oldest
// one is kept, too, as long as the rule has places left: so the history is as
// long as it can be.
func (r *rule) keeps(t, latest time.Time, n, many int, zone *time.Location) string {
	timed := !t.IsZero()
	switch {
	case r.count == 0 && r.within.IsZero(), !timed && r.name != "last":
		return ""
	case !r.within.IsZero() && !t.After(r.within.Before(latest, zone)):
		return ""
	}
	bucket := r.bucket(t.In(zone), n)
	fresh := !r.any || bucket != r.last
	if !fresh && n != many-1 {
		return ""
	}
	r.last, r.any = bucket, true
	if r.count > 0 {
		r.count-- // at 0 it is no rule any more
	}
	switch {
	case !r.within.IsZero():
		return r.name + " within " + r.within.String()
	case !fresh:
		return "oldest " + r.name + " snapshot"
	}
	return r.name + " snapshot"
}

func hour(t time.Time, _ int) int  { return day(t, 0)*100 + t.Hour() }
func day(t time.Time, _ int) int   { return month(t, 0)*100 + t.Day() }
func month(t time.Time, _ int) int { return t.Year()*100 + int(t.Month()) }
func year(t time.Time, _ int) int  { return t.Year() }

// week is the week of ISO 8601.
func week(t time.Time, _ int) int {
	y, w := t.ISOWeek()
	return y*100 + w
}
