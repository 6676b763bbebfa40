//go:build !unix

package restore

import (
	"io/fs"
	"time"
)

// setTimes sets the time of what has a name in a directory. Symbolic links keep
// the time at which they were made.
func setTimes(h *handle, name string, t time.Time) error {
	if info, err := h.root.Lstat(name); err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return err
	}
	return h.root.Chtimes(name, t, t)
}
