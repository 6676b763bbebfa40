package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/local"
)

// shift is a run that stays, on a machine with a clock that only moves when
// somebody waits. Time is what was waited, whatever the clock shows.
type shift struct {
	t      *testing.T
	home   string
	clock  time.Time
	waited time.Duration
	// naps is called after each wait, and ends the run when it returns false.
	naps   func() bool
	stores int // backups that were made
	rounds []time.Duration
	// backup is how a backup ends; nil is well.
	backup   func(stop func()) int
	out, err bytes.Buffer
}

const nightly = "[sources.exports]\npath = \"~/exports\"\n[jobs.nightly]\nevery = \"1h\"\n"

func newShift(t *testing.T, config string) *shift {
	s := &shift{t: t, home: t.TempDir(), clock: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	if err := os.MkdirAll(filepath.Join(s.home, "exports"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.configure(config)
	return s
}

func (s *shift) configure(text string) {
	s.t.Helper()
	path := filepath.Join(s.home, ".config/chatkeep/config.toml")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// Write takes stdout: each summary in it is the end of a round.
func (s *shift) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`"type":"summary"`)) {
		s.rounds = append(s.rounds, s.waited)
	}
	return s.out.Write(line)
}

// run runs a command line, which must end with a code.
func (s *shift) run(code int, args ...string) {
	s.t.Helper()
	ctx, cancel := context.WithCancelCause(s.t.Context())
	stop := func() { cancel(session.ErrInterrupted) }
	env := &session.Env{
		Stdin: strings.NewReader(""), Stdout: s, Stderr: &s.err,
		Getenv:   func(name string) string { return map[string]string{"HOME": s.home}[name] },
		Terminal: func() (session.Terminal, error) { return nil, errors.New("nobody") },
		Stores:   []storage.Provider{local.Provider},
		Clock: session.Clock{Now: func() time.Time { return s.clock }, Sleep: func(ctx context.Context, d time.Duration) error {
			s.clock, s.waited = s.clock.Add(d), s.waited+d
			if s.naps != nil && !s.naps() {
				stop()
			}
			return context.Cause(ctx)
		}},
		Program: func(_ context.Context, env *session.Env, args []string) int {
			s.stores++
			code := 0
			if s.backup != nil {
				code = s.backup(stop)
			}
			if code != 0 {
				fmt.Fprintf(env.Stderr, `{"type":"error","code":%d,"message":"%s did not go"}`+"\n", code, args[0])
			}
			fmt.Fprintln(env.Stdout, `{"type":"summary","files":1}`)
			return code
		},
	}
	app := session.NewApp(env, []*cli.Command{runCommand(env)})
	if got := app.RunIn(ctx, append([]string{"run"}, args...)); got != code {
		s.t.Fatalf("run %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &s.out, &s.err)
	}
}

// until lets it run so long, by what is waited.
func (s *shift) until(d time.Duration) { s.naps = func() bool { return s.waited < d } }

func minutes(all ...int) (spans []time.Duration) {
	for _, n := range all {
		spans = append(spans, time.Duration(n)*time.Minute)
	}
	return spans
}

// TestRounds looks at once and then at each interval, and does what is due.
func TestRounds(t *testing.T) {
	s := newShift(t, nightly)
	s.until(time.Hour)
	s.run(0, "--every", "15m", "--json")
	if want := minutes(0, 15, 30, 45); !slices.Equal(s.rounds, want) {
		t.Errorf("rounds at %v, want %v", s.rounds, want)
	}
	if s.stores != 1 || s.err.Len() != 0 {
		t.Errorf("%d backups in the first hour; it says %q", s.stores, &s.err)
	}
	last := s.out.Bytes()[bytes.LastIndexByte(bytes.TrimSpace(s.out.Bytes()), '\n')+1:]
	var summary map[string]any
	if err := json.Unmarshal(last, &summary); err != nil || summary["type"] != "summary" || summary["jobs"] != 0.0 {
		t.Errorf("the last line is %s", last)
	}

	s = newShift(t, nightly)
	s.until(3*time.Hour + time.Minute)
	s.run(0, "--every", "15m")
	if s.stores != 4 || s.out.Len() != 0 || s.err.Len() != 0 {
		t.Errorf("%d backups in three hours, of one an hour; it says %q", s.stores, s.out.String()+s.err.String())
	}
}

// TestRoundsTakeTime counts the pause from the begin of a round, and does not make
// up for rounds that another one took the time of.
func TestRoundsTakeTime(t *testing.T) {
	s := newShift(t, nightly)
	took := minutes(10, 50, 5)
	s.backup = func(func()) int {
		s.clock = s.clock.Add(took[(s.stores-1)%len(took)])
		return 0
	}
	s.until(2*time.Hour + 14*time.Minute)
	s.run(0, "--every", "20m", "--json")
	// Backups begin at 0, 60 and 130 minutes on the clock, which stands still for no
	// wait: 10, 50 and 5 minutes of the rounds are not waited.
	if want := minutes(0, 10, 30, 50, 50, 70, 85, 105, 125); !slices.Equal(s.rounds, want) {
		t.Errorf("rounds at %v, want %v", s.rounds, want)
	}
}

// TestRoundsAndClocks loses no round where a machine sleeps or its clock is set.
func TestRoundsAndClocks(t *testing.T) {
	for name, c := range map[string]struct {
		jump time.Duration // of the clock, after half an hour
		want []time.Duration
	}{
		"sleep":       {9 * time.Hour, minutes(0, 30, 90, 150)},
		"nothing":     {0, minutes(0, 60, 120, 180)},
		"set back":    {-9 * time.Hour, minutes(0, 60, 120, 180)},
		"far too far": {24 * 365 * time.Hour, minutes(0, 30, 90, 150)},
	} {
		s := newShift(t, nightly)
		s.naps = func() bool {
			if s.waited == 30*time.Minute {
				s.clock = s.clock.Add(c.jump)
			}
			return s.waited <= 3*time.Hour
		}
		s.run(0, "--every", "1h", "--json")
		if !slices.Equal(s.rounds, c.want) {
			t.Errorf("%s: rounds at %v, want %v", name, s.rounds, c.want)
		}
		if s.waited == 30*time.Minute {
			t.Errorf("%s: one long wait", name)
		}
	}
}

// TestRoundsFail goes on after a failure, and tells of each as run does.
func TestRoundsFail(t *testing.T) {
	s := newShift(t, nightly)
	s.backup = func(func()) int { return map[bool]int{true: 11}[s.stores <= 2] }
	s.until(6 * time.Hour)
	s.run(0, "--every", "15m")
	if n := strings.Count(s.err.String(), "chatkeep: nightly: "); n != 2 || s.stores < 4 {
		t.Errorf("of two failures in %d backups it says\n%s", s.stores, &s.err)
	}

	s = newShift(t, nightly)
	s.backup = func(func()) int { return 11 }
	s.until(time.Minute)
	s.run(0, "--every", "1m", "--json")
	var told struct {
		Type string
		Code int
	}
	if err := json.Unmarshal(s.err.Bytes(), &told); err != nil || told.Type != "error" || told.Code != 11 {
		t.Errorf("to a program it says %q", &s.err)
	}
}

// TestRoundsReadAnew reads the configuration in each round, and tells once what is
// wrong with it.
func TestRoundsReadAnew(t *testing.T) {
	s := newShift(t, nightly)
	broken := "[jobs.nightly]\nevery = \"sometimes\"\n"
	changes := map[time.Duration]string{
		30 * time.Minute: broken, 2 * time.Hour: nightly, 3 * time.Hour: broken, 4 * time.Hour: "[jobs", 5 * time.Hour: "",
	}
	s.naps = func() bool {
		if text, ok := changes[s.waited]; ok {
			s.configure(text)
		}
		return s.waited < 6*time.Hour
	}
	s.run(0, "--every", "15m")
	if n := strings.Count(s.err.String(), "chatkeep: "); n != 4 {
		t.Errorf("of four things that were wrong it says\n%s", &s.err)
	}
	if s.stores != 2 {
		t.Errorf("%d backups, of one at the begin and one after two hours", s.stores)
	}
}

// TestRoundsBegin refuses at the start what would go wrong in each round.
func TestRoundsBegin(t *testing.T) {
	for name, c := range map[string]struct {
		config string
		args   string
		says   string
	}{
		"no length":     {nightly, "--every soon", "30m"},
		"nothing":       {nightly, "--every 0s", "30m"},
		"empty":         {nightly, "--every=", "30m"},
		"job by name":   {nightly, "--every 1h nightly", "by name"},
		"no job":        {"", "--every 1h", "has no job"},
		"no rhythm":     {"[jobs.nightly]\nevery = \"sometimes\"\n", "--every 1h", "sometimes"},
		"other file":    {nightly, "--every 1h --config /none.toml", "/none.toml"},
		"dry run of it": {"[jobs", "--every 1h --dry-run", "config.toml"},
	} {
		s := newShift(t, c.config)
		s.until(time.Hour)
		s.run(session.ExitUsage, strings.Fields(c.args)...)
		if !strings.Contains(s.err.String(), c.says) || s.stores != 0 || s.waited != 0 {
			t.Errorf("%s: it says %q, and made %d backups", name, &s.err, s.stores)
		}
	}
	s := newShift(t, nightly)
	s.run(0, "--every", "15m", "--dry-run")
	if !strings.Contains(s.out.String(), "nightly would run:") || s.stores != 0 || s.waited != 0 {
		t.Errorf("a dry run says %q and waited %v", &s.out, s.waited)
	}
	// A memory that cannot be read is no reason to stay and fail for ever.
	if err := os.MkdirAll(filepath.Join(s.home, ".local/state/chatkeep"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.home, ".local/state/chatkeep/runs.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.until(time.Hour)
	s.run(session.ExitFailed, "--every", "15m")
}

// TestRoundsInterrupted ends a run in the middle of a round, which the next one
// makes up for.
func TestRoundsInterrupted(t *testing.T) {
	s := newShift(t, nightly)
	s.backup = func(stop func()) int {
		stop()
		return session.ExitInterrupted
	}
	s.run(session.ExitInterrupted, "--every", "15m", "--json")
	if s.stores != 1 || len(s.rounds) != 1 {
		t.Errorf("%d backups, summaries at %v", s.stores, s.rounds)
	}
	s.backup = nil
	s.until(time.Minute)
	s.run(0, "--every", "15m")
	if s.stores != 2 {
		t.Errorf("what was cut off is not made up for")
	}
}
