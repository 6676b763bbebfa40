//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package power

// Lower does nothing here.
func Lower() {}
