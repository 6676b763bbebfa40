//go:build unix && !linux

package harden

import "golang.org/x/sys/unix"

// Process turns core dumps off.
func Process() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
