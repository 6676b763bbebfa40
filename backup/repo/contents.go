package repo

import (
	"bufio"
	"context"
	"io"
	"iter"

	"chatkeep/backup/format"
)

// Entry is one entry of a snapshot: what it is and what was known of the file.
type Entry struct {
	*format.Item
	Stat format.Stat
}

// Entries reads the two lists of the snapshot side by side.
func (s *Snapshot) Entries(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		stats := bufio.NewReaderSize(s.listReader(ctx, s.Manifest.Stats), 64<<10)
		for item, err := range format.Items(s.listReader(ctx, s.Manifest.Contents)) {
			e := Entry{Item: item}
			if err == nil {
				var line []byte
				if line, err = stats.ReadSlice('\n'); err == nil {
					e.Stat, err = format.ParseStat(line)
				} else if err == io.EOF {
					err = format.Fail(format.Truncated, "stats", "fewer lines than contents has entries")
				}
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
		if _, err := stats.ReadByte(); err == nil {
			yield(Entry{}, format.Fail(format.Malformed, "stats", "more lines than contents has entries"))
		}
	}
}

// listReader streams a list.
func (s *Snapshot) listReader(ctx context.Context, l format.List) io.Reader {
	var r io.Reader = &chunkStream{ctx: ctx, reader: s.NewChunkReader(), ids: idSlice(l.Chunks)}
	for range l.Depth {
		r = &chunkStream{ctx: ctx, reader: s.NewChunkReader(), ids: idLines(r)}
	}
	return r
}

// Open streams the bytes of the chunks.
func (s *Snapshot) Chunks(ctx context.Context, ids []format.ID) io.Reader {
	return &chunkStream{ctx: ctx, reader: s.NewChunkReader(), ids: idSlice(ids)}
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
		return id, nil
	}
}
