package schedule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
)

// Machine is what an installation touches.
type Machine interface {
	// ReadFile, and Remove, return an error that is fs.ErrNotExist where
	// nothing is.
	ReadFile(path string) ([]byte, error)
	// WriteFile replaces a file in one step, and makes the folders above it.
	WriteFile(path string, data []byte, mode fs.FileMode) error
	Remove(path string) error
	// Run runs a command with these bytes as its input and returns what it
	// prints. If it fails the error is a *CommandError.
	Run(ctx context.Context, stdin []byte, c Command) ([]byte, error)
}

// Host is the machine that a timer is for.
type Host struct {
	Machine
	OS      string // as runtime.GOOS has it
	Program func() (string, error)
	// Account looks up a user; "" is whoever runs this.
	Account func(name string) (Account, error)
}

// ThisMachine is the one that the program runs on.
func ThisMachine() Host {
	return Host{Machine: system{}, OS: runtime.GOOS, Program: program, Account: account}
}

// CommandError is a command that failed.
type CommandError struct {
	Command Command
	Code    int    // -1 where it did not even start
	Said    string // what it wrote on stderr, in one line
	Err     error
}

func (e *CommandError) Error() string {
	if e.Said == "" {
		return fmt.Sprintf("%s: %v", e.Command, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Command, e.Said)
}

// Unwrap returns the cause.
func (e *CommandError) Unwrap() error { return e.Err }

// system is the real machine.
type system struct{}

func (system) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

func (system) Remove(path string) error { return os.Remove(path) }

func (system) WriteFile(path string, data []byte, mode fs.FileMode) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	// No dot and no suffix that cron or systemd would take for theirs.
	f, err := os.CreateTemp(dir, ".chatkeep-*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// inherited are the variables that a command gets from this process. What
// reaches a manager of services and where editors and pagers look is enough;
// credentials are none of theirs.
var inherited = []string{
	"PATH", "HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "TMPDIR",
	"SystemRoot", "TEMP", "TMP", "USERPROFILE", "USERNAME", "USERDOMAIN",
}

func (system) Run(ctx context.Context, stdin []byte, c Command) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c[0], c[1:]...)
	cmd.Env = []string{"LC_ALL=C"}
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &said
	err := cmd.Run()
	if err == nil {
		return out.Bytes(), nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	failed := &CommandError{Command: c, Code: -1, Err: err}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		failed.Code = exit.ExitCode()
	}
	failed.Said = strings.ReplaceAll(strings.TrimSpace(said.String()), "\n", "; ")
	return out.Bytes(), failed
}

// account looks a user up.
func account(name string) (Account, error) {
	u, err := user.Current()
	if name != "" {
		u, err = user.Lookup(name)
	}
	if err != nil {
		return Account{}, err
	}
	return Account{Name: u.Username, UID: u.Uid, Home: u.HomeDir}, nil
}
