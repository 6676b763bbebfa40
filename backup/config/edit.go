package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"chatkeep/backup/state"
)

// Change is a change of a file that is not written yet. It touches what it is
// about: all other bytes stay as they are, comments too.
type Change struct {
	file    *File
	splices []splice
	data    []byte // the text afterwards
}

// splice puts text in place of the bytes from start to end.
type splice struct {
	start, end int
	text       string
}

// AddSource adds a source at the end of the file. Paths in it are absolute. There
// must be none of that name.
func (f *File) AddSource(name string, s Source) (*Change, error) {
	if _, there := f.Config.Sources[name]; there {
		return nil, f.taken("source", sources, name)
	}
	lines := section(sources, map[string]Source{name: s}, func(at []string, s Source) []Line { return linesOf(at, sourceKeys(), &s) })
	s.fill()
	meant := *f.Config
	meant.Sources = with(f.Config.Sources, name, s)
	return f.add(name, sources, lines, nil, &meant)
}

// AddRepository adds a repository at the end of the file. Where the file names no
// repository yet for commands that are not told one, it is this one from now on.
func (f *File) AddRepository(name string, r Repository) (*Change, error) {
	if err := f.Free(name); err != nil {
		return nil, err
	}
	lines := section(repositories, map[string]Repository{name: r}, func(at []string, r Repository) []Line {
		return append(linesOf(at, repositoryKeys(), &r), settingLines(at, r.Settings)...)
	})
	meant := *f.Config
	meant.Repositories = with(f.Config.Repositories, name, r)
	var first []splice
	if f.Config.Repository == "" {
		meant.Repository = name
		first = append(first, f.atTop("repository = "+quote(name)))
	}
	return f.add(name, repositories, lines, first, &meant)
}

// SetID says anew which repository is at the place of one that has an id.
func (f *File) SetID(name, id string) (*Change, error) {
	n := f.document.find(repositories, name, "id")
	if n == nil {
		return nil, &oddity{fmt.Sprintf("the repository %s has no id", name), "edit the file by hand"}
	}
	open := f.document.data[n.at:]
	end := bytes.IndexByte(open[1:], open[0])
	meant := *f.Config
	r := meant.Repositories[name]
	r.ID = id
	meant.Repositories = with(f.Config.Repositories, name, r)
	return f.change([]splice{{n.at, n.at + end + 2, quote(id)}}, &meant)
}

// Free proves that a repository can be added under a name.
func (f *File) Free(name string) error {
	if _, there := f.Config.Repositories[name]; there {
		return f.taken("repository", repositories, name)
	}
	return CheckName(name)
}

func (f *File) taken(what, section, name string) error {
	return &oddity{fmt.Sprintf("there is a %s %s already, at %s", what, name, f.At(section, name)), "take another name, or edit the file"}
}

func with[T any](all map[string]T, name string, one T) map[string]T {
	more := maps.Clone(all)
	if more == nil {
		more = map[string]T{}
	}
	more[name] = one
	return more
}

// add appends lines, and proves what came of it.
func (f *File) add(name, section string, lines []Line, first []splice, meant *Config) (*Change, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if n := f.document.root.keys[section]; n != nil && n.closed {
		return nil, f.byHand(section)
	}
	eol := f.lineBreak()
	var b strings.Builder
	if n := len(f.document.data); n > 0 {
		if f.document.data[n-1] != '\n' {
			b.WriteString(eol)
		}
		b.WriteString(eol)
	} else if len(first) > 0 {
		b.WriteString(eol)
	}
	for _, l := range lines {
		b.WriteString(l.Text + eol)
	}
	end := len(f.document.data)
	return f.change(append(first, splice{end, end, b.String()}), meant)
}

func (f *File) byHand(section string) error {
	return &oddity{fmt.Sprintf("%s: %s is written in braces", f.At(section), section), "edit the file by hand, or give each a table of its own"}
}

// lineBreak is the one that the file's first line has.
func (f *File) lineBreak() string {
	if i := bytes.IndexByte(f.document.data, '\n'); i > 0 && f.document.data[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// atTop puts a line behind the last key that belongs to no table, or else before
// the first table and the comment on it.
func (f *File) atTop(line string) splice {
	d, eol := f.document, f.lineBreak()
	at := -1
	for _, e := range d.expressions {
		if e.header {
			break
		}
		at = d.lineEnd(e.end)
	}
	if at >= 0 {
		return splice{at, at, eol + line}
	}
	if len(d.expressions) == 0 {
		return splice{0, 0, line + eol}
	}
	at = d.expressions[0].start
	for at > 0 && d.isComment(d.lineStart(at-1), at) {
		at = d.lineStart(at - 1)
	}
	return splice{at, at, line + eol + eol}
}

// isComment reports whether a line has a comment and nothing else.
func (d *document) isComment(start, end int) bool {
	return bytes.HasPrefix(bytes.TrimLeft(d.data[start:end], " \t"), []byte("#"))
}

// RemoveSource takes a source out. A job must not name it.
func (f *File) RemoveSource(name string) (*Change, error) {
	if _, err := f.Config.Source(name); err != nil {
		return nil, err
	}
	for _, job := range slices.Sorted(maps.Keys(f.Config.Jobs)) {
		if slices.Contains(f.Config.Jobs[job].Sources, name) {
			return nil, &oddity{fmt.Sprintf("the job %s takes the source %s, at %s", job, name, f.At(jobs, job, "sources")), "take it out of the job first"}
		}
	}
	splices := f.document.cut(sources, name)
	if len(splices) == 0 {
		return nil, f.byHand(sources)
	}
	meant := *f.Config
	meant.Sources = maps.Clone(f.Config.Sources)
	delete(meant.Sources, name)
	if len(meant.Sources) == 0 {
		meant.Sources = nil
	}
	return f.change(splices, &meant)
}

// cut removes the lines of the table of a name: its header, its keys, and what
// stands between, and one empty line before. A comment above it stays.
func (d *document) cut(section, name string) (splices []splice) {
	var last *splice // what the expression before belonged to
	for _, e := range d.expressions {
		if len(e.path) < 2 || e.path[0] != section || e.path[1] != name {
			last = nil
			continue
		}
		end := d.afterLine(e.end)
		if last != nil && !e.header {
			last.end = end
			continue
		}
		splices = append(splices, splice{d.lineStart(e.start), end, ""})
		last = &splices[len(splices)-1]
		if !e.header {
			last = nil
		} else if before := d.lineStart(max(last.start-1, 0)); before < last.start && len(bytes.TrimSpace(d.data[before:last.start])) == 0 {
			last.start = before
		}
	}
	return splices
}

// afterLine is where the next line begins.
func (d *document) afterLine(at int) int {
	if i := bytes.IndexByte(d.data[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(d.data)
}

// change applies splices, and proves that the file then means what it should.
func (f *File) change(splices []splice, meant *Config) (*Change, error) {
	slices.SortStableFunc(splices, func(a, b splice) int { return a.start - b.start })
	c := &Change{file: f, splices: splices}
	at := 0
	for _, s := range splices {
		c.data = append(append(c.data, f.document.data[at:s.start]...), s.text...)
		at = s.end
	}
	c.data = append(c.data, f.document.data[at:]...)
	if !utf8.Valid(c.data) {
		return nil, odd("there are bytes in it that are no UTF-8")
	}
	got, err := Parse(f.Path, c.data, f.known)
	var wrong *Problems
	switch {
	case errors.As(err, &wrong):
		// The file was in order: what is wrong is new, and has no place yet.
		return nil, &oddity{wrong.Each[0].Message, wrong.Each[0].Cure}
	case err != nil:
		return nil, err
	case !reflect.DeepEqual(got, meant):
		return nil, &oddity{"the change would change more than it should", "edit " + f.Path + " by hand"}
	}
	return c, nil
}

// Data is the file's text after the change.
func (c *Change) Data() []byte { return c.data }

// Difference are the lines that go, behind "-", and those that come, behind "+".
func (c *Change) Difference() (lines []string) {
	mark := func(sign, text string) {
		text = strings.TrimSuffix(strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
		if text == "" {
			return
		}
		for line := range strings.SplitSeq(text, "\n") {
			lines = append(lines, strings.TrimRight(sign+line, " "))
		}
	}
	for _, s := range c.splices {
		mark("-", string(c.file.document.data[s.start:s.end]))
		mark("+", s.text)
	}
	return lines
}

// Write writes the file, such that after a crash it is the old one or the new
// one. It keeps its mode, and is for its owner alone where it is new. A file that
// was changed since it was read is an error.
func (c *Change) Write() error {
	path, mode := c.file.Path, fs.FileMode(0o600)
	if c.file.There {
		// A link stays one: some keep such files elsewhere.
		resolved, err := filepath.EvalSymlinks(path)
		if err != nil {
			return fmt.Errorf("config: %w", err)
		}
		info, err := os.Stat(resolved)
		if err != nil {
			return fmt.Errorf("config: %w", err)
		}
		path, mode = resolved, info.Mode().Perm()
	}
	now, err := os.ReadFile(path)
	if err != nil && (c.file.There || !errors.Is(err, fs.ErrNotExist)) {
		return fmt.Errorf("config: %w", err)
	}
	if !bytes.Equal(now, c.file.document.data) {
		return fmt.Errorf("%s was changed by somebody else meanwhile; nothing was written", c.file.Path)
	}
	if err := state.WriteFileMode(path, c.data, mode); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return nil
}
