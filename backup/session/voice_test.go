package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
	"chatkeep/providers/storage"
)

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"Anna":                              "Anna",
		"👩‍👩‍👧 Zoë ✈️":                      "👩‍👩‍👧 Zoë ✈️",
		"a\x1b]0;title\x07b":                `a\x1b]0;title\x07b`,
		"a\nhint: run this\r\n":             `a\nhint: run this\x0d\n`,
		"a\tb":                              `a\tb`,
		"\x7f\u009b31m":                     `\x7f\x9b31m`,
		"evil\u202egnp.exe":                 `evil\u202egnp.exe`,
		"\u2066x\u2069\u2028\ufeff":         `\u2066x\u2069\u2028\ufeff`,
		"a\xff\xc3":                         `a\xff\xc3`,
		"שלום":                              "שלום",
		"\u0000":                            `\x00`,
		"replacement \ufffd stays":          "replacement \ufffd stays",
		"combining e\u0301 and ZWNJ \u200c": "combining e\u0301 and ZWNJ \u200c",
	} {
		if got := session.Clean(text); got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[2J\u202e\xff\n\t", 2)
	f.Add("👩‍👧é", 3)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		clean := session.Clean(text)
		if !utf8.ValidString(clean) || strings.ContainsFunc(clean, unicode.IsControl) || session.Clean(clean) != clean {
			t.Fatalf("Clean(%q) = %q", text, clean)
		}
		// The stream gives the same wherever the writes are cut.
		whole, parts := &strings.Builder{}, &strings.Builder{}
		w := session.NewCleanWriter(whole)
		_, _ = w.Write([]byte(text))
		_ = w.Flush()
		w = session.NewCleanWriter(parts)
		for cut = max(1, cut%8); len(text) > 0; text = text[min(cut, len(text)):] {
			_, _ = w.Write([]byte(text[:min(cut, len(text))]))
		}
		_ = w.Flush()
		if whole.String() != parts.String() {
			t.Fatalf("%q and %q", whole, parts)
		}
	})
}

// hinting is an error that knows a cure.
type hinting struct{ cure string }

func (hinting) Error() string  { return "it hurts" }
func (h hinting) Hint() string { return h.cure }

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		code int
		text string
	}{
		{"plain", errors.New("no luck"), 1, "chatkeep: no luck\n"},
		{"class", fmt.Errorf("check: %w", format.Fail(format.Flipped, "packs/00.age", "x")), 11, "chatkeep: check: packs/00.age: damaged: x\n"},
		{"wrong key", format.Fail(format.WrongKey, "slot", "x"), 12, "chatkeep: slot: the key does not open it: x\n"},
		{"login", &storage.Error{Class: storage.Login, Op: "put", Place: "s3:x", Err: fs.ErrPermission, Cure: "log in"}, 14,
			"chatkeep: put s3:x: permission denied\nhint: log in\n"},
		{"the first that has a code", fmt.Errorf("a: %w", session.Fail(3, "", "b: %v", format.Fail(format.Flipped, "c", "d"))), 3,
			"chatkeep: a: b: c: damaged: d\n"},
		{"the first hint that says something", fmt.Errorf("a: %w", session.Fail(1, "", "b: %v", hinting{"rest"})), 1,
			"chatkeep: a: b: it hurts\nhint: rest\n"},
		{"joined", errors.Join(errors.New("one"), hinting{"two helps"}), 1, "chatkeep: one; it hurts\nhint: two helps\n"},
		{"hostile", errors.New("open \"x\x1b[2J\nhint: rm -rf\""), 1, "chatkeep: open \"x\\x1b[2J; hint: rm -rf\"\n"},
		{"newer", format.Fail(format.NewerFormat, "head", "9"), 1, "chatkeep: head: of a newer format: 9\nhint: use a newer chatkeep\n"},
	} {
		w := newWorld(t)
		fail := func(context.Context, *session.Call) error { return c.err }
		if code := w.does(fail); code != c.code || w.err.String() != c.text || w.out.Len() > 0 {
			t.Errorf("%s: code %d, stdout %q, stderr %q", c.name, code, &w.out, &w.err)
		}
		var object struct {
			Type, Message, Hint string
			Code                int
		}
		if code := w.does(fail, "--json"); code != c.code || w.out.Len() > 0 {
			t.Errorf("%s: code %d, stdout %q", c.name, code, &w.out)
		}
		if err := json.Unmarshal(w.err.Bytes(), &object); err != nil || object.Type != "error" || object.Code != c.code {
			t.Errorf("%s: %s: %+v, %v", c.name, &w.err, object, err)
		}
		text := "chatkeep: " + object.Message + "\n"
		if object.Hint != "" {
			text += "hint: " + object.Hint + "\n"
		}
		if text != c.text {
			t.Errorf("%s: as JSON it says %q", c.name, text)
		}
	}
}

// TestQuietUnderCron speaks in all ways where no terminal is.
func TestQuietUnderCron(t *testing.T) {
	speak := func(_ context.Context, c *session.Call) error {
		c.Voice.Print("data of %s", "a\x1bb")
		c.Voice.Say("all is well with %s", errors.New("a\nb"))
		c.Voice.Warn("look at %s", []byte("\x07"))
		c.Voice.Progress(1, 2, "x")
		return c.Voice.Object(map[string]string{"type": "summary", "name": "<\x1b>"})
	}
	const data, warning, well = "data of a\\x1bb\n", "warning: look at \\x07\n", "all is well with a\\nb\n"
	for flags, want := range map[string][2]string{
		"":                  {data, warning},
		"--verbose":         {data, well + warning},
		"--quiet":           {data, warning},
		"--quiet --verbose": {data, warning},
		"--json": {`{"name":"<\u001b>","type":"summary"}` + "\n",
			`{"type":"warning","message":"look at \\x07"}` + "\n"},
	} {
		w := newWorld(t)
		w.wantCode(w.does(speak, strings.Fields(flags)...), 0)
		if w.out.String() != want[0] || w.err.String() != want[1] {
			t.Errorf("%q: stdout %q, stderr %q", flags, &w.out, &w.err)
		}
	}
}

// full is a stdout with no room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestFullDisk(t *testing.T) {
	w := newWorld(t)
	env := w.env()
	env.Stdout = full{}
	code := session.NewApp(env).Run([]string{"version"})
	if code != 1 || !strings.Contains(w.err.String(), syscall.ENOSPC.Error()) {
		t.Errorf("code %d, stderr %q", code, &w.err)
	}
}

func TestMeter(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		took        time.Duration
		done, total int64
		what        string
		write       func(int64) string
		want        string
	}{
		{0, 0, 0, "", session.Size, "0 B"},
		{0, 512, 1024, "a\x1b", session.Size, " 50%  512 B of 1.0 KiB  a\\x1b"},
		{2 * time.Second, 2 << 20, 12 << 20, "", session.Size, " 16%  2.0 MiB of 12.0 MiB  1.0 MiB/s  10.0 s left"},
		{2 * time.Second, 2 << 20, 0, "x", session.Size, "2.0 MiB  1.0 MiB/s  x"},
		{2 * time.Second, 5, 4, "", session.Size, "100%  5 B of 4 B  2 B/s"},
		{0, 1, 5, "snapshots", session.Count, " 20%  1 of 5  snapshots"},
		{2 * time.Second, 1, 5, "snapshots", session.Count, " 20%  1 of 5  8.0 s left  snapshots"},
		{2 * time.Second, 4000, 0, "", session.Count, "4,000  2,000/s"},
	} {
		if got := session.MeterLine(start, start.Add(c.took), c.done, c.total, c.what, c.write); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := session.Cut("grüße an alle", 6); got != "grüße…" {
		t.Errorf("cut to %q", got)
	}
}
