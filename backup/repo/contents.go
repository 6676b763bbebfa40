package repo

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"

	"chatkeep/backup/format"
)

// Entry is one entry of a snapshot: what it is and what was known of the file.
type Entry struct {
	*format.Item
	Stat format.Stat
}

// Entries reads the two lists of the snapshot side by side. Each must have the
// bytes and the entries that the manifest gives it.
func (s *Snapshot) Entries(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		contents, stats := &s.Manifest.Contents, &s.Manifest.Stats
		lines := bufio.NewReaderSize(s.listReader(ctx, "stats", stats), 64<<10)
		n := int64(0)
		for item, err := range format.Items(s.listReader(ctx, "contents", contents)) {
			e := Entry{Item: item}
			if n++; err == nil && n > contents.Entries {
				err = format.Fail(format.Malformed, "contents", "more than its %d entries", contents.Entries)
			}
			if err == nil {
				e.Stat, err = nextStat(lines)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
		_, err := lines.ReadByte()
		switch {
		case n < contents.Entries:
			err = format.Fail(format.Malformed, "contents", "%d entries, and it should have %d", n, contents.Entries)
		case err == nil:
			err = format.Fail(format.Malformed, "stats", "more lines than contents has entries")
		case err == io.EOF:
			return
		}
		yield(Entry{}, err)
	}
}

func nextStat(lines *bufio.Reader) (format.Stat, error) {
	line, err := lines.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		err = format.Fail(format.Malformed, "stats", "a line of more than %d bytes", lines.Size())
	case err == io.EOF:
		err = format.Fail(format.Malformed, "stats", "fewer lines than contents has entries")
	}
	if err != nil {
		return format.Stat{}, err
	}
	return format.ParseStat(line)
}

// listReader streams a list. Its length bounds the work: every id of the lowest
// level stands for a byte at least, and however often ids are repeated above,
// no more of them are read than that takes.
func (s *Snapshot) listReader(ctx context.Context, what string, l *format.List) io.Reader {
	var r io.Reader = &chunkStream{ctx: ctx, reader: s.NewChunkReader(), ids: idSlice(l.Chunks)}
	for range l.Depth {
		r = &chunkStream{ctx: ctx, reader: s.NewChunkReader(), ids: idLines(r)}
	}
	return &exactly{r, what, l.Bytes, l.Bytes}
}

// exactly is a stream that must have a number of bytes.
type exactly struct {
	r           io.Reader
	what        string
	bytes, left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if int64(n) > e.left {
		n, e.left = int(e.left), 0
		return n, format.Fail(format.Oversized, e.what, "more than its %d bytes", e.bytes)
	}
	if e.left -= int64(n); err == io.EOF && e.left > 0 {
		err = format.Fail(format.Truncated, e.what, "%d of its %d bytes are not there", e.left, e.bytes)
	}
	return n, err
}

// Chunks streams the bytes of the chunks.
func (s *Snapshot) Chunks(ctx context.Context, ids []format.ID) io.Reader {
	return &chunkStream{ctx: ctx, reader: s.NewChunkReader(), ids: idSlice(ids)}
}

// Stream is the bytes of chunks by a reader that serves many such streams, one
// after the other: neighbours lie in the same frames.
func (c *ChunkReader) Stream(ctx context.Context, ids []format.ID) io.Reader {
	return &chunkStream{ctx: ctx, reader: c, ids: idSlice(ids)}
}

// chunkStream is the concatenation of chunks.
type chunkStream struct {
	ctx    context.Context
	reader *ChunkReader
	ids    func() (format.ID, error) // io.EOF at the end
	rest   []byte
}

func (c *chunkStream) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		id, err := c.ids()
		if err != nil {
			return 0, err
		}
		if c.rest, err = c.reader.Chunk(c.ctx, id); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF // the end is where the ids end
			}
			return 0, err
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func idSlice(ids []format.ID) func() (format.ID, error) {
	return func() (format.ID, error) {
		if len(ids) == 0 {
			return format.ID{}, io.EOF
		}
		id := ids[0]
		ids = ids[1:]
		return id, nil
	}
}

// idLines reads ids from the level above, one a line.
func idLines(r io.Reader) func() (format.ID, error) {
	lines := bufio.NewReader(r)
	n := 0
	return func() (format.ID, error) {
		var line [33]byte
		if _, err := io.ReadFull(lines, line[:]); err != nil {
			if err == io.ErrUnexpectedEOF {
				err = format.Fail(format.Truncated, "list of chunks", "ends within an id")
			}
			return format.ID{}, err
		}
		id, err := format.ParseID(string(line[:32]))
		if err != nil || line[32] != '\n' {
			return id, format.Fail(format.Malformed, "list of chunks", "a line is no chunk id")
		}
		if n++; n > maxListChunks {
			return id, tooManyChunks()
		}
		return id, nil
	}
}

// collect reads ids to their end.
func collect(next func() (format.ID, error)) (ids []format.ID, err error) {
	for {
		id, err := next()
		if err == io.EOF {
			return ids, nil
		}
		if err != nil {
			return ids, err
		}
		ids = append(ids, id)
	}
}
