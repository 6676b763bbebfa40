package backup

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/schedule"
	"chatkeep/backup/session"
)

func scheduleCommand(env *session.Env, host schedule.Host) *cli.Command {
	return &cli.Command{
		Name: "schedule", Category: session.Automate, Usage: "the one timer that runs what is due",
		Subcommands: []*cli.Command{
			scheduleInstall(env, host), scheduleRemove(env, host), scheduleShow(env, host), scheduleStatus(env, host),
			scheduleUnits(env),
		},
	}
}

// scheduleFlags say which timer is meant.
func scheduleFlags(own ...cli.Flag) []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "kind", Usage: "`KIND` of timer: systemd, cron, launchd or windows (default what this machine has)"},
		&cli.BoolFlag{Name: "system", Usage: "of the machine, which runs whoever is logged in; needs an administrator"},
		&cli.StringFlag{Name: "user", Usage: "with --system, the `NAME` of whose account runs use (default yours)"},
	}, own...)
}

func scheduleInstall(env *session.Env, host schedule.Host) *cli.Command {
	return &cli.Command{
		Name: "install", Usage: "install the timer, or bring it up to date",
		Description: "Every quarter of an hour it calls chatkeep run, which looks by itself what is due.\n" +
			"The paths and the variables that matter are written down as they are now; secrets are\n" +
			"not. A timer of another kind that is there already is taken away.\n\n" +
			"  chatkeep schedule install --print\n" +
			"  chatkeep schedule install\n" +
			"  sudo chatkeep schedule install --system --user anna",
		Flags: env.Flags(scheduleFlags(session.ConfigFlag(),
			&cli.BoolFlag{Name: "print", Usage: "print what would be installed and where, and change nothing"}, session.DryRun())...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			s, err := newScheduling(c, host)
			if err != nil {
				return err
			}
			return s.install(ctx)
		}),
	}
}

func scheduleRemove(env *session.Env, host schedule.Host) *cli.Command {
	return &cli.Command{
		Name: "remove", Usage: "take the timer away",
		Description: "Without --kind it looks for all kinds. Backups, configuration and keys stay.\n\n  chatkeep schedule remove",
		Flags:       env.Flags(scheduleFlags(session.DryRun())...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			s, err := newScheduling(c, host)
			if err != nil {
				return err
			}
			removed, err := s.remove(ctx, s.looked())
			if err != nil {
				return s.hinted(err)
			}
			if len(removed) == 0 {
				c.Voice.Say("nothing is installed")
			}
			return c.Voice.Object(scheduleRemoved{"summary", removed, s.system, c.DryRun()})
		}),
	}
}

// scheduleRemoved ends schedule remove --json; fields are only added.
type scheduleRemoved struct {
	Type    string          `json:"type"`
	Removed []schedule.Kind `json:"removed"`
	System  bool            `json:"system"`
	DryRun  bool            `json:"dry_run,omitempty"`
}

func scheduleShow(env *session.Env, host schedule.Host) *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "print the timer that is installed, and how one of now would differ",
		Description: "It differs where the program, the configuration or a variable moved since; chatkeep\n" +
			"schedule install brings it up to date.\n\n  chatkeep schedule show",
		Flags: env.Flags(scheduleFlags(session.ConfigFlag())...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			s, err := newScheduling(c, host)
			if err != nil {
				return err
			}
			return s.show(ctx)
		}),
	}
}

func scheduleStatus(env *session.Env, host schedule.Host) *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "say whether the timer is active, and when it fired and will fire",
		Description: "It tells of the timer alone; what came of the backups is in the log of the runs.\n\n  chatkeep schedule status --json",
		Flags:       env.Flags(scheduleFlags()...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			s, err := newScheduling(c, host)
			if err != nil {
				return err
			}
			return s.status(ctx)
		}),
	}
}

// scheduling is a call of one of these commands: whose timer is meant, and on
// which machine.
type scheduling struct {
	c       *session.Call
	host    schedule.Host
	kind    schedule.Kind // the one that the user chose, or that is to be installed
	chosen  bool
	account schedule.Account
	other   bool // the account is not that of the user who asks
	system  bool
}

func newScheduling(c *session.Call, host schedule.Host) (*scheduling, error) {
	s := &scheduling{c: c, host: host, system: c.Bool("system"), chosen: c.IsSet("kind")}
	name := c.String("user")
	if name != "" && !s.system {
		return nil, session.Usage("--user goes with --system: a timer of a user is installed by that user")
	}
	me, err := host.Account("")
	if err != nil {
		return nil, err
	}
	if home := c.Env.Getenv("HOME"); home != "" {
		me.Home = home
	}
	s.account = me
	if name != "" {
		if s.account, err = host.Account(name); err != nil {
			return nil, session.Fail(session.ExitUsage, "", "--user: %v", err)
		}
		if s.other = s.account.UID != me.UID; !s.other {
			s.account = me
		}
	}
	if s.chosen {
		if s.kind, err = schedule.ParseKind(c.String("kind")); err != nil {
			return nil, session.Usage("--kind: %v", err)
		}
	}
	return s, nil
}

func (s *scheduling) mechanism(k schedule.Kind) schedule.Mechanism {
	return schedule.New(k, s.host.Machine, s.account, s.system)
}

// looked are the kinds that the commands look for.
func (s *scheduling) looked() []schedule.Kind {
	if s.chosen {
		return []schedule.Kind{s.kind}
	}
	return schedule.Kinds(s.host.OS)
}

// installed is what is there, by kind.
func (s *scheduling) installed(ctx context.Context) (map[schedule.Kind][]schedule.Piece, error) {
	all := map[schedule.Kind][]schedule.Piece{}
	for _, k := range s.looked() {
		pieces, err := s.mechanism(k).Installed(ctx)
		if err != nil {
			return nil, s.hinted(err)
		}
		if len(pieces) > 0 {
			all[k] = pieces
		}
	}
	return all, nil
}

// remove takes away what is there of some kinds.
func (s *scheduling) remove(ctx context.Context, kinds []schedule.Kind) (removed []schedule.Kind, err error) {
	removed = []schedule.Kind{}
	for _, k := range kinds {
		m := s.mechanism(k)
		pieces, err := m.Installed(ctx)
		if err != nil {
			return removed, err
		}
		if len(pieces) == 0 {
			continue
		}
		if !s.c.DryRun() {
			if err := m.Remove(ctx); err != nil {
				return removed, err
			}
		}
		removed = append(removed, k)
		for _, p := range pieces {
			if s.c.DryRun() {
				s.c.Voice.Print("would remove %s", p.Place)
			} else {
				s.c.Voice.Say("removed: %s", p.Place)
			}
		}
	}
	return removed, nil
}

// hinted adds what to do to errors that have one cure.
func (s *scheduling) hinted(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission) && s.system:
		return session.Fail(session.ExitFailed, "a timer of the machine is an administrator's: run it with sudo", "%v", err)
	case errors.Is(err, exec.ErrNotFound):
		return session.Fail(session.ExitFailed, "this machine does not have it; --kind names another kind of timer", "%v", err)
	}
	return err
}
