//go:build unix

package backup

import (
	"os"
	"syscall"
)

// openFile opens what the walk saw as a file. It follows no link that has taken
// its place, and does not wait for a pipe that has.
func openFile(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}
