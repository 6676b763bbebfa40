//go:build !unix

package backup

import "os"

func openFile(name string) (*os.File, error) { return os.Open(name) }
