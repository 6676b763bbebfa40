// Package local keeps a repository in a directory of this machine's file
// systems: a disk, a stick, a mounted share.
//
// Every object is a file of the same name below the root. A put writes a
// temporary file below .tmp, makes it durable, gives it its name with link(2),
// which never replaces anything, and then makes the name durable. Names that
// are not keys, and whatever is not a plain file, are not part of the
// repository: they are neither listed nor read nor deleted. The root may be a
// symbolic link.
package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"chatkeep/providers/storage"
)

// Provider takes plain paths, and paths behind "file:".
var Provider = storage.Provider{
	Name:  "local",
	Usage: "PATH or file:PATH, a directory",
	Open:  open,
}

func open(ctx context.Context, location storage.Location, create bool) (storage.Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, trouble("open", "", location.Text, err)
	}
	path, err := pathOf(location.Text)
	if err != nil {
		return nil, trouble("open", "", location.Text, err)
	}
	return openDir(location.Text, path, create)
}

// foreign matches what looks like a location of another provider. One letter
// before the colon is a drive.
var foreign = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// pathOf gives the absolute path that a location means. A word and a colon in
// front are refused, or a mistyped "s3:" would become a directory here.
func pathOf(text string) (string, error) {
	path, isFile := strings.CutPrefix(text, "file:")
	switch {
	case isFile && strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///"):
		return "", &unusable{"a file: location names no host", "write file:///absolute/path"}
	case isFile && strings.HasPrefix(path, "///"):
		path = path[2:]
	case !isFile && foreign.MatchString(text):
		return "", &unusable{"no such kind of place", "for a directory of that name write ./" + text}
	}
	if path == "" || strings.ContainsRune(path, 0) {
		return "", &unusable{"no path", ""}
	}
	return filepath.Abs(path)
}

// unusable is a location that means nothing here.
type unusable struct{ what, cure string }

func (e *unusable) Error() string { return e.what }
func (e *unusable) Unwrap() error { return fs.ErrInvalid }
func (e *unusable) Hint() string  { return e.cure }

// openDir opens path, which place names in messages.
func openDir(place, path string, create bool) (*Store, error) {
	if create {
		if err := createRoot(path); err != nil {
			return nil, trouble("open", "", place, err)
		}
	}
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, noPlace(trouble("open", "", place, err))
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, trouble("open", "", place, err)
	}
	root, err := os.OpenRoot(resolved)
	if err != nil {
		return nil, trouble("open", "", place, err)
	}
	return newStore(place, resolved, root), nil
}

// noPlace makes err one of class NoPlace where it says that the root is not
// there or is not a directory.
func noPlace(err *storage.Error) *storage.Error {
	if errors.Is(err.Err, fs.ErrNotExist) || errors.Is(err.Err, syscall.ENOTDIR) {
		err.Class = storage.NoPlace
		err.Cure = "is the disk mounted, and the path right?"
		err.Err = absent{err.Err}
	}
	return err
}

// absent hides from errors.Is that the cause is a missing file: the place is
// missing, not an object.
type absent struct{ err error }

func (e absent) Error() string { return e.err.Error() }

// createRoot makes path and what is missing above it, durably.
func createRoot(path string) error {
	info, err := os.Stat(path)
	if err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s: %w", path, syscall.ENOTDIR)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(path)
	if parent == path {
		return err
	}
	if err := createRoot(parent); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := os.Open(parent)
	if err != nil {
		// Passing through a directory does not ask for the right to read it,
		// as above a home directory. Its owner's next sync has to do.
		return nil
	}
	defer dir.Close()
	return syncDir(dir)
}
