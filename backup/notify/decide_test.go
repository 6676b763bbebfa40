package notify_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"chatkeep/backup/notify"
)

func TestDecide(t *testing.T) {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	standing := func(outcome notify.Kind, told time.Time) notify.Standing {
		return notify.Standing{Outcome: outcome, Since: ago(72 * time.Hour), Told: told, Overdue: outcome == notify.Stale}
	}
	const day = 24 * time.Hour
	for _, c := range []struct {
		name    string
		before  notify.Standing
		outcome notify.Kind
		want    notify.Kind
		news    bool
	}{
		{"the first run goes well", notify.Standing{}, notify.Success, notify.Success, true},
		{"the first run fails", notify.Standing{}, notify.Failure, notify.Failure, true},
		{"the first run warns", notify.Standing{}, notify.Warning, notify.Warning, true},
		{"never a run", notify.Standing{}, notify.Stale, notify.Stale, true},

		{"success again", standing(notify.Success, ago(time.Hour)), notify.Success, notify.Success, true},
		{"the first failure", standing(notify.Success, ago(time.Hour)), notify.Failure, notify.Failure, true},
		{"the first warning", standing(notify.Success, ago(time.Hour)), notify.Warning, notify.Warning, true},
		{"silence after a success", standing(notify.Success, ago(time.Hour)), notify.Stale, notify.Stale, true},

		{"failure an hour later", standing(notify.Failure, ago(time.Hour)), notify.Failure, notify.Failure, false},
		{"failure a day later", standing(notify.Failure, ago(day)), notify.Failure, notify.Failure, true},
		{"failure a day later, a little early", standing(notify.Failure, ago(day-time.Hour)), notify.Failure, notify.Failure, true},
		{"failure on the next date, hours later", standing(notify.Failure, ago(13*time.Hour)), notify.Failure, notify.Failure, false},
		{"failure that nobody could be told of", standing(notify.Failure, time.Time{}), notify.Failure, notify.Failure, true},
		{"failure told in the future", standing(notify.Failure, noon.Add(300*day)), notify.Failure, notify.Failure, true},
		{"failure until it is stale", standing(notify.Failure, ago(time.Hour)), notify.Stale, notify.Stale, true},

		{"stale an hour later", standing(notify.Stale, ago(time.Hour)), notify.Stale, notify.Stale, false},
		{"stale a day later", standing(notify.Stale, ago(day)), notify.Stale, notify.Stale, true},
		{"stale, and a run that fails", standing(notify.Stale, ago(time.Hour)), notify.Failure, notify.Failure, false},

		{"recovery", standing(notify.Failure, ago(time.Hour)), notify.Success, notify.Recovery, true},
		{"recovery from silence", standing(notify.Stale, ago(time.Hour)), notify.Success, notify.Recovery, true},
		{"recovery with a warning", standing(notify.Failure, ago(time.Hour)), notify.Warning, notify.Recovery, true},

		{"warning an hour later", standing(notify.Warning, ago(time.Hour)), notify.Warning, notify.Warning, false},
		{"warning a day later", standing(notify.Warning, ago(day)), notify.Warning, notify.Warning, true},
		{"the warning is gone", standing(notify.Warning, ago(time.Hour)), notify.Success, notify.Success, true},
		{"failure after a warning", standing(notify.Warning, ago(time.Hour)), notify.Failure, notify.Failure, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind, news := notify.Decide(c.before, c.before.After(c.outcome, noon), noon)
			if kind != c.want || news != c.news {
				t.Errorf("%s, %t; want %s, %t", kind, news, c.want, c.news)
			}
		})
	}
}

// TestStanding: trouble lasts from its first failure on, whatever came in between.
func TestStanding(t *testing.T) {
	var s notify.Standing
	at := noon
	for i, step := range []struct {
		outcome notify.Kind
		since   int // the step in which it began
	}{
		{notify.Success, 0}, {notify.Success, 0}, {notify.Failure, 2}, {notify.Stale, 2}, {notify.Failure, 2},
		{notify.Warning, 5}, {notify.Warning, 5}, {notify.Success, 7}, {notify.Stale, 8},
	} {
		s = s.After(step.outcome, at)
		if want := noon.Add(time.Duration(step.since) * time.Hour); !s.Since.Equal(want) {
			t.Errorf("step %d: %s since %v, want %v", i, s.Outcome, s.Since, want)
		}
		at = at.Add(time.Hour)
	}
}

// TestDecideForYears plays runs at random: a change between well and ill is told at
// once, trouble that lasts is told every day and no more than that, and a standing
// can be written down in between.
func TestDecideForYears(t *testing.T) {
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 0))
		outcomes := []notify.Kind{notify.Success, notify.Success, notify.Warning, notify.Failure, notify.Failure, notify.Stale}
		var s notify.Standing
		ill, told, dates := false, noon, map[string]int{}
		outcome := notify.Success
		for now := noon; now.Before(noon.AddDate(1, 0, 0)); now = now.Add(time.Duration(random.IntN(120)) * time.Minute) {
			if random.IntN(30) == 0 {
				outcome = outcomes[random.IntN(len(outcomes))]
			}
			after := s.After(outcome, now)
			kind, news := notify.Decide(s, after, now)
			nowIll := outcome == notify.Failure || outcome == notify.Stale
			switch {
			case ill != nowIll && !news:
				t.Fatalf("seed %d, %v: from %+v to %s is no news", seed, now, s, outcome)
			case (kind == notify.Recovery) != (ill && !nowIll):
				t.Fatalf("seed %d, %v: from %+v to %s is %s", seed, now, s, outcome, kind)
			case ill && nowIll && now.Sub(told) > 26*time.Hour:
				t.Fatalf("seed %d, %v: nobody was told since %v", seed, now, told)
			}
			if news && ill && nowIll && kind == notify.Failure {
				dates[now.Format(time.DateOnly)+fmt.Sprint(after.Since)]++
			}
			if news {
				after.Told, told = now, now
			}
			text, err := json.Marshal(after)
			if err != nil {
				t.Fatal(err)
			}
			s = notify.Standing{}
			if err := json.Unmarshal(text, &s); err != nil {
				t.Fatal(err)
			}
			ill = nowIll
		}
		for date, n := range dates {
			if n > 1 {
				t.Errorf("seed %d: still failing, %d times on %s", seed, n, date)
			}
		}
	}
}
