package harden

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain is also a process that is hardened, and tells what the kernel says of it.
func TestMain(m *testing.M) {
	if os.Getenv("CHATKEEP_TEST_HARDENED") == "" {
		os.Exit(m.Run())
	}
	Process()
	var core unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil || core.Cur != 0 || core.Max != 0 {
		os.Stdout.WriteString("core dumps are on\n")
	}
	if n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || n != 0 {
		os.Stdout.WriteString("its memory can be looked at\n")
	}
	os.Exit(0)
}

func TestProcess(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", "ulimit -c unlimited 2>/dev/null; exec "+self)
	cmd.Env = append(os.Environ(), "CHATKEEP_TEST_HARDENED=1")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "" {
		t.Errorf("%v: %s", err, out)
	}
}
