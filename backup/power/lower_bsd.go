//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package power

import "golang.org/x/sys/unix"

const lowNice = 10

// Lower makes this process one of low priority for the processor. It cannot be
// undone. Where the system does not let it, the process is what it was: that is no
// failure.
func Lower() {
	if is, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err == nil && is < lowNice {
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, lowNice)
	}
}
