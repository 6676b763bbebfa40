package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/config"
	"chatkeep/backup/session"
)

func configCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "config", Category: session.SetUp, Usage: "the file that says what is backed up where and when",
		Description: "It is $XDG_CONFIG_HOME/chatkeep/config.toml, or what --config or $CHATKEEP_CONFIG names.\n" +
			"Flags come first, then the environment, then the file.",
		Subcommands: []*cli.Command{configShowCommand(env), configValidateCommand(env), configSchemaCommand(env), configPathCommand(env)},
	}
}

func configShowCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show what counts, and where each value is from",
		Description: "Shows the configuration with what the flags and the environment make of it. What may\n" +
			"hold a secret is shown as set.\n\n" +
			"  chatkeep config show\n" +
			"  chatkeep config show --repo usb --json",
		Flags: env.RepositoryFlags(),
		Action: env.Action(func(_ context.Context, c *session.Call) error {
			f, err := c.ConfigFile()
			if err != nil {
				return err
			}
			e, err := c.InEffect()
			if err != nil {
				return err
			}
			return tellConfig(c, f, settingsOf(f, e))
		}),
	}
}

// setting is a value as config show --json prints it.
type setting struct {
	Type  string `json:"type"`
	Table string `json:"table,omitempty"`
	Key   string `json:"key"`
	Value any    `json:"value,omitempty"`
	Set   bool   `json:"set,omitempty"` // the value may be a secret
	From  string `json:"from"`

	text string // of the value, in TOML
}

// settingsOf lists the values of the file, with those in effect in their place.
func settingsOf(f *config.File, e *session.Effect) (all []setting) {
	table := ""
	if e.Name != "" {
		table = "repositories." + e.Name
	}
	for _, v := range e.Values {
		s := setting{Type: "value", Table: table, Key: v.Key, Value: v.Text, Set: v.Hidden, From: v.From, text: fmt.Sprintf("%q", v.Text)}
		if v.Key == "repository" {
			s.Table = ""
		}
		if v.Hidden {
			s.Value = nil
		}
		all = append(all, s)
	}
	effective := len(all)
	for _, l := range f.Config.Lines() {
		if l.Table {
			continue
		}
		s := setting{Type: "value", Table: strings.Join(l.Path[:len(l.Path)-1], "."), Key: l.Path[len(l.Path)-1], Set: l.Hidden, From: f.At(l.Path...)}
		if _, s.text, _ = strings.Cut(l.Text, " = "); !l.Hidden {
			s.Value = l.Value()
		}
		if s.From == "" {
			s.From = "default"
		}
		same := func(other setting) bool { return other.Table == s.Table && other.Key == s.Key }
		if !slices.ContainsFunc(all[:effective], same) {
			all = append(all, s)
		}
	}
	return all
}

func tellConfig(c *session.Call, f *config.File, all []setting) error {
	table := ""
	for _, s := range all {
		if s.Table != table {
			table = s.Table
			c.Voice.Print("")
			c.Voice.Print("[%s]", table)
		}
		value := s.Key + " = " + s.text
		if s.Set {
			value = s.Key + " is set"
		}
		c.Voice.Print("%-40s # %s", value, s.From)
		if err := c.Voice.Object(s); err != nil {
			return err
		}
	}
	return c.Voice.Object(struct {
		Type   string `json:"type"`
		File   string `json:"file"`
		There  bool   `json:"there"`
		Values int    `json:"values"`
	}{"summary", f.Path, f.There, len(all)})
}

func configValidateCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "validate", ArgsUsage: "[FILE]", Usage: "say what is wrong with the configuration file, and where",
		Flags: env.Flags(session.ConfigFlag()),
		Action: env.Action(func(_ context.Context, c *session.Call) error {
			path, named := c.ConfigPath()
			if c.Arg(0) != "" {
				path, named = c.Arg(0), true
			}
			_, err := config.Load(path, c.Known())
			var wrong *config.Problems
			switch {
			case errors.As(err, &wrong):
			case errors.Is(err, fs.ErrNotExist) && named:
				return session.Usage("there is no configuration file %s", path)
			case err != nil && !errors.Is(err, fs.ErrNotExist):
				return err
			}
			return tellProblemsOf(c, path, wrong)
		}),
	}
}

// misread is a problem as config validate --json prints it.
type misread struct {
	Type    string `json:"type"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func tellProblemsOf(c *session.Call, path string, wrong *config.Problems) error {
	n := 0
	if wrong != nil {
		n = len(wrong.Each) + wrong.More
		for _, p := range wrong.Each {
			if err := c.Voice.Object(misread{"problem", p.File, p.Line, p.Column, p.Message, p.Cure}); err != nil {
				return err
			}
		}
		for _, line := range wrong.Lines() {
			c.Voice.Print("%s", line)
		}
	}
	if err := c.Voice.Object(struct {
		Type     string `json:"type"`
		File     string `json:"file"`
		Problems int    `json:"problems"`
	}{"summary", path, n}); err != nil {
		return err
	}
	if n > 0 {
		return session.Fail(session.ExitUsage, wrong.Hint(), "%s in %s", session.Plural(int64(n), "problem", "problems"), path)
	}
	c.Voice.Say("%s is in order", path)
	return nil
}

func configSchemaCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "schema", Usage: "print the JSON Schema of the configuration file, for editors",
		Flags: env.Flags(),
		Action: env.Action(func(_ context.Context, c *session.Call) error {
			data, err := config.Schema(env.Stores)
			if err != nil {
				return err
			}
			return c.Voice.Document(string(data), struct {
				Type   string          `json:"type"`
				Schema json.RawMessage `json:"schema"`
			}{"summary", data})
		}),
	}
}

func configPathCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "path", Usage: "print where the configuration file is, or would be",
		Flags: env.Flags(session.ConfigFlag()),
		Action: env.Action(func(_ context.Context, c *session.Call) error {
			path, named := c.ConfigPath()
			c.Voice.Print("%s", path)
			return c.Voice.Object(struct {
				Type  string `json:"type"`
				File  string `json:"file"`
				Named bool   `json:"named"`
			}{"summary", path, named})
		}),
	}
}

// changeConfig writes a change of the file, or in a dry run shows it.
func changeConfig(c *session.Call, change *config.Change) error {
	if c.DryRun() {
		for _, line := range change.Difference() {
			c.Voice.Print("%s", line)
		}
		return nil
	}
	return change.Write()
}

// sortedNames are the names of a table, in order.
func sortedNames[T any](all map[string]T) []string { return slices.Sorted(maps.Keys(all)) }
