package restore

import (
	"os"

	"golang.org/x/sys/unix"
)

// uncache has a file written to the disk and forgotten, so that what is read next
// is what the disk has.
func uncache(f *os.File) error {
	if err := f.Sync(); err != nil {
		return err
	}
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
