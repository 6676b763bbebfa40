package schedule

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// label is the name of the job.
const label = "chatkeep"

// launchd installs an agent of a user, or a daemon that runs as one.
type launchd struct {
	m       Machine
	account Account
	system  bool
}

func newLaunchd(m Machine, a Account, system bool) *launchd { return &launchd{m, a, system} }

func (l *launchd) path() string {
	if l.system {
		return "/Library/LaunchDaemons/" + label + ".plist"
	}
	return filepath.Join(l.account.Home, "Library/LaunchAgents", label+".plist")
}

// domain is where launchd keeps the job.
func (l *launchd) domain() string {
	if l.system {
		return "system"
	}
	return "gui/" + l.account.UID
}

func (l *launchd) Draft(p Plan) (Draft, error) {
	if err := p.check(slashed); err != nil {
		return Draft{}, err
	}
	return Draft{
		Pieces: []Piece{{l.path(), l.plist(p)}},
		Then:   []Command{{"launchctl", "bootstrap", l.domain(), l.path()}},
	}, nil
}

// plist is the job's file.
func (l *launchd) plist(p Plan) string {
	d := &plist{}
	d.line(0, `<?xml version="1.0" encoding="UTF-8"?>`)
	d.line(0, `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">`)
	d.line(0, "<!-- "+header+" -->")
	d.line(0, `<plist version="1.0">`)
	d.line(0, "<dict>")
	d.text(1, "Label", label)
	if l.system {
		d.text(1, "UserName", p.Account.Name)
	}
	d.line(1, "<key>ProgramArguments</key>")
	d.line(1, "<array>")
	for _, word := range p.argv() {
		d.line(2, "<string>"+xmlText(word)+"</string>")
	}
	d.line(1, "</array>")
	d.line(1, "<key>EnvironmentVariables</key>")
	d.line(1, "<dict>")
	for _, v := range p.Environment {
		d.text(2, v.Name, v.Value)
	}
	d.line(1, "</dict>")
	d.line(1, "<key>StartInterval</key>")
	d.line(1, "<integer>"+strconv.Itoa(int(p.Every.Seconds()))+"</integer>")
	d.line(1, "<key>RunAtLoad</key>")
	d.line(1, "<true/>")
	d.text(1, "ProcessType", "Background")
	d.line(1, "<key>LowPriorityIO</key>")
	d.line(1, "<true/>")
	d.line(1, "<key>Nice</key>")
	d.line(1, "<integer>10</integer>")
	d.line(1, "<key>Umask</key>")
	d.line(1, "<integer>63</integer>") // 077
	// Only trouble is written there, and launchd would throw it away.
	d.text(1, "StandardErrorPath", filepath.Join(p.Account.Home, "Library/Logs/chatkeep.log"))
	d.line(0, "</dict>")
	d.line(0, "</plist>")
	return d.String()
}

// plist is a property list in the making.
type plist struct{ strings.Builder }

func (d *plist) line(depth int, text string) {
	d.WriteString(strings.Repeat("  ", depth) + text + "\n")
}

func (d *plist) text(depth int, key, value string) {
	d.line(depth, "<key>"+xmlText(key)+"</key>")
	d.line(depth, "<string>"+xmlText(value)+"</string>")
}

// xmlText writes a text such that XML gives it back.
func xmlText(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder takes all
	return b.String()
}

func (l *launchd) Installed(context.Context) ([]Piece, error) { return readPieces(l.m, l.path()) }

func (l *launchd) Install(ctx context.Context, d Draft) error {
	// launchd keeps the job that it has, whatever the file says now.
	if err := l.bootout(ctx); err != nil {
		return err
	}
	return carryOut(ctx, l.m, d, systemMode, func(text string) []byte { return []byte(text) })
}

// bootout takes the job out of launchd. Where it is not there, that is an error
// of which no code can be relied upon, so whether it is is asked first.
func (l *launchd) bootout(ctx context.Context) error {
	target := l.domain() + "/" + label
	if _, err := l.m.Run(ctx, nil, Command{"launchctl", "print", target}); err != nil {
		var failed *CommandError
		if errors.As(err, &failed) {
			return nil
		}
		return err
	}
	_, err := l.m.Run(ctx, nil, Command{"launchctl", "bootout", target})
	return err
}

func (l *launchd) Remove(ctx context.Context) error {
	if err := l.bootout(ctx); err != nil {
		return err
	}
	_, err := removeFiles(l.m, l.path())
	return err
}

func (l *launchd) Status(ctx context.Context) (Status, error) {
	there, err := l.Installed(ctx)
	if err != nil || len(there) == 0 {
		return Status{}, err
	}
	out, err := l.m.Run(ctx, nil, Command{"launchctl", "print", l.domain() + "/" + label})
	var failed *CommandError
	if errors.As(err, &failed) {
		return Status{Installed: true, Note: fmt.Sprintf("launchd does not have it: %v", failed)}, nil
	}
	if err != nil {
		return Status{}, err
	}
	st := Status{Installed: true, Active: true, Note: "launchd does not tell when it ran"}
	st.Result, st.ExitCode = parseLaunchctl(string(out))
	return st, nil
}

// parseLaunchctl reads the state of a job and the code of its last run from what
// launchctl print says, which its manual calls no interface: what is not found
// is not known.
func parseLaunchctl(text string) (state string, code *int) {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " = ")
		switch {
		case !ok:
		case name == "state" && state == "":
			state = value
		case name == "last exit code" && code == nil:
			number, _, _ := strings.Cut(value, ":")
			if n, err := strconv.Atoi(number); err == nil {
				code = &n
			}
		}
	}
	return state, code
}
