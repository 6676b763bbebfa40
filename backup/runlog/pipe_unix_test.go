//go:build unix

package runlog_test

import (
	"path/filepath"
	"syscall"
	"testing"
)

// pipe makes a pipe that nobody reads.
func pipe(t *testing.T, dir string) string {
	path := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
