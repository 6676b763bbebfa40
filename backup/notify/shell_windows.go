package notify

import (
	"os/exec"
	"syscall"
)

// inGroup keeps a Ctrl-C that is meant for us from a command.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
