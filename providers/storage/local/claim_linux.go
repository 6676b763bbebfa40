package local

import (
	"path"

	"golang.org/x/sys/unix"
)

// renameNew renames without replacing, in one step: renameat2(2).
func (s *Store) renameNew(temp, key string) error {
	from, err := s.root.Open(path.Dir(temp))
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := s.root.Open(path.Dir(key))
	if err != nil {
		return err
	}
	defer to.Close()
	return unix.Renameat2(int(from.Fd()), path.Base(temp), int(to.Fd()), path.Base(key), unix.RENAME_NOREPLACE)
}
