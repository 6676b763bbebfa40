package schedule

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// verify asks systemd itself what it thinks of units, which is nothing if they
// are right: its exit code says little.
func verify(t *testing.T, manager string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	argv := []string{"verify", "--man=no", manager}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		argv = append(argv, path)
	}
	cmd := exec.Command("systemd-analyze", argv...)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

// TestUnitsVerify shows units to systemd, for paths that are as awkward as paths
// can be, and that exist: it looks.
func TestUnitsVerify(t *testing.T) {
	tool(t, "systemd-analyze")
	user, machine := map[string]string{}, map[string]string{}
	for name, folder := range map[string]string{
		"plain": "bin", "spaces": "a b", "specifier": "a %h", "dollar": "a $HOME ${X}", "double": `a"b c"`, "single": "it's", "backslash": `a\x20b \`,
		"all": strings.ReplaceAll(filepath.Dir(awkward[1:]), "/", "-"),
	} {
		program := filepath.Join(t.TempDir(), folder, "chat keep")
		if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, commands := range []bool{false, true} {
			name += "s"
			p := awkwardPlan(false)
			p.Program, p.Needs.Commands = program, commands
			user[name+".service"], user[name+".timer"] = serviceUnit(p), timerUnit(p)
			p.System, p.Account.Name = true, "root"
			machine[name+".service"], machine[name+".timer"] = serviceUnit(p), timerUnit(p)
		}
	}
	for manager, units := range map[string]map[string]string{"--user": user, "--system": machine} {
		if out := verify(t, manager, units); out != "" {
			t.Errorf("%s: %s\n%s", manager, out, units["alls.service"])
		}
	}
}

// TestVerifyCatches makes sure that the silence above means something.
func TestVerifyCatches(t *testing.T) {
	tool(t, "systemd-analyze")
	p := somePlan(false)
	p.Program = "/bin/true"
	for name, change := range map[string][2]string{
		"unknown key":    {"Nice=", "Niceness="},
		"wrong value":    {"RestrictRealtime=true", "RestrictRealtime=perhaps"},
		"no program":     {"/bin/true", "/bin/none"},
		"bad calendar":   {"*:0/15", "*:0/x"},
		"unknown filter": {"@system-service", "@system-services"},
	} {
		text, other := serviceUnit(p), timerUnit(p)
		if !strings.Contains(text+other, change[0]) {
			t.Fatalf("%s: the unit has no %q", name, change[0])
		}
		files := map[string]string{service: strings.ReplaceAll(text, change[0], change[1]), timer: strings.ReplaceAll(other, change[0], change[1])}
		if out := verify(t, "--user", files); out == "" {
			t.Errorf("%s: systemd has nothing to say", name)
		}
	}
}

// unquote reads a line of words as systemd does, after which it takes a %% for a
// %. Of backslashes it reads those that all settings know.
func unquote(t *testing.T, line string) (words []string) {
	t.Helper()
	var word strings.Builder
	quoted, there := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted, there = !quoted, true
		case c == '\\' && i+1 < len(line) && strings.IndexByte(`"\`, line[i+1]) >= 0:
			i++
			word.WriteByte(line[i])
		case c == '\\':
			t.Fatalf("%q: an escape that not all settings know", line)
		case c == '%' && i+1 < len(line) && line[i+1] == '%':
			i++
			word.WriteByte('%')
		case c == '%':
			t.Fatalf("%q: a specifier", line)
		case c == ' ' && !quoted:
			words = append(words, word.String())
			word.Reset()
			there = false
		case c == '\'' && !quoted:
			t.Fatalf("%q: a single quote", line)
		default:
			word.WriteByte(c)
			there = true
		}
	}
	if there {
		words = append(words, word.String())
	}
	if quoted {
		t.Fatalf("%q ends in quotes", line)
	}
	return words
}

// FuzzUnitQuote writes words down that come back as they were.
func FuzzUnitQuote(f *testing.F) {
	for _, word := range []string{"", " ", "a", awkward, `"`, `\`, `\\"`, "%", "%%n", "$x", "'", "a;", "#", "=", `\x41`} {
		f.Add(word, word)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if got := unquote(t, unitQuote(a)+" "+unitQuote(b)); !slices.Equal(got, []string{a, b}) {
			t.Errorf("%q and %q come back as %q", a, b, got)
		}
	})
}

// values are those of a setting in a unit.
func values(unit, name string) (all []string) {
	for line := range strings.Lines(unit) {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			all = append(all, strings.TrimSuffix(value, "\n"))
		}
	}
	return all
}

// TestFences gives a manager what it can set, and runs what they need.
func TestFences(t *testing.T) {
	p := somePlan(false)
	unit := serviceUnit(p)
	for _, name := range []string{"User", "ProtectSystem", "ReadWritePaths", "PrivateTmp", "PrivateDevices", "PrivateUsers", "CapabilityBoundingSet", "Wants"} {
		if got := values(unit, name); got != nil {
			t.Errorf("the unit of a user has %s=%s, which takes privileges", name, got)
		}
	}
	if values(unit, "NoNewPrivileges") == nil || values(unit, "SystemCallFilter") == nil {
		t.Errorf("no fences:\n%s", unit)
	}

	p = somePlan(true)
	unit = serviceUnit(p)
	if got := values(unit, "ReadWritePaths"); !slices.Equal(got, []string{"-/home/anna/.local/share/chatkeep", "-/mnt/disk/repository"}) {
		t.Errorf("it may write to %q", got)
	}
	if got := values(unit, "CapabilityBoundingSet"); !slices.Equal(got, []string{""}) {
		t.Errorf("capabilities %q", got)
	}
	if values(unit, "PrivateTmp") == nil || !slices.Equal(values(unit, "User"), []string{"anna"}) {
		t.Errorf("the unit of the machine:\n%s", unit)
	}
	p.Needs.Reads = []string{"/tmp/exports/*.zip"}
	if got := values(serviceUnit(p), "PrivateTmp"); got != nil {
		t.Errorf("what it reads in /tmp is hidden: %q", got)
	}
	p.Account.UID = "0"
	if got := values(serviceUnit(p), "CapabilityBoundingSet"); len(got) != 1 || !strings.Contains(got[0], "CAP_DAC_READ_SEARCH") {
		t.Errorf("root has %q", got)
	}
	p.Needs.Commands = true
	for _, name := range []string{"NoNewPrivileges", "SystemCallFilter", "MemoryDenyWriteExecute", "RestrictSUIDSGID", "ReadWritePaths", "CapabilityBoundingSet"} {
		if got := values(serviceUnit(p), name); got != nil {
			t.Errorf("around commands of the owner's there is %s=%s", name, got)
		}
	}
}

// TestSystemd installs, again, and takes away.
func TestSystemd(t *testing.T) {
	for _, system := range []bool{false, true} {
		f := newFake(t)
		p := somePlan(system)
		m := New(Systemd, f, p.Account, system)
		dir, ctl, mode := "/home/anna/.config/systemd/user/", "systemctl --user ", ownMode
		first := []string{}
		if system {
			dir, ctl, mode = "/etc/systemd/system/", "systemctl --no-ask-password ", systemMode
			first = []string{`runuser -u anna -- /bin/sh -c umask 077; exec mkdir -p -- "$@" sh /home/anna/.local/share/chatkeep`}
		}
		d, err := m.Draft(p)
		if err != nil {
			t.Fatal(err)
		}
		then := []string{ctl + "daemon-reload", ctl + "enable --now chatkeep.timer"}
		for _, written := range [][]string{{"write " + dir + service, "write " + dir + timer}, nil} {
			if err := m.Install(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			if did := f.did(); !slices.Equal(did, slices.Concat(first, written, then)) {
				t.Errorf("system %v: installing did %q", system, did)
			}
		}
		if f.modes[dir+service] != mode {
			t.Errorf("system %v: mode %v", system, f.modes[dir+service])
		}
		there, err := m.Installed(t.Context())
		if err != nil || Differences(there, d.Pieces) != nil || len(there) != 2 {
			t.Errorf("there is %v, %v", there, err)
		}
		f.files[dir+"timers.target.wants/chatkeep.timer"] = ""
		f.fails[ctl+"disable"] = &CommandError{Code: 1, Said: "Failed to connect to bus"}
		f.did()
		if err := m.Remove(t.Context()); err != nil || len(f.files) != 0 {
			t.Errorf("without a manager: %v, and there is still %v", err, f.files)
		}
		f.did()
		if err := m.Remove(t.Context()); err != nil || len(f.did()) != 0 {
			t.Errorf("removing what is not there: %v, %q", err, f.ran)
		}
	}
}

// shown is what systemd 252 prints.
const shown = `NextElapseUSecRealtime=Thu 2026-11-26 01:30:32 UTC
LastTriggerUSec=Thu 2026-11-26 01:15:41 UTC
Result=success
Id=chatkeep.timer
ActiveState=active
UnitFileState=enabled

Result=exit-code
ExecMainExitTimestamp=Thu 2026-11-26 01:19:22 UTC
ExecMainStatus=64
Id=chatkeep.service
ActiveState=failed
UnitFileState=static
`

func TestSystemdStatus(t *testing.T) {
	f := newFake(t)
	m := New(Systemd, f, Account{Home: "/home/anna"}, false)
	if st, err := m.Status(t.Context()); err != nil || st.Installed {
		t.Errorf("of nothing: %v, %v", st, err)
	}
	f.files["/home/anna/.config/systemd/user/chatkeep.timer"] = "x"
	f.answers["env TZ=UTC systemctl --user show"] = shown
	st, err := m.Status(t.Context())
	if err != nil || !st.Installed || !st.Active || st.Result != "exit-code" || st.ExitCode == nil || *st.ExitCode != 64 {
		t.Errorf("%+v, %v", st, err)
	}
	if want := time.Date(2026, 11, 26, 1, 30, 32, 0, time.UTC); !st.Next.Equal(want) || !st.Last.Equal(want.Add(-14*time.Minute-51*time.Second)) {
		t.Errorf("fires at %v, fired at %v", st.Next, st.Last)
	}
	f.answers["env TZ=UTC systemctl --user show"] = "Id=chatkeep.timer\nActiveState=inactive\nLastTriggerUSec=n/a\n\nId=chatkeep.service\nResult=success\nExecMainStatus=0\nExecMainExitTimestamp=\n"
	if st, err = m.Status(t.Context()); err != nil || st.Active || st.Result != "" || st.ExitCode != nil || !st.Last.IsZero() {
		t.Errorf("before the first run: %+v, %v", st, err)
	}
	f.answers["env TZ=UTC systemctl --user show"] = "Id=chatkeep.service\nActiveState=activating\n"
	if st, err = m.Status(t.Context()); err != nil || st.Result != "running" {
		t.Errorf("in a run: %+v, %v", st, err)
	}
	f.fails["env TZ=UTC"] = &CommandError{Code: 1, Said: "Failed to connect to bus"}
	if st, err = m.Status(t.Context()); err != nil || !st.Installed || st.Active || !strings.Contains(st.Note, "connect to bus") {
		t.Errorf("without a manager: %+v, %v", st, err)
	}
}

// FuzzShow reads whatever a systemctl may print.
func FuzzShow(f *testing.F) {
	f.Add(shown)
	f.Add("Id=chatkeep.timer\n\n\n=\nId=chatkeep.service\nExecMainStatus=99999999999999999999\nExecMainExitTimestamp=Thu 2026-11-26 01:19:22 UTC")
	f.Fuzz(func(t *testing.T, text string) {
		units := parseShow(text)
		for id, properties := range units {
			if id == "" || properties["Id"] != id || !strings.Contains(text, "Id="+id) {
				t.Errorf("a unit %q with %q", id, properties)
			}
		}
		if st := statusOf(units); st.ExitCode != nil && st.Result == "running" {
			t.Errorf("%+v: an exit code of what still runs", st)
		}
	})
}
