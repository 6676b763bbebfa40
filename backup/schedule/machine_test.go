package schedule

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// fake is a machine in memory. Its answers are what commands print, by how they
// begin; a command without one succeeds and prints nothing.
type fake struct {
	t       *testing.T
	files   map[string]string
	modes   map[string]fs.FileMode
	answers map[string]string
	fails   map[string]*CommandError
	ran     []string
	crontab *string // nil: there is none
}

func newFake(t *testing.T) *fake {
	return &fake{t: t, files: map[string]string{}, modes: map[string]fs.FileMode{}, answers: map[string]string{}, fails: map[string]*CommandError{}}
}

func (f *fake) ReadFile(path string) ([]byte, error) {
	if text, ok := f.files[path]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

func (f *fake) WriteFile(path string, data []byte, mode fs.FileMode) error {
	f.files[path], f.modes[path] = string(data), mode
	f.ran = append(f.ran, "write "+path)
	return nil
}

func (f *fake) Remove(path string) error {
	if _, ok := f.files[path]; !ok {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrNotExist}
	}
	delete(f.files, path)
	f.ran = append(f.ran, "remove "+path)
	return nil
}

func (f *fake) Run(_ context.Context, stdin []byte, c Command) ([]byte, error) {
	line := strings.Join(c, " ")
	f.ran = append(f.ran, line)
	for start, err := range f.fails {
		if strings.HasPrefix(line, start) {
			err.Command = c
			return nil, err
		}
	}
	switch line {
	case "crontab -l":
		if f.crontab == nil {
			return nil, &CommandError{Command: c, Code: 1, Said: "no crontab for anna", Err: errors.New("exit status 1")}
		}
		return []byte(*f.crontab), nil
	case "crontab -":
		text := string(stdin)
		f.crontab = &text
	case "crontab -r":
		f.crontab = nil
	}
	for start, answer := range f.answers {
		if strings.HasPrefix(line, start) {
			return []byte(answer), nil
		}
	}
	return nil, nil
}

// did returns what was done since the last time.
func (f *fake) did() []string {
	ran := f.ran
	f.ran = nil
	return ran
}

// awkward is a path with all that some shell, cron, systemd or XML reads a
// meaning into.
const awkward = "/opt/a %h b/$HOME 'single' \"double\" \\back\\%d <&> `x` é;#!=*/chat keep"

// somePlan is a plan to install.
func somePlan(system bool) Plan {
	return Plan{
		Program: "/usr/local/bin/chatkeep", Config: "/home/anna/.config/chatkeep/config.toml", Every: Every,
		Account: Account{"anna", "1000", "/home/anna"}, System: system,
		Environment: []Variable{{"HOME", "/home/anna"}, {"PATH", "/usr/local/bin:/usr/bin:/bin"}},
		Needs:       Needs{Own: []string{"/home/anna/.local/share/chatkeep"}, Writes: []string{"/mnt/disk/repository"}},
	}
}

// awkwardPlan is one that is hard to write down.
func awkwardPlan(system bool) Plan {
	p := somePlan(system)
	p.Program, p.Config = awkward, awkward+".toml"
	p.Environment = append(p.Environment, Variable{"CHATKEEP_REPOSITORY", awkward})
	p.Needs.Writes = []string{awkward}
	return p
}

// tool skips a test for which a program is missing, or fails it where none may
// be.
func tool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("CHATKEEP_REQUIRE_ALL") != "" {
		t.Fatalf("%s is missing", name)
	}
	t.Skipf("%s is missing", name)
}

// TestChecks refuses plans that no timer could carry out as they are meant.
func TestChecks(t *testing.T) {
	mechanisms := map[Kind]Mechanism{}
	for _, k := range []Kind{Systemd, Cron, Launchd} {
		mechanisms[k] = New(k, newFake(t), Account{"anna", "1000", "/home/anna"}, false)
	}
	for name, change := range map[string]func(*Plan){
		"relative program":   func(p *Plan) { p.Program = "chatkeep" },
		"relative config":    func(p *Plan) { p.Config = "./config.toml" },
		"relative folder":    func(p *Plan) { p.Needs.Writes = []string{"repository"} },
		"line end":           func(p *Plan) { p.Program = "/a\nb" },
		"line end in config": func(p *Plan) { p.Config = "/a\rb" },
		"tab":                func(p *Plan) { p.Environment = []Variable{{"TZ", "a\tb"}} },
		"not UTF-8":          func(p *Plan) { p.Program = "/a\xff" },
		"seven minutes":      func(p *Plan) { p.Every = 7 * time.Minute },
		"half a minute":      func(p *Plan) { p.Every = 30 * time.Second },
		"no time":            func(p *Plan) { p.Every = 0 },
		"two hours":          func(p *Plan) { p.Every = 2 * time.Hour },
	} {
		for k, m := range mechanisms {
			p := somePlan(false)
			change(&p)
			if d, err := m.Draft(p); err == nil {
				t.Errorf("%s, %s: %v", name, k, d)
			}
		}
	}
}

func TestDifferences(t *testing.T) {
	old := []Piece{{"a", "1\n2\n2\n3\n"}, {"gone", "x\n"}, {"same", "y\n"}, {"order", "1\n2\n"}}
	now := []Piece{{"a", "1\n2\n4\n3\n"}, {"same", "y\n"}, {"new", "z\n"}, {"order", "2\n1\n"}}
	want := []string{"a:", "- 2", "+ 4", "gone:", "- x", "order:", "  the same lines in another order", "new:", "+ z"}
	if got := Differences(old, now); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Differences(old, old); got != nil {
		t.Errorf("of itself: %q", got)
	}
}

// TestDefault takes a manager that answers, and cron where none does.
func TestDefault(t *testing.T) {
	f := newFake(t)
	if k := Default(t.Context(), Host{Machine: f, OS: "linux"}, false); k != Systemd {
		t.Errorf("with a manager: %s", k)
	}
	if did := f.did(); len(did) != 1 || !strings.HasPrefix(did[0], "systemctl --user ") {
		t.Errorf("asked %q", did)
	}
	f.fails["systemctl --user"] = &CommandError{Code: 1}
	if k := Default(t.Context(), Host{Machine: f, OS: "linux"}, false); k != Cron {
		t.Errorf("without: %s", k)
	}
	if k := Default(t.Context(), Host{Machine: f, OS: "linux"}, true); k != Systemd {
		t.Errorf("for the machine, whose manager answers: %s", k)
	}
	for os, want := range map[string]Kind{"darwin": Launchd, "windows": Windows, "freebsd": Cron} {
		if k := Default(t.Context(), Host{Machine: f, OS: os}, false); k != want {
			t.Errorf("%s: %s", os, k)
		}
	}
}
