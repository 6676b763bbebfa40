//go:build unix

package shell_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"chatkeep/backup/shell"
)

// pipe starts a command whose output is read.
func pipe(t *testing.T, ctx context.Context, c shell.Command) io.ReadCloser {
	t.Helper()
	c.Name, c.Env = name, append(c.Env, "PATH="+os.Getenv("PATH"))
	out, err := c.Pipe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	return out
}

func TestStreams(t *testing.T) {
	var out, said bytes.Buffer
	var lines []string
	c := shell.Command{Name: name, Line: `cat; printf '\033\200' >&2`, Stdin: strings.NewReader("a\x00b"), Stdout: &out, Stderr: &said,
		Env: []string{"PATH=" + os.Getenv("PATH")}, Out: func(line string) { lines = append(lines, line) }}
	if err := c.Run(t.Context()); err != nil || out.String() != "a\x00b" || said.String() != "\x1b\x80" || lines != nil {
		t.Errorf("stdout %q, stderr %q, lines %q: %v", &out, &said, lines, err)
	}
}

func TestPipe(t *testing.T) {
	for line, want := range map[string]struct{ out, said string }{
		"printf 'a\\000b'; echo aside >&2": {"a\x00b", "aside"},
		"true":                             {"", ""},
		"(sleep 0; printf late) &":         {"late", ""}, // it has the pipe as well
		"cat":                              {"", ""},     // of stdin
	} {
		var lines []string
		out := pipe(t, t.Context(), shell.Command{Line: line, Out: func(line string) { lines = append(lines, line) }})
		got, err := io.ReadAll(out)
		if err != nil || string(got) != want.out || strings.Join(lines, "|") != want.said {
			t.Errorf("%s: %q, %q, %v", line, got, lines, err)
		}
		if n, err := out.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%s: after its end %d, %v", line, n, err)
		}
		if err := out.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestPipeFails: what was read of a command that failed is never taken for all.
func TestPipeFails(t *testing.T) {
	out := pipe(t, t.Context(), shell.Command{Line: "echo SECRET; exit 3"})
	for range 2 { // and it stays so
		got, err := io.ReadAll(out)
		var failed *shell.Failed
		if !errors.As(err, &failed) || failed.Code != 3 || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q, %v", got, err)
		}
	}
	out = pipe(t, t.Context(), shell.Command{Line: "sleep 10000", Timeout: 10 * time.Millisecond, Grace: short})
	var late *shell.TimedOut
	if _, err := io.ReadAll(out); !errors.As(err, &late) {
		t.Errorf("a command that hangs: %v", err)
	}
	if _, err := (shell.Command{Name: name, Args: []string{"no-such-program-anywhere"}}).Pipe(t.Context()); err == nil || !strings.HasPrefix(err.Error(), name+" cannot be run: ") {
		t.Errorf("a program that is not there: %v", err)
	}
}

// TestPipeSlow: a reader may take longer than any grace after the command ended.
func TestPipeSlow(t *testing.T) {
	alive := filepath.Join(t.TempDir(), "alive")
	if err := syscall.Mkfifo(alive, 0o600); err != nil {
		t.Fatal(err)
	}
	out := pipe(t, t.Context(), shell.Command{Line: "exec 9>" + alive + "; head -c 60000 /dev/zero", Grace: time.Millisecond})
	if _, err := os.ReadFile(alive); err != nil { // until it ended
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	if got, err := io.ReadAll(out); err != nil || len(got) != 60000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestPipeStopped ends commands of all kinds while they are read: nothing of them
// may be left.
func TestPipeStopped(t *testing.T) {
	for what, line := range map[string]string{
		"one that waits":           "echo ready; sleep 10000",
		"one that ignores it":      "trap '' TERM; echo ready; while :; do sleep 1; done",
		"children that ignore it":  "(trap '' TERM; echo ready; while :; do sleep 1; done) & wait",
		"one that goes on for all": "echo ready; yes",
	} {
		for how, stop := range map[string]func(context.CancelCauseFunc, io.Closer){
			"interrupted": func(cancel context.CancelCauseFunc, _ io.Closer) { cancel(errStop) },
			"closed":      func(_ context.CancelCauseFunc, out io.Closer) { out.Close() },
		} {
			alive := filepath.Join(t.TempDir(), "alive")
			if err := syscall.Mkfifo(alive, 0o600); err != nil {
				t.Fatal(err)
			}
			gone := make(chan error)
			go func() {
				_, err := os.ReadFile(alive)
				gone <- err
			}()
			ctx, cancel := context.WithCancelCause(t.Context())
			out := pipe(t, ctx, shell.Command{Line: "exec 9>" + alive + "; " + line, Grace: short})
			if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
				t.Fatal(err)
			}
			stop(cancel, out)
			if _, err := io.Copy(io.Discard, out); err == nil || how == "interrupted" && !errors.Is(err, errStop) {
				t.Errorf("%s, %s: %v", what, how, err)
			}
			if err := <-gone; err != nil {
				t.Fatal(err)
			}
			cancel(nil)
		}
	}
}

// TestPipeHeldOpen: somebody who left the group holds the pipe open, and is not
// waited for when the command is stopped.
func TestPipeHeldOpen(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	out := pipe(t, ctx, shell.Command{Line: "setsid sh -c 'echo $$; exec sleep 10000' & wait", Grace: short})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	cancel(errStop)
	if _, err := io.ReadAll(out); !errors.Is(err, errStop) {
		t.Error(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("it did not leave the group: %v", err)
	}
}

func TestArguments(t *testing.T) {
	lines, err := run(t.Context(), shell.Command{Args: []string{"printf", "%s|", "$HOME", "a b"}})
	if err != nil || strings.Join(lines, "\n") != "$HOME|a b|" {
		t.Errorf("%q, %v", lines, err)
	}
	const group = "ps -o pgid= -p $$"
	for attended, want := range map[bool]bool{true: true, false: false} {
		lines, err := run(t.Context(), shell.Command{Line: group, Attended: attended})
		if ours := strings.TrimSpace(strings.Join(lines, "")) == strconv.Itoa(syscall.Getpgrp()); err != nil || ours != want {
			t.Errorf("attended %t: the group is ours: %t; %q, %v", attended, ours, lines, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err = run(ctx, shell.Command{Line: "echo ready; exec sleep 10000", Attended: true, Grace: short, Out: func(string) { cancel(errStop) }})
	if !errors.Is(err, errStop) {
		t.Errorf("one that is attended: %v", err)
	}
}

func TestCredentials(t *testing.T) {
	for asked, want := range map[bool]string{false: "", true: "/run/credentials"} {
		lines, err := run(t.Context(), shell.Command{Line: "echo $CREDENTIALS_DIRECTORY", Credentials: asked, Env: []string{"CREDENTIALS_DIRECTORY=/run/credentials"}})
		if got := strings.Join(lines, ""); err != nil || got != want {
			t.Errorf("asked %t: %q, %v", asked, got, err)
		}
	}
}
