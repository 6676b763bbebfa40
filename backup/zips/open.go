package zips

import (
	"bufio"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// ErrDamaged is the error of a member whose content is not what its zip says:
// it does not inflate, or has another size or checksum. Such a segment is kept
// as raw bytes.
var ErrDamaged = errors.New("damaged zip member")

// bufferSize is how much of the compressed bytes is read at a time.
const bufferSize = 64 << 10

// Open returns the content of a member of the zip file r, inflated; of a raw
// segment its bytes.
//
// It never gives more than Member.Size bytes. The end is io.EOF only if size
// and checksum are those of the member, and otherwise an error that is
// [ErrDamaged]: whoever keeps the content has to heed it, for the bytes were
// given by then. Other errors are r's. The reader needs about 110 KiB of memory
// and is for one goroutine.
func Open(r io.ReaderAt, s Segment) io.Reader {
	section := io.NewSectionReader(r, s.Offset, s.Length)
	if s.Member == nil {
		return section
	}
	c := &content{in: section, member: s.Member, left: s.Member.Size}
	if !s.Member.Stored {
		c.in = flate.NewReader(bufio.NewReaderSize(section, bufferSize))
	}
	return c
}

// content reads what is in a member and compares it with the declarations.
type content struct {
	in     io.Reader
	member *Member
	left   int64 // bytes still to come
	crc    uint32
	err    error // once it ended
}

func (c *content) Read(b []byte) (int, error) {
	if c.err != nil || len(b) == 0 {
		return 0, c.err
	}
	if c.left == 0 {
		c.err = c.finish()
		return 0, c.err
	}
	n, err := c.in.Read(b[:min(int64(len(b)), c.left)])
	c.crc = crc32.Update(c.crc, crc32.IEEETable, b[:n])
	c.left -= int64(n)
	if err != nil && (c.left > 0 || err != io.EOF) {
		c.err = c.failure(err)
		return n, c.err
	}
	return n, nil
}

// finish finds that nothing comes after the last byte, and compares checksums.
func (c *content) finish() error {
	var more [1]byte
	for {
		n, err := c.in.Read(more[:])
		switch {
		case n > 0:
			return fmt.Errorf("%w: over %d bytes, its size", ErrDamaged, c.member.Size)
		case err == nil:
			continue
		case err != io.EOF:
			return c.failure(err)
		case c.crc != c.member.CRC32:
			return fmt.Errorf("%w: checksum %08x instead of %08x", ErrDamaged, c.crc, c.member.CRC32)
		}
		return io.EOF
	}
}

// failure tells an end that came too early and bytes that are no DEFLATE from
// the errors of the file.
func (c *content) failure(err error) error {
	at := c.member.Size - c.left
	var corrupt flate.CorruptInputError
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return fmt.Errorf("%w: ends at byte %d of %d", ErrDamaged, at, c.member.Size)
	case errors.As(err, &corrupt):
		return fmt.Errorf("%w: cannot be inflated at byte %d of %d", ErrDamaged, at, c.member.Size)
	}
	return err
}
