package power

import "golang.org/x/sys/windows"

// Lower makes this process one of low priority for the processor. Where the system
// does not let it, the process is what it was: that is no failure.
func Lower() {
	_ = windows.SetPriorityClass(windows.CurrentProcess(), windows.BELOW_NORMAL_PRIORITY_CLASS)
}
