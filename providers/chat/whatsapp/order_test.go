package whatsapp

import (
	"fmt"
	"strings"
	"testing"

	"chatkeep/providers/chat"
)

// TestOrder decides day and month over whole texts.
func TestOrder(t *testing.T) {
	for _, c := range []struct {
		name    string
		dates   []string
		options string
		first   string // the date of the first message
		warns   string // a part of the warning expected, "" for none
	}{
		{"the last line decides", []string{"01/02/21", "03/02/21", "20/02/21"}, "", "2021-02-01", ""},
		{"month first", []string{"02/01/21", "02/03/21", "02/20/21"}, "", "2021-02-01", ""},
		{"time runs forward by days", []string{"01/02/21", "02/02/21", "03/02/21", "01/03/21"}, "", "2021-02-01", ""},
		{"time runs forward by months", []string{"02/01/21", "02/02/21", "02/03/21", "03/01/21"}, "", "2021-02-01", ""},
		{"the month changes less", []string{"01/02/21", "02/02/21", "03/02/21"}, "", "2021-02-01", "changes least"},
		{"year first with two digits", []string{"21-02-01", "21-02-03", "22-01-01"}, "", "2021-02-01", ""},
		{"year first with four", []string{"2021-02-01", "2021-02-03"}, "", "2021-02-01", ""},
		{"year, day, month", []string{"2021-01-02", "2021-20-02"}, "", "2021-02-01", ""},
		{"nothing tells", []string{"01.02.21"}, "", "2021-02-01", "assumed to be dmy"},
		{"the user tells", []string{"01.02.21"}, "mdy", "2021-01-02", ""},
		{"the user is wrong", []string{"20.02.21", "01.02.21"}, "mdy", "2021-02-20", "1 dates cannot be mdy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := ""
			for i, d := range c.dates {
				text += fmt.Sprintf("%s, 10:%02d - Anna: %d\n", d, i, i)
			}
			r := readText(t, text, chat.Options{DateOrder: c.options})
			if len(r.messages) != len(c.dates) {
				t.Fatalf("%d messages of %d", len(r.messages), len(c.dates))
			}
			if got := r.messages[0].Time.Format("2006-01-02"); got != c.first {
				t.Errorf("first is %s, want %s", got, c.first)
			}
			got := ""
			for _, w := range r.accounts.Warnings {
				if strings.Contains(w, "date") {
					got += w
				}
			}
			if (got == "") != (c.warns == "") || !strings.Contains(got, c.warns) {
				t.Errorf("warnings %q, want %q", got, c.warns)
			}
		})
	}
}

func TestOrderOption(t *testing.T) {
	if _, err := Provider.Open(nil, chat.Match{Route: routeText, Path: "x"}, chat.Options{DateOrder: "ydm"}); err == nil {
		t.Error("date order ydm is taken")
	}
}

// TestPasted keeps lines that look like headers inside the message they were
// pasted into.
func TestPasted(t *testing.T) {
	main := func(i int) string { return fmt.Sprintf("[%02d.01.20, 10:%02d:00] Anna: line %d\r\n", i%28+1, i%60, i) }
	for name, paste := range map[string]string{
		"another frame":   "1.9.19, 00:00 - Peter: old\r\n",
		"leading zeros":   "[1.9.19, 00:00:00] Peter: old\r\n",
		"no seconds":      "[1.9.19, 00:00] Peter: old\r\n",
		"time first":      "[00:00, 1.9.2019] Peter: old\r\n",
		"another comma":   "[01.09.19 00:00:00] Peter: old\r\n",
		"a bare line end": "[02.09.19, 00:00:00] Peter: old\r\n",
	} {
		text := ""
		for i := range 28 {
			line := main(i)
			if i == 14 {
				if name == "a bare line end" {
					line = strings.TrimSuffix(line, "\r\n") + "\n"
				}
				line += paste
			}
			text += line
		}
		r := readText(t, text, chat.Options{})
		if len(r.messages) != 28 || !strings.Contains(r.messages[14].Text, "Peter: old") || len(r.conversation.Participants) != 1 {
			t.Errorf("%s: %d messages, %d participants, %q", name, len(r.messages), len(r.conversation.Participants), r.messages[14].Text)
		}
	}
}

// TestJoined reads a text that several exports were joined into.
func TestJoined(t *testing.T) {
	var a, b strings.Builder
	for i := range 12 {
		fmt.Fprintf(&a, "%d/5/21, 10:00 - Anna: a%d\n", i+13, i)
		fmt.Fprintf(&b, "[%02d.06.2021, 10:00:00] Anna: b%d\n", i+13, i)
	}
	for name, text := range map[string]string{"in order": a.String() + b.String(), "the newer first": b.String() + a.String()} {
		r := readText(t, text, chat.Options{})
		if len(r.messages) != 24 {
			t.Errorf("%s: %d messages of 24", name, len(r.messages))
		}
		if !strings.Contains(strings.Join(r.accounts.Warnings, "\n"), "joined") {
			t.Errorf("%s: no warning in %q", name, r.accounts.Warnings)
		}
	}
}

// TestYearLeftOut reads what Android wrote until 2013: the current year is not
// there.
func TestYearLeftOut(t *testing.T) {
	r := readText(t, "21:04, 30 Dec 2012 - Anna: a\n9:04, 3 Jan - Anna: b\n9:05, Jan 4 - Bo: c\n", chat.Options{})
	got := ""
	for _, m := range r.messages {
		got += clockOf(m) + " "
	}
	if want := "2012-12-30 21:04:00 2013-01-03 09:04:00 2013-01-04 09:05:00 "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
