package restore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"chatkeep/backup"
	"chatkeep/backup/session"
	"chatkeep/providers/all"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
	"chatkeep/restore"
)

// within is the program, in this process.
func within(ctx context.Context, env *session.Env, args []string) int {
	return session.NewApp(env, backup.Commands(env, all.Chats), restore.Commands(env)).RunIn(ctx, args)
}

// weather is a store whose troubles come and go with the days.
type weather struct {
	*storagetest.Memory
	trouble func(op string) error
}

func (w *weather) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if err := w.trouble("put"); err != nil {
		return storage.Info{}, err
	}
	return w.Memory.Put(ctx, key, data)
}

func (w *weather) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := w.trouble("get"); err != nil {
		return nil, err
	}
	return w.Memory.Get(ctx, key, offset, length)
}

func (w *weather) Stat(ctx context.Context, key string) (storage.Info, error) {
	if err := w.trouble("stat"); err != nil {
		return storage.Info{}, err
	}
	return w.Memory.Stat(ctx, key)
}

func (w *weather) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	if err := w.trouble("list"); err != nil {
		return func(yield func(storage.Info, error) bool) { yield(storage.Info{}, err) }
	}
	return w.Memory.List(ctx, prefix)
}

// month is a machine over 30 days, with a clock that only the test moves.
type month struct {
	t       *testing.T
	home    string
	exports string
	now     time.Time
	store   *weather
	secret  bool // whoever restores has the recovery key; the timer has nothing
}

// env is the machine as one process sees it.
func (m *month) env(out, err io.Writer) *session.Env {
	e := &session.Env{Stdin: strings.NewReader(""), Stdout: out, Stderr: err, Program: within,
		Terminal: func() (session.Terminal, error) { return nil, errors.New("nobody is there") },
		Getenv: func(name string) string {
			switch {
			case name == "HOME":
				return m.home
			case name == "CHATKEEP_PASSPHRASE_FILE" && m.secret:
				return filepath.Join(m.home, "recovery.txt")
			}
			return ""
		},
		Clock: session.Clock{Now: func() time.Time { return m.now }, Sleep: func(ctx context.Context, d time.Duration) error {
			m.now = m.now.Add(d)
			return ctx.Err()
		}},
		Stores: []storage.Provider{{Name: "weather", Schemes: []string{"weather"}, Usage: "weather:",
			Open: func(context.Context, storage.Location, bool) (storage.Store, error) {
				if err := m.store.trouble("open"); err != nil {
					return nil, err
				}
				return m.store, nil
			}}},
	}
	return e
}

// chatkeep runs a command line and returns its exit code and what it said.
func (m *month) chatkeep(args ...string) (code int, out, err string) {
	m.store.SetTime(m.now)
	var o, e bytes.Buffer
	code = within(m.t.Context(), m.env(&o, &e), args)
	return code, o.String(), e.String()
}

func (m *month) must(args ...string) string {
	m.t.Helper()
	code, out, err := m.chatkeep(args...)
	if code != 0 {
		m.t.Fatalf("chatkeep %s: code %d\n%s%s", strings.Join(args, " "), code, out, err)
	}
	return out
}

// claim is a success that a run reported.
type claim struct {
	at       time.Time
	snapshot string
	content  string // of the exports then
}

// TestMonth lives through 30 days of a job: nights when the machine sleeps, clocks
// that are put forward, power that goes in the middle of a run, days without a
// network, a full disk, a credential that was changed. Every night must be stored,
// or caught up, or reported; and what was reported as stored must come back.
func TestMonth(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	m := &month{t: t, home: t.TempDir(), exports: t.TempDir(), now: time.Date(2026, 3, 10, 12, 0, 0, 0, berlin)}
	m.store = &weather{storagetest.NewMemory(), func(string) error { return nil }}
	m.begin()
	first := m.now
	day := func() int { return int(m.now.Sub(first) / (24 * time.Hour)) }
	m.store.trouble = func(op string) error {
		err := &storage.Error{Op: op, Place: "weather:", Cure: "wait"}
		switch d := day(); {
		case d >= 8 && d < 11:
			err.Class, err.Err = storage.Unreachable, errors.New("no network")
		case d == 14 && op == "put":
			err.Class, err.Err = storage.Full, errors.New("no space left")
		case d == 21:
			err.Class, err.Err = storage.Login, errors.New("the credential is not valid")
		default:
			return nil
		}
		return err
	}
	var claims []claim
	failures := map[int]int{} // by day
	last := m.content()
	for m.now.Before(first.AddDate(0, 0, 30)) {
		if m.asleep(day()) {
			m.now = m.now.Add(15 * time.Minute)
			continue
		}
		if m.now.Hour() == 1 && m.now.Minute() == 0 {
			last = m.content()
		}
		if day() == 17 && m.now.Hour() == 2 && m.now.Minute() == 30 {
			m.powerGoes()
		}
		code, out, errs := m.chatkeep("run", "--json")
		jobs := jobLines(t, out)
		for _, j := range jobs {
			if j.Code == 0 && len(j.Snapshots) == 1 {
				claims = append(claims, claim{m.now, j.Snapshots[0], last})
			}
		}
		if code != 0 {
			failures[day()]++
			if !strings.Contains(errs, `"type":"error"`) {
				t.Errorf("day %d: code %d and no error: %s", day(), code, errs)
			}
		}
		m.now = m.now.Add(15 * time.Minute)
	}
	m.judge(first, claims, failures)
}

// asleep reports whether the machine is off: two days and nights in a row.
func (m *month) asleep(day int) bool { return day == 4 || day == 5 }

// content changes the exports, and returns what is in them now.
func (m *month) content() string {
	m.t.Helper()
	text := fmt.Sprintf("what was said until %s\n", m.now.Format(time.RFC3339))
	if err := os.WriteFile(filepath.Join(m.exports, "chat.txt"), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return text
}

// begin makes the repository and the configuration.
func (m *month) begin() {
	m.t.Helper()
	passphrase := filepath.Join(m.home, "passphrase")
	cfg := filepath.Join(m.home, ".config/chatkeep/config.toml")
	text := fmt.Sprintf(`
repository = "cloud"
[repositories.cloud]
place = "weather:"
[sources.exports]
path = %q
[jobs.nightly]
every = "day at 02:30"
check-every = "7d"
low-priority = false
`, m.exports)
	if err := errors.Join(os.WriteFile(passphrase, []byte("lanterns-over-quiet-water-71"), 0o600),
		os.MkdirAll(filepath.Dir(cfg), 0o700), os.WriteFile(cfg, []byte(text), 0o600)); err != nil {
		m.t.Fatal(err)
	}
	var out, errs bytes.Buffer
	env := m.env(&out, &errs)
	getenv := env.Getenv
	env.Getenv = func(name string) string {
		if name == "CHATKEEP_PASSPHRASE_FILE" {
			return passphrase
		}
		return getenv(name)
	}
	m.store.SetTime(m.now)
	args := []string{"init", "--repo", "weather:", "--classic", "--recovery-key-file", filepath.Join(m.home, "recovery.txt")}
	if code := within(m.t.Context(), env, args); code != 0 {
		m.t.Fatalf("init: code %d: %s%s", code, &out, &errs)
	}
	if err := os.Remove(passphrase); err != nil {
		m.t.Fatal(err)
	}
}

// powerGoes runs the job until its second write to the store, and puts the machine
// and the store back to how they were at that moment: what a power cut leaves.
func (m *month) powerGoes() {
	m.t.Helper()
	trouble, puts := m.store.trouble, 0
	var disk, at string
	var objects *storagetest.Memory
	m.store.trouble = func(op string) error {
		if op != "put" {
			return nil
		}
		if puts++; puts == 2 {
			disk, objects = m.t.TempDir(), m.store.Memory.Clone()
			at = filepath.Join(disk, "home")
			if err := os.CopyFS(at, os.DirFS(m.home)); err != nil {
				m.t.Error(err)
			}
		}
		return nil
	}
	code, out, errs := m.chatkeep("run", "--verbose")
	m.store.trouble = trouble
	if objects == nil {
		m.t.Fatalf("the run that was to be cut off did not write: code %d, %s%s", code, out, errs)
	}
	m.home, m.store.Memory = at, objects
}

// jobLine is what the test wants of a run in the output of run --json.
type jobLine struct {
	Type      string
	Code      int
	Missed    int
	Stale     bool
	Snapshots []string
}

func jobLines(t *testing.T, out string) (jobs []jobLine) {
	t.Helper()
	for line := range strings.Lines(out) {
		var j jobLine
		if err := json.Unmarshal([]byte(line), &j); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if j.Type == "run" {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// judge asks whether each day has a success or a report, and whether what was
// claimed comes back.
func (m *month) judge(first time.Time, claims []claim, failures map[int]int) {
	m.store.trouble = func(string) error { return nil }
	good := map[int]bool{}
	for _, c := range claims {
		good[int(c.at.Sub(first)/(24*time.Hour))] = true
	}
	for d := range 30 {
		if !good[d] && failures[d] == 0 && !m.asleep(d) {
			m.t.Errorf("day %d passed in silence", d)
		}
	}
	for _, d := range []int{8, 9, 10, 14, 21} {
		if failures[d] == 0 {
			m.t.Errorf("nobody heard of the trouble on day %d", d)
		}
	}
	for _, d := range []int{6, 11, 15, 17, 22} {
		if !good[d] {
			m.t.Errorf("day %d did not catch up", d)
		}
	}
	m.secret = true
	for _, c := range claims {
		target := filepath.Join(m.t.TempDir(), "back")
		m.must("restore", c.snapshot, "--target", target, "--repo", "weather:")
		got, err := os.ReadFile(filepath.Join(target, "chat.txt"))
		if err != nil || string(got) != c.content {
			m.t.Errorf("%s: claimed %q, came back %q, %v", c.at, c.content, got, err)
		}
	}
	m.t.Logf("%d successes, failures by day: %v", len(claims), failures)
}
