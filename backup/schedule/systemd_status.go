package schedule

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Status asks the manager. The zone is set so that its times can be read: it
// prints them for people, in the zone of whoever asks.
func (s *systemd) Status(ctx context.Context) (Status, error) {
	there, err := s.Installed(ctx)
	if err != nil || len(there) == 0 {
		return Status{}, err
	}
	ask := append(Command{"env", "TZ=UTC"}, s.ctl("show", "--property=Id,ActiveState,UnitFileState,NextElapseUSecRealtime,"+
		"LastTriggerUSec,Result,ExecMainStatus,ExecMainExitTimestamp", timer, service)...)
	out, err := s.m.Run(ctx, nil, ask)
	var failed *CommandError
	if errors.As(err, &failed) {
		return Status{Installed: true, Note: failed.Error()}, nil
	}
	if err != nil {
		return Status{}, err
	}
	return statusOf(parseShow(string(out))), nil
}

// parseShow reads what systemctl show prints: lines of a name and a value, an
// empty line between units. It returns the properties of each by its Id.
func parseShow(text string) map[string]map[string]string {
	units := map[string]map[string]string{}
	for block := range strings.SplitSeq(text, "\n\n") {
		properties := map[string]string{}
		for line := range strings.Lines(block) {
			if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
				properties[name] = value
			}
		}
		if id := properties["Id"]; id != "" {
			units[id] = properties
		}
	}
	return units
}

func statusOf(units map[string]map[string]string) Status {
	fires, runs := units[timer], units[service]
	st := Status{Installed: true, Active: fires["ActiveState"] == "active"}
	st.Last, st.Next = showTime(fires["LastTriggerUSec"]), showTime(fires["NextElapseUSecRealtime"])
	if runs["ActiveState"] == "activating" || runs["ActiveState"] == "active" {
		st.Result = "running"
		return st
	}
	// Before the first run, too, the manager says that it succeeded.
	if showTime(runs["ExecMainExitTimestamp"]).IsZero() {
		return st
	}
	st.Result = runs["Result"]
	if code, err := strconv.Atoi(runs["ExecMainStatus"]); err == nil {
		st.ExitCode = &code
	}
	return st
}

// showTime reads a time as systemctl prints it with TZ=UTC. What it does not
// know, as "n/a" or nothing at all, is the zero time.
func showTime(text string) time.Time {
	t, err := time.Parse("Mon 2006-01-02 15:04:05 UTC", text)
	if err != nil {
		return time.Time{}
	}
	return t
}
