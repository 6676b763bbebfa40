//go:build unix

package restore

import (
	"time"

	"golang.org/x/sys/unix"
)

// setTimes sets the time of what has a name in a directory, of a symbolic link
// itself. An error that the time is out of range is one too.
func setTimes(h *handle, name string, t time.Time) error {
	spec, err := unix.TimeToTimespec(t)
	if err != nil {
		return err
	}
	return unix.UtimesNanoAt(int(h.self.Fd()), name, []unix.Timespec{spec, spec}, unix.AT_SYMLINK_NOFOLLOW)
}
