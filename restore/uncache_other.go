//go:build !linux

package restore

import "os"

// uncache has a file written to the disk. Whether it is read from there next is
// for this system to say.
func uncache(f *os.File) error { return f.Sync() }
