package zips

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
)

// levels are zlib's in the order in which they are worth trying: the default,
// what people choose who choose, the others.
var levels = []int{6, 9, 1, 5, 8, 7, 4, 3, 2}

// Prove finds the zlib level at which [Deflate] makes the member's packed bytes
// in the zip file r from its content, all of them to the last. It tries likely
// first, which is the level of the zip's last member, or 0. When it is ok, the
// content has been read to its end and has its size and checksum.
//
// It is not ok where no level does, and where the member is damaged; then its
// segment has to be kept raw. A stored member has no level and is ok without
// being read. An error is ctx's or r's, and says nothing about the member.
//
// A wrong level is noticed at the first byte that differs, most often after one
// DEFLATE block, 16,383 symbols. A caller who has many members of one zip fail
// may still stop asking: what made one did the others too. Prove needs about
// 500 KiB of memory.
func Prove(ctx context.Context, r io.ReaderAt, s Segment, likely int) (level int, ok bool, err error) {
	if s.Member == nil || s.Member.Stored {
		return 0, s.Member != nil, ctx.Err()
	}
	file := &watched{ctx: ctx, r: r}
	for _, level := range order(likely) {
		err := reproduce(file, s, level)
		switch {
		case err == nil:
			return level, true, nil
		case errors.Is(err, errDiffers):
			continue
		case file.err != nil:
			return 0, false, file.err
		case errors.Is(err, ErrDamaged):
			return 0, false, nil
		}
		return 0, false, err
	}
	return 0, false, nil
}

// order is levels with likely, if it is one, in front.
func order(likely int) []int {
	i := slices.Index(levels, likely)
	if i < 0 {
		return levels
	}
	return slices.Concat(levels[i:i+1], levels[:i], levels[i+1:])
}

// errDiffers says that zlib made other bytes than those of the member.
var errDiffers = errors.New("zlib makes other bytes")

// reproduce deflates a member's content again and compares.
func reproduce(r io.ReaderAt, s Segment, level int) error {
	packed := bufio.NewReaderSize(io.NewSectionReader(r, s.Offset, s.Length), bufferSize)
	n, err := Deflate(comparer{packed}, Open(r, s), s.Member.Size, level)
	if err == nil && n != s.Length {
		return errDiffers
	}
	return err
}

// A comparer is a writer of bytes that are already there.
type comparer struct{ want *bufio.Reader }

// Write compares at most bufferSize bytes, which is over drainSize.
func (c comparer) Write(b []byte) (int, error) {
	want, err := c.want.Peek(len(b))
	if err != nil && err != io.EOF {
		return 0, err
	}
	if !bytes.Equal(want, b) {
		return 0, errDiffers
	}
	return c.want.Discard(len(b))
}

// watched is a file that ends with its context, and remembers an error of its
// own, so that it is not taken for one of the zip.
type watched struct {
	ctx context.Context
	r   io.ReaderAt
	err error
}

func (w *watched) ReadAt(b []byte, offset int64) (int, error) {
	if err := w.ctx.Err(); err != nil {
		w.err = err
		return 0, err
	}
	n, err := w.r.ReadAt(b, offset)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}
