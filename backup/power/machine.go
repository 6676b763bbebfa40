package power

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// Machine is where it is asked.
type Machine struct {
	OS string // as runtime.GOOS
	// Root is the root of the file system that sysfs is mounted in.
	Root string
	// Output runs a program of the system and returns what it prints.
	Output func(ctx context.Context, program string, args ...string) (string, error)
}

// This is the machine that the program runs on.
func This() Machine { return Machine{OS: runtime.GOOS, Root: "/", Output: output} }

// OnBattery reports whether the machine runs on its battery.
func (m Machine) OnBattery(ctx context.Context) bool {
	switch m.OS {
	case "linux":
		return onBattery(m.Root)
	case "darwin":
		text, err := m.Output(ctx, "pmset", "-g", "batt")
		return err == nil && drawsFromBattery(text)
	}
	return false
}

// Metered reports whether a network that the machine is in costs by volume. Where
// there are several, one is enough: which of them traffic takes can change.
func (m Machine) Metered(ctx context.Context) bool {
	if m.OS != "linux" {
		return false
	}
	text, err := m.Output(ctx, "nmcli", "-g", "GENERAL.METERED", "device", "show")
	return err == nil && anyMetered(text)
}

// patience is how long a program of the system may take.
const patience = 5 * time.Second

// output runs a program without what the environment knows of secrets, in the
// language that is parsed here.
func output(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = time.Second
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	text, err := cmd.Output()
	return string(text), err
}
