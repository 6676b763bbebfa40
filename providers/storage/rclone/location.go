package rclone

import (
	"io/fs"
	"regexp"
	"strings"
	"unicode"
)

// unusable is a location that means nothing here.
type unusable struct{ what, cure string }

func (e *unusable) Error() string { return e.what }
func (e *unusable) Unwrap() error { return fs.ErrInvalid }

// remoteName is what rclone lets a remote be called, see fs/fspath in its source,
// with a colon in front for a kind of remote that no configuration names.
var remoteName = regexp.MustCompile(`^:?[\w\p{L}\p{N}.+@]+(?:[ -]+[\w\p{L}\p{N}.+@-]+)*$`)

// parse reads a location, and returns what rclone calls a remote: "name:path".
func parse(text string) (string, error) {
	remote, ok := strings.CutPrefix(text, "rclone:")
	if !ok {
		return "", &unusable{"not an rclone location", "write " + usage}
	}
	name, path, ok := cut(remote)
	switch {
	case strings.Contains(name, ","):
		return "", &unusable{"a location holds no options of rclone's", "make a remote with them, with \"rclone config\", and name that"}
	case !ok:
		return "", &unusable{"no remote", "write " + usage}
	case !remoteName.MatchString(name):
		return "", &unusable{"not a name of a remote", "rclone listremotes shows those there are; write " + usage}
	case strings.ContainsFunc(path, unicode.IsControl):
		return "", &unusable{"a path with control characters", ""}
	}
	return remote, nil
}

// cut splits "name:path". A colon in front belongs to the name.
func cut(remote string) (name, path string, ok bool) {
	rest, bare := strings.CutPrefix(remote, ":")
	name, path, ok = strings.Cut(rest, ":")
	if bare {
		name = ":" + name
	}
	return name, path, ok
}

// nameOf is the name of a remote, for commands that a person can type.
func nameOf(remote string) string {
	name, _, _ := cut(remote)
	return name
}
