//go:build unix

package shell

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const shell = "/bin/sh"

// prepare puts the command into a process group of its own: the shell alone, when
// it is ended, leaves behind what it waits for.
func (c Command) prepare(cmd *exec.Cmd) {
	cmd.Args = []string{shell, "-c", c.Line}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// ask asks all of a group to end.
func ask(leader *os.Process) error { return syscall.Kill(-leader.Pid, syscall.SIGTERM) }

// endPause is how often a group that was asked to end is looked for.
const endPause = 50 * time.Millisecond

// end waits until a group that was asked to end is gone, and kills what is left of
// it when its time is up. The number of a group that has members is given to nobody
// else.
func end(leader *os.Process, at time.Time) {
	for syscall.Kill(-leader.Pid, 0) == nil {
		left := time.Until(at)
		if left <= 0 {
			_ = syscall.Kill(-leader.Pid, syscall.SIGKILL) // what is gone by now is gone
			return
		}
		time.Sleep(min(left, endPause))
	}
}

// how says how a command ended that did not succeed.
func how(state *os.ProcessState) string {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return fmt.Sprintf("was ended by a signal: %v", status.Signal())
	}
	return fmt.Sprintf("ended with code %d", state.ExitCode())
}
