//go:build unix

package rclone

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest/server"
)

// halt stops a process, and waits until it is: the signal takes a moment, in which
// it may answer yet.
func halt(p *os.Process) {
	p.Signal(syscall.SIGSTOP)
	for range 100 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid))
		if err == nil && strings.Contains(string(stat), ") T ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestStopped stops rclone: requests notice.
func TestStopped(t *testing.T) {
	strict := quick
	strict.silence = 3 * time.Second
	s, _ := onDisk(t, strict)
	p := process(t, s)
	halt(p)
	_, err := s.Stat(t.Context(), "a")
	e := wantTrouble(t, err, storage.Unreachable, nil)
	if e.ExitCode() != 13 || !strings.Contains(e.Error(), "does not answer") {
		t.Errorf("code %d, %v", e.ExitCode(), e)
	}
	if _, err := s.Put(t.Context(), "a", []byte("x")); err != nil {
		t.Errorf("the next request: %v", err)
	}
}

// TestInterrupted ends requests whose rclone never would have answered.
func TestInterrupted(t *testing.T) {
	s, _ := onDisk(t, standard)
	if _, err := s.Put(t.Context(), "a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	p := process(t, s)
	halt(p)
	defer p.Kill() // or the farewell takes its time
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error)
	go func() { _, err := s.Put(ctx, "b", []byte("x")); errs <- err }()
	go func() { _, err := s.Stat(ctx, "a"); errs <- err }()
	go func() { _, err := s.Get(ctx, "a", 0, -1); errs <- err }()
	cancel()
	for range 3 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// victim is a process that opens a store, tells of its rclone and waits.
func victim(place string) {
	values := map[string]string{settingProgram: os.Getenv("VICTIM_PROGRAM"), settingConfig: os.DevNull}
	s, err := open(context.Background(), storage.Location{Text: place, Values: values}, true, standard)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.child.cmd.Process.Pid)
	select {}
}

// TestKilled kills a process that has an rclone, in the way that leaves it no
// time for anything.
func TestKilled(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "VICTIM_PLACE=rclone::local:"+t.TempDir()+"/r", "VICTIM_PROGRAM="+server.Tool(t, "rclone"), "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	cmd.Process.Kill()
	cmd.Wait()
	if err != nil {
		t.Fatalf("the victim said %q", line)
	}
	for alive(pid) {
		select {
		case <-t.Context().Done():
			t.Fatal("rclone outlived its chatkeep")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// alive reports whether a process that is not ours runs: one that ended and that
// nobody waits for does not count.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

// impostor is a program in rclone's place.
func impostor(t *testing.T, script string) storage.Location {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rclone")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return storage.Location{Text: "rclone:gdrive:chats", Values: map[string]string{settingProgram: path}}
}

// TestLastWords has rclone die with words that hold secrets.
func TestLastWords(t *testing.T) {
	_, err := open(t.Context(), impostor(t, `
echo "2026/01/01 NOTICE: not of interest" >&2
echo "CRITICAL: couldn't fetch token: invalid_grant at https://me:hunter2@host/?code=hunter2 client_secret=hunter2 \"refresh_token\":\"hunter2\"" >&2
exit 1`), false, quick)
	e := wantTrouble(t, err, storage.Login, nil)
	if !strings.Contains(e.Error(), "invalid_grant") || strings.Contains(e.Error(), "hunter2") ||
		strings.Contains(e.Error(), "of interest") || !strings.Contains(e.Hint(), "rclone config reconnect gdrive:") {
		t.Errorf("%v, class %d, hint %s", e, e.Class, e.Hint())
	}
}

// TestDeaf has rclone never open its socket.
func TestDeaf(t *testing.T) {
	impatient := quick
	impatient.start, impatient.farewell = 50*time.Millisecond, 10*time.Millisecond
	_, err := open(t.Context(), impostor(t, "exec sleep 1000"), false, impatient)
	wantTrouble(t, err, storage.Unreachable, nil)
}

// TestNothingTold looks at what a child gets to see, and what others see of it.
func TestNothingTold(t *testing.T) {
	t.Setenv("CHATKEEP_PASSPHRASE", "tellingly")
	t.Setenv("RCLONE_DRY_RUN", "true")
	t.Setenv("RCLONE_EXCLUDE", "*")
	t.Setenv("RCLONE_RC_NO_AUTH", "true")
	s, dir := onDisk(t, quick)
	c, err := s.running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	env, args := strings.Join(c.cmd.Env, "\n"), strings.Join(c.cmd.Args, " ")
	if strings.Contains(env, "tellingly") || !strings.Contains(env, c.password) {
		t.Error("the environment of rclone")
	}
	if strings.Contains(args, c.password) || strings.Contains(args, dir) {
		t.Errorf("the command line of rclone: %s", args)
	}
	if info, err := os.Stat(c.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory of the socket: %v, %v", info, err)
	}
	// Neither a dry run nor a filter of rclone's is in force.
	if _, err := s.Put(t.Context(), "a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); err != nil {
		t.Errorf("a put that was none: %v", err)
	}
	for _, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Error(err)
		}
		return
	}
	t.Error("the object is not listed")
}

// TestStranger asks the socket without its password.
func TestStranger(t *testing.T) {
	s, _ := onDisk(t, quick)
	c, err := s.running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stranger := &child{client: c.client, user: c.user, password: "not" + c.password}
	var said *refusal
	if err := stranger.call(t.Context(), "core/version", nil, nil); !errors.As(err, &said) || said.status != 401 {
		t.Errorf("a stranger gets %v", err)
	}
}
