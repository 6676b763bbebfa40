//go:build unix

package shell_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"chatkeep/backup/shell"
)

// name is how the tests' commands are called.
const name = `the command before "exports"`

// short is a grace that nobody has to wait for.
const short = 100 * time.Millisecond

// run runs a command and returns what it printed.
func run(ctx context.Context, c shell.Command) (lines []string, err error) {
	out := c.Out
	c.Name, c.Env = name, append(c.Env, "PATH="+os.Getenv("PATH"))
	c.Out = func(line string) {
		lines = append(lines, line)
		if out != nil {
			out(line)
		}
	}
	err = c.Run(ctx)
	return lines, err
}

func TestOutput(t *testing.T) {
	for line, want := range map[string]string{
		"echo a; echo b >&2; printf c":        "a|b|c",
		"printf 'a\\r\\n\\n  b  \\n'":         "a|  b",
		"printf '\\033[2J\\200'":              `\x1b[2J\x80`,
		"cat; echo end":                       "end", // of stdin
		"true":                                "",
		"(sleep 0; echo late) & wait; exit 0": "late",
	} {
		lines, err := run(t.Context(), shell.Command{Line: line})
		if got := strings.Join(lines, "|"); err != nil || got != want {
			t.Errorf("%s: %q, %v", line, got, err)
		}
	}
	if err := (shell.Command{Line: "echo nobody listens"}).Run(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestEnds holds what errors say: never what a command printed.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		line, want string
		code       int
		hint       bool
	}{
		{"echo SECRET; exit 3", name + " ended with code 3", 3, false},
		{"no-such-program-anywhere", name + " ended with code 127", 127, true},
		{"/", name + " ended with code 126", 126, true},
		{"kill -KILL $$", name + " was ended by a signal: killed", -1, false},
	} {
		_, err := run(t.Context(), shell.Command{Line: c.line})
		var failed *shell.Failed
		if !errors.As(err, &failed) || err.Error() != c.want || failed.Code != c.code || (failed.Hint() != "") != c.hint {
			t.Errorf("%s: %v", c.line, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	lines, err := run(t.Context(), shell.Command{Line: "env", Env: []string{
		"CHATKEEP_PASSPHRASE=SECRET", "CHATKEEP_PASSPHRASE_FILE=SECRET", "CHATKEEP_PASSPHRASE_COMMAND=SECRET", "CHATKEEP_NEW_PASSPHRASE_FILE=SECRET",
		"Chatkeep_Passphrase=SECRET", "CREDENTIALS_DIRECTORY=SECRET", "CHATKEEP_REPOSITORY=home", "OTHER=CHATKEEP_PASSPHRASE"}})
	if got := strings.Join(lines, "\n"); err != nil || strings.Contains(got, "SECRET") || !slices.Contains(lines, "CHATKEEP_REPOSITORY=home") || !slices.Contains(lines, "OTHER=CHATKEEP_PASSPHRASE") {
		t.Errorf("%s, %v", got, err)
	}
	t.Setenv("CHATKEEP_PASSPHRASE", "SECRET")
	var seen []string
	err = shell.Command{Line: "/usr/bin/env", Out: func(line string) { seen = append(seen, line) }}.Run(t.Context())
	if got := strings.Join(seen, "\n"); err != nil || strings.Contains(got, "SECRET") {
		t.Errorf("without an environment: %s, %v", got, err)
	}
}

func TestHuge(t *testing.T) {
	lines, err := run(t.Context(), shell.Command{Line: "yes | head -n 100000; head -c 20000000 /dev/zero; exit 4"})
	var failed *shell.Failed
	if !errors.As(err, &failed) || failed.Code != 4 || len(lines) != 100001 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	if last := lines[100000]; len(last) > 20000 || !strings.HasSuffix(last, "…") {
		t.Errorf("the last has %d bytes", len(last))
	}
}

func TestTimeout(t *testing.T) {
	for timeout, want := range map[time.Duration]string{10 * time.Millisecond: "10ms", 20 * time.Millisecond: "20ms"} {
		_, err := run(t.Context(), shell.Command{Line: "sleep 10000", Timeout: timeout})
		var late *shell.TimedOut
		if !errors.As(err, &late) || err.Error() != name+" timed out after "+want {
			t.Errorf("%v", err)
		}
	}
	for after, want := range map[time.Duration]string{30 * time.Minute: "30m", time.Hour: "1h", 90 * time.Minute: "1h30m", 90 * time.Second: "1m30s", 10 * time.Second: "10s"} {
		if err := (&shell.TimedOut{Name: name, After: after}); err.Error() != name+" timed out after "+want {
			t.Error(err)
		}
	}
}

var errStop = errors.New("interrupted")

// stopped runs a command that prints "ready" and cancels it then. Of alive it
// returns when nothing holds it open any more.
func stopped(t *testing.T, line string, grace time.Duration) (lines []string, err error) {
	t.Helper()
	alive := filepath.Join(t.TempDir(), "alive")
	if err := syscall.Mkfifo(alive, 0o600); err != nil {
		t.Fatal(err)
	}
	gone := make(chan error)
	go func() {
		f, err := os.Open(alive)
		if err == nil {
			_, err = io.ReadAll(f)
		}
		gone <- err
	}()
	ctx, cancel := context.WithCancelCause(t.Context())
	lines, err = run(ctx, shell.Command{Line: "exec 9>" + alive + "; " + line, Grace: grace, Out: func(line string) {
		if line == "ready" {
			cancel(errStop)
		}
	}})
	if err := <-gone; err != nil {
		t.Fatal(err)
	}
	return lines, err
}

// TestStopped ends commands of all kinds: nothing of them may be left.
func TestStopped(t *testing.T) {
	const polite = "one that is polite"
	for what, c := range map[string]struct{ line, last string }{
		polite:                                   {"trap 'echo asked; exit 0' TERM; echo ready; sleep 10000 & wait", "asked"},
		"one that waits for another":             {"echo ready; sleep 10000; echo never", "ready"},
		"one that ignores it":                    {"trap '' TERM; echo ready; while :; do sleep 1; done", "ready"},
		"children that ignore it":                {"(trap '' TERM; echo ready; while :; do sleep 1; done) & wait", "ready"},
		"children that ignore it and are silent": {"(trap '' TERM; echo ready; exec >/dev/null 2>&1; while :; do sleep 1; done) & wait", "ready"},
		"children that go on printing":           {"(trap '' TERM; echo ready; exec 2>/dev/null; while echo more; do :; done) & wait", "more"},
	} {
		grace := short
		if what == polite {
			grace = 3 * time.Second // to say something in, on a busy machine
		}
		lines, err := stopped(t, c.line, grace)
		// What goes on printing may be cut off within a line.
		if !errors.Is(err, errStop) || len(lines) == 0 || !strings.HasPrefix(c.last, lines[len(lines)-1]) {
			t.Errorf("%s: %v, it printed %d lines", what, err, len(lines))
		}
	}
}

func TestAlreadyStopped(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errStop)
	lines, err := run(ctx, shell.Command{Line: "echo never"})
	if !errors.Is(err, errStop) || len(lines) != 0 {
		t.Errorf("%v, %q", err, lines)
	}
}

// TestLeftBehind: a command that ended is not waited for because of what it left in
// the background, and that goes on.
func TestLeftBehind(t *testing.T) {
	lines, err := run(t.Context(), shell.Command{Line: "sleep 10000 & echo $!", Grace: short, Timeout: time.Hour})
	if err != nil || len(lines) != 1 {
		t.Fatalf("%q, %v", lines, err)
	}
	pid, err := strconv.Atoi(lines[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("it did not go on: %v", err)
	}
	_, err = run(t.Context(), shell.Command{Line: "sleep 10000 >/dev/null 2>&1 & kill $!; exit 5", Grace: short})
	var failed *shell.Failed
	if !errors.As(err, &failed) || failed.Code != 5 {
		t.Error(err)
	}
}
