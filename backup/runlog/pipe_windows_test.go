package runlog_test

import "testing"

// pipe is a folder here: a file system has no pipes.
func pipe(_ *testing.T, dir string) string { return dir }
