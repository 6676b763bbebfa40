package zips

import (
	"fmt"
	"io"
)

// Deflate writes what zlib makes of r, which has size bytes, at a level from 1
// to 9 as one raw DEFLATE stream, and returns its length: window of 15 bits,
// memory level 8, default strategy, the bytes of one call with Z_FINISH. zlib
// 1.2.x and 1.3 give the same; forks made for speed (zlib-ng, Chromium's,
// Cloudflare's, Apple's) do not.
//
// An r of another size is an error, found after bytes were written. Level 0 is
// one too: there the stream depends on how large the pieces are in which the
// output is taken. Other errors are r's and w's. Deflate needs about 350 KiB of
// memory whatever the size.
func Deflate(w io.Writer, r io.Reader, size int64, level int) (int64, error) {
	d, err := newDeflater(level)
	if err != nil {
		return 0, err
	}
	defer d.close()
	in, out, err := d.run(w, r, size)
	switch {
	case err != nil:
		return out, err
	case in > size:
		return out, fmt.Errorf("deflating: over %d bytes", size)
	case in < size:
		return out, fmt.Errorf("deflating: %d bytes instead of %d", in, size)
	}
	return out, nil
}
