//go:build linux || darwin

package s3

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// boundUnsent is for net.Dialer.Control. A kernel that does not know the
// option goes without.
func boundUnsent(_, _ string, conn syscall.RawConn) error {
	return conn.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent)
	})
}
