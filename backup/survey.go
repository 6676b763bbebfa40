package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
	"chatkeep/providers/places"
)

// survey looks for chats on a machine.
type survey struct {
	ctx     context.Context
	c       *session.Call
	chats   []chat.Provider
	conf    *config.Config
	machine places.Machine
	found   []*discovered
	denied  []string        // folders that may not be looked into
	taken   map[string]bool // names of sources
}

func newSurvey(ctx context.Context, c *session.Call, chats []chat.Provider) (*survey, error) {
	conf, err := c.Config()
	if err != nil {
		return nil, err
	}
	home := c.Env.Home()
	if !filepath.IsAbs(home) {
		return nil, session.Fail(session.ExitFailed, "", "there is no home folder to look in")
	}
	s := &survey{ctx: ctx, c: c, chats: chats, conf: conf, taken: map[string]bool{}}
	s.machine = places.Machine{System: c.Env.OS, Home: home, Getenv: c.Env.Getenv}
	for name := range conf.Sources {
		s.taken[name] = true
	}
	names, err := readNames(home)
	if err != nil {
		return nil, err
	}
	for _, e := range names {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			s.machine.Visible = append(s.machine.Visible, filepath.Join(home, e.Name()))
		}
	}
	slices.Sort(s.machine.Visible)
	if c.Env.OS == "linux" {
		file := filepath.Join(s.machine.Paths(places.Config)[0], places.UserDirsFile)
		if text, err := os.ReadFile(file); err == nil {
			s.machine.Moved = places.UserDirs(string(text), home)
		}
	}
	return s, nil
}

// look looks for what may be at a place.
func (s *survey) look(p places.Place) error {
	for _, dir := range s.machine.Paths(p.In) {
		for _, below := range p.Paths {
			if err := context.Cause(s.ctx); err != nil {
				return err
			}
			pattern, err := config.SourcePath(below, "", dir)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(s.found, func(d *discovered) bool { return d.Path == pattern }) {
				s.lookAt(p, dir, pattern)
			}
		}
	}
	return nil
}

// lookAt looks for what may be at a path, or match a pattern, below a folder.
func (s *survey) lookAt(p places.Place, dir, pattern string) {
	paths, err := config.Source{Path: pattern}.Matches()
	if errors.Is(err, fs.ErrPermission) && (p.In != places.Anywhere || dir == s.machine.Home) {
		s.deny(err) // that there is a folder of somebody else in the home says nothing
	}
	d := &discovered{
		Type: "place", App: p.App, Title: p.Title, Kind: p.Kind, Path: pattern, Note: p.Note,
		Paths: []string{}, Apps: []string{},
	}
	for _, one := range paths {
		if mayHave(one, p.Has) {
			d.Paths = append(d.Paths, one)
		}
	}
	if len(d.Paths) == 0 {
		return
	}
	s.weigh(d)
	if d.Files == 0 && d.Trouble == "" {
		return // an empty folder
	}
	if p.Kind == places.Export {
		s.ask(d)
	}
	s.name(d, p.Name)
	s.found = append(s.found, d)
}

// mayHave reports whether a folder has what a pattern matches, or nobody may know.
func mayHave(dir, pattern string) bool {
	if pattern == "" {
		return true
	}
	full, err := config.SourcePath(pattern, "", dir)
	if err == nil {
		_, err = config.Source{Path: full}.Matches()
	}
	return !errors.Is(err, fs.ErrNotExist)
}

// deny notes a folder that may not be looked into.
func (s *survey) deny(err error) {
	var at *fs.PathError
	if errors.As(err, &at) && !slices.Contains(s.denied, at.Path) {
		s.denied = append(s.denied, at.Path)
	}
}

// weigh adds up what is there. Nothing is opened but folders.
func (s *survey) weigh(d *discovered) {
	var newest time.Time
	for _, one := range d.Paths {
		err := walk(s.ctx, one, &Selection{}, func(n node) error {
			switch {
			case n.err != nil:
				s.deny(n.err)
				d.Trouble = withoutPath(n.err).Error()
			case n.info.Mode().IsRegular():
				d.Files++
				d.Bytes += n.info.Size()
				if t := n.info.ModTime(); t.After(newest) {
					newest = t
				}
				s.c.Voice.Progress(d.Bytes, 0, n.file)
			}
			return nil
		})
		if err != nil {
			s.deny(err)
			d.Trouble = withoutPath(err).Error()
		}
	}
	d.Time = session.Time(newest)
}

// ask asks the providers which of the paths are exports that they read.
func (s *survey) ask(d *discovered) {
	for _, file := range d.Paths {
		f := newFinder(&Source{Path: file, Providers: s.chats}, func(text string) { s.c.Voice.Warn("%s", text) })
		if f.look(file, originals) {
			d.Known++
		}
		for _, one := range f.found {
			if !slices.Contains(d.Apps, one.provider.Name) {
				d.Apps = append(d.Apps, one.provider.Name)
			}
		}
	}
}

// name finds out which source it is, or what one of it could be called.
func (s *survey) name(d *discovered, wish string) {
	for _, name := range s.conf.SourceNames() {
		if s.conf.Sources[name].Path == d.Path {
			d.Source = name
		}
	}
	d.Name = wish
	for n := 2; s.taken[d.Name]; n++ {
		d.Name = fmt.Sprintf("%s-%d", wish, n)
	}
	s.taken[d.Name] = true
	d.Command = addLine(s.machine.System, d.Name, s.short(d.Path))
}

// short writes a path below the home with ~, as the configuration file takes it.
func (s *survey) short(path string) string {
	for _, home := range []string{s.machine.Home, config.Literal(s.machine.Home)} {
		if below, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
			return "~" + string(filepath.Separator) + below
		}
	}
	return path
}
