package session

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/providers/storage"
)

// line is a command line taken apart: urfave/cli stops looking for flags at
// the first argument, so that `backup export.zip --dry-run` would really back
// up. Here flags may stand anywhere, the words of the command before and
// between them included, and what nothing takes is refused.
type line struct {
	path  []*cli.Command // the command and, before it, its groups
	flags []given
	args  []string
}

// given is a flag as it was written.
type given struct {
	text  string // with its dashes
	name  string // without
	value *string
}

// parseLine takes a command line, without the program's name, apart.
func parseLine(app *cli.App, args []string) (*line, error) {
	l := &line{}
	takes := valueFlags(app.Commands)
	commands := app.Commands
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			l.args = append(l.args, args[i+1:]...)
			return l, nil
		case len(arg) > 1 && arg[0] == '-':
			f := splitFlag(arg)
			if f.value == nil && takes[f.name] {
				if i++; i == len(args) || isFlag(takes, args[i]) {
					return l, Usage("%s needs a value", f.text)
				}
				f.value = &args[i]
			}
			l.flags = append(l.flags, f)
		case len(commands) > 0:
			c, err := findCommand(commands, arg, l.name())
			if err != nil {
				return l, err
			}
			l.path = append(l.path, c)
			commands = c.Subcommands
		default:
			l.args = append(l.args, arg)
		}
	}
	return l, nil
}

// isFlag tells of a word that stands where a value should whether the value was
// forgotten. After "=" any text is a value.
func isFlag(takes map[string]bool, word string) bool {
	_, known := takes[splitFlag(word).name]
	return strings.HasPrefix(word, "--") || strings.HasPrefix(word, "-") && known
}

// splitFlag takes "--name=value" apart.
func splitFlag(arg string) given {
	text, value, has := strings.Cut(arg, "=")
	f := given{text: text, name: strings.TrimPrefix(strings.TrimPrefix(text, "-"), "-")}
	if has {
		f.value = &value
	}
	return f
}

// valueFlags tells of every flag of every command whether it takes a value. A
// flag may stand before the command whose it is, so that all commands must
// agree.
func valueFlags(commands []*cli.Command) map[string]bool {
	takes := map[string]bool{}
	for _, c := range commands {
		for _, f := range c.Flags {
			_, isBool := f.(*cli.BoolFlag)
			for _, name := range f.Names() {
				takes[name] = !isBool
			}
		}
		for name, value := range valueFlags(c.Subcommands) {
			takes[name] = value
		}
	}
	return takes
}

func findCommand(commands []*cli.Command, name, group string) (*cli.Command, error) {
	for _, c := range commands {
		if c.HasName(name) {
			return c, nil
		}
	}
	f := Usage("there is no command %q", strings.TrimSpace(group+" "+storage.Redact(name)))
	f.Cure = strings.TrimSpace("chatkeep "+group) + " --help lists them"
	return nil, f
}

// name is the command's name with that of its group.
func (l *line) name() string {
	var words []string
	for _, c := range l.path {
		words = append(words, c.Name)
	}
	return strings.Join(words, " ")
}

// command returns the command meant, nil if there is none.
func (l *line) command() *cli.Command {
	if len(l.path) == 0 {
		return nil
	}
	return l.path[len(l.path)-1]
}

func (l *line) has(names ...string) bool {
	return slices.ContainsFunc(l.flags, func(f given) bool {
		return slices.Contains(names, f.name) && (f.value == nil || *f.value != "false")
	})
}

// check refuses flags that the command does not have and arguments that it
// does not take.
func (l *line) check() error {
	c := l.command()
	known := map[string]bool{}
	for _, f := range c.Flags {
		for _, name := range f.Names() {
			known[name] = true
		}
	}
	for _, f := range l.flags {
		// A word with one dash would be several short flags elsewhere.
		if !known[f.name] || (len(f.name) > 1) != strings.HasPrefix(f.text, "--") {
			return l.usage("%s does not have the flag %s", l.name(), f.text)
		}
	}
	least, most := arity(c.ArgsUsage)
	switch n := len(l.args); {
	case n < least:
		return l.usage("%s needs %s", l.name(), c.ArgsUsage)
	case n > most:
		return l.usage("%s does not take the argument %q", l.name(), storage.Redact(l.args[most]))
	}
	return nil
}

// usage is a Failure that shows how the command is written.
func (l *line) usage(format string, args ...any) error {
	f := Usage(format, args...)
	f.Cure = fmt.Sprintf("chatkeep %s --help tells how it is used", l.name())
	return f
}

// arity reads from a command's ArgsUsage, its help line, how many arguments it
// takes: "PATH" is one, "[PATH]" none or one, "PATH…" any number from one.
func arity(usage string) (least, most int) {
	for _, word := range strings.Fields(usage) {
		if !strings.HasPrefix(word, "[") {
			least++
		}
		most++
		if strings.Contains(word, "…") {
			most = 1 << 30
		}
	}
	return least, most
}

// ordered returns the line in the one order that urfave/cli reads right.
func (l *line) ordered(program string) []string {
	out := []string{program}
	for _, c := range l.path {
		out = append(out, c.Name)
	}
	for _, f := range l.flags {
		text := f.text
		if f.value != nil {
			text += "=" + *f.value
		}
		out = append(out, text)
	}
	return append(append(out, "--"), l.args...)
}
