//go:build unix

package notify

import (
	"os/exec"
	"syscall"
)

// inGroup gives a command a process group of its own, all of which is ended: the
// shell alone would leave behind what it waits for.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
