package repo

import (
	"context"

	"chatkeep/backup/format"
	"chatkeep/backup/split"
)

// maxListIDs is how many ids a manifest names directly; longer lists get a level
// more, so that an unchanged list of a million files costs a few kilobytes.
const maxListIDs = 64

// maxListChunks bounds the chunks of a list, on each of its levels. A manifest can
// have few ids stand for any number of them, all the same chunk: whoever reads a
// list knows from this when to stop.
const maxListChunks = 4 << 20

// tooManyChunks is the failure of a list with more.
func tooManyChunks() error {
	return format.Fail(format.Oversized, "list of chunks", "more than %d chunks", maxListChunks)
}

// ListWriter stores one of the two lists of a snapshot.
type ListWriter struct {
	s       *Session
	packer  *Packer
	stream  *Stream
	entries int64
}

// NewList starts a list; it must be used by the goroutine of the packer.
func (p *Packer) NewList(ctx context.Context, group string) *ListWriter {
	w := &ListWriter{s: p.s, packer: p}
	w.stream = w.level(ctx, group)
	return w
}

func (w *ListWriter) level(ctx context.Context, group string) *Stream {
	return w.packer.Stream(ctx, format.Meta, Hint{Group: group, Increment: w.s.increment}, w.s.cutter.Cutter(split.Text), nil)
}

// Append adds the lines of one entry.
func (w *ListWriter) Append(lines []byte) error {
	w.entries++
	_, err := w.stream.Write(lines)
	return err
}

// Close stores what is left and the levels above.
func (w *ListWriter) Close() (format.List, error) {
	if err := w.stream.Close(); err != nil {
		return format.List{}, err
	}
	if len(w.stream.IDs) > maxListChunks {
		return format.List{}, tooManyChunks()
	}
	list := format.List{Entries: w.entries, Bytes: w.stream.Size, Chunks: w.stream.IDs}
	for len(list.Chunks) > maxListIDs {
		up := w.level(w.stream.ctx, w.stream.hint.Group)
		for _, id := range list.Chunks {
			if _, err := up.Write([]byte(id.String() + "\n")); err != nil {
				return list, err
			}
		}
		if err := up.Close(); err != nil {
			return list, err
		}
		list.Chunks = up.IDs
		list.Depth++
	}
	return list, nil
}
