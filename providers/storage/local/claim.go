package local

import (
	"errors"
	"io/fs"
	"syscall"
)

// claim gives the file temp the name key, unless the name is taken: then the
// error matches fs.ErrExist and nothing has changed.
func (s *Store) claim(temp, key string) error {
	err := s.root.Link(temp, key)
	if err == nil || errors.Is(err, fs.ErrExist) || !unsupported(err) {
		return err
	}
	// No hard links, as on FAT, exFAT and many FUSE file systems.
	err = s.renameNew(temp, key)
	if err == nil || errors.Is(err, fs.ErrExist) || !unsupported(err) {
		return err
	}
	return s.renameLooking(temp, key)
}

// renameLooking is for where nothing atomic is left. Reserving the name with
// O_EXCL would show an empty object, and for ever after a crash. A look and a
// rename instead: of two puts at the same instant one wins whole, which is the
// least a store must promise.
func (s *Store) renameLooking(temp, key string) error {
	_, err := s.root.Lstat(key)
	if err == nil {
		return fs.ErrExist
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.root.Rename(temp, key)
}

// unsupported says whether err is how file systems and kernels refuse an
// operation that they do not know. EPERM is Linux's word for it on FAT.
func unsupported(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) ||
		isAny(err, syscall.EPERM, syscall.EINVAL, syscall.ENOSYS, syscall.ENOTSUP, syscall.EMLINK, syscall.EXDEV)
}
