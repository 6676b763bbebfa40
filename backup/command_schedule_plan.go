package backup

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"chatkeep/backup/config"
	"chatkeep/backup/schedule"
	"chatkeep/backup/session"
	"chatkeep/backup/state"
)

// planned is a plan and what is to be said about it.
type planned struct {
	schedule.Plan
	withheld  []schedule.Withheld
	temporary bool  // the program will not stay where it is
	missing   error // why the configuration cannot be read, if it is not there
}

// plan makes the plan of now.
func (s *scheduling) plan() (planned, error) {
	p := planned{Plan: schedule.Plan{Every: schedule.Every, Account: s.account, System: s.system}}
	var err error
	if p.Program, err = s.host.Program(); err != nil {
		return p, err
	}
	p.temporary = schedule.Temporary(p.Program)
	dirs := s.c.Dirs
	if s.other {
		p.Environment = schedule.Foreign(s.account.Home)
		dirs, err = state.DefaultDirs(func(name string) string {
			if name == "HOME" {
				return s.account.Home
			}
			return ""
		})
		if err != nil {
			return p, err
		}
	} else {
		p.Environment, p.withheld = schedule.Environment(s.c.Env.Getenv, s.account.Home, s.c.Env.Stores)
	}
	var named bool
	if p.Config, named = s.c.ConfigPath(); s.other && !named {
		p.Config = filepath.Join(dirs.Config, "config.toml")
	}
	if p.Config, err = filepath.Abs(p.Config); err != nil {
		return p, err
	}
	settings, err := s.settings(&p)
	if err != nil {
		return p, err
	}
	var schemes []string
	for _, store := range s.c.Env.Stores {
		schemes = append(schemes, store.Schemes...)
	}
	p.Needs = schedule.NeedsOf(settings, p.Plan, []string{dirs.Data, dirs.State, dirs.Cache}, schemes)
	return p, nil
}

// settings reads the configuration. That there is none yet is noted in the plan.
func (s *scheduling) settings(p *planned) (config.Config, error) {
	data, err := s.host.ReadFile(p.Config)
	if errors.Is(err, fs.ErrNotExist) {
		p.missing = err
		return config.Config{}, nil
	}
	if err != nil {
		return config.Config{}, err
	}
	c, err := config.Parse(p.Config, data, config.Known{Home: s.account.Home, Stores: s.c.Env.Stores})
	if err != nil {
		return config.Config{}, err
	}
	return *c, nil
}

func (s *scheduling) install(ctx context.Context) error {
	p, err := s.plan()
	if err != nil {
		return s.hinted(err)
	}
	if !s.chosen {
		s.kind = schedule.Default(ctx, s.host, s.system)
	}
	m := s.mechanism(s.kind)
	draft, err := m.Draft(p.Plan)
	if err != nil {
		return err
	}
	if err := s.fit(p); err != nil {
		return err
	}
	for _, w := range p.withheld {
		s.c.Voice.Warn("%s is set here, and no timer is given it: %s", w.Name, w.Instead)
	}
	if s.c.Bool("print") {
		return s.print(draft)
	}
	before, err := m.Installed(ctx)
	if err != nil {
		return s.hinted(err)
	}
	changed := len(schedule.Differences(before, draft.Pieces)) > 0
	if s.c.DryRun() {
		return s.would(ctx, draft, changed)
	}
	if err := m.Install(ctx, draft); err != nil {
		return s.hinted(err)
	}
	removed, err := s.remove(ctx, s.others())
	if err != nil {
		return s.hinted(err)
	}
	for _, piece := range draft.Pieces {
		s.c.Voice.Say("installed: %s", piece.Place)
	}
	s.lasts(ctx)
	s.c.Voice.Say("next: chatkeep schedule status")
	return s.c.Voice.Object(scheduleInstalled{"summary", s.kind, s.system, changed, removed, false})
}

// scheduleInstalled ends schedule install --json; fields are only added.
type scheduleInstalled struct {
	Type    string          `json:"type"`
	Kind    schedule.Kind   `json:"kind"`
	System  bool            `json:"system"`
	Changed bool            `json:"changed"`
	Removed []schedule.Kind `json:"removed"` // other kinds, of which one is enough
	DryRun  bool            `json:"dry_run,omitempty"`
}

// others are the kinds of which a timer must not run beside the one to install.
func (s *scheduling) others() []schedule.Kind {
	return slices.DeleteFunc(schedule.Kinds(s.host.OS), func(k schedule.Kind) bool { return k == s.kind })
}

// fit refuses a plan that would fail at every run. A look at it is free.
func (s *scheduling) fit(p planned) error {
	var f *session.Failure
	switch {
	case p.temporary:
		f = session.Fail(session.ExitFailed, "build it to where it can stay, as go build -o ~/.local/bin/chatkeep . does, and call it there",
			"%s is a temporary place: a timer would not find the program there for long", p.Program)
	case p.missing != nil:
		f = session.Fail(session.ExitFailed, "write one, or name another with --config", "there is no configuration, and so nothing to run: %v", p.missing)
	default:
		return nil
	}
	if s.c.Bool("print") || s.c.DryRun() {
		s.c.Voice.Warn("%v", f)
		return nil
	}
	return f
}

// would tells what an installation would do.
func (s *scheduling) would(ctx context.Context, d schedule.Draft, changed bool) error {
	if !changed {
		s.c.Voice.Print("installed already, as it would be now")
	}
	for _, p := range d.Pieces {
		if changed {
			s.c.Voice.Print("would write %s", p.Place)
		}
	}
	for _, c := range slices.Concat(d.First, d.Then) {
		s.c.Voice.Print("would run %s", c)
	}
	removed, err := s.remove(ctx, s.others())
	if err != nil {
		return s.hinted(err)
	}
	return s.c.Voice.Object(scheduleInstalled{"summary", s.kind, s.system, changed, removed, true})
}

// lasts tells where a timer ends with the user's session.
func (s *scheduling) lasts(ctx context.Context) {
	if s.kind == schedule.Systemd && !s.system && !schedule.Lingers(ctx, s.host.Machine, s.account) {
		s.c.Voice.Say("it runs while you are logged in; loginctl enable-linger lets it run from the start of the machine on")
	}
}
