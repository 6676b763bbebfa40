package backup

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
	"chatkeep/providers/chat"
	"chatkeep/providers/places"
)

func sourceDiscoverCommand(env *session.Env, chats []chat.Provider) *cli.Command {
	return &cli.Command{
		Name: "discover", Usage: "look for chats in the usual places of this machine; writes nothing",
		Description: "Apps' own data, backups of phones, and exports in the folders where people save them:\n" +
			"for each it says what it seems to be, whether this build reads it, and the command that\n" +
			"makes a source of it. Names are looked at, and exports as backup would; no database is\n" +
			"opened.\n\n" +
			"  chatkeep source discover\n" +
			"  chatkeep source discover --json",
		Flags: env.Flags(session.ConfigFlag()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			s, err := newSurvey(ctx, c, chats)
			if err != nil {
				return err
			}
			for _, p := range places.Of(env.OS) {
				if err := s.look(p); err != nil {
					return err
				}
			}
			return s.tell()
		}),
	}
}

// discovered is something that was found, as source discover --json prints it. Fields
// are only added.
type discovered struct {
	Type    string      `json:"type"`
	Name    string      `json:"name"` // of the source that the command makes
	App     string      `json:"app,omitempty"`
	Title   string      `json:"title"`
	Kind    places.Kind `json:"kind"`
	Path    string      `json:"path"`  // a path or a pattern, absolute
	Paths   []string    `json:"paths"` // that are there
	Files   int64       `json:"files"`
	Bytes   int64       `json:"bytes"`
	Time    string      `json:"mtime,omitempty"` // when the newest file was changed
	Apps    []string    `json:"apps"`            // whose exports were recognised; what is not opened has none
	Known   int         `json:"recognised"`      // paths in which there was one
	Note    string      `json:"note,omitempty"`
	Trouble string      `json:"trouble,omitempty"` // why not all of it could be looked at
	Source  string      `json:"source,omitempty"`  // that it is already
	Command string      `json:"command"`
}

// tell prints what was found.
func (s *survey) tell() error {
	v := s.c.Voice
	for _, d := range s.found {
		v.Print("%s: %s", s.short(d.Path), d.Title)
		v.Print("  %s", strings.Join(s.facts(d), " · "))
		if d.Note != "" {
			v.Print("  %s", d.Note)
		}
		if d.Source != "" {
			v.Print("  it is the source %s", d.Source)
		} else {
			v.Print("  %s", d.Command)
		}
		if err := v.Object(d); err != nil {
			return err
		}
	}
	if len(s.found) == 0 {
		v.Print("nothing found in the usual places; chatkeep explain tells how to get an export")
	}
	for _, dir := range s.denied {
		v.Warn("%s may not be looked into", s.short(dir))
	}
	if err := v.Object(struct {
		Type   string   `json:"type"`
		Places int      `json:"places"`
		Denied []string `json:"denied"`
	}{"summary", len(s.found), some(s.denied)}); err != nil {
		return err
	}
	if len(s.denied) > 0 {
		return session.Fail(session.ExitIncomplete, deniedHint(s.c.Env.OS), "%s could not be looked into", session.Plural(int64(len(s.denied)), "place", "places"))
	}
	return nil
}

// facts are size, age, and what this build makes of it.
func (s *survey) facts(d *discovered) (facts []string) {
	if len(d.Paths) > 1 {
		facts = append(facts, session.Plural(int64(len(d.Paths)), "match", "matches"))
	}
	facts = append(facts, session.Plural(d.Files, "file", "files")+", "+session.Size(d.Bytes))
	if d.Time != "" {
		facts = append(facts, "changed "+day(d.Time))
	}
	switch {
	case d.Trouble != "":
		return append(facts, "not all of it may be looked at: "+d.Trouble)
	case d.Known == len(d.Paths):
		return append(facts, "read as "+strings.Join(d.Apps, ", "))
	case d.Known > 0:
		return append(facts, fmt.Sprintf("%d of them read as %s, the others kept as files", d.Known, strings.Join(d.Apps, ", ")))
	case d.App != "" && checkApp(s.chats, d.App) != nil:
		return append(facts, "kept as files: this build does not read it")
	case d.Kind == places.Own:
		return append(facts, "not opened here: chatkeep inspect tells what of it this build reads")
	}
	return append(facts, "kept as files: no export that this build reads")
}

// deniedHint tells how to be let in.
func deniedHint(system string) string {
	if system == "darwin" {
		return "macOS keeps apps' data from other programs: give your terminal Full Disk Access in System Settings, Privacy & Security, and start it again"
	}
	return "run it as the user whose files they are"
}

// addLine is the command that makes a source of a place, for the shell of a system.
func addLine(system, name, path string) string {
	args := []string{"chatkeep", "source", "add", name, path}
	if system != "windows" {
		return shellLine(args)
	}
	// Both of its shells take double quotes, and no name of a file has one.
	args[len(args)-1] = `"` + path + `"`
	return strings.Join(args, " ")
}
