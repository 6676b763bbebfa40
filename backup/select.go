package backup

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Selection says what of a source to take.
type Selection struct {
	// Exclude and Include are patterns as in a shell: of a name, or, where they
	// hold a slash, of a path below the source; "**" stands for any folders. What
	// an Exclude matches is left out with everything in it, unless an Include
	// matches it.
	Exclude, Include []string
	LargerThan       int64 // leave out larger files; 0 is no limit
	NoVideos         bool
	OneFileSystem    bool
}

// Check reports a pattern that cannot be used.
func (s *Selection) Check() error {
	for _, p := range append(append([]string{}, s.Exclude...), s.Include...) {
		if _, err := path.Match(strings.ReplaceAll(p, "**", "x"), ""); err != nil || p == "" {
			return fmt.Errorf("pattern %q: %w", p, path.ErrBadPattern)
		}
	}
	return nil
}

// Takes reports whether a file or folder, by its path below the source, is
// wanted.
func (s *Selection) Takes(name string, info fs.FileInfo) bool {
	if matchesAny(s.Exclude, name) && !matchesAny(s.Include, name) {
		return false
	}
	if !info.Mode().IsRegular() {
		return true
	}
	return (s.LargerThan == 0 || info.Size() <= s.LargerThan) && !(s.NoVideos && isVideo(name))
}

func matchesAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if matches(strings.Trim(p, "/"), name, strings.Contains(p, "/")) {
			return true
		}
	}
	return false
}

func matches(pattern, name string, whole bool) bool {
	if !whole {
		ok, _ := path.Match(pattern, path.Base(name))
		return ok
	}
	return matchElements(strings.Split(pattern, "/"), strings.Split(name, "/"))
}

func matchElements(pattern, name []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			for i := range len(name) + 1 {
				if matchElements(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, _ := path.Match(pattern[0], name[0]); !ok {
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	return len(name) == 0
}

func isVideo(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".mp4", ".mov", ".3gp", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".wmv":
		return true
	}
	return false
}
