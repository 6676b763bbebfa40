package local

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

const (
	// directSize is where writing past the page cache begins to pay, in
	// bytes. See BenchmarkPut.
	directSize = 1 << 20
	// writeStep is how much is written at a time, in bytes: often enough to
	// notice the end of a context.
	writeStep = 1 << 20
)

// syncDir makes the entries of a directory durable. File systems that cannot
// sync a directory say so with EINVAL or ENOTSUP; they give no better promise
// than that they write directories by themselves.
func syncDir(dir *os.File) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	err := dir.Sync()
	if err != nil && (isAny(err, syscall.EINVAL, syscall.ENOTSUP) || errors.Is(err, errors.ErrUnsupported)) {
		return nil
	}
	return err
}
