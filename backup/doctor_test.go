package backup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatkeep/backup"
	"chatkeep/backup/session"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// visitor is a machine with a repository in a store of the test's, at "far:away", and
// a clock that the test sets.
type visitor struct {
	t      *testing.T
	home   string
	store  storage.Store
	below  map[string]*storagetest.Memory    // places within it
	wrap   func(storage.Store) storage.Store // what is wrong with those
	secret string
	ahead  time.Duration // of the real clock
	out    bytes.Buffer
	err    bytes.Buffer
}

func newVisitor(t *testing.T) *visitor {
	p := &visitor{t: t, home: t.TempDir(), secret: "lanterns-over-quiet-water-71", store: storagetest.NewMemory(), below: map[string]*storagetest.Memory{}, wrap: func(s storage.Store) storage.Store { return s }}
	p.run(0, "init", "--repo", "far:away", "--classic", "--yes", "--recovery-key-file", filepath.Join(p.home, "recovery.txt"))
	p.secret = "" // to unlock takes a second each time
	return p
}

// run runs a command line, which must end with a code.
func (p *visitor) run(code int, args ...string) {
	p.t.Helper()
	p.out.Reset()
	p.err.Reset()
	env := &session.Env{
		OS: "linux", Stdin: strings.NewReader(""), Stdout: &p.out, Stderr: &p.err,
		Getenv: func(name string) string {
			return map[string]string{"HOME": p.home, "CHATKEEP_PASSPHRASE": p.secret}[name]
		},
		Clock: session.SystemClock(),
		Stores: []storage.Provider{{Name: "far", Schemes: []string{"far"},
			Open: func(_ context.Context, at storage.Location, _ bool) (storage.Store, error) {
				if at.Text == "far:away" {
					return p.store, nil
				}
				if p.below[at.Text] == nil {
					p.below[at.Text] = storagetest.NewMemory()
				}
				return p.wrap(p.below[at.Text]), nil
			}}},
		Terminal: func() (session.Terminal, error) { return nil, errors.New("nobody") },
	}
	env.Clock.Now = func() time.Time { return time.Now().Add(p.ahead) }
	if got := session.NewApp(env, backup.Commands(env, nil)).Run(args); got != code {
		p.t.Fatalf("%q: exit code %d, want %d\n%s%s", args, got, code, &p.out, &p.err)
	}
}

// doctor runs a command that must end with a code, and returns the levels of what it
// found, the worst of each thing.
func (p *visitor) doctor(code int, args ...string) map[string]string {
	p.t.Helper()
	p.run(code, append([]string{"doctor", "--repo", "far:away", "--json"}, args...)...)
	rank := map[string]int{"ok": 1, "warning": 2, "failure": 3}
	levels := map[string]string{}
	for line := range strings.Lines(p.out.String()) {
		var f struct{ Type, What, Level string }
		must(p.t, json.Unmarshal([]byte(line), &f))
		if f.Type == "finding" && rank[f.Level] > rank[levels[f.What]] {
			levels[f.What] = f.Level
		}
	}
	return levels
}

func (p *visitor) want(levels map[string]string, what, level string) {
	p.t.Helper()
	if levels[what] != level {
		p.t.Errorf("%s is %q, want %q\n%s", what, levels[what], level, &p.out)
	}
}

// clocked tells the time of its own clock, and of nothing else.
type clocked struct {
	storage.Store
	now time.Time
}

func (c *clocked) Now(context.Context) (time.Time, error) { return c.now, nil }

// TestDoctorTimes lets time pass, and has clocks differ.
func TestDoctorTimes(t *testing.T) {
	p := newVisitor(t)
	path := filepath.Join(p.home, "file")
	must(t, os.WriteFile(path, []byte("x"), 0o600))
	p.run(0, "backup", "--repo", "far:away", path)
	for days, level := range map[int]string{0: "ok", 6: "ok", 8: "warning"} {
		p.ahead = time.Duration(days) * 24 * time.Hour
		p.want(p.doctor(0), "snapshot", level)
	}
	p.ahead = -time.Hour
	p.want(p.doctor(0), "clock", "warning") // it is not that late yet
	p.ahead = 0
	for apart, level := range map[time.Duration]string{0: "ok", time.Minute: "ok", -time.Minute: "ok", time.Hour: "warning", -time.Hour: "warning", 25 * time.Hour: "failure", -25 * time.Hour: "failure"} {
		p.store = &clocked{p.store, time.Now().Add(apart)}
		code := 0
		if level == "failure" {
			code = 1
		}
		p.want(p.doctor(code), "clock", level)
	}
}

// TestDoctorUnmoved has it look at a store that takes nothing: it writes nothing.
func TestDoctorUnmoved(t *testing.T) {
	p := newVisitor(t)
	refusing := func(s storage.Store) storage.Store {
		no := &storage.Error{Class: storage.Login, Err: fs.ErrPermission}
		return storagetest.NewFault(s, storagetest.Rule{Op: storagetest.OpPut, Do: storagetest.FailBefore, Err: no},
			storagetest.Rule{Op: storagetest.OpDelete, Do: storagetest.FailBefore, Err: no})
	}
	p.store, p.wrap = refusing(p.store), refusing
	p.want(p.doctor(0), "repository", "ok")
	for _, call := range p.store.(*storagetest.Fault).Calls() {
		if call.Op == storagetest.OpPut || call.Op == storagetest.OpDelete {
			t.Errorf("%s of %s", call.Op, call.Key)
		}
	}
	p.run(14, "doctor", "storage", "far:away")
	p.run(14, "doctor", "--storage", "--repo", "far:away")
}

// replacing is a store whose puts replace.
type replacing struct{ storage.Store }

func (r *replacing) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if err := r.Store.Delete(ctx, key); err != nil {
		return storage.Info{}, err
	}
	return r.Store.Put(ctx, key, data)
}

// timeless is a store that tells no time.
type timeless struct{ storage.Store }

func (s *timeless) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	info, err := s.Store.Put(ctx, key, data)
	info.Time = time.Time{}
	return info, err
}

// TestDoctorStorage tests places that break promises, and leaves nothing in them.
func TestDoctorStorage(t *testing.T) {
	p := newVisitor(t)
	page, err := os.ReadFile("../docs/doctor.md")
	must(t, err)
	check := func(code int, wrap func(storage.Store) storage.Store, what, level string) {
		t.Helper()
		p.wrap = wrap
		levels := p.doctor(code, "--storage")
		p.want(levels, what, level)
		p.want(levels, "ranges", "ok")
		if len(p.below) < 20 {
			t.Errorf("%d places for the checks", len(p.below))
		}
		for place, memory := range p.below {
			if left := memory.Keys(""); len(left) > 0 {
				t.Errorf("%s has %q", place, left)
			}
		}
		clear(p.below)
		for what := range levels {
			if !strings.Contains(string(page), "`"+what+"`") {
				t.Errorf("docs/doctor.md does not tell of %s", what)
			}
		}
	}
	check(0, func(s storage.Store) storage.Store { return s }, "create-only", "ok")
	check(1, func(s storage.Store) storage.Store { return &replacing{s} }, "create-only", "failure")
	check(0, func(s storage.Store) storage.Store { return &timeless{s} }, "store-time", "warning")
}

// TestDoctorLostSlot has a key be missing, and one more problem be told by the state.
func TestDoctorLostSlot(t *testing.T) {
	p := newVisitor(t)
	memory := p.store.(*storagetest.Memory)
	memory.Tamper(memory.Keys("keys/recovery-")[0], nil)
	p.want(p.doctor(1), "keys", "failure")
	memory.Tamper(memory.Keys("authority/")[0], []byte("{}"))
	p.run(1, "doctor", "--repo", "far:away", "--json")
}
