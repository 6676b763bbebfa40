package backup

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"chatkeep/backup/config"
	"chatkeep/backup/job"
	"chatkeep/backup/session"
	"chatkeep/backup/shell"
	"chatkeep/providers/chat"
)

// wanted is what one argument of backup stands for.
type wanted struct {
	name string        // of a source in the configuration file, "" for a path
	said config.Source // what the file and the flags say of it
	path string        // "" for all that there is of the source
}

// wantedOf finds out what the arguments stand for, and what is wrong with them,
// before anything is stored.
func wantedOf(c *session.Call, chats []chat.Provider) (all []wanted, err error) {
	switch {
	case c.IsSet("source"):
		all, err = ofSource(c)
	case c.NArg() == 0:
		f := session.Usage("backup needs a SOURCE or a PATH")
		f.Cure = "chatkeep backup --help tells how it is used"
		err = f
	default:
		all, err = ofArguments(c)
	}
	if err != nil {
		return nil, err
	}
	for i := range all {
		one := &all[i]
		if one.said.Command != "" {
			if err := checkNoPath(c, "the command of "+one.name); err != nil {
				return nil, err
			}
		}
		if one.said, err = withFlags(c, one.said); err != nil {
			return nil, err
		}
		if _, err := sourceOf(c, one.name, one.said, one.path, chats); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ofSource takes the arguments as paths of one source, or all of it where there are
// none.
func ofSource(c *session.Call) ([]wanted, error) {
	name := c.String("source")
	if name == "" {
		return nil, session.Usage("--source is empty")
	}
	conf, err := c.Config()
	if err != nil {
		return nil, err
	}
	s, err := conf.Source(name)
	if err != nil {
		return nil, err
	}
	if c.NArg() == 0 {
		return []wanted{{name: name, said: s}}, nil
	}
	if s.Command != "" {
		return nil, session.Usage("the source %s is what a command prints, and has no PATH", name)
	}
	var all []wanted
	for _, path := range c.Args().Slice() {
		all = append(all, wanted{name, s, path})
	}
	return all, nil
}

// ofArguments takes each argument as a path where there is one, and else as the
// name of a source.
func ofArguments(c *session.Call) ([]wanted, error) {
	var all []wanted
	for _, arg := range c.Args().Slice() {
		_, err := os.Lstat(arg)
		isWord := config.CheckName(arg) == nil
		if isWord && errors.Is(err, fs.ErrNotExist) {
			one, err := ofName(c, arg)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
			continue
		}
		if err != nil {
			return nil, err
		}
		if conf, err := c.Config(); isWord && err == nil {
			if _, both := conf.Sources[arg]; both {
				c.Voice.Say("note: %s is a path here; --source=%s takes the source of that name", arg, arg)
			}
		}
		all = append(all, wanted{path: arg})
	}
	return all, nil
}

// ofName takes an argument as the name of a source.
func ofName(c *session.Call, name string) (wanted, error) {
	conf, err := c.Config()
	if err != nil {
		return wanted{}, err
	}
	if s, ok := conf.Sources[name]; ok {
		return wanted{name: name, said: s}, nil
	}
	cure := ""
	if len(conf.Sources) > 0 {
		cure = "chatkeep source list shows the sources there are"
	}
	return wanted{}, session.Fail(session.ExitFailed, cure, "%s: no such file or folder, and no source of that name%s",
		name, config.Meant(name, conf.SourceNames()))
}

// called is the name that snapshots of one path share, "" for that of the path.
func (w *wanted) called(c *session.Call, path string) string {
	name := w.name
	if c.IsSet("as") {
		name = c.String("as")
	}
	if w.name == "" || path == "" {
		return name
	}
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	return w.said.Series(name, path)
}

// source is the source of one path, or of a command's output.
func (w *wanted) source(c *session.Call, chats []chat.Provider, path string) (Source, error) {
	src, err := sourceOf(c, w.called(c, path), w.said, path, chats)
	src.Guard = w.name != ""
	if err == nil && w.said.Command != "" {
		src.Stream = outputOf(c, src.Name, w.said)
		err = checkFileName(src.Name)
	}
	return src, err
}

// ready makes sources of what is wanted: their exports are produced and found, as a
// run does it. What is wrong with one does not keep the others from being stored.
func ready(ctx context.Context, c *session.Call, chats []chat.Provider, all []wanted) (sources []Source, failed []error, err error) {
	for i := range all {
		paths, err := all[i].find(ctx, c)
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		if err != nil {
			failed = append(failed, notReady(all[i].name, err))
			continue
		}
		for _, path := range paths {
			src, err := all[i].source(c, chats, path)
			if err != nil {
				return nil, nil, err
			}
			sources = append(sources, src)
		}
	}
	return sources, failed, nil
}

// notReady is the error of a source that cannot be stored, with the code of a run.
func notReady(name string, err error) error {
	t := job.NotReady(name, err)
	return session.Fail(t.Code, t.Hint, "%s", t.Message)
}

// find produces what is wanted, and returns its paths.
func (w *wanted) find(ctx context.Context, c *session.Call) ([]string, error) {
	if w.name == "" {
		return []string{w.path}, nil
	}
	if w.path != "" {
		_, err := os.Lstat(w.path)
		return []string{w.path}, err
	}
	finder := job.Finder{
		Now: c.Env.Clock.Now, Sleep: c.Env.Clock.Sleep, Match: config.Source.Matches,
		Produce: func(ctx context.Context, name string, s config.Source) error {
			return before(c.Env, name, s, c.Voice.Relay).Run(ctx)
		},
	}
	paths, _, err := finder.Find(ctx, w.name, w.said)
	return paths, err
}

// before is the command that produces the export of a source.
func before(env *session.Env, name string, s config.Source, out func(string)) shell.Command {
	return shell.Command{Name: "the command before " + name, Line: s.Before, Timeout: s.BeforeTimeout, Env: env.Environment(), Out: out}
}

// outputOf is what the command of a source prints.
func outputOf(c *session.Call, name string, s config.Source) *Stream {
	command := shell.Command{Name: "the command of " + name, Line: s.Command, Timeout: s.CommandTimeout, Env: c.Env.Environment(), Out: c.Voice.Relay}
	return &Stream{
		File: name, From: "the output of " + command.Name, Runs: true, Empty: "it ended well, and printed nothing",
		Open: func(ctx context.Context) (io.ReadCloser, error) { return command.Pipe(ctx) },
	}
}

// destination is the call at the repository that the wanted go to: the one that is
// told, as for every command. Where none is, a source goes where the jobs send it
// that take it, if that is one place: the embedded default would be a new one.
func destination(c *session.Call, all []wanted) (*session.Call, error) {
	untold, err := c.Untold()
	if err != nil {
		return nil, err
	}
	if !untold {
		return c.At(c.String("repo")), nil
	}
	conf, err := c.Config()
	if err != nil {
		return nil, err
	}
	var places, names []string
	for _, one := range all {
		for _, place := range placesOf(conf, one.name) {
			if !slices.Contains(places, place) {
				places, names = append(places, place), append(names, job.RepositoryName(place))
			}
		}
	}
	if len(places) > 1 {
		f := session.Usage("the jobs send this to %s: say by --repo which is meant", strings.Join(names, " and "))
		f.Cure = "chatkeep run sends it to all"
		return nil, f
	}
	return c.At(places[0]), nil
}

// placesOf are the repositories that jobs send a source to; the default, "", where
// one of them does or none takes it.
func placesOf(conf *config.Config, source string) (places []string) {
	for _, name := range jobsOf(conf, source) {
		places = append(places, job.Repositories(conf, conf.Jobs[name])...)
	}
	if source == "" || len(places) == 0 || slices.Contains(places, "") {
		return []string{""}
	}
	return places
}
