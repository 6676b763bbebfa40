package backup

import (
	"context"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/schedule"
	"chatkeep/backup/session"
)

func scheduleUnits(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "units", ArgsUsage: "[DIR]", Usage: "print the systemd units that a package brings, or write them into a folder",
		Description: "They are for packages, which put them into /usr/lib/systemd/user: a user who wants the\n" +
			"timer enables it. On a machine of your own chatkeep schedule install writes better\n" +
			"ones, which know the configuration.\n\n" +
			"  chatkeep schedule units\n" +
			"  chatkeep schedule units --program /opt/chatkeep/bin/chatkeep build/units",
		Flags: env.Flags(&cli.StringFlag{Name: "program", Usage: "where the package puts the program, an absolute `PATH`", Value: "/usr/bin/chatkeep"}),
		Action: env.Action(func(_ context.Context, c *session.Call) error {
			pieces, err := schedule.PackageUnits(c.String("program"))
			if err != nil {
				return session.Usage("--program: %v", err)
			}
			dir := c.Arg(0)
			if dir == "" {
				err = printPieces(c, schedule.Systemd, pieces)
			} else {
				err = writePieces(c, dir, pieces)
			}
			if err != nil {
				return err
			}
			return c.Voice.Object(scheduleUnitsWritten{"summary", len(pieces), dir})
		}),
	}
}

// scheduleUnitsWritten ends schedule units --json; fields are only added.
type scheduleUnitsWritten struct {
	Type  string `json:"type"`
	Units int    `json:"units"`
	Dir   string `json:"dir,omitempty"` // empty where they were printed
}

// writePieces writes texts into a folder, for all to read.
func writePieces(c *session.Call, dir string, pieces []schedule.Piece) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range pieces {
		if err := os.WriteFile(filepath.Join(dir, p.Place), []byte(p.Text), 0o644); err != nil {
			return err
		}
	}
	c.Voice.Say("%s written to %s", session.Plural(int64(len(pieces)), "unit", "units"), dir)
	return nil
}
