//go:build linux || darwin

package backup

import "syscall"

// freeSpace is how many bytes whoever runs this may still write below a path.
func freeSpace(path string) (int64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
