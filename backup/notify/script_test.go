//go:build unix

package notify_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"chatkeep/backup/config"
)

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	w := newWorld("CHATKEEP_PASSPHRASE=sesame", "CHATKEEP_PASSPHRASE_FILE=sesame", "CHATKEEP_PASSPHRASE_COMMAND=echo sesame",
		"CHATKEEP_NEW_PASSPHRASE_FILE=sesame", "AWS_SECRET_ACCESS_KEY=sesame", "aws_session_token=sesame", "RCLONE_CONFIG_PASS=sesame",
		"CREDENTIALS_DIRECTORY=/sesame", "CHATKEEP_REPOSITORY=/somewhere", "HOME=/home/me")
	event := failure()
	event.Summary = "a\x00b $(touch " + dir + "/oops) 'quoted\""
	err := w.tell(t, config.Channel{Type: "command", Command: fmt.Sprintf("env >'%s/env'; cat >'%s/stdin'; echo noise; echo complaint >&2", dir, dir)}, event)
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	env := read("env")
	for _, want := range []string{
		"CHATKEEP_EVENT=failure", "CHATKEEP_JOB=chats", "CHATKEEP_REPOSITORY_NAME=nas", "CHATKEEP_EXIT_CODE=13", "CHATKEEP_SECONDS=90",
		"CHATKEEP_SUMMARY=a b $(touch " + dir + "/oops) 'quoted\"", "CHATKEEP_TIME=2026-11-20T12:00:00+01:00", "CHATKEEP_MESSAGES=1482",
		"CHATKEEP_REPOSITORY=/somewhere", "HOME=/home/me",
	} {
		if !strings.Contains("\n"+env, "\n"+want+"\n") {
			t.Errorf("no %s in\n%s", want, env)
		}
	}
	if strings.Contains(env, "sesame") {
		t.Errorf("the command has a secret:\n%s", env)
	}
	var told map[string]any
	if err := json.Unmarshal([]byte(read("stdin")), &told); err != nil || told["type"] != "event" || told["job"] != "chats" {
		t.Errorf("stdin has %v (%v)", told, err)
	}
	if w.stderr.String() != "complaint\n" {
		t.Errorf("stderr has %q", w.stderr.String())
	}
}

func TestCommandFails(t *testing.T) {
	for _, c := range []struct {
		name, command string
		want          string
		pauses        []time.Duration
	}{
		{"it fails", "exit 7", "the command ended with code 7", nil},
		{"it asks for another try", "exit 75", "ended with code 75 (tries: 3)", []time.Duration{pause1, pause2}},
		{"it is not there", "no-such-command-anywhere 2>/dev/null", "ended with code 127", nil},
		{"it dies", "kill -9 $$", "ended by a signal: killed", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			err := w.tell(t, config.Channel{Type: "command", Command: c.command}, failure())
			expect(t, err, c.want)
			w.waited(t, c.pauses...)
			for ; err != nil; err = unwrap(err) {
				if _, ok := err.(interface{ ExitCode() int }); ok {
					t.Errorf("%v would be the exit code of chatkeep", err)
				}
			}
		})
	}
}

func unwrap(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}

// TestCommandHangs: a command that goes on is ended with all that it started. The
// fifo ends when the last of them does.
func TestCommandHangs(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	said := make(chan []byte)
	go func() {
		data, _ := os.ReadFile(fifo)
		said <- data
	}()
	w := newWorld()
	command := fmt.Sprintf("exec 3>'%s'; sh -c 'sleep 20; echo alive >&3' & wait", fifo)
	err := w.tell(t, config.Channel{Type: "command", Command: command, Timeout: 500 * time.Millisecond}, failure())
	expect(t, err, "longer than 500ms")
	w.waited(t)
	// Where it was ended before it came to open the fifo, this does.
	if f, err := os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		f.Close()
	}
	if data := <-said; len(data) > 0 {
		t.Errorf("what it started went on, and says %q", data)
	}
}

// TestCommandLeavesSomething: what a command starts and leaves behind does not make
// it a failure, and is not waited for.
func TestCommandLeavesSomething(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	w := newWorld()
	if err := w.tell(t, config.Channel{Type: "command", Command: fmt.Sprintf("sleep 600 & echo $! >'%s'", pid)}, failure()); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	left, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(left, syscall.SIGKILL); err != nil {
		t.Errorf("what it left behind: %v", err)
	}
}

// TestCommandThatDoesNotListen: nobody has to read what it gets.
func TestCommandThatDoesNotListen(t *testing.T) {
	if err := newWorld().tell(t, config.Channel{Type: "command", Command: "exec <&-; true"}, failure()); err != nil {
		t.Error(err)
	}
}
