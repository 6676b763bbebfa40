package restore

import (
	"context"
	"fmt"
	"io"
	"os"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// deflate is what zips.Deflate is.
type deflate func(w io.Writer, r io.Reader, size int64, level int) (int64, error)

// deflateMembers writes zips' members whose inflated bytes are in chunks.
func (w *worker) deflateMembers(ctx context.Context, members []member) error {
	for i := range members {
		m := &members[i]
		if !m.file.is(stateLost) {
			if err := w.deflateMember(ctx, m); err != nil {
				return err
			}
		}
		if err := w.done(m.file, 1); err != nil {
			return err
		}
	}
	return nil
}

// deflateMember writes one, or notes that its zip is lost.
func (w *worker) deflateMember(ctx context.Context, m *member) error {
	w.stream.open(ctx, w.chunks, m.ids)
	err := w.with(m.file, func(f *os.File) error {
		out := &window{write: func(p []byte, at int64) error { return w.writeAt(f, p, at) }, at: m.offset, left: m.packed}
		_, err := w.deflate(out, &w.stream, m.size, m.level)
		switch {
		case out.failed != nil: // more than what deflate made of it
			return out.failed
		case w.stream.failed != nil:
			return w.stream.failed
		}
		if err := packedError(err, out.left); err != nil {
			return err
		}
		return m.file.zip.wrote(f, m.offset, m.packed)
	})
	w.meter.chunks.Add(int64(w.stream.count))
	if w.stream.failed != nil && !damage(w.stream.failed) {
		return w.stream.failed
	}
	return w.check(m.file, err)
}

// packedError says what is wrong with a member that was deflated again and
// should have left no byte of its place free.
func packedError(err error, left int64) error {
	if err != nil {
		return format.Fail(format.Malformed, "zip", "a member does not deflate: %w", err)
	}
	if left != 0 {
		return notPacked(fmt.Sprintf("it is %d bytes short", left))
	}
	return nil
}

func notPacked(text string) error {
	return format.Fail(format.Malformed, "zip", "a member deflates to another size than the list says: %s", text)
}

// window is the place of a member in its zip: it takes no byte more.
type window struct {
	write    func(p []byte, at int64) error
	at, left int64
	failed   error
}

// Write writes into the window, or fails without writing.
func (w *window) Write(p []byte) (int, error) {
	if w.failed == nil && int64(len(p)) > w.left {
		w.failed = notPacked("it is longer")
	}
	if w.failed == nil {
		w.failed = w.write(p, w.at)
	}
	if w.failed != nil {
		return 0, w.failed
	}
	w.at += int64(len(p))
	w.left -= int64(len(p))
	return len(p), nil
}

// chunkStream is the concatenation of chunks, read by a reader that serves many
// streams: members of a zip lie close together.
type chunkStream struct {
	ctx    context.Context
	reader *repo.ChunkReader
	ids    []format.ID
	rest   []byte
	count  int
	failed error
}

func (c *chunkStream) open(ctx context.Context, reader *repo.ChunkReader, ids []format.ID) {
	*c = chunkStream{ctx: ctx, reader: reader, ids: ids}
}

func (c *chunkStream) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		if c.failed != nil {
			return 0, c.failed
		}
		if len(c.ids) == 0 {
			return 0, io.EOF
		}
		if c.rest, c.failed = c.reader.Chunk(c.ctx, c.ids[0]); c.failed != nil {
			c.rest = nil
			return 0, c.failed
		}
		c.ids = c.ids[1:]
		c.count++
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
