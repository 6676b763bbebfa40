package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"chatkeep/providers/storage"
)

// trouble makes an error of the store's. Where an object is missing it looks
// whether the root is still there: a disk that was pulled out must not pass
// for a repository that lost its objects.
func (s *Store) trouble(op, key string, err error) *storage.Error {
	failed := trouble(op, key, s.place, err)
	if errors.Is(err, fs.ErrNotExist) {
		if _, gone := os.Stat(s.path); gone != nil {
			return noPlace(trouble(op, key, s.place, gone))
		}
	}
	return failed
}

// trouble sorts err into a class, by errno.
func trouble(op, key, place string, err error) *storage.Error {
	failed := &storage.Error{Op: op, Key: key, Place: place, Err: bare(err)}
	if hinted, ok := err.(interface{ Hint() string }); ok {
		failed.Cure = hinted.Hint()
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		// Before the errnos: a deadline also matches a timeout.
	case errors.Is(err, syscall.EROFS):
		failed.Class = storage.ReadOnly
		failed.Cure = "the file system is mounted read-only"
	case isAny(err, syscall.ENOSPC, syscall.EDQUOT):
		failed.Class = storage.Full
		failed.Cure = "free some space, or raise the quota, and run it again"
	case isAny(err, syscall.ESTALE, syscall.ENOTCONN, syscall.ETIMEDOUT, syscall.EHOSTDOWN, syscall.EHOSTUNREACH):
		// What a share gives whose server went away.
		failed.Class = storage.Unreachable
		failed.Cure = "is the share still mounted?"
	case errors.Is(err, fs.ErrPermission):
		failed.Cure = "check who owns the directory and what they may do there"
	}
	return failed
}

func isAny(err error, causes ...syscall.Errno) bool {
	for _, cause := range causes {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}

// bare drops the operation and path that the os package wraps around a cause:
// [storage.Error] says both.
func bare(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
