package session

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// Version is the program's version as the build has it: a tag where it was
// installed by one, else the commit.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	if version == "" || version == "(devel)" {
		version = "devel"
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				version += "-" + s.Value[:12]
			}
		}
	}
	return version
}

// formatVersion is the number of the repository format that this build writes.
const formatVersion = 1

func versionCommand(env *Env) *cli.Command {
	return &cli.Command{
		Name: "version", Category: Meta, Usage: "print the version of the program and of its format",
		Flags: env.Flags(),
		Action: env.Action(func(_ context.Context, c *Call) error {
			platform := runtime.GOOS + "/" + runtime.GOARCH
			c.Voice.Print("chatkeep %s (%s %s), repository format %d", Version(), runtime.Version(), platform, formatVersion)
			return c.Voice.Object(struct {
				Type     string `json:"type"`
				Version  string `json:"version"`
				Go       string `json:"go"`
				Platform string `json:"platform"`
				Format   int    `json:"format"`
			}{"summary", Version(), runtime.Version(), platform, formatVersion})
		}),
	}
}
