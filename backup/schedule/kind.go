package schedule

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
)

// Kind is a kind of timer.
type Kind string

// The kinds there are.
const (
	Systemd Kind = "systemd"
	Cron    Kind = "cron"
	Launchd Kind = "launchd"
	Windows Kind = "windows"
)

// What is installed for one user is that user's; what is installed for the
// machine may be read by all, as everything there.
const (
	ownMode    fs.FileMode = 0o600
	systemMode fs.FileMode = 0o644
)

// Kinds are the kinds that a system may have, the one to prefer first.
func Kinds(os string) []Kind {
	switch os {
	case "linux":
		return []Kind{Systemd, Cron}
	case "darwin":
		return []Kind{Launchd, Cron}
	case "windows":
		return []Kind{Windows}
	}
	return []Kind{Cron}
}

// ParseKind reads the name of a kind.
func ParseKind(name string) (Kind, error) {
	if k := Kind(name); slices.Contains([]Kind{Systemd, Cron, Launchd, Windows}, k) {
		return k, nil
	}
	return "", fmt.Errorf("%q is none of systemd, cron, launchd, windows", name)
}

// Default is the kind that a host has.
func Default(ctx context.Context, h Host, system bool) Kind {
	kinds := Kinds(h.OS)
	if kinds[0] != Systemd {
		return kinds[0]
	}
	// A user's own manager runs where there is one at all, and a session or
	// lingering. That it answers is what counts.
	s := newSystemd(h.Machine, Account{}, system)
	if _, err := h.Run(ctx, nil, s.ctl("show", "--property=Version")); err != nil {
		return Cron
	}
	return Systemd
}

// New returns the timer of a kind on a machine: of an account, or of the system.
func New(k Kind, m Machine, a Account, system bool) Mechanism {
	switch k {
	case Systemd:
		return newSystemd(m, a, system)
	case Launchd:
		return newLaunchd(m, a, system)
	case Windows:
		return &windows{m, a.Home, system}
	}
	if system {
		return &cronFile{m}
	}
	return &crontab{m, a}
}
