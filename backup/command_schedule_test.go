package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/schedule"
	"chatkeep/backup/session"
)

// desk is a machine that a timer is installed on: files, a crontab, and a manager
// of services that may run or not.
type desk struct {
	t       *testing.T
	files   map[string]string
	crontab string
	manager bool
	cron    bool
	denied  string // a path that only root writes below
	program string
	vars    map[string]string
	changes int
	out     bytes.Buffer
	err     bytes.Buffer
}

func newDesk(t *testing.T) *desk {
	return &desk{
		t: t, manager: true, cron: true, denied: "/etc", program: "/usr/local/bin/chatkeep",
		files: map[string]string{"/home/anna/.config/chatkeep/config.toml": "", "/home/bert/.config/chatkeep/config.toml": ""},
		vars:  map[string]string{"HOME": "/home/anna", "PATH": "/usr/bin:/bin"},
	}
}

func (d *desk) ReadFile(path string) ([]byte, error) {
	if text, ok := d.files[path]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

func (d *desk) WriteFile(path string, data []byte, _ fs.FileMode) error {
	if d.denied != "" && strings.HasPrefix(path, d.denied) {
		return &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	d.files[path] = string(data)
	d.changes++
	return nil
}

func (d *desk) Remove(path string) error {
	if _, ok := d.files[path]; !ok {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrNotExist}
	}
	delete(d.files, path)
	d.changes++
	return nil
}

func (d *desk) Run(_ context.Context, stdin []byte, c schedule.Command) ([]byte, error) {
	fail := func(code int, err error) ([]byte, error) {
		return nil, &schedule.CommandError{Command: c, Code: code, Said: "no crontab for anna", Err: err}
	}
	line := strings.Join(c, " ")
	switch {
	case strings.HasPrefix(line, "crontab"):
		switch {
		case !d.cron:
			return fail(-1, exec.ErrNotFound)
		case line == "crontab -l" && d.crontab == "":
			return fail(1, errors.New("exit status 1"))
		case line == "crontab -l":
			return []byte(d.crontab), nil
		}
		d.crontab = string(stdin)
		d.changes++
	case strings.Contains(line, "systemctl") && !d.manager:
		return fail(1, errors.New("exit status 1"))
	case strings.HasPrefix(line, "env TZ=UTC systemctl"):
		return []byte("Id=chatkeep.timer\nActiveState=active\nNextElapseUSecRealtime=Thu 2026-11-26 01:30:32 UTC\n"), nil
	}
	return nil, nil
}

func (d *desk) host() schedule.Host {
	accounts := map[string]schedule.Account{"": {Name: "anna", UID: "1000", Home: "/elsewhere"}, "bert": {Name: "bert", UID: "1001", Home: "/home/bert"}}
	return schedule.Host{Machine: d, OS: "linux", Program: func() (string, error) { return d.program, nil },
		Account: func(name string) (schedule.Account, error) {
			if a, ok := accounts[name]; ok {
				return a, nil
			}
			return schedule.Account{}, fmt.Errorf("unknown user %s", name)
		}}
}

// run runs a command line, which must end with a code, and returns its objects.
func (d *desk) run(code int, line string) (objects []map[string]any) {
	d.t.Helper()
	d.out.Reset()
	d.err.Reset()
	env := &session.Env{
		Stdin: strings.NewReader(""), Stdout: &d.out, Stderr: &d.err, Getenv: func(name string) string { return d.vars[name] },
		Clock: session.SystemClock(), Terminal: func() (session.Terminal, error) { return nil, errors.New("nobody") },
	}
	app := session.NewApp(env, []*cli.Command{scheduleCommand(env, d.host())})
	if got := app.Run(strings.Fields("schedule " + line)); got != code {
		d.t.Fatalf("schedule %s: exit code %d, want %d\n%s%s", line, got, code, &d.out, &d.err)
	}
	if !strings.Contains(line, "--json") {
		return nil
	}
	for text := range strings.Lines(d.out.String()) {
		var object map[string]any
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			d.t.Fatalf("%v in %s", err, text)
		}
		objects = append(objects, object)
	}
	if code == 0 && (len(objects) == 0 || objects[len(objects)-1]["type"] != "summary") {
		d.t.Fatalf("schedule %s: no summary in %v", line, objects)
	}
	return objects
}

// summary is the last object of a command.
func (d *desk) summary(line string) map[string]any {
	d.t.Helper()
	all := d.run(0, line+" --json")
	return all[len(all)-1]
}

const unitFile = "/home/anna/.config/systemd/user/chatkeep.service"

// TestScheduleLife installs a timer, looks at it, moves the program, and takes
// the timer away.
func TestScheduleLife(t *testing.T) {
	d := newDesk(t)
	for _, look := range []string{"install --print", "install --dry-run", "show", "status", "remove"} {
		if d.run(0, look); d.changes != 0 {
			t.Fatalf("%s changes something", look)
		}
	}
	if s := d.summary("install"); s["kind"] != "systemd" || s["changed"] != true || d.files[unitFile] == "" {
		t.Errorf("installing said %v, and there is %v", s, d.files)
	}
	before := d.changes
	if s := d.summary("install"); s["changed"] != false || d.changes != before {
		t.Errorf("installing again said %v and changed something", s)
	}
	if d.run(0, "install"); d.out.Len() != 0 || d.err.Len() != 0 {
		t.Errorf("where nobody watches it says %s%s", &d.out, &d.err)
	}
	if s := d.summary("status"); s["installed"] != true || s["active"] != true {
		t.Errorf("status: %v", s)
	}
	if s := d.summary("show"); fmt.Sprint(s["differences"]) != "[]" {
		t.Errorf("just installed, it differs: %v", s)
	}
	d.program = "/opt/chatkeep"
	if got := fmt.Sprint(d.summary("show")["differences"]); !strings.Contains(got, "- ExecStart=:/usr/local/bin/chatkeep run") || !strings.Contains(got, "+ ExecStart=:/opt/chatkeep run") {
		t.Errorf("of a program that moved it says %s", got)
	}
	if s := d.summary("remove --dry-run"); d.changes != before || fmt.Sprint(s["removed"]) != "[systemd]" {
		t.Errorf("a dry run said %v", s)
	}
	if s := d.summary("remove"); fmt.Sprint(s["removed"]) != "[systemd]" || len(d.files) != 2 {
		t.Errorf("removing said %v, and there is %v", s, d.files)
	}
	if s := d.summary("remove"); fmt.Sprint(s["removed"]) != "[]" {
		t.Errorf("removing again said %v", s)
	}
}

// TestSchedulePrints prints what install would install.
func TestSchedulePrints(t *testing.T) {
	d := newDesk(t)
	for _, kind := range []string{"systemd", "cron"} {
		printed := map[string]string{}
		for _, o := range d.run(0, "install --print --json --kind "+kind) {
			if o["type"] == "piece" {
				printed[o["place"].(string)] = o["text"].(string)
			}
		}
		d.run(0, "install --kind "+kind)
		for place, text := range printed {
			is := d.files[place]
			if kind == "cron" {
				is = d.crontab
			}
			if is != text {
				t.Errorf("%s: printed %q, installed %q", place, text, is)
			}
		}
		if len(printed) == 0 {
			t.Errorf("%s: nothing printed", kind)
		}
	}
}

// TestScheduleOne keeps to one timer: another kind takes the first one's place.
func TestScheduleOne(t *testing.T) {
	d := newDesk(t)
	d.crontab = "0 1 * * * mine\n"
	d.manager = false
	if s := d.summary("install"); s["kind"] != "cron" || !strings.HasPrefix(d.crontab, "0 1 * * * mine\n") {
		t.Errorf("without a manager: %v, %q", s, d.crontab)
	}
	d.manager = true
	if s := d.summary("install"); s["kind"] != "systemd" || fmt.Sprint(s["removed"]) != "[cron]" || d.crontab != "0 1 * * * mine\n" {
		t.Errorf("with one: %v, %q", s, d.crontab)
	}
	d.run(0, "remove --kind cron")
	if d.files[unitFile] == "" {
		t.Error("another kind than the one named was removed")
	}
	d.cron = false
	if d.summary("install"); d.files[unitFile] == "" {
		t.Error("on a machine without cron systemd is not installed")
	}
}

// TestScheduleRefuses refuses what would fail at every run.
func TestScheduleRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*desk)
		line   string
		code   int
		says   string
	}{
		"go run":          {func(d *desk) { d.program = "/home/anna/.cache/go-build/ab/cd-d/chatkeep" }, "install", 1, "temporary place"},
		"temporary":       {func(d *desk) { d.program = "/tmp/chatkeep" }, "install", 1, "go build"},
		"no config":       {func(d *desk) { clear(d.files) }, "install", 1, "/home/anna/.config/chatkeep/config.toml"},
		"other config":    {nil, "install --config /none.toml", 1, "/none.toml"},
		"unknown kind":    {nil, "install --kind at", 64, "systemd, cron"},
		"user alone":      {nil, "install --user bert", 64, "--system"},
		"unknown user":    {nil, "install --system --user carl", 64, "carl"},
		"not root":        {nil, "install --system", 1, "sudo"},
		"no cron":         {func(d *desk) { d.cron = false }, "install --kind cron", 1, "--kind"},
		"torn crontab":    {func(d *desk) { d.crontab = "# chatkeep schedule: end\n" }, "install --kind cron", 1, "crontab -e"},
		"odd program":     {func(d *desk) { d.program = "/opt/a\nb" }, "install", 1, "line end"},
		"stray argument":  {nil, "install now", 64, "now"},
		"very long paths": {func(d *desk) { d.vars["PATH"] = "/" + strings.Repeat("x", 1000) }, "install --kind cron", 1, "PATH="},
	} {
		d := newDesk(t)
		if c.change != nil {
			c.change(d)
		}
		before := len(d.files)
		d.run(c.code, c.line)
		if !strings.Contains(d.err.String(), c.says) {
			t.Errorf("%s: it says %q, and nothing of %q", name, &d.err, c.says)
		}
		if len(d.files) != before || strings.Contains(d.crontab, "chatkeep run") || strings.Contains(d.crontab, "begin") {
			t.Errorf("%s: something was installed: %v, %q", name, d.files, d.crontab)
		}
	}
	d := newDesk(t)
	d.program = "/tmp/chatkeep"
	for _, look := range []string{"install --print", "install --dry-run"} {
		if d.run(0, look); !strings.Contains(d.err.String(), "warning: /tmp/chatkeep is a temporary place") {
			t.Errorf("%s warns %q", look, &d.err)
		}
	}
}

// TestScheduleSecrets tells of secrets that are set, and writes none down.
func TestScheduleSecrets(t *testing.T) {
	const canary = "lanterns-over-quiet-water"
	d := newDesk(t)
	d.vars["CHATKEEP_PASSPHRASE"], d.vars["AWS_SECRET_ACCESS_KEY"] = canary, canary
	for _, line := range []string{"install --print", "install", "install --kind cron", "show", "install --json", "show --json"} {
		d.run(0, line)
		if strings.HasPrefix(line, "install") && (!strings.Contains(d.err.String(), "CHATKEEP_PASSPHRASE") || !strings.Contains(d.err.String(), "~/.aws/credentials")) {
			t.Errorf("%s says %q", line, &d.err)
		}
		if all := d.out.String() + d.err.String() + d.crontab + fmt.Sprint(d.files); strings.Contains(all, canary) {
			t.Errorf("%s: a secret in %s", line, all)
		}
	}
}

// TestScheduleReads goes by the configuration: what it lets runs write to, and
// whether it has commands.
func TestScheduleReads(t *testing.T) {
	d := newDesk(t)
	d.denied = ""
	const file, unit = "/srv/chats.toml", "/etc/systemd/system/chatkeep.service"
	d.vars["CHATKEEP_CONFIG"] = file
	d.files[file] = "[log]\nfile = \"~/logs/chats.log\"\n"
	d.run(0, "install --system")
	if text := d.files[unit]; !strings.Contains(text, " --config /srv/chats.toml\n") || !strings.Contains(text, "ReadWritePaths=-/home/anna/logs\n") || !strings.Contains(text, "NoNewPrivileges") {
		t.Errorf("the unit:\n%s", text)
	}
	d.files[file] += "[sources.phone]\npath = \"~/Exports\"\nbefore = \"fetch\"\n"
	if got := fmt.Sprint(d.summary("show --system")["differences"]); !strings.Contains(got, "- NoNewPrivileges=true") {
		t.Errorf("of a command in the configuration it says %s", got)
	}
	d.files[file] = "[log\n"
	d.run(64, "install --system")
	if d.run(64, "show --system"); !strings.Contains(d.out.String(), "ExecStart=") {
		t.Errorf("with a configuration that cannot be read it shows %s", &d.out)
	}
	d.run(0, "status --system")
	d.run(0, "remove --system")
}

// TestScheduleForAnother takes nothing of root's environment into another
// account's timer.
func TestScheduleForAnother(t *testing.T) {
	d := newDesk(t)
	d.denied = ""
	d.vars["CHATKEEP_REPOSITORY"], d.vars["XDG_DATA_HOME"], d.vars["CHATKEEP_PASSPHRASE"] = "/mine", "/mydata", "mine"
	d.run(0, "install --system --user bert")
	unit := d.files["/etc/systemd/system/chatkeep.service"]
	for _, want := range []string{"User=bert\n", "HOME=/home/bert\n", "/home/bert/.config/chatkeep/config.toml\n", "ReadWritePaths=-/home/bert/.local/share/chatkeep\n"} {
		if !strings.Contains(unit, want) {
			t.Errorf("no %q in %s", want, unit)
		}
	}
	for _, not := range []string{"anna", "/mine", "/mydata"} {
		if strings.Contains(unit, not) {
			t.Errorf("%q in %s", not, unit)
		}
	}
	if d.err.Len() != 0 {
		t.Errorf("of variables that are not bert's it says %s", &d.err)
	}
	if slices.Contains(strings.Fields(d.crontab), "chatkeep") {
		t.Errorf("the crontab is %q", d.crontab)
	}
}
