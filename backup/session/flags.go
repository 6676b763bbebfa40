package session

import (
	"slices"

	"github.com/urfave/cli/v2"
)

// Environment variables. What a flag can say too, the flag says first.
const (
	envRepository = "CHATKEEP_REPOSITORY"
	envWitness    = "CHATKEEP_WITNESS"
	envFile       = "CHATKEEP_PASSPHRASE_FILE"
	envCommand    = "CHATKEEP_PASSPHRASE_COMMAND"
	envSystemd    = "CREDENTIALS_DIRECTORY"
	envPassphrase = "CHATKEEP_PASSPHRASE"
	envNewFile    = "CHATKEEP_NEW_PASSPHRASE_FILE"
)

const (
	placeFlags  = "repository"
	outputFlags = "output"
)

// Flags are the flags of a command that touches no repository: its own, and
// how it speaks.
func (e *Env) Flags(own ...cli.Flag) []cli.Flag {
	return slices.Concat(own, []cli.Flag{
		&cli.BoolFlag{Name: "json", Category: outputFlags, Usage: "print one JSON object a line, a summary at the end"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: outputFlags, Usage: "no progress and no reports of success"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Category: outputFlags, Usage: "report success where there is no terminal, too"},
	})
}

// RepositoryFlags are the flags of a command that opens a repository. They
// stand on each command, not before it, since people add them at the end.
func (e *Env) RepositoryFlags(own ...cli.Flag) []cli.Flag {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "repo", Aliases: []string{"r"}, Category: placeFlags,
			Usage: "the repository's `PLACE`: a path" + e.placeUsage() + ", or its name in the configuration file; or $" + envRepository},
	}
	return e.PlaceFlags(append(own, flags...)...)
}

// PlaceFlags are the flags of a command whose argument is the repository's place.
func (e *Env) PlaceFlags(own ...cli.Flag) []cli.Flag {
	return e.Flags(slices.Concat(own, trustFlags(), e.settingFlags("", ""))...)
}

// trustFlags say which repository is meant, what of it is accepted, and how fast
// it may go.
func trustFlags() []cli.Flag {
	return []cli.Flag{
		ConfigFlag(),
		&cli.StringFlag{Name: "id", Category: placeFlags, Usage: "the repository's `ID`, where this machine does not know it yet or knows another one there"},
		&cli.StringFlag{Name: witnessFlag, Category: placeFlags, Usage: "a second `PLACE`, which gets each signed statement and is asked for the newest; or $" + envWitness},
		&cli.StringSliceFlag{Name: "accept", Category: placeFlags, Usage: "go on in spite of problems of this `CLASS`, as rollback or gap; may be repeated"},
		&cli.StringFlag{Name: "limit-upload", Category: placeFlags, Usage: "at most `RATE` a second on average, as 500KiB; by the clock as 08:00-18:00=500KiB,2MiB"},
		&cli.StringFlag{Name: "limit-download", Category: placeFlags, Usage: "at most `RATE` a second, as 2MiB; by the clock as 23:00-06:00=8MiB,1MiB"},
	}
}

// ConfigFlag names the configuration file. It is among the flags of every command
// that opens a repository.
func ConfigFlag() cli.Flag {
	return &cli.StringFlag{Name: configFlag, Category: placeFlags, Usage: "the configuration `FILE`; or $" + envConfig}
}

// settingFlags are the settings of the places that this build knows. A prefix
// tells the two ends of a command apart.
func (e *Env) settingFlags(prefix, which string) (flags []cli.Flag) {
	for _, p := range e.Stores {
		for _, s := range p.Settings {
			usage := which + s.Usage
			if s.Env != "" {
				usage += "; or $" + s.Env
			}
			if s.Bool {
				flags = append(flags, &cli.BoolFlag{Name: prefix + s.Name, Category: placeFlags, Usage: usage})
			} else {
				flags = append(flags, &cli.StringFlag{Name: prefix + s.Name, Category: placeFlags, Usage: usage})
			}
		}
	}
	return flags
}

// IdentityFlag names files with keys that read.
func IdentityFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "identity", Aliases: []string{"i"}, Category: placeFlags,
		Usage: "unlock with the age or SSH identity in `FILE`; may be repeated"}
}

// EndFlags are the flags of a command between two repositories, its arguments
// FROM and TO: each setting of a place is there for either end.
func (e *Env) EndFlags(own ...cli.Flag) []cli.Flag {
	return e.Flags(slices.Concat(own, []cli.Flag{IdentityFlag()}, trustFlags(),
		e.settingFlags(fromPrefix, "FROM: "), e.settingFlags(toPrefix, "TO: "))...)
}

// KeyFlags are the flags of a command that needs a key to read: those of
// RepositoryFlags, and the files that hold a key. A passphrase or a recovery key
// is no flag, since every process of a machine can see those.
func (e *Env) KeyFlags(own ...cli.Flag) []cli.Flag {
	return e.RepositoryFlags(append(own, IdentityFlag())...)
}

// DryRun is the flag of every command that changes something.
func DryRun() cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Usage: "change nothing, print what would be done"}
}

// Yes is the flag of commands that ask.
func Yes() cli.Flag {
	return &cli.BoolFlag{Name: "yes", Usage: "ask nothing, and show no secret"}
}

func (e *Env) placeUsage() (usage string) {
	for _, p := range e.Stores {
		if len(p.Schemes) > 0 {
			usage += ", " + p.Usage
		}
	}
	return usage
}
