package power

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// asked tells the test's own binary that it is the process to be lowered.
const asked = "CHATKEEP_TEST_LOWERED"

// TestLower lowers another process: the priority of this one is wanted back.
func TestLower(t *testing.T) {
	if os.Getenv(asked) != "" {
		lowered(t)
		return
	}
	for _, before := range []string{"0", "15"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestLower$", "-test.v")
		cmd.Env = append(os.Environ(), asked+"="+before)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// lowered starts threads before and after, and looks at all of them.
func lowered(t *testing.T) {
	want := lowNice
	if before, _ := strconv.Atoi(os.Getenv(asked)); before > want {
		for _, thread := range threads() {
			if err := unix.Setpriority(unix.PRIO_PROCESS, thread, before); err != nil {
				t.Fatal(err)
			}
		}
		want = before
	}
	release := make(chan struct{})
	defer close(release)
	held := func() {
		started := make(chan struct{})
		go func() {
			runtime.LockOSThread() // each has a thread of its own
			close(started)
			<-release
		}()
		<-started
	}
	for range 8 {
		held()
	}
	Lower()
	for range 8 {
		held()
	}
	if n := len(threads()); n < 17 {
		t.Fatalf("%d threads", n)
	}
	for _, thread := range threads() {
		is, err := unix.Getpriority(unix.PRIO_PROCESS, thread)
		class, _, errno := unix.Syscall(unix.SYS_IOPRIO_GET, ioprioWhoProcess, uintptr(thread), 0)
		if err != nil || errno != 0 || 20-is < want || class != ioprioIdle {
			t.Errorf("thread %d: nice %d, %v, disk %#x, %v", thread, 20-is, err, class, errno)
		}
	}
}
