package schedule

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCrontab(t *testing.T) {
	block := cronBegin + "\n*/15 * * * * x\n" + cronEnd + "\n"
	older := cronBegin + "\n0 * * * * y\n# mine, in the wrong place\n" + cronEnd + "\n"
	for _, c := range []struct{ name, crontab, with, without string }{
		{"none", "", block, ""},
		{"others", "MAILTO=anna\n0 1 * * * z\n", "MAILTO=anna\n0 1 * * * z\n" + block, "MAILTO=anna\n0 1 * * * z\n"},
		{"no line end", "# a", "# a\n" + block, "# a"},
		{"older", "a\n" + older + "b\n", "a\n" + block + "b\n", "a\nb\n"},
		{"alone", older, block, ""},
		{"blank lines", "\n\n" + older + "\n\n", "\n\n" + block + "\n\n", "\n\n\n\n"},
		{"other bytes", "# \xff\x00\r\n", "# \xff\x00\r\n" + block, "# \xff\x00\r\n"},
		{"only mentioned", "# not " + cronBegin + "\n", "# not " + cronBegin + "\n" + block, "# not " + cronBegin + "\n"},
		{"saved on Windows", "a\r\n" + strings.ReplaceAll(older, "\n", "\r\n"), "a\r\n" + block, "a\r\n"},
	} {
		if got, err := withBlock([]byte(c.crontab), []byte(block)); err != nil || string(got) != c.with {
			t.Errorf("%s: with %q, %v", c.name, got, err)
		}
		if got, err := withBlock([]byte(c.crontab), nil); err != nil || string(got) != c.without {
			t.Errorf("%s: without %q, %v", c.name, got, err)
		}
	}
	for name, torn := range map[string]string{
		"no end": cronBegin + "\na\n", "no begin": "a\n" + cronEnd + "\n", "two": block + block, "reversed": cronEnd + "\n" + cronBegin + "\n",
		"two begins": cronBegin + "\n" + block,
	} {
		got, err := withBlock([]byte(torn), []byte(block))
		var is *TornBlock
		if !errors.As(err, &is) || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestCrontabKeeps puts a block into crontabs of all kinds and takes it out: what
// the user wrote stays, byte for byte, and a second time changes nothing.
func TestCrontabKeeps(t *testing.T) {
	block := []byte(cronBegin + "\n* * * * * x\n" + cronEnd + "\n")
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"\n", "\r\n", "MAILTO=a\n", "# chatkeep", "0 1 * * * date +\\%s\n", "\x00\xff", " ", "# chatkeep schedule\n"}
	for range 5000 {
		var crontab []byte
		for range random.IntN(8) {
			crontab = append(crontab, parts[random.IntN(len(parts))]...)
		}
		with, err := withBlock(crontab, block)
		if err != nil {
			t.Fatal(err)
		}
		again, err := withBlock(with, block)
		if err != nil || !bytes.Equal(with, again) {
			t.Fatalf("%q: again %q, %v", with, again, err)
		}
		without, err := withBlock(with, nil)
		if len(crontab) > 0 && crontab[len(crontab)-1] != '\n' {
			crontab = append(crontab, '\n') // crontab takes no other
		}
		if err != nil || !bytes.Equal(without, crontab) {
			t.Fatalf("%q became %q, %v", crontab, without, err)
		}
	}
}

func TestCron(t *testing.T) {
	f := newFake(t)
	p := somePlan(false)
	m := New(Cron, f, p.Account, false)
	d, err := m.Draft(p)
	if err != nil {
		t.Fatal(err)
	}
	step := func(do func() error, crontab string, writes int) {
		t.Helper()
		f.did()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		is := ""
		if f.crontab != nil {
			is = *f.crontab
		}
		did := slices.DeleteFunc(f.did(), func(line string) bool { return line == "crontab -l" })
		if is != crontab || len(did) != writes {
			t.Errorf("the crontab is %q after %q", is, did)
		}
	}
	install := func() error { return m.Install(t.Context(), d) }
	remove := func() error { return m.Remove(t.Context()) }
	block := d.Pieces[0].Text
	step(remove, "", 0)
	step(install, block, 1)
	step(install, block, 0)
	if st, err := m.Status(t.Context()); err != nil || !st.Installed {
		t.Errorf("%+v, %v", st, err)
	}
	step(remove, "", 1)
	if f.crontab != nil {
		t.Error("an empty crontab is left where there was none")
	}
	mine := "MAILTO=\"\"\n0 1 * * * z\n"
	f.crontab = &mine
	step(install, mine+block, 1)
	step(remove, mine, 1)

	f.fails["crontab"] = &CommandError{Code: -1, Err: exec.ErrNotFound}
	if there, err := m.Installed(t.Context()); err != nil || there != nil {
		t.Errorf("without cron: %v, %v", there, err)
	}
	if err := install(); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("without cron: %v", err)
	}
	f.fails["crontab"] = &CommandError{Code: 1, Said: "you are not allowed to use this program"}
	if there, err := m.Installed(t.Context()); err == nil {
		t.Errorf("not allowed: %v", there)
	}
}

func TestCronFile(t *testing.T) {
	f := newFake(t)
	p := somePlan(true)
	m := New(Cron, f, p.Account, true)
	d, err := m.Draft(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Install(t.Context(), d); err != nil || f.modes[systemCron] != systemMode || f.files[systemCron] != d.Pieces[0].Text {
		t.Errorf("%v, %v", f.files, err)
	}
	if !strings.Contains(f.files[systemCron], "\n*/15 * * * * anna /usr/bin/env ") {
		t.Errorf("no entry of anna's: %s", f.files[systemCron])
	}
	for range 2 {
		if err := m.Remove(t.Context()); err != nil || len(f.files) != 0 {
			t.Errorf("%v, %v", f.files, err)
		}
	}
	for _, name := range []string{"", "a b", "a#"} {
		p.Account.Name = name
		if d, err := m.Draft(p); err == nil {
			t.Errorf("for the user %q: %v", name, d)
		}
	}
}

// TestCronTooLong refuses what cron would cut off.
func TestCronTooLong(t *testing.T) {
	p := somePlan(false)
	at := func(n int) (int, error) {
		p.Environment = []Variable{{"TZ", strings.Repeat("x", n)}}
		line, err := cronLine(p, "")
		return len(strings.TrimPrefix(line, "*/15 * * * * ")), err
	}
	length, err := at(1)
	if err != nil {
		t.Fatal(err)
	}
	room := maxCronCommand - length + 1
	if length, err = at(room); err != nil || length != maxCronCommand {
		t.Errorf("%d bytes: %v", length, err)
	}
	var long *CommandTooLong
	if _, err := at(room + 1); !errors.As(err, &long) || long.Bytes != maxCronCommand+1 {
		t.Errorf("one more: %v", err)
	}
}

func TestCronEvery(t *testing.T) {
	for every, want := range map[time.Duration]string{time.Minute: "*/1 * * * * ", Every: "*/15 * * * * ", time.Hour: "0 * * * * "} {
		p := somePlan(false)
		p.Every = every
		if line, err := cronLine(p, ""); err != nil || !strings.HasPrefix(line, want+"/usr/bin/env") {
			t.Errorf("%s: %q, %v", every, line, err)
		}
	}
}

// asCron does to a command what cron does before it gives it to the shell: a
// backslash before a % goes, and another % ends the command. Where there are two
// backslashes, the second is not taken for an escape.
func asCron(t *testing.T, command string) string {
	t.Helper()
	var out []byte
	escaped := false
	for i := 0; i < len(command); i++ {
		c := command[i]
		switch {
		case escaped && c == '%':
			out[len(out)-1] = '%'
			escaped = false
			continue
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '%':
			t.Fatalf("%q: cron ends it at byte %d", command, i)
		}
		out = append(out, c)
	}
	return string(out)
}

// asShell splits a command as a shell does that has single quotes and backslashes
// only.
func asShell(t *testing.T, command string) (words []string) {
	t.Helper()
	var word strings.Builder
	there := false
	for i := 0; i < len(command); i++ {
		switch c := command[i]; {
		case c == '\'':
			end := strings.IndexByte(command[i+1:], '\'')
			if end < 0 {
				t.Fatalf("%q ends in quotes", command)
			}
			word.WriteString(command[i+1 : i+1+end])
			i, there = i+1+end, true
		case c == '\\' && i+1 < len(command):
			i++
			word.WriteByte(command[i])
			there = true
		case c == ' ':
			words = append(words, word.String())
			word.Reset()
			there = false
		case special(rune(c)):
			t.Fatalf("%q: %q is not quoted", command, c)
		default:
			word.WriteByte(c)
			there = true
		}
	}
	if there {
		words = append(words, word.String())
	}
	return words
}

// FuzzCronQuote writes words down that come back as they were, through cron and
// then the shell.
func FuzzCronQuote(f *testing.F) {
	for _, word := range []string{"", " ", "a", awkward, "%", `\%`, `\\%%`, `\\\%`, `'%'`, `'\%`, `\`, "'", "$x", "a\\''%"} {
		f.Add(word, word)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.ContainsAny(a+b, "\n\x00") {
			return
		}
		if got := asShell(t, asCron(t, cronQuote(a)+" "+cronQuote(b))); !slices.Equal(got, []string{a, b}) {
			t.Errorf("%q and %q come back as %q", a, b, got)
		}
	})
}
