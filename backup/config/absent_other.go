//go:build !unix

package config

// isNotDir reports whether a path leads through a plain file: here such a path
// does not exist.
func isNotDir(error) bool { return false }
