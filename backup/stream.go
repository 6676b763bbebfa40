package backup

import (
	"bytes"
	"context"
	"errors"
	"io"

	"chatkeep/backup/format"
	"chatkeep/backup/split"
)

// Stream is a source that is read once, from its beginning to its end, and becomes
// one file. Nothing in it is parsed: parsers go through an export more than once.
type Stream struct {
	// File is the file's name, without a slash.
	File string
	// From is what messages call it: "standard input".
	From string
	// Runs says that a program is run for it, which a dry run does not do.
	Runs bool
	// Open begins it. What is read ends in io.EOF where it is whole: after any
	// other error, which says what it is about, nothing is committed. It is called
	// again where a backup has to be run again, and may refuse that.
	Open func(ctx context.Context) (io.ReadCloser, error)
	// Empty tells what may be wrong where nothing comes.
	Empty string
}

// nothing is the error of a stream that is empty.
func (s *Stream) nothing() error { return &Nothing{Source: s.From, cure: s.Empty} }

// storeStream stores the stream as the one file of the snapshot. Its time is that of
// the run, which is when it came to be.
func (r *run) storeStream(ctx context.Context) error {
	from := r.src.Stream
	in, err := from.Open(ctx)
	if err != nil {
		return err
	}
	defer in.Close()
	head := make([]byte, split.HeadSize)
	n, err := io.ReadFull(in, head)
	head = head[:n]
	size := int64(-1) // nobody knows
	switch {
	case err == io.EOF:
		return from.nothing()
	case err == io.ErrUnexpectedEOF:
		size = int64(n)
	case err != nil:
		return err
	}
	r.out = newCollector(ctx, r)
	w := &fileWorker{r: r, packer: r.packers[0]}
	e := format.Entry{Path: originals + "/" + from.File, Type: format.EntryFile}
	e.Chunks, e.Size, err = w.store(ctx, io.MultiReader(bytes.NewReader(head), in), e.Path, size, head)
	var store *storeError
	if errors.As(err, &store) {
		return store.err
	}
	if err != nil {
		return err
	}
	w.count(e.Size, false)
	return r.out.add(&result{path: e.Path, lines: format.AppendItem(nil, &format.Item{Entry: e}), stat: format.Stat{Mode: 0o600, Mtime: r.started}})
}
