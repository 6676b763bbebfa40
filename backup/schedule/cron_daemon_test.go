//go:build linux

package schedule

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cronRoom is a machine that shares all with this one but what belongs to cron:
// nobody's crontab is touched, and a cron that runs already is not met.
type cronRoom struct {
	system
	pid int
}

func (r cronRoom) inside(path string) string { return fmt.Sprintf("/proc/%d/root%s", r.pid, path) }

func (r cronRoom) ReadFile(path string) ([]byte, error) { return r.system.ReadFile(r.inside(path)) }

func (r cronRoom) Remove(path string) error { return r.system.Remove(r.inside(path)) }

func (r cronRoom) WriteFile(path string, data []byte, mode fs.FileMode) error {
	return r.system.WriteFile(r.inside(path), data, mode)
}

func (r cronRoom) Run(ctx context.Context, stdin []byte, c Command) ([]byte, error) {
	return r.system.Run(ctx, stdin, append(Command{"nsenter", "-t", fmt.Sprint(r.pid), "-m", "--"}, c...))
}

// newCronRoom starts a cron daemon in a room of its own.
func newCronRoom(t *testing.T) cronRoom {
	t.Helper()
	tool(t, "cron")
	tool(t, "crontab")
	tool(t, "unshare")
	tool(t, "nsenter")
	// The daemon takes the place of the shell, and its process number. It reads its
	// tables again when the folders' times change, in whole seconds: what is put
	// there in the second in which it began would not be seen.
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc", `
		mode=$(stat -c %a /var/spool/cron/crontabs)
		mount -t tmpfs -o mode=$mode,gid=$(stat -c %g /var/spool/cron/crontabs) none /var/spool/cron/crontabs
		mount -t tmpfs none /etc/cron.d
		mount -t tmpfs none /run
		mount --bind /dev/null /etc/crontab
		touch -d 2020-01-01 /var/spool/cron/crontabs /etc/cron.d
		echo ready
		exec cron -f`)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		if os.Getenv("CHATKEEP_REQUIRE_ALL") != "" {
			t.Fatalf("no room for a cron daemon: %q, %v", line, err)
		}
		t.Skip("no file systems can be mounted here")
	}
	return cronRoom{pid: cmd.Process.Pid}
}

// age gives the tables another time than they had when cron may have read them: it
// tells by whole seconds, and what changes twice in one is not read again.
func (r cronRoom) age(t *testing.T) {
	t.Helper()
	time.Sleep(1100 * time.Millisecond)
	if _, err := r.Run(t.Context(), nil, Command{"find", "/var/spool/cron/crontabs", "/etc/cron.d", "-exec", "touch", "{}", "+"}); err != nil {
		t.Fatal(err)
	}
}

// TestCronDaemon lets a real cron run what is installed, in a crontab and in its
// folder, and looks at what it was called with. It waits for the next full minute,
// as cron does.
func TestCronDaemon(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it waits for cron")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root starts a cron daemon")
	}
	t.Parallel()
	room := newCronRoom(t)
	mine := "MAILTO=\"\"\n# mine \\% \xff\n"
	if _, err := room.Run(t.Context(), []byte(mine), Command{"crontab", "-"}); err != nil {
		t.Fatal(err)
	}
	root := Account{"root", "0", "/root"}
	for _, machineWide := range []bool{false, true} {
		t.Run(fmt.Sprintf("system %v", machineWide), func(t *testing.T) {
			t.Parallel()
			m := New(Cron, room, root, machineWide)
			p, calls := callee(t)
			p.Account, p.System = root, machineWide
			d, err := m.Draft(p)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := m.Install(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}
			room.age(t)
			there, err := m.Installed(t.Context())
			if err != nil || Differences(there, d.Pieces) != nil {
				t.Errorf("%q is installed, %v", there, err)
			}
			got := called(t, calls)
			for _, line := range []string{"arg run", "arg --config", "arg " + p.Config} {
				if !slices.Contains(got, line) {
					t.Errorf("it was not called with %q: %q", line, got)
				}
			}
			for _, v := range p.Environment {
				if line := "env " + v.Name + "=" + v.Value; !slices.Contains(got, line) {
					t.Errorf("it was not given %q: %q", line, got)
				}
			}
			if err := m.Remove(t.Context()); err != nil {
				t.Fatal(err)
			}
			if there, err := m.Installed(t.Context()); err != nil || there != nil {
				t.Errorf("after removing there is %v, %v", there, err)
			}
		})
	}
	t.Cleanup(func() {
		// The context of the test is over by now.
		if left, err := room.Run(context.Background(), nil, Command{"crontab", "-l"}); err != nil || string(left) != mine {
			t.Errorf("of the user's crontab there is left %q, %v", left, err)
		}
	})
}

// callee is a plan to call, every minute, a program that tells how it was called.
func callee(t *testing.T) (p Plan, calls string) {
	t.Helper()
	dir := t.TempDir()
	calls = filepath.Join(dir, "calls")
	if err := syscall.Mkfifo(calls, 0o600); err != nil {
		t.Fatal(err)
	}
	p = awkwardPlan(false)
	p.Every = time.Minute
	folder := filepath.Join(dir, `a %d \% 'b' "c" $HOME d=e`)
	p.Program, p.Config = filepath.Join(folder, "chat keep"), filepath.Join(folder, "config %.toml")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n{ for one; do printf 'arg %s\\n' \"$one\"; done; env | sed 's/^/env /'; echo end; } >'" + calls + "'\n"
	if err := os.WriteFile(p.Program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return p, calls
}

// called reads what the program tells of its first call. The deadline is only for
// a cron that never calls.
func called(t *testing.T, calls string) (lines []string) {
	t.Helper()
	f, err := os.OpenFile(calls, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.SetReadDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	for in := bufio.NewReader(f); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("cron did not call: %v, after %q", err, lines)
		}
		if line = strings.TrimSuffix(line, "\n"); line == "end" {
			return lines
		}
		lines = append(lines, line)
	}
}
