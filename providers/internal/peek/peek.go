// Package peek looks at how files begin, which tells what they are.
package peek

import (
	"io"
	"io/fs"
)

// Head is the first n bytes of a file, or all of a shorter one. What was read
// before an error comes with it.
func Head(fsys fs.FS, name string, n int) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, n)
	n, err = io.ReadFull(f, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return b[:n], err
}
