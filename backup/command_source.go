package backup

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/config"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
)

func sourceCommand(env *session.Env, chats []chat.Provider) *cli.Command {
	return &cli.Command{
		Name: "source", Category: session.SetUp, Usage: "what is backed up again and again",
		Subcommands: []*cli.Command{sourceAddCommand(env), sourceListCommand(env), sourceRemoveCommand(env), sourceTestCommand(env, chats), sourceDiscoverCommand(env, chats)},
	}
}

func sourceAddCommand(env *session.Env) *cli.Command {
	own := slices.Concat(sourceFlags(), selectFlags(), []cli.Flag{
		session.ConfigFlag(), session.DryRun(),
		&cli.BoolFlag{Name: "newest", Usage: "of what the pattern matches, take the newest alone"},
		&cli.BoolFlag{Name: "watch", Usage: "take it when it changed and was left alone for --settle"},
		&cli.StringFlag{Name: "settle", Usage: "`TIME` for which it has to be left alone (default 2m)"},
		&cli.StringFlag{Name: "before", Usage: "`COMMAND` that produces the export first, run by the shell"},
		&cli.StringFlag{Name: "before-timeout", Usage: "`TIME` that it may take (default 1h)"},
		&cli.StringFlag{Name: "command", Usage: "`COMMAND` whose output is the source, in place of PATH, run by the shell"},
		&cli.StringFlag{Name: "command-timeout", Usage: "`TIME` that it may take until all is stored (default 1d)"},
	})
	return &cli.Command{
		Name: "add", ArgsUsage: "NAME [PATH]", Usage: "add a source to the configuration file",
		Description: "PATH is a file, a folder, or a pattern with *, ? and […]: keep those from the shell.\n" +
			"Everything else in the file stays as it is, comments too.\n\n" +
			"  chatkeep source add phone '~/Exports/WhatsApp*.zip' --newest --watch\n" +
			"  chatkeep source add pictures ~/Pictures --no-videos --tag home\n" +
			"  chatkeep source add chats.sql --command 'mysqldump chats'",
		Flags: env.Flags(own...),
		Action: env.Action(func(_ context.Context, c *session.Call) error {
			s, err := newSource(c)
			if err != nil {
				return err
			}
			f, err := c.ConfigToChange()
			if err != nil {
				return err
			}
			change, err := f.AddSource(c.Arg(0), s)
			if err != nil {
				return err
			}
			if err := changeConfig(c, change); err != nil {
				return err
			}
			if s.Path != "" {
				if _, err := s.Matches(); err != nil {
					c.Voice.Warn("source %s: %v", c.Arg(0), err)
				}
			}
			return tellSourceChange(c, "add", f)
		}),
	}
}

// newSource makes a source of the flags. The rest of what may be wrong with it is
// found as in the file.
func newSource(c *session.Call) (config.Source, error) {
	s, err := withFlags(c, config.Source{})
	if err != nil {
		return s, err
	}
	if c.NArg() < 2 {
		if s.Command == "" {
			err = session.Usage("source add needs a PATH, or --command")
		}
		return s, err
	}
	here, err := os.Getwd()
	if err != nil {
		return s, err
	}
	s.Path, err = config.SourcePath(c.Arg(1), c.Known().Home, here)
	return s, err
}

func tellSourceChange(c *session.Call, verb string, f *config.File) error {
	if !c.DryRun() {
		c.Voice.Say("%s: source %s, in %s", verb, c.Arg(0), f.Path)
	}
	return c.Voice.Object(struct {
		Type   string `json:"type"`
		Verb   string `json:"verb"`
		Source string `json:"source"`
		File   string `json:"file"`
		DryRun bool   `json:"dry_run,omitempty"`
	}{"summary", verb, c.Arg(0), f.Path, c.DryRun()})
}

func sourceRemoveCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "remove", ArgsUsage: "NAME", Usage: "take a source out of the configuration file",
		Description: "Its snapshots stay. A comment above it stays in the file, as everything else.",
		Flags:       env.Flags(session.ConfigFlag(), session.DryRun()),
		Action: env.Action(func(_ context.Context, c *session.Call) error {
			f, err := c.ConfigFile()
			if err != nil {
				return err
			}
			change, err := f.RemoveSource(c.Arg(0))
			if err != nil {
				return err
			}
			if err := changeConfig(c, change); err != nil {
				return err
			}
			return tellSourceChange(c, "remove", f)
		}),
	}
}

// listedSource is a source as source list --json prints it.
type listedSource struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Path    string   `json:"path"`
	Command bool     `json:"command"` // it is what a command prints
	Newest  bool     `json:"newest"`
	Watch   bool     `json:"watch"`
	App     string   `json:"app,omitempty"`
	Tags    []string `json:"tags"`
	Jobs    []string `json:"jobs"`
	From    string   `json:"from"`
}

func sourceListCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list the sources of the configuration file",
		Flags: env.Flags(session.ConfigFlag()),
		Action: env.Action(func(_ context.Context, c *session.Call) error {
			f, err := c.ConfigFile()
			if err != nil {
				return err
			}
			for _, name := range sortedNames(f.Config.Sources) {
				s := f.Config.Sources[name]
				words := ""
				if s.Command != "" {
					words = "(what a command prints)"
				}
				if s.Newest {
					words += "  newest"
				}
				if s.Watch {
					words += "  watch"
				}
				c.Voice.Print("%-16s %s%s", name, s.Path, words)
				if err := c.Voice.Object(listedSource{"source", name, s.Path, s.Command != "", s.Newest, s.Watch, s.App, some(s.Tags), jobsOf(f.Config, name), f.At("sources", name)}); err != nil {
					return err
				}
			}
			return c.Voice.Object(struct {
				Type    string `json:"type"`
				Sources int    `json:"sources"`
			}{"summary", len(f.Config.Sources)})
		}),
	}
}

// jobsOf are the jobs that take a source.
func jobsOf(c *config.Config, source string) []string {
	names := []string{}
	for _, name := range sortedNames(c.Jobs) {
		if j := c.Jobs[name]; len(j.Sources) == 0 || slices.Contains(j.Sources, source) {
			names = append(names, name)
		}
	}
	return names
}

func sourceTestCommand(env *session.Env, chats []chat.Provider) *cli.Command {
	return &cli.Command{
		Name: "test", ArgsUsage: "NAME", Usage: "say what a source would take now; writes nothing",
		Description: "A command whose output is the source is run, and its output counted. One before a\n" +
			"source is not run.",
		Flags: env.Flags(session.ConfigFlag()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			conf, err := c.Config()
			if err != nil {
				return err
			}
			s, err := conf.Source(c.Arg(0))
			if err != nil {
				return err
			}
			if s.Command != "" {
				return testOutput(ctx, c, s)
			}
			paths, err := s.Matches()
			if err != nil {
				return err
			}
			return testSource(ctx, c, chats, s, paths)
		}),
	}
}

// testOutput runs the command of a source.
func testOutput(ctx context.Context, c *session.Call, s config.Source) error {
	from := outputOf(c, c.Arg(0), s)
	out, err := from.Open(ctx)
	if err != nil {
		return err
	}
	defer out.Close()
	n, err := io.Copy(io.Discard, out)
	if err != nil {
		return err
	}
	if n == 0 {
		return from.nothing()
	}
	c.Voice.Print("its command prints %s: kept as the file %s", session.Size(n), from.File)
	if err := c.Voice.Object(match{Type: "match", Bytes: n, Apps: []string{}, Other: 1}); err != nil {
		return err
	}
	return tellTested(c, 1, 0)
}

func tellTested(c *session.Call, matches, failed int) error {
	return c.Voice.Object(struct {
		Type    string `json:"type"`
		Source  string `json:"source"`
		Matches int    `json:"matches"`
		Failed  int    `json:"failed"`
	}{"summary", c.Arg(0), matches, failed})
}

// match is what a source matches, as source test --json prints it.
type match struct {
	Type  string   `json:"type"`
	Path  string   `json:"path"`            // "" for what a command prints
	Time  string   `json:"mtime,omitempty"` // of what is at a path
	Bytes int64    `json:"bytes"`
	Apps  []string `json:"apps"`
	Other int64    `json:"unrecognised_files"`
}

// testSource looks at each match as inspect would, up to the messages.
func testSource(ctx context.Context, c *session.Call, chats []chat.Provider, s config.Source, paths []string) error {
	var failed []error
	for _, path := range paths {
		m, err := testMatch(ctx, c, chats, s, path)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		what := strings.Join(m.Apps, ", ")
		if what == "" {
			what = "no export recognised: kept as files"
		}
		c.Voice.Print("%s · changed %s · %s · %s", m.Path, m.Time, session.Size(m.Bytes), what)
		if err := c.Voice.Object(m); err != nil {
			return err
		}
	}
	if err := tellTested(c, len(paths), len(failed)); err != nil {
		return err
	}
	return errors.Join(failed...)
}

func testMatch(ctx context.Context, c *session.Call, chats []chat.Provider, s config.Source, path string) (*match, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := readable(path, info); err != nil {
		return nil, err
	}
	src, err := sourceOf(c, c.Arg(0), s, path, chats)
	if err != nil {
		return nil, err
	}
	f, err := discover(ctx, &src, func(text string) { c.Voice.Warn("%s", text) })
	if err != nil {
		return nil, err
	}
	m := &match{Type: "match", Path: path, Time: session.Time(info.ModTime()), Bytes: f.bytes, Apps: []string{}, Other: f.other}
	if info.Mode().IsRegular() {
		m.Bytes = info.Size() // also where nobody looked into it
	}
	for _, one := range f.found {
		if !slices.Contains(m.Apps, one.provider.Name) {
			m.Apps = append(m.Apps, one.provider.Name)
		}
	}
	return m, nil
}

// readable reads a byte, or a name, of what a source matches.
func readable(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil // kept as what it is, and not read
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info.IsDir() {
		_, err = f.Readdirnames(1)
	} else {
		_, err = f.Read(make([]byte, 1))
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
