package notify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"runtime"
	"time"
)

// Command is what a person wrote for the shell, and what it gets.
type Command struct {
	Text           string
	Env            []string // all of it
	Stdin          []byte
	Stdout, Stderr io.Writer // nil is nowhere
}

// farewell is how long a command that was ended may hold its output open.
const farewell = time.Second

// RunShell runs a command as the shell would. When the context ends, so do the
// command and what it started.
func RunShell(ctx context.Context, c Command) error {
	shell, flag := "/bin/sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/C"
	}
	cmd := exec.CommandContext(ctx, shell, flag, c.Text)
	cmd.Env = append([]string{}, c.Env...) // nil would be all of ours
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.Stdin), c.Stdout, c.Stderr
	cmd.WaitDelay = farewell
	inGroup(cmd)
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		return nil // it went well, and left something behind that goes on
	}
	return err
}
