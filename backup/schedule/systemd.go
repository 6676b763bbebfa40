package schedule

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

const (
	service = "chatkeep.service"
	timer   = "chatkeep.timer"

	// systemUnits is where an administrator's units lie.
	systemUnits = "/etc/systemd/system"
)

// systemd installs a service and its timer, for the user's own manager or for
// that of the machine.
type systemd struct {
	m      Machine
	dir    string
	system bool
}

func newSystemd(m Machine, a Account, system bool) *systemd {
	if system {
		return &systemd{m, systemUnits, true}
	}
	return &systemd{m, filepath.Join(a.Home, ".config/systemd/user"), false}
}

// ctl is a command to the manager.
func (s *systemd) ctl(words ...string) Command {
	if s.system {
		return append(Command{"systemctl", "--no-ask-password"}, words...)
	}
	return append(Command{"systemctl", "--user"}, words...)
}

func (s *systemd) paths() []string {
	return []string{filepath.Join(s.dir, service), filepath.Join(s.dir, timer)}
}

func (s *systemd) Draft(p Plan) (Draft, error) {
	if err := p.check(slashed); err != nil {
		return Draft{}, err
	}
	if s.system && p.Account.Name == "" {
		return Draft{}, fmt.Errorf("a unit of the system has to say whose account it uses")
	}
	paths := s.paths()
	d := Draft{
		Pieces: []Piece{{paths[0], serviceUnit(p)}, {paths[1], timerUnit(p)}},
		Then:   []Command{s.ctl("daemon-reload"), s.ctl("enable", "--now", timer)},
	}
	if s.system && len(p.Needs.Own) > 0 {
		// A folder that is not there cannot be let out of the fence. It is
		// made by its owner: root has no business in folders of others.
		d.First = []Command{append(Command{"runuser", "-u", p.Account.Name, "--", "/bin/sh", "-c",
			`umask 077; exec mkdir -p -- "$@"`, "sh"}, p.Needs.Own...)}
	}
	return d, nil
}

// PackageUnits are the units that a package brings, each with its name as its place:
// a service and its timer, for the manager of every user who enables them. Program
// is where the package puts chatkeep. What a user's configuration says, and where
// else than usual it is, they cannot know.
func PackageUnits(program string) ([]Piece, error) {
	p := Plan{Program: program, Every: Every, Packaged: true}
	if err := p.check(slashed); err != nil {
		return nil, err
	}
	return []Piece{{service, serviceUnit(p)}, {timer, timerUnit(p)}}, nil
}

func (s *systemd) Installed(context.Context) ([]Piece, error) { return readPieces(s.m, s.paths()...) }

func (s *systemd) Install(ctx context.Context, d Draft) error {
	mode := ownMode
	if s.system {
		mode = systemMode
	}
	return carryOut(ctx, s.m, d, mode, func(text string) []byte { return []byte(text) })
}

func (s *systemd) Remove(ctx context.Context) error {
	there, err := s.Installed(ctx)
	if err != nil || len(there) == 0 {
		return err
	}
	// A manager that does not run has nothing running; the link by which it
	// would start the timer is taken away by hand then.
	_, stopped := s.m.Run(ctx, nil, s.ctl("disable", "--now", timer))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	paths := append(s.paths(), filepath.Join(s.dir, "timers.target.wants", timer))
	if _, err := removeFiles(s.m, paths...); err != nil {
		return err
	}
	if stopped != nil {
		return nil
	}
	return runAll(ctx, s.m, []Command{s.ctl("daemon-reload")})
}

// Lingers reports whether the timers of a user run while nobody is logged in.
func Lingers(ctx context.Context, m Machine, a Account) bool {
	out, err := m.Run(ctx, nil, Command{"loginctl", "show-user", a.Name, "--property=Linger"})
	return err == nil && strings.TrimSpace(string(out)) == "Linger=yes"
}
