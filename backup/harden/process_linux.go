package harden

import "golang.org/x/sys/unix"

// Process turns core dumps off, and has the kernel refuse other processes of the
// same user a look at this one's memory and environment. A debugger that root
// starts can still attach.
func Process() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
