package state

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// Follow takes over what this machine remembers of the same repository under an id
// that it had before: all but its keys, which say themselves whose they are. What is
// there under the present id stays. It returns [*Busy] while the machine writes.
func (r *Repository) Follow(from *Repository) (some bool, err error) {
	if _, err := os.Lstat(from.state("")); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	release, err := from.Lock()
	if err != nil {
		return false, err
	}
	defer release()
	if err := r.takeOver(from); err != nil {
		return false, err
	}
	// A folder that is still there would be looked at each time, and what is left in
	// it, and in the cache, nobody asks for any more.
	return true, errors.Join(os.RemoveAll(from.state("")), os.RemoveAll(from.cache("")))
}

// takeOver moves the files of another state folder that this one does not have.
func (r *Repository) takeOver(from *Repository) error {
	list, err := os.ReadDir(from.state(""))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(r.state(""), 0o700); err != nil {
		return err
	}
	for _, e := range list {
		if e.Name() == "lock" || strings.HasSuffix(e.Name(), ".lock") {
			continue
		}
		if _, err := os.Lstat(r.state(e.Name())); err == nil {
			continue
		}
		if err := os.Rename(from.state(e.Name()), r.state(e.Name())); err != nil {
			return err
		}
	}
	return syncDir(r.state(""))
}
