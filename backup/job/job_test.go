package job

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/config"
)

var (
	unreachable = Ended{Code: codeUnreachable, Message: "no route"}
	refused     = Ended{Code: codeLogin, Message: "refused"}
)

// TestWhenDue calls the timer every quarter of an hour, and counts backups.
func TestWhenDue(t *testing.T) {
	w := newWorld(t, map[string]config.Job{"nightly": daily()})
	if w.call(); w.verbs() != "backup" {
		t.Fatalf("a job that never ran did %q", w.verbs())
	}
	var ran []time.Time
	for range 3 * 96 {
		w.now = w.now.Add(15 * time.Minute)
		if w.call(); len(w.lines) > 0 {
			ran = append(ran, w.now)
		}
	}
	if len(ran) != 3 {
		t.Fatalf("in three days it ran at %v", ran)
	}
	for i, at := range ran {
		if want := time.Date(2026, 11, 21+i, 3, 0, 0, 0, time.UTC); !at.Equal(want) {
			t.Errorf("it ran at %v, not %v", at, want)
		}
	}
}

func TestDelayed(t *testing.T) {
	j := daily()
	j.RandomDelay = time.Hour
	p := &Past{Began: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), Ended: time.Date(2026, 11, 20, 12, 1, 0, 0, time.UTC)}
	three := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	seen := map[time.Time]bool{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		at := due(name, j, p, p.Ended)
		if at.Before(three) || !at.Before(three.Add(time.Hour)) || !at.Equal(due(name, j, p, p.Ended.Add(time.Hour))) {
			t.Errorf("%s is due at %v", name, at)
		}
		seen[at] = true
	}
	if len(seen) < 2 {
		t.Error("everybody is due at the same moment")
	}
}

// TestCatchesUp sleeps through two nights.
func TestCatchesUp(t *testing.T) {
	w := newWorld(t, map[string]config.Job{"nightly": daily()})
	w.call()
	w.now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	reports := w.call()
	if len(reports) != 1 || reports[0].Missed != 2 || w.verbs() != "backup" {
		t.Fatalf("after three nights: %+v, %s", reports, w.verbs())
	}
	w.now = w.now.Add(15 * time.Minute)
	if w.call(); len(w.lines) != 0 {
		t.Errorf("and again: %v", w.lines)
	}
}

func TestWrongClock(t *testing.T) {
	w := newWorld(t, map[string]config.Job{"nightly": daily()})
	right := w.now
	w.now = right.AddDate(5, 0, 0)
	w.call()
	w.now = right
	if w.call(); w.verbs() != "backup" {
		t.Errorf("a run in a wrong year keeps all from running: %q", w.verbs())
	}
}

// TestNetwork fails a run's tries, and then the calls after it.
func TestNetwork(t *testing.T) {
	w := newWorld(t, map[string]config.Job{"nightly": daily()})
	w.answers["backup"] = []Ended{unreachable, unreachable, {}}
	reports := w.call()
	if reports[0].Trouble.Code != codeOK || w.verbs() != "backup backup backup" {
		t.Fatalf("%+v after %s", reports[0].Trouble, w.verbs())
	}
	w.now = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	w.answers["backup"] = slices.Repeat([]Ended{unreachable}, 5)
	if reports = w.call(); reports[0].Trouble.Code != codeUnreachable || w.verbs() != "backup backup backup backup" {
		t.Fatalf("%+v after %s", reports[0].Trouble, w.verbs())
	}
	w.now = w.now.Add(15 * time.Minute)
	if reports = w.call(); len(reports) != 1 || reports[0].Trouble.Code != codeOK || w.verbs() != "backup backup" {
		t.Fatalf("with the network back: %+v after %s", reports, w.verbs())
	}
	if p := w.memory.Jobs["nightly"]; p.Failures != 0 || !p.Good.Equal(p.Began) {
		t.Errorf("%+v", p)
	}
}

// TestAgain fails for a reason that time does not cure.
func TestAgain(t *testing.T) {
	w := newWorld(t, map[string]config.Job{"nightly": daily()})
	w.answers["backup"] = slices.Repeat([]Ended{refused}, 100)
	began := w.now
	var hours []float64
	for range 80 {
		if w.call(); len(w.lines) > 0 {
			hours = append(hours, w.now.Sub(began).Hours())
		}
		w.now = w.now.Add(15 * time.Minute)
	}
	// At once, after one hour, two and four more, at three in the morning, and so on.
	if want := []float64{0, 1, 3, 7, 13, 15}; !slices.Equal(hours, want) {
		t.Errorf("it was tried after %v hours, not %v", hours, want)
	}
}

func TestCutOff(t *testing.T) {
	w := newWorld(t, map[string]config.Job{"nightly": daily()})
	w.call()
	p := w.memory.Jobs["nightly"]
	p.Began = w.now.Add(time.Minute) // and the power went
	w.now = w.now.Add(30 * time.Minute)
	if w.call(); w.verbs() != "backup" {
		t.Errorf("after a run that was cut off: %q", w.verbs())
	}
}

func TestInterrupted(t *testing.T) {
	w := newWorld(t, map[string]config.Job{"nightly": {Every: must("day at 03:00"), Sources: []string{"exports", "exports"}, CheckEvery: must("1d")}})
	ctx, cancel := context.WithCancel(t.Context())
	r := w.runner()
	do := r.Do
	r.Do = func(ctx context.Context, args []string) Ended {
		cancel()
		return do(ctx, args)
	}
	reports, err := r.Run(ctx, nil)
	if err != nil || len(reports) != 1 || reports[0].Trouble.Code != codeInterrupted || len(w.lines) != 1 {
		t.Fatalf("%+v, %v after %v", reports, err, w.lines)
	}
	p := w.memory.Jobs["nightly"]
	if !p.Good.IsZero() || p.Failures != 0 {
		t.Errorf("%+v", p)
	}
	w.now = w.now.Add(15 * time.Minute)
	if w.call(); w.verbs() != "backup backup check" {
		t.Errorf("afterwards: %q", w.verbs())
	}
}

// TestInterruptedBefore ends the command that makes an export: that is not the
// source's fault, and no failure that somebody is told of.
func TestInterruptedBefore(t *testing.T) {
	w := newWorld(t, map[string]config.Job{"nightly": daily()})
	w.config.Sources["exports"] = config.Source{Path: "/exports", Before: "make an export"}
	ctx, cancel := context.WithCancel(t.Context())
	r := w.runner()
	r.Produce = func(ctx context.Context, _ string, _ config.Source) error {
		cancel()
		return errors.New("it was ended")
	}
	reports, err := r.Run(ctx, nil)
	if err != nil || len(reports) != 1 || reports[0].Trouble.Code != codeInterrupted || reports[0].Others != 0 || len(w.lines) != 0 {
		t.Fatalf("%+v, %v after %v", reports, err, w.lines)
	}
	w.now = w.now.Add(15 * time.Minute)
	if w.call(); w.verbs() != "backup" || w.memory.Jobs["nightly"].Failures != 0 {
		t.Errorf("afterwards: %q", w.verbs())
	}
}

// TestSeveral has two sources and two repositories, and trouble with one each.
func TestSeveral(t *testing.T) {
	j := daily()
	j.Repositories = []string{"home", "cloud"}
	w := newWorld(t, map[string]config.Job{"nightly": j})
	w.config.Sources["signal"] = config.Source{Path: "/signal", Before: "make an export"}
	w.match = func(s config.Source) ([]string, error) {
		if s.Path == "/signal" {
			return nil, &fs.PathError{Op: "stat", Path: s.Path, Err: fs.ErrNotExist}
		}
		return []string{s.Path}, nil
	}
	reports := w.call()
	if tr := reports[0].Trouble; tr.Code != codeShrunk || !strings.Contains(tr.Message, "signal") {
		t.Errorf("a source that vanished: %+v", tr)
	}
	if len(w.lines) != 2 || !strings.Contains(w.lines[0], "--repo=home") || !strings.Contains(w.lines[1], "--repo=cloud") {
		t.Errorf("the other was not stored: %v", w.lines)
	}
	if !slices.Equal(w.made, []string{"make an export"}) {
		t.Errorf("made %v", w.made)
	}
	p := w.memory.Jobs["nightly"]
	if !p.Good.IsZero() || !p.Repo("home").Good.IsZero() || p.Srcs["exports"].Stored["cloud"].Time.IsZero() {
		t.Errorf("claimed: %+v", p)
	}
}

// TestOneOfTwo has one repository that is away: the other is no success of the job.
func TestOneOfTwo(t *testing.T) {
	j := daily()
	j.Repositories, j.Retries = []string{"home", "cloud"}, 0
	w := newWorld(t, map[string]config.Job{"nightly": j})
	w.answers["backup"] = []Ended{unreachable, {}}
	reports := w.call()
	p := w.memory.Jobs["nightly"]
	if reports[0].Trouble.Code != codeUnreachable || !p.Good.IsZero() || !p.Repo("home").Good.IsZero() || p.Repo("cloud").Good.IsZero() {
		t.Errorf("%+v, %+v", reports[0].Trouble, p)
	}
}

// TestShrank: a backup that tells of a source that shrank is a trouble, and stored.
func TestShrank(t *testing.T) {
	w := newWorld(t, map[string]config.Job{"nightly": daily()})
	w.answers["backup"] = []Ended{{Summary: []byte(`{"snapshot":"a","messages":100}`)},
		{Code: codeShrunk, Message: "exports shrank", Hint: "look", Summary: []byte(`{"snapshot":"b","messages":10}`)}}
	w.call()
	w.now = w.now.Add(time.Minute)
	r := w.call("nightly")[0]
	p := w.memory.Jobs["nightly"]
	if r.Trouble != (Trouble{codeShrunk, "exports shrank", "look"}) || len(r.Reached) != 1 {
		t.Errorf("%+v, reached %q", r.Trouble, r.Reached)
	}
	if s := p.Srcs["exports"].Stored["home"]; s.Snapshot != "b" || s.Messages != 10 {
		t.Errorf("remembered: %+v", s)
	}
	if p.Good.Equal(p.Began) || p.Repo("home").Good.Equal(p.Began) {
		t.Errorf("claimed: %+v", p)
	}
	// The same code of one that was not stored.
	w.answers["backup"] = []Ended{{Code: codeShrunk, Message: "there is no exports"}}
	if r := w.call("nightly")[0]; r.Trouble.Code != codeShrunk || len(r.Reached) != 0 || p.Srcs["exports"].Stored["home"].Snapshot != "b" {
		t.Errorf("%+v, reached %q, %+v", r.Trouble, r.Reached, p.Srcs["exports"])
	}
}

// TestCommand has a source that is a command's output: it is asked for at each
// repository, and looked for nowhere.
func TestCommand(t *testing.T) {
	j := daily()
	j.Repositories = []string{"home", "cloud"}
	w := newWorld(t, map[string]config.Job{"nightly": j})
	w.config.Sources = map[string]config.Source{"chats.sql": {Command: "dump"}}
	w.match = func(s config.Source) ([]string, error) { return nil, &config.Vanished{Pattern: s.Path} }
	want := []string{"backup --repo=home --source=chats.sql", "backup --repo=cloud --source=chats.sql"}
	plans, err := w.runner().Plan(t.Context(), nil)
	if err != nil || len(plans) != 1 || len(plans[0].Lines) != 2 || strings.Join(plans[0].Lines[0], " ") != want[0] {
		t.Errorf("%+v, %v", plans, err)
	}
	if r := w.call()[0]; r.Trouble.Code != codeOK || !slices.Equal(w.lines, want) || len(w.made) != 0 {
		t.Errorf("%+v, %q", r.Trouble, w.lines)
	}
}

// TestAfterwards has steps with rhythms of their own, and secrets for some.
func TestAfterwards(t *testing.T) {
	j := daily()
	j.CheckEvery, j.PruneEvery, j.DrillEvery = must("2d"), must("2d"), must("30d")
	j.Keep = config.Keep{Daily: 7, Within: "30d", Tags: []string{"keep"}}
	w := newWorld(t, map[string]config.Job{"nightly": j})
	r := w.call()[0]
	if w.verbs() != "backup check prune" || len(r.Due) != 2 {
		t.Fatalf("%s, due %q", w.verbs(), r.Due)
	}
	if want := "chatkeep forget --repo=home --keep-daily=7 --keep-within=30d --keep-tag=keep"; r.Due[0] != want {
		t.Errorf("due %q", r.Due[0])
	}
	w.secret = true
	if w.call("nightly"); w.verbs() != "backup forget drill" {
		t.Errorf("with a secret: %s", w.verbs())
	}
	w.now = w.now.Add(49 * time.Hour)
	w.answers["check"] = []Ended{{Code: 11, Message: "damaged"}}
	r = w.call()[0]
	if w.verbs() != "backup check forget prune" || r.Trouble.Code != 11 {
		t.Errorf("later: %s, %+v", w.verbs(), r.Trouble)
	}
	if w.call("nightly"); w.verbs() != "backup check" {
		t.Errorf("a check that failed: %s", w.verbs())
	}
}

func TestPower(t *testing.T) {
	j := daily()
	j.OnBattery, j.Metered = config.PowerWait, config.PowerWait
	w := newWorld(t, map[string]config.Job{"nightly": j})
	w.battery = true
	if r := w.call(); len(w.lines) > 0 || r[0].Waits == "" {
		t.Errorf("on battery: %v, %+v", w.lines, r)
	}
	w.battery, w.metered = false, true
	if r := w.call(); len(w.lines) > 0 || r[0].Waits == "" {
		t.Errorf("metered: %v, %+v", w.lines, r)
	}
	if w.call("nightly"); w.verbs() != "backup" {
		t.Errorf("asked for: %s", w.verbs())
	}
}

// TestStale waits on battery for days, and wants to hear of it once.
func TestStale(t *testing.T) {
	j := daily()
	j.OnBattery, j.MaxAge = config.PowerWait, 26*time.Hour
	w := newWorld(t, map[string]config.Job{"nightly": j})
	w.call()
	w.battery = true
	told := 0
	for range 3 * 96 {
		w.now = w.now.Add(15 * time.Minute)
		for _, r := range w.call() {
			if r.Stale {
				told++
				if age := w.now.Sub(r.Good); age < 26*time.Hour || age > 27*time.Hour || r.Trouble.Code != codeStale {
					t.Errorf("told after %v: %+v", age, r.Trouble)
				}
			}
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	w.battery = false
	if r := w.call(); len(r) != 1 || r[0].Trouble.Code != codeOK || w.memory.Jobs["nightly"].Stale {
		t.Errorf("%+v", r)
	}
}

func TestDueFirst(t *testing.T) {
	w := newWorld(t, map[string]config.Job{"a": daily(), "b": {Every: must("6h")}, "c": {}})
	w.call()
	w.now = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	var order []string
	for _, r := range w.call() {
		order = append(order, r.Job)
	}
	if !slices.Equal(order, []string{"b", "a"}) { // b since 18:00 of the day before
		t.Errorf("ran %v", order)
	}
	if _, err := w.runner().Run(t.Context(), []string{"d"}); !errors.As(err, new(*UnknownJob)) {
		t.Errorf("a job that is not there: %v", err)
	}
}

// TestWatched leaves a folder alone that did not change, at each repository for
// itself.
func TestWatched(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "chat.txt")
	write := func(text string, at time.Time) {
		if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.Chtimes(file, at, at), os.Chtimes(dir, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	j := daily()
	j.Repositories, j.Retries = []string{"home", "cloud"}, 0
	w := newWorld(t, map[string]config.Job{"nightly": j})
	w.config.Sources["exports"] = config.Source{Path: dir, Watch: true, Settle: 2 * time.Minute}
	write("one", w.now.Add(-time.Minute))
	began := w.now
	w.answers["backup"] = []Ended{{}, unreachable}
	w.call()
	if waited := w.now.Sub(began); waited != time.Minute {
		t.Errorf("waited %v for a file that is a minute old", waited)
	}
	w.answers = map[string][]Ended{}
	if w.call("nightly"); len(w.lines) != 1 || !strings.Contains(w.lines[0], "--repo=cloud") {
		t.Errorf("with one repository behind: %v", w.lines)
	}
	if w.call("nightly"); len(w.lines) != 0 {
		t.Errorf("with nothing new: %v", w.lines)
	}
	write("two", w.now.Add(-time.Hour))
	if w.call("nightly"); len(w.lines) != 2 {
		t.Errorf("with a change: %v", w.lines)
	}
}

// TestPattern keeps what a pattern matches apart.
func TestPattern(t *testing.T) {
	w := newWorld(t, map[string]config.Job{"nightly": daily()})
	w.config.Sources["exports"] = config.Source{Path: "/exports/*/_chat.txt"}
	w.match = func(config.Source) ([]string, error) {
		return []string{"/exports/a/_chat.txt", "/exports/b/_chat.txt"}, nil
	}
	w.call()
	want := []string{
		"backup --repo=home --source=exports -- /exports/a/_chat.txt",
		"backup --repo=home --source=exports -- /exports/b/_chat.txt",
	}
	past := w.memory.Jobs["nightly"].Srcs
	if !slices.Equal(w.lines, want) || len(past) != 2 || past["exports/a/_chat.txt"] == nil {
		t.Errorf("%q, %v", w.lines, past)
	}
}

func TestMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.json")
	m, err := LoadMemory(path)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, map[string]config.Job{"nightly": daily()})
	w.memory = m
	w.call()
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	if w.memory, err = LoadMemory(path); err != nil {
		t.Fatal(err)
	}
	if w.call(); len(w.lines) != 0 {
		t.Errorf("after loading, %v", w.lines)
	}
	for _, text := range []string{"", "{", `{"version":2}`, `{"version":1,"jobs":[]}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadMemory(path); !errors.As(err, new(*Unreadable)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
