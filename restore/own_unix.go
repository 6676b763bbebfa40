//go:build unix

package restore

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// locks says that tryLock locks.
const locks = true

// noWait opens a pipe without waiting for its other end.
const noWait = syscall.O_NONBLOCK

// isOurs reports whether something on disk belongs to this user.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// links is how many names a file has.
func links(info fs.FileInfo) uint64 {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 1
	}
	return uint64(stat.Nlink)
}

// tryLock locks a file until it is closed, and returns false where another process
// has. A file system without locks has none to wait for.
func tryLock(f *os.File) bool {
	return !errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
