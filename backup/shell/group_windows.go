package shell

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

const shell = "cmd.exe"

// prepare hands the line over as it is, since cmd has rules of its own for quotes,
// and keeps a Ctrl-C that is meant for us from a command that nobody attends.
func (c Command) prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if len(c.Args) == 0 {
		cmd.SysProcAttr.CmdLine = `cmd.exe /S /C "` + c.Line + `"`
	}
	if !c.Attended {
		cmd.SysProcAttr.CreationFlags = syscall.CREATE_NEW_PROCESS_GROUP
	}
}

// ask ends a command and what it started at once: there is no asking here.
func ask(cmd *exec.Cmd) error {
	if exec.Command("taskkill.exe", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run() == nil {
		return nil
	}
	return cmd.Process.Kill()
}

// end has nothing left to do.
func end(*exec.Cmd, time.Time) {}

// how says how a command ended that did not succeed.
func how(state *os.ProcessState) string { return fmt.Sprintf("ended with code %d", state.ExitCode()) }
