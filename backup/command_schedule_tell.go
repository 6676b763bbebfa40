package backup

import (
	"context"
	"strings"

	"chatkeep/backup/schedule"
	"chatkeep/backup/session"
)

// schedulePiece is a text of a timer as --json prints it; fields are only added.
type schedulePiece struct {
	Type  string        `json:"type"`
	Kind  schedule.Kind `json:"kind"`
	Place string        `json:"place"`
	Text  string        `json:"text"`
}

// scheduleStep is a command around the texts as --json prints it; fields are only
// added.
type scheduleStep struct {
	Type string   `json:"type"`
	Argv []string `json:"argv"`
}

// print shows a draft in the order in which it is carried out.
func (s *scheduling) print(d schedule.Draft) error {
	if err := s.printSteps(d.First); err != nil {
		return err
	}
	if err := printPieces(s.c, s.kind, d.Pieces); err != nil {
		return err
	}
	if err := s.printSteps(d.Then); err != nil {
		return err
	}
	return s.c.Voice.Object(scheduleInstalled{"summary", s.kind, s.system, false, []schedule.Kind{}, true})
}

func (s *scheduling) printSteps(commands []schedule.Command) error {
	for _, c := range commands {
		s.c.Voice.Print("$ %s", c)
		if err := s.c.Voice.Object(scheduleStep{"command", c}); err != nil {
			return err
		}
	}
	return nil
}

func printPieces(c *session.Call, k schedule.Kind, pieces []schedule.Piece) error {
	for _, p := range pieces {
		c.Voice.Print("== %s", p.Place)
		for line := range strings.SplitSeq(strings.TrimSuffix(p.Text, "\n"), "\n") {
			c.Voice.Print("%s", line)
		}
		if err := c.Voice.Object(schedulePiece{"piece", k, p.Place, p.Text}); err != nil {
			return err
		}
	}
	return nil
}

// scheduleShown ends schedule show --json; fields are only added.
type scheduleShown struct {
	Type        string          `json:"type"`
	Installed   []schedule.Kind `json:"installed"`
	System      bool            `json:"system"`
	Differences []string        `json:"differences"` // lines, with "- " what is and "+ " what would be now
}

func (s *scheduling) show(ctx context.Context) error {
	there, err := s.installed(ctx)
	if err != nil {
		return err
	}
	sum := scheduleShown{"summary", []schedule.Kind{}, s.system, []string{}}
	if len(there) == 0 {
		s.c.Voice.Print("nothing is installed; chatkeep schedule install --print shows what would be")
		return s.c.Voice.Object(sum)
	}
	for _, k := range s.looked() {
		if there[k] == nil {
			continue
		}
		sum.Installed = append(sum.Installed, k)
		if err := printPieces(s.c, k, there[k]); err != nil {
			return err
		}
	}
	p, err := s.plan()
	if err != nil {
		return s.hinted(err)
	}
	for _, k := range sum.Installed {
		draft, err := s.mechanism(k).Draft(p.Plan)
		if err != nil {
			return err
		}
		sum.Differences = append(sum.Differences, schedule.Differences(there[k], draft.Pieces)...)
	}
	if len(sum.Differences) > 0 {
		s.c.Voice.Print("")
		s.c.Voice.Print("chatkeep schedule install would change it now:")
		for _, line := range sum.Differences {
			s.c.Voice.Print("%s", line)
		}
	}
	return s.c.Voice.Object(sum)
}

// scheduleStated is a timer as schedule status --json prints it; the summary says
// the same of all. Fields are only added.
type scheduleStated struct {
	Type      string        `json:"type"`
	Kind      schedule.Kind `json:"kind,omitempty"`
	System    bool          `json:"system"`
	Installed bool          `json:"installed"`
	Active    bool          `json:"active"`
	Last      string        `json:"last_run,omitempty"`
	Next      string        `json:"next_run,omitempty"`
	Result    string        `json:"result,omitempty"`
	Code      *int          `json:"code,omitempty"` // the exit code of the last run
	Note      string        `json:"note,omitempty"`
}

func (s *scheduling) status(ctx context.Context) error {
	sum := scheduleStated{Type: "summary", System: s.system}
	for _, k := range s.looked() {
		st, err := s.mechanism(k).Status(ctx)
		if err != nil {
			return s.hinted(err)
		}
		if !st.Installed {
			continue
		}
		sum.Installed, sum.Active = true, sum.Active || st.Active
		if err := s.tellStatus(k, st); err != nil {
			return err
		}
	}
	if !sum.Installed {
		s.c.Voice.Print("nothing is installed; chatkeep schedule install does that")
	}
	return s.c.Voice.Object(sum)
}

func (s *scheduling) tellStatus(k schedule.Kind, st schedule.Status) error {
	one := scheduleStated{Type: "timer", Kind: k, System: s.system, Installed: true, Active: st.Active,
		Last: session.Time(st.Last), Next: session.Time(st.Next), Result: st.Result, Code: st.ExitCode, Note: st.Note}
	state := "installed"
	if st.Active {
		state = "active"
	} else if k == schedule.Systemd || k == schedule.Launchd {
		state = "installed, and not active"
	}
	s.c.Voice.Print("%s: %s", k, state)
	if !st.Last.IsZero() {
		s.c.Voice.Print("  fired last  %s", session.Moment(st.Last))
	}
	if !st.Next.IsZero() {
		s.c.Voice.Print("  fires next  %s", session.Moment(st.Next))
	}
	switch {
	case st.ExitCode != nil:
		s.c.Voice.Print("  last run    %s, exit code %d", st.Result, *st.ExitCode)
	case st.Result != "":
		s.c.Voice.Print("  last run    %s", st.Result)
	}
	if st.Note != "" {
		s.c.Voice.Print("  %s", st.Note)
	}
	return s.c.Voice.Object(one)
}
