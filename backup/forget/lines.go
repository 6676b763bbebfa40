package forget

import (
	"bufio"
	"context"
	"io"
	"iter"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
)

// lines calls see with every line of a short list of records, with its end, and
// what it says, nil where this release does not understand it. A snapshot
// without the list has none.
func lines(ctx context.Context, s *repo.Snapshot, path string, see func(line []byte, r any)) error {
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return err
		}
		if e.Path != path || e.Type != format.EntryFile {
			continue
		}
		b := bufio.NewReader(s.Chunks(ctx, e.Chunks))
		for {
			line, err := readLine(b)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return format.At(path, err)
			}
			r, _, err := record.Parse(line[:len(line)-1])
			if err != nil {
				r = nil
			}
			see(line, r)
		}
	}
	return nil
}

// readLine reads a line of at most record.MaxLine bytes, with its end.
func readLine(b *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := b.ReadSlice('\n')
		if line = append(line, part...); len(line) > record.MaxLine {
			return nil, format.Fail(format.Malformed, "record", "more than %d bytes", record.MaxLine)
		}
		switch {
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(line) > 0:
			return nil, format.Fail(format.Malformed, "record", "the last one has no end")
		default:
			return line, err
		}
	}
}

// readChunks writes the bytes of chunks to w. Each is checked against its id.
func readChunks(ctx context.Context, r *repo.ChunkReader, ids iter.Seq[format.ID], w io.Writer) error {
	for id := range ids {
		data, err := r.Chunk(ctx, id)
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
