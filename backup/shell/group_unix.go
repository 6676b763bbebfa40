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
// it is ended, leaves behind what it waits for. One that a person attends stays in
// that of the terminal, or it could ask nothing.
func (c Command) prepare(cmd *exec.Cmd) {
	if len(c.Args) == 0 {
		cmd.Args = []string{shell, "-c", c.Line}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !c.Attended}
}

// ask asks all of a group to end, or a command that has none of its own.
func ask(cmd *exec.Cmd) error {
	if !cmd.SysProcAttr.Setpgid {
		return cmd.Process.Signal(syscall.SIGTERM)
	}
	return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
}

// endPause is how often a group that was asked to end is looked for.
const endPause = 50 * time.Millisecond

// end waits until a group that was asked to end is gone, and kills what is left of
// it when its time is up. The number of a group that has members is given to nobody
// else.
func end(cmd *exec.Cmd, at time.Time) {
	for cmd.SysProcAttr.Setpgid && syscall.Kill(-cmd.Process.Pid, 0) == nil {
		left := time.Until(at)
		if left <= 0 {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what is gone by now is gone
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
