// Package peek looks at how files begin, which tells what they are.
package peek

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"unicode/utf8"
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

// Torn reports whether a file that is text by its name is damaged, by what Head
// gave of it: it is there and cannot be read so far, or has bytes that no text has.
func Torn(head []byte, err error) bool {
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	for cut := 0; cut < utf8.UTFMax-1 && len(head) > 0 && !utf8.RuneStart(head[len(head)-1]); cut++ {
		head = head[:len(head)-1] // the head may end within a character
	}
	if n := len(head); n > 0 && head[n-1] >= utf8.RuneSelf {
		head = head[:n-1]
	}
	return bytes.IndexByte(head, 0) >= 0 || !utf8.Valid(head)
}
