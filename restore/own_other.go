//go:build !unix

package restore

import "io/fs"

// Here files do not tell whose they are.
const noWait = 0

func isOurs(fs.FileInfo) bool { return true }

func links(fs.FileInfo) uint64 { return 1 }
