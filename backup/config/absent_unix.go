//go:build unix

package config

import (
	"errors"
	"syscall"
)

// isNotDir reports whether a path leads through a plain file.
func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
