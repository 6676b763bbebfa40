//go:build unix

package session_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
)

// TestInterrupt sends the signal of Ctrl-C. Whatever a command makes of it, the
// program says the one thing.
func TestInterrupt(t *testing.T) {
	w := newWorld(t)
	code := w.does(func(ctx context.Context, c *session.Call) error {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGINT); err != nil {
			return err
		}
		<-ctx.Done()
		return &storage.Error{Class: storage.Unreachable, Op: "put", Place: "x", Err: ctx.Err()}
	})
	w.wantCode(code, session.ExitInterrupted)
	if w.err.String() != "chatkeep: interrupted\n" {
		t.Errorf("stderr %q", &w.err)
	}
}

// asking is set in the environment of a process that asks at its terminal.
const asking = "CHATKEEP_TEST_ASKING"

// TestMain is also the program that asks: a controlling terminal belongs to a
// process.
func TestMain(m *testing.M) {
	if os.Getenv(asking) == "" {
		os.Exit(m.Run())
	}
	terminal, err := session.RealTerminal()
	if err != nil {
		os.Exit(3)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if os.Getenv(asking) == "cancel" {
		time.AfterFunc(50*time.Millisecond, cancel)
	}
	answer, err := terminal.Secret(ctx, "pass\x1bphrase")
	if err != nil {
		os.Exit(4)
	}
	_ = terminal.Show("[" + strings.ToUpper(answer) + "]")
	os.Exit(0)
}

// ask runs the program on a terminal of its own and returns what that showed.
func ask(t *testing.T, how string, typed string) (shown string, code int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), asking+"="+how)
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	var all bytes.Buffer
	buf := make([]byte, 256)
	for !strings.Contains(all.String(), ": ") {
		n, err := terminal.Read(buf)
		if err != nil {
			t.Fatalf("after %q: %v", &all, err)
		}
		all.Write(buf[:n])
	}
	// Echo goes off after the prompt: what is typed at once may come before.
	for echoes(t, terminal) {
		time.Sleep(time.Millisecond)
	}
	if typed != "" {
		if _, err := io.WriteString(terminal, typed); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = io.Copy(&all, terminal) // ends in an error when the process does
	_ = cmd.Wait()
	return all.String(), cmd.ProcessState.ExitCode()
}
