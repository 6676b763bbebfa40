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
// and keeps a Ctrl-C that is meant for us from the command.
func (c Command) prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		CmdLine:       `cmd.exe /S /C "` + c.Line + `"`,
		CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP,
	}
}

// ask ends a command and what it started at once: there is no asking here.
func ask(leader *os.Process) error {
	if exec.Command("taskkill.exe", "/T", "/F", "/PID", strconv.Itoa(leader.Pid)).Run() == nil {
		return nil
	}
	return leader.Kill()
}

// end has nothing left to do.
func end(*os.Process, time.Time) {}

// how says how a command ended that did not succeed.
func how(state *os.ProcessState) string { return fmt.Sprintf("ended with code %d", state.ExitCode()) }
