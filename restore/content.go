package restore

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/zips"
)

// WriteFile writes the bytes of one file of a snapshot to w, in order: of a
// file, a zip, which is put together again, or the file that a hard link means.
// Other entries have none, and are an error that matches [fs.ErrInvalid].
//
// Chunks are checked before they are written. A failure in the middle is found
// when what comes before it was written already, and that a zip has another hash
// than the list says when all was: only a nil error vouches for the whole. Errors
// are w's, ctx's, the storage's, and of classes missing, flipped, truncated and
// malformed.
func WriteFile(ctx context.Context, s *repo.Snapshot, e repo.Entry, w io.Writer) error {
	c := &content{ctx: ctx, out: w, deflate: zips.Deflate}
	c.chunks.open(ctx, s.NewChunkReader(), nil)
	switch e.Type {
	case format.EntryFile:
		return c.segment(&e.Entry)
	case format.EntryZip:
		return c.zip(e.Item)
	case format.EntryHardlink:
		return writeTarget(ctx, s, e, w)
	}
	return fmt.Errorf("%q is a %s, which has no bytes: %w", e.Path, e.Type, fs.ErrInvalid)
}

// writeTarget writes the file that a hard link means.
func writeTarget(ctx context.Context, s *repo.Snapshot, link repo.Entry, w io.Writer) error {
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return err
		}
		if e.Path == link.Target && e.Type != format.EntryHardlink {
			return WriteFile(ctx, s, e, w)
		}
	}
	return format.Fail(format.Malformed, "contents", "a hardlink to what is no earlier file")
}

// content writes out one file.
type content struct {
	ctx     context.Context
	out     io.Writer
	chunks  chunkStream
	read    int64 // chunks of the segments before
	deflate deflate
}

// zip writes the segments of a zip.
func (c *content) zip(zip *format.Item) error {
	hash := sha256.New()
	c.out = io.MultiWriter(c.out, hash)
	for i := range zip.Segments {
		if err := c.segment(&zip.Segments[i]); err != nil {
			return err
		}
	}
	if zip.SHA256 == nil || format.Hash(hash.Sum(nil)) != *zip.SHA256 {
		return wrongZip()
	}
	return nil
}

// segment writes a file, or a segment of a zip.
func (c *content) segment(e *format.Entry) error {
	c.read += int64(c.chunks.count)
	c.chunks.open(c.ctx, c.chunks.reader, e.Chunks)
	if e.Packed > 0 {
		return c.member(e)
	}
	n, err := io.Copy(c.out, io.LimitReader(&c.chunks, e.Size))
	if err != nil {
		return err
	}
	var more [1]byte
	if extra, err := c.chunks.Read(more[:]); err != io.EOF || n != e.Size {
		if err != nil && err != io.EOF {
			return err
		}
		return sizeError(n+int64(extra), e.Size)
	}
	return nil
}

// member writes a deflated member of a zip.
func (c *content) member(e *format.Entry) error {
	write := func(p []byte, _ int64) error {
		_, err := c.out.Write(p)
		return err
	}
	out := &window{write: write, left: e.Packed}
	_, err := c.deflate(out, &c.chunks, e.Size, e.Level)
	switch {
	case out.failed != nil:
		return out.failed
	case c.chunks.failed != nil:
		return c.chunks.failed
	}
	return packedError(err, out.left)
}
