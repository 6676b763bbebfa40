package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Vanished is the error of a source of which nothing is there.
type Vanished struct {
	Pattern string // or the path
}

func (v *Vanished) Error() string {
	if isPattern(v.Pattern) {
		return fmt.Sprintf("nothing matches %s", v.Pattern)
	}
	return fmt.Sprintf("there is no %s", v.Pattern)
}

// Is makes it a file that does not exist.
func (v *Vanished) Is(target error) bool { return target == fs.ErrNotExist }

// Hint tells what may be the matter.
func (v *Vanished) Hint() string {
	return "was it moved, or is its disk not mounted? chatkeep source list shows where sources are"
}

// ExitCode is that of a source that shrank.
func (v *Vanished) ExitCode() int { return exitVanished }

// Matches returns what the source's path is, or, of a pattern, everything that it
// matches, in the order of the names; with Newest what was changed last, and of
// several such the last by name. A path that is there as it is written is no
// pattern. As in a shell, * and ? match no dot at the beginning of a name. Where
// nothing is there the error is a [*Vanished]; a folder that cannot be read is
// an error too.
func (s Source) Matches() ([]string, error) {
	found, err := s.found()
	if err != nil {
		return nil, err
	}
	if s.Newest && len(found) > 1 {
		if found, err = newest(found); err != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		return nil, &Vanished{s.Path}
	}
	return found, nil
}

func (s Source) found() ([]string, error) {
	path := s.Path
	if isPattern(path) {
		path = unescaped(path)
	}
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return []string{path}, nil
	case !absent(err):
		return nil, err
	case !isPattern(s.Path):
		return nil, nil
	}
	return glob(s.Path)
}

// absent reports whether something is not there. A path that leads through a
// plain file is none's either.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || isNotDir(err)
}

// glob is filepath.Glob, without the silence about folders that cannot be read.
func glob(pattern string) ([]string, error) {
	volume := filepath.VolumeName(pattern)
	parts := strings.FieldsFunc(pattern[len(volume):], func(r rune) bool { return r == filepath.Separator })
	found := []string{volume + string(filepath.Separator)}
	if !filepath.IsAbs(pattern) {
		found = []string{"."}
	}
	for _, part := range parts {
		var next []string
		for _, dir := range found {
			some, err := inFolder(dir, part)
			if err != nil {
				return nil, err
			}
			next = append(next, some...)
		}
		found = next
	}
	slices.Sort(found)
	return found, nil
}

// inFolder finds what one element of a pattern matches in a folder.
func inFolder(dir, part string) ([]string, error) {
	if !isPattern(part) {
		path := filepath.Join(dir, unescaped(part))
		_, err := os.Lstat(path)
		if absent(err) {
			return nil, nil
		}
		return []string{path}, err
	}
	entries, err := os.ReadDir(dir)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(part, ".") {
			continue
		}
		ok, err := filepath.Match(part, e.Name())
		if err != nil {
			return nil, &oddity{message: fmt.Sprintf("%q is no pattern", part)}
		}
		if ok {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	return found, nil
}

// unescaped is a pattern with every sign taken as it is.
func unescaped(pattern string) string {
	if filepath.Separator == '\\' {
		return pattern
	}
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '\\' && i+1 < len(pattern) {
			i++
		}
		b.WriteByte(pattern[i])
	}
	return b.String()
}

// newest picks what was changed last. What went away meanwhile is not there.
func newest(paths []string) ([]string, error) {
	var best []string
	var at time.Time
	for _, path := range paths { // in the order of names: the last of equals stays
		info, err := os.Stat(path)
		if absent(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if best == nil || !info.ModTime().Before(at) {
			best, at = []string{path}, info.ModTime()
		}
	}
	return best, nil
}

// Series is the name that snapshots of a path share, of a source with this name.
// What a pattern matches are series of their own: one chat must not look as if it
// had replaced another.
func (s Source) Series(name, path string) string {
	at := strings.IndexAny(s.Path, "*?[")
	if at < 0 || s.Newest {
		return name
	}
	fixed := filepath.Dir(s.Path[:at] + "x")
	within, err := filepath.Rel(fixed, path)
	if err != nil {
		within = path
	}
	return name + "/" + filepath.ToSlash(within)
}
