package session

import (
	"context"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"
)

// What whoever builds says of the version, by the linker's -X, where the go command
// cannot know it, as outside of a clone. It comes before what the build has, and in
// the same form: a version with its v and, of a tree with changes, "+dirty"; a
// commit of 40 hex digits; the time of the commit as 2026-11-20T12:00:00Z.
var versionStamp, commitStamp, dateStamp string

// dirty ends the version of a tree that was not as committed.
const dirty = "+dirty"

// build is what a program knows of how it was built.
type build struct {
	Version  string // "devel" where nobody said
	Commit   string // empty where that is not known, as are the next two
	Date     string
	Modified bool
}

// thisBuild is the build of this program.
func thisBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return buildOf(info, build{Version: versionStamp, Commit: commitStamp, Date: dateStamp})
}

// buildOf puts together what the go command wrote into a program and what the
// linker was told.
func buildOf(info *debug.BuildInfo, stamped build) build {
	b := build{Version: info.Main.Version}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	if stamped.Commit != "" {
		b.Commit, b.Date, b.Modified = stamped.Commit, stamped.Date, false
	}
	if stamped.Version != "" {
		b.Version = stamped.Version
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "devel"
	}
	b.Modified = b.Modified || strings.HasSuffix(b.Version, dirty)
	return b
}

// Version is the program's version: a tag where it was built from one, else what
// the go command makes of the commit, or "devel".
func Version() string { return thisBuild().Version }

// FormatVersion is the number of the repository format that this build writes.
const FormatVersion = 1

// versionSummary is what version --json prints; fields are only added.
type versionSummary struct {
	Type     string `json:"type"`
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"date,omitempty"` // of the commit
	Modified bool   `json:"modified"`       // the tree was not as committed
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Format   int    `json:"format"`
}

func versionCommand(env *Env) *cli.Command {
	return &cli.Command{
		Name: "version", Category: Meta, Usage: "print the version of the program and of its format",
		Description: "Beside it stand the commit that it was built from, where that is known, the time of\n" +
			"this commit, and whether something in the tree was changed after it.\n\n" +
			"  chatkeep version --json",
		Flags: env.Flags(),
		Action: env.Action(func(_ context.Context, c *Call) error {
			b, platform := thisBuild(), runtime.GOOS+"/"+runtime.GOARCH
			c.Voice.Print("chatkeep %s (%s %s), repository format %d", b.Version, runtime.Version(), platform, FormatVersion)
			if b.Commit != "" {
				c.Voice.Print("%s", b.commitLine())
			}
			return c.Voice.Object(versionSummary{"summary", b.Version, b.Commit, b.Date, b.Modified, runtime.Version(), platform, FormatVersion})
		}),
	}
}

// commitLine says what the program was built from.
func (b build) commitLine() string {
	line := "commit " + b.Commit
	if b.Date != "" {
		line += " of " + b.Date
	}
	if b.Modified {
		line += ", with changes"
	}
	return line
}
