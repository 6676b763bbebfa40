package schedule

import (
	"encoding/xml"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func windowsPlan() Plan {
	p := somePlan(false)
	p.Account = Account{`DESKTOP\anna & co`, "S-1-5-21", `C:\Users\anna`}
	p.Program, p.Config = `C:\Program Files\<chat> & keep\chatkeep.exe`, `C:\Users\anna smith\config dir\`
	p.Needs.Own, p.Needs.Writes = nil, []string{`\\server\share`}
	return p
}

// described is what the Task Scheduler reads of a task.
type described struct {
	XMLName  xml.Name `xml:"http://schemas.microsoft.com/windows/2004/02/mit/task Task"`
	Interval string   `xml:"Triggers>TimeTrigger>Repetition>Interval"`
	User     string   `xml:"Principals>Principal>UserId"`
	Logon    string   `xml:"Principals>Principal>LogonType"`
	Late     bool     `xml:"Settings>StartWhenAvailable"`
	Battery  bool     `xml:"Settings>DisallowStartIfOnBatteries"`
	Limit    string   `xml:"Settings>ExecutionTimeLimit"`
	Command  string   `xml:"Actions>Exec>Command"`
	Words    string   `xml:"Actions>Exec>Arguments"`
}

func TestTask(t *testing.T) {
	for system, logon := range map[bool]string{false: "InteractiveToken", true: "S4U"} {
		p := windowsPlan()
		d, err := New(Windows, newFake(t), p.Account, system).Draft(p)
		if err != nil {
			t.Fatal(err)
		}
		// The declaration tells of the file; here it is text.
		text := strings.Replace(d.Pieces[0].Text, "UTF-16", "UTF-8", 1)
		got := described{Battery: true}
		if err := xml.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		got.XMLName = xml.Name{}
		want := described{Interval: "PT15M", User: p.Account.Name, Logon: logon, Late: true, Limit: "PT0S", Command: p.Program,
			Words: `run --config "C:\Users\anna smith\config dir\\"`}
		if got != want {
			t.Errorf("system %v: %+v, want %+v", system, got, want)
		}
	}
	for _, program := range []string{"chatkeep.exe", `\chatkeep.exe`, "C:chatkeep.exe", "/usr/bin/chatkeep", "//"} {
		p := windowsPlan()
		p.Program = program
		if d, err := New(Windows, newFake(t), p.Account, false).Draft(p); err == nil {
			t.Errorf("%s: %v", program, d)
		}
	}
}

func TestWindows(t *testing.T) {
	f := newFake(t)
	p := windowsPlan()
	m := New(Windows, f, p.Account, false)
	d, err := m.Draft(p)
	if err != nil {
		t.Fatal(err)
	}
	file := `C:\Users\anna\AppData\Local\chatkeep\schedule.xml`
	for _, written := range [][]string{{"write " + file}, nil} {
		if err := m.Install(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if did := f.did(); !slices.Equal(did, append(written, "schtasks /Create /TN chatkeep /XML "+file+" /F")) {
			t.Errorf("installing did %q", did)
		}
	}
	if !strings.HasPrefix(f.files[file], "\xff\xfe<\x00?\x00") {
		t.Errorf("no UTF-16 with its mark: %.20q", f.files[file])
	}
	there, err := m.Installed(t.Context())
	if err != nil || Differences(there, d.Pieces) != nil {
		t.Errorf("%v, %v", there, err)
	}
	f.fails["schtasks /Query"] = &CommandError{Code: 1, Err: errors.New("exit status 1")}
	if st, err := m.Status(t.Context()); err != nil || !st.Installed || st.Active {
		t.Errorf("deleted by hand: %+v, %v", st, err)
	}
	for range 2 {
		if err := m.Remove(t.Context()); err != nil || len(f.files) != 0 {
			t.Errorf("%v, %v", f.files, err)
		}
	}
}

// FuzzUTF16 writes texts that come back.
func FuzzUTF16(f *testing.F) {
	f.Add("a\n\u00e4\U0001f600")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.Contains(text, "\r") || strings.HasPrefix(text, "\ufeff") {
			return
		}
		if got := fromUTF16(utf16File(text)); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	})
}

// asWindows splits arguments as a program of Windows does.
func asWindows(line string) (words []string) {
	var word strings.Builder
	quoted, there := false, false
	for i := 0; i < len(line); {
		backslashes := 0
		for i < len(line) && line[i] == '\\' {
			backslashes++
			i++
		}
		if i < len(line) && line[i] == '"' {
			word.WriteString(strings.Repeat(`\`, backslashes/2))
			there = true
			if backslashes%2 == 1 {
				word.WriteByte('"')
			} else {
				quoted = !quoted
			}
			i++
			continue
		}
		word.WriteString(strings.Repeat(`\`, backslashes))
		there = there || backslashes > 0
		if i == len(line) {
			break
		}
		if !quoted && (line[i] == ' ' || line[i] == '\t') {
			if there {
				words = append(words, word.String())
			}
			word.Reset()
			there = false
		} else {
			word.WriteByte(line[i])
			there = true
		}
		i++
	}
	if there {
		words = append(words, word.String())
	}
	return words
}

// FuzzWindowsQuote writes words down that come back as they were.
func FuzzWindowsQuote(f *testing.F) {
	for _, word := range []string{"", " ", "a", `a\`, `a b\`, `\"`, `\\" \`, `"`, `C:\x y\`} {
		f.Add(word, word)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		if got := asWindows(windowsQuote(a) + " " + windowsQuote(b)); !slices.Equal(got, []string{a, b}) {
			t.Errorf("%q and %q come back as %q", a, b, got)
		}
	})
}
