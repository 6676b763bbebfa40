package session_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"chatkeep/backup"
	"chatkeep/backup/session"
	"chatkeep/restore"
)

// said is what a command got.
type said struct {
	command string
	dry     bool
	names   []string
	target  string
	args    []string
}

// listeners are commands that note what they get.
func listeners(heard *[]said) func(*session.Env) []*cli.Command {
	return func(env *session.Env) []*cli.Command {
		flags := func() []cli.Flag {
			return env.Flags(session.DryRun(), &cli.StringSliceFlag{Name: "name"}, &cli.StringFlag{Name: "target", Aliases: []string{"t"}}, &cli.IntFlag{Name: "level"})
		}
		note := func(name string) cli.ActionFunc {
			return env.Action(func(_ context.Context, c *session.Call) error {
				*heard = append(*heard, said{name, c.DryRun(), c.StringSlice("name"), c.String("target"), c.Args().Slice()})
				return nil
			})
		}
		return []*cli.Command{
			{Name: "pour", ArgsUsage: "PATH…", Flags: flags(), Action: note("pour")},
			{Name: "give", ArgsUsage: "[SNAPSHOT]", Flags: flags(), Action: note("give")},
			{Name: "key", Usage: "keys", Subcommands: []*cli.Command{{Name: "add", Flags: flags(), Action: note("key add")}}},
		}
	}
}

func TestFlagsAnywhere(t *testing.T) {
	for line, want := range map[string]said{
		"pour a --dry-run":                  {command: "pour", dry: true, args: []string{"a"}},
		"pour --dry-run a":                  {command: "pour", dry: true, args: []string{"a"}},
		"--dry-run pour a b":                {command: "pour", dry: true, args: []string{"a", "b"}},
		"pour a --dry-run=false":            {command: "pour", args: []string{"a"}},
		"pour a --dry-run b":                {command: "pour", dry: true, args: []string{"a", "b"}},
		"-t x pour a":                       {command: "pour", target: "x", args: []string{"a"}},
		"pour -t=x a -t y":                  {command: "pour", target: "y", args: []string{"a"}},
		"pour a --name b,c --name d":        {command: "pour", names: []string{"b,c", "d"}, args: []string{"a"}},
		"pour -- --dry-run -t":              {command: "pour", args: []string{"--dry-run", "-t"}},
		"pour a -- --dry-run":               {command: "pour", args: []string{"a", "--dry-run"}},
		"pour -":                            {command: "pour", args: []string{"-"}},
		"pour --target=--dry-run a":         {command: "pour", target: "--dry-run", args: []string{"a"}},
		"pour --target -5 a":                {command: "pour", target: "-5", args: []string{"a"}},
		"pour --target= a":                  {command: "pour", args: []string{"a"}},
		"pour help":                         {command: "pour", args: []string{"help"}},
		"pour h":                            {command: "pour", args: []string{"h"}},
		"give":                              {command: "give"},
		"give x -t y --dry-run":             {command: "give", dry: true, target: "y", args: []string{"x"}},
		"key --dry-run add -t x":            {command: "key add", dry: true, target: "x"},
		"key add --name help --target give": {command: "key add", names: []string{"help"}, target: "give"},
	} {
		w := newWorld(t)
		var heard []said
		w.wantCode(w.run(listeners(&heard), strings.Fields(line)...), 0)
		if len(heard) != 1 {
			t.Fatalf("%s: heard %v", line, heard)
		}
		got := heard[0]
		if got.command != want.command || got.dry != want.dry || got.target != want.target ||
			!slices.Equal(got.names, want.names) || !slices.Equal(got.args, want.args) {
			t.Errorf("%s: got %+v, want %+v", line, got, want)
		}
	}
}

// TestUsageErrors runs lines that mean nothing: nothing may be run, nothing may
// be on stdout, and the code is 64.
func TestUsageErrors(t *testing.T) {
	for line, want := range map[string]string{
		"":                        "no command",
		"--dry-run":               "--dry-run",
		"nope":                    `"nope"`,
		"nope --json":             `"nope\"`,
		"pour":                    "PATH…",
		"pour a --nope":           "--nope",
		"pour a --nope=x":         "--nope",
		"pour a -dry-run":         "-dry-run",
		"pour a --t x":            "--t",
		"pour a --target":         "--target needs a value",
		"pour a --target --name":  "--target needs a value",
		"pour a --target -q":      "--target needs a value",
		"pour a --level high":     "level",
		"pour a --dry-run=maybe":  "dry-run",
		"give a b":                `"b"`,
		"key":                     "needs a command",
		"key nope":                `"key nope"`,
		"key add stray":           `"stray"`,
		"key add -- --dry-run":    `"--dry-run"`,
		"completion":              "SHELL",
		"completion tcsh":         `"tcsh"`,
		"pour a --json --nope":    "--nope",
		"version and more":        `"and"`,
		"--target pour":           "--target",
		"pour a --limit-upload=1": "--limit-upload",
	} {
		w := newWorld(t)
		var heard []said
		code := w.run(listeners(&heard), strings.Fields(line)...)
		if code != session.ExitUsage || len(heard) > 0 || w.out.Len() > 0 || !strings.Contains(w.err.String(), want) {
			t.Errorf("%q: code %d, heard %v, stdout %q, stderr %q without %q", line, code, heard, &w.out, &w.err, want)
		}
		if strings.Contains(line, "--json") != strings.HasPrefix(w.err.String(), `{"type":"error","code":64,`) {
			t.Errorf("%q: stderr %q", line, &w.err)
		}
	}
}

func TestHelp(t *testing.T) {
	for line, want := range map[string]string{
		"--help":                "chatkeep COMMAND",
		"help":                  "chatkeep COMMAND",
		"-h":                    "chatkeep COMMAND",
		"pour --help":           "usage: chatkeep pour",
		"pour a --nope --help":  "usage: chatkeep pour",
		"help key add":          "usage: chatkeep key add",
		"key --help":            "usage: chatkeep key COMMAND",
		"key add -h":            "usage: chatkeep key add",
		"version --help --json": "usage: chatkeep version",
	} {
		w := newWorld(t)
		var heard []said
		w.wantCode(w.run(listeners(&heard), strings.Fields(line)...), 0)
		if len(heard) > 0 || w.err.Len() > 0 || !strings.Contains(w.out.String(), want) {
			t.Errorf("%q: heard %v, stdout %q without %q, stderr %q", line, heard, &w.out, want, &w.err)
		}
	}
}

func TestArity(t *testing.T) {
	const any = 1 << 30
	for usage, want := range map[string][2]int{
		"": {0, 0}, "PATH": {1, 1}, "[PATH]": {0, 1}, "PATH…": {1, any}, "[PATH…]": {0, any},
		"SNAPSHOT PATH": {2, 2}, "[SNAPSHOT] [PATH…]": {0, any}, "A [B]": {1, 2},
	} {
		if least, most := session.Arity(usage); [2]int{least, most} != want {
			t.Errorf("arity of %q is %d to %d, want %v", usage, least, most, want)
		}
	}
}

// TestCommandsAgree looks at the real commands: a flag that stands before its
// command is read before it is known whose it is.
func TestCommandsAgree(t *testing.T) {
	env := newWorld(t).env()
	app := session.NewApp(env, backup.Commands(env, nil), restore.Commands(env)).CLI()
	all := session.ValueFlags(app.Commands)
	var visit func(path string, commands []*cli.Command)
	visit = func(path string, commands []*cli.Command) {
		for _, c := range commands {
			name := strings.TrimSpace(path + " " + c.Name)
			for flag, takes := range session.ValueFlags([]*cli.Command{c}) {
				if all[flag] != takes {
					t.Errorf("%s: the flag %s takes a value here or elsewhere, not in both", name, flag)
				}
			}
			if c.Usage == "" || (c.Category == "") != (path != "") {
				t.Errorf("%s: usage %q, category %q", name, c.Usage, c.Category)
			}
			if len(c.Subcommands) == 0 && (c.Action == nil || !slices.ContainsFunc(c.Flags, isNamed("json"))) {
				t.Errorf("%s: no action, or no --json", name)
			}
			for _, f := range c.Flags {
				if r, ok := f.(cli.RequiredFlag); ok && r.IsRequired() {
					t.Errorf("%s: the library prints help on stdout where a required flag is missing: %v", name, f.Names())
				}
			}
			visit(name, c.Subcommands)
		}
	}
	visit("", app.Commands)
}

func isNamed(name string) func(cli.Flag) bool {
	return func(f cli.Flag) bool { return slices.Contains(f.Names(), name) }
}

func TestCompletions(t *testing.T) {
	env := newWorld(t).env()
	words := session.Completions(session.NewApp(env, backup.Commands(env, nil), restore.Commands(env)).CLI())
	for name, want := range map[string]string{"": "restore", "key": "passwd", "key add": "--recovery", "restore": "--target", "completion": "--help"} {
		if !slices.Contains(words[name], want) {
			t.Errorf("after %q there is no %s: %v", name, want, words[name])
		}
	}
}

func FuzzLine(f *testing.F) {
	for _, line := range []string{"pour a --dry-run", "-t x pour a -- -b", "key add --name=b,c", "--\x00 pour", "pour --target"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		args := strings.Split(text, " ")
		w := &world{t: t, vars: map[string]string{}}
		env := w.env()
		app := session.NewApp(env, listeners(new([]said))(env)).CLI()
		ordered, err := session.Ordered(app, args)
		if err != nil {
			return
		}
		// What is in order stays so, and every argument comes after the "--".
		again, err := session.Ordered(app, ordered[1:])
		if err != nil || !slices.Equal(again, ordered) {
			t.Fatalf("%q became %q and then %q, %v", args, ordered, again, err)
		}
	})
}
