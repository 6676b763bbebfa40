package schedule

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"
)

// plistValues reads a property list flat: each text, in order, with the names of
// the elements that are nothing but a name.
func plistValues(t *testing.T, text string) (all []string) {
	t.Helper()
	in := xml.NewDecoder(strings.NewReader(text))
	var data strings.Builder
	for {
		token, err := in.Token()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		switch token := token.(type) {
		case xml.StartElement:
			data.Reset()
		case xml.CharData:
			data.Write(token)
		case xml.EndElement:
			switch token.Name.Local {
			case "key", "string", "integer":
				all = append(all, data.String())
			case "true":
				all = append(all, "true")
			}
		}
	}
}

func TestPlist(t *testing.T) {
	for _, system := range []bool{false, true} {
		p := awkwardPlan(system)
		d, err := New(Launchd, newFake(t), p.Account, system).Draft(p)
		if err != nil {
			t.Fatal(err)
		}
		got := plistValues(t, d.Pieces[0].Text)
		for _, want := range [][]string{
			{"Label", "chatkeep"},
			{"ProgramArguments", p.Program, "run", "--config", p.Config},
			{"EnvironmentVariables", "HOME", "/home/anna"},
			{"CHATKEEP_REPOSITORY", awkward},
			{"StartInterval", "900"}, {"RunAtLoad", "true"}, {"ProcessType", "Background"}, {"LowPriorityIO", "true"},
		} {
			if !containsRun(got, want) {
				t.Errorf("no %q in %q", want, got)
			}
		}
		if containsRun(got, []string{"UserName", "anna"}) != system {
			t.Errorf("system %v: whose account: %q", system, got)
		}
	}
}

func containsRun(all, run []string) bool {
	for i := range all {
		if len(all)-i >= len(run) && slices.Equal(all[i:i+len(run)], run) {
			return true
		}
	}
	return false
}

func TestLaunchd(t *testing.T) {
	f := newFake(t)
	p := somePlan(false)
	m := New(Launchd, f, p.Account, false)
	d, err := m.Draft(p)
	if err != nil {
		t.Fatal(err)
	}
	const file = "/home/anna/Library/LaunchAgents/chatkeep.plist"
	notThere := &CommandError{Code: 113, Said: "Could not find service"}
	f.fails["launchctl print"] = notThere
	if err := m.Install(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if did := f.did(); !slices.Equal(did, []string{"launchctl print gui/1000/chatkeep", "write " + file, "launchctl bootstrap gui/1000 " + file}) {
		t.Errorf("installing did %q", did)
	}
	delete(f.fails, "launchctl print")
	if err := m.Install(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if did := f.did(); !slices.Equal(did, []string{"launchctl print gui/1000/chatkeep", "launchctl bootout gui/1000/chatkeep", "launchctl bootstrap gui/1000 " + file}) {
		t.Errorf("installing again did %q", did)
	}
	f.answers["launchctl print"] = "gui/1000/chatkeep = {\n\tstate = not running\n\tprogram = /a\n\tlast exit code = 3\n\tsub = {\n\t\tstate = x\n\t}\n}\n"
	st, err := m.Status(t.Context())
	if err != nil || !st.Active || st.Result != "not running" || st.ExitCode == nil || *st.ExitCode != 3 {
		t.Errorf("%+v, %v", st, err)
	}
	if err := m.Remove(t.Context()); err != nil || len(f.files) != 0 {
		t.Errorf("%v, %v", f.files, err)
	}
	f.fails["launchctl print"] = notThere
	if err := m.Remove(t.Context()); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
}

// FuzzLaunchctl reads whatever launchctl may print.
func FuzzLaunchctl(f *testing.F) {
	f.Add("x = {\n\tstate = running\n\tlast exit code = 78: EX_CONFIG\n}")
	f.Add("last exit code = (never exited)\nstate = ")
	f.Fuzz(func(t *testing.T, text string) {
		state, code := parseLaunchctl(text)
		if !strings.Contains(text, state) || code != nil && !strings.Contains(text, "last exit code = ") {
			t.Errorf("%q, %v", state, code)
		}
	})
}
