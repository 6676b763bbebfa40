package session_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"chatkeep/backup/session"
)

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
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGUSR1)
	defer stop()
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
	if how == "cancel" {
		if err := cmd.Process.Signal(unix.SIGUSR1); err != nil {
			t.Fatal(err)
		}
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

// echoes reports whether the terminal shows what is typed.
func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// TestSecretAtTerminal types a passphrase: it is taken and not shown.
func TestSecretAtTerminal(t *testing.T) {
	shown, code := ask(t, "answer", "geheim\n")
	if code != 0 || !strings.Contains(shown, `pass\x1bphrase: `) || !strings.Contains(shown, "[GEHEIM]") || strings.Contains(shown, "geheim") {
		t.Errorf("code %d, shown %q", code, shown)
	}
}

// TestSecretInterrupted ends the context while the question stands.
func TestSecretInterrupted(t *testing.T) {
	shown, code := ask(t, "cancel", "")
	if code != 4 {
		t.Errorf("code %d, shown %q", code, shown)
	}
}

// TestEchoComesBack looks at the terminal after an interrupted question.
func TestEchoComesBack(t *testing.T) {
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer terminal.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := session.TerminalOn(terminal).Secret(ctx, "?")
		ended <- err
	}()
	for echoes(t, terminal) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("an interrupted question was answered")
	}
	if !echoes(t, terminal) {
		t.Error("the terminal shows nothing that is typed any more")
	}
}

// TestLines types two answers at once: each question takes its own.
func TestLines(t *testing.T) {
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer terminal.Close()
	if _, err := io.WriteString(master, "one\ntwo words\n"); err != nil {
		t.Fatal(err)
	}
	asked := session.TerminalOn(terminal)
	for _, want := range []string{"one", "two words"} {
		if got, err := asked.Line(t.Context(), "which?"); got != want || err != nil {
			t.Errorf("%q, %v, not %q", got, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := asked.Line(ctx, "which?"); err == nil {
		t.Errorf("an interrupted question was answered with %q", got)
	}
}
