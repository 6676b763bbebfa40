//go:build unix

package restore

import (
	"io/fs"
	"os"
	"syscall"
)

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
