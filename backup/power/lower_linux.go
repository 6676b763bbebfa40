package power

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	lowNice = 10
	// Of ioprio_set(2): whose priority is set, and the class of those who get the
	// disk when nobody else wants it.
	ioprioWhoProcess = 1
	ioprioIdle       = 3 << 13
)

// Lower makes this process one of low priority for processor and disk. It cannot be
// undone. Where the system does not let it, the process is what it was: that is no
// failure.
//
// Priorities are those of threads here. Those that come later take after the one
// that made them, which may be one that was not reached yet: so this goes on until
// it finds no more.
func Lower() {
	const enough = 16
	seen := map[int]bool{}
	for range enough {
		found := false
		for _, thread := range threads() {
			if !seen[thread] {
				seen[thread], found = true, true
				lower(thread)
			}
		}
		if !found {
			return
		}
	}
}

// threads are the numbers of this process's threads.
func threads() (ids []int) {
	entries, _ := os.ReadDir("/proc/self/task")
	for _, e := range entries {
		if id, err := strconv.Atoi(e.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// lower does it for one thread. One that is lower already stays so.
func lower(thread int) {
	// The system call counts from 40 down to 1, so that no answer looks like an error.
	if is, err := unix.Getpriority(unix.PRIO_PROCESS, thread); err == nil && 20-is < lowNice {
		_ = unix.Setpriority(unix.PRIO_PROCESS, thread, lowNice)
	}
	_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, ioprioWhoProcess, uintptr(thread), ioprioIdle)
}
