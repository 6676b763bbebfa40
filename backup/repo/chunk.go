package repo

import (
	"context"
	"io"

	"filippo.io/age"
	"github.com/zeebo/blake3"

	"chatkeep/backup/format"
)

// ChunkReader reads single chunks by ranged reads, a frame at a time. It keeps
// the frames it used last, some 32 MiB of them: the pages of a database that
// changed stand in another frame than their neighbours. It is used by one
// goroutine.
type ChunkReader struct {
	s       *Snapshot
	decoder *format.Decoder
	hashers map[hasherKey]*blake3.Hasher
	open    map[int]*openedPack
	frames  map[framePlace]*decodedFrame
	size    int    // of all frames, in bytes
	clock   uint64 // counts uses
	// Buffers to use again: of what was fetched, and of that decrypted.
	fetched, compressed []byte
}

const maxFramesKept = 32 << 20

type framePlace struct{ pack, frame int }

// decodedFrame is a frame and where its chunks are in it.
type decodedFrame struct {
	raw    []byte
	chunks [][]byte
	used   uint64
}

// openedPack is a pack whose age header and directory were read.
type openedPack struct {
	plain  io.ReaderAt
	ranges *rangeReader
	hasher *blake3.Hasher
}

// maxOpenPacks bounds the packs whose headers are kept.
const maxOpenPacks = 64

// NewChunkReader returns a reader of chunks for one goroutine.
func (s *Snapshot) NewChunkReader() *ChunkReader {
	return &ChunkReader{s: s, decoder: format.NewDecoder(), hashers: map[hasherKey]*blake3.Hasher{}, open: map[int]*openedPack{}, frames: map[framePlace]*decodedFrame{}}
}

// Chunk returns a chunk's bytes, valid until the next call.
func (c *ChunkReader) Chunk(ctx context.Context, id format.ID) ([]byte, error) {
	at, ok := c.s.index.Find(id)
	if !ok {
		return nil, format.Fail(format.Missing, "chunk "+id.String(), "no pack of the snapshot has it")
	}
	pack := &c.s.index.packs[at.Pack]
	name := format.PackName(pack.Pack)
	o, err := c.pack(ctx, at.Pack, pack)
	if err != nil {
		return nil, err
	}
	f, err := c.frame(ctx, o, framePlace{at.Pack, at.Frame}, &pack.Frames[at.Frame], name)
	if err != nil {
		return nil, err
	}
	if data := f.chunks[at.Member]; checkID(o.hasher, id, data) {
		return data, nil
	}
	return nil, wrongChunk(name, id)
}

// frame returns a decoded frame, read anew unless it is kept.
func (c *ChunkReader) frame(ctx context.Context, o *openedPack, at framePlace, frame *format.Frame, name string) (*decodedFrame, error) {
	c.clock++
	if f := c.frames[at]; f != nil {
		f.used = c.clock
		return f, nil
	}
	f := &decodedFrame{raw: c.evict(format.RawLen(frame.Members)), used: c.clock}
	compressed, err := c.read(ctx, o, frame, name)
	if err != nil {
		return nil, err
	}
	if f.raw, err = decodeFrame(c.decoder, f.raw, compressed, frame, name); err != nil {
		return nil, err
	}
	f.chunks = make([][]byte, 0, len(frame.Members))
	for data, err := range format.SplitFrame(f.raw, frame.Members) {
		if err != nil {
			return nil, format.At(name, err)
		}
		f.chunks = append(f.chunks, data)
	}
	c.frames[at] = f
	c.size += cap(f.raw)
	return f, nil
}

// evict makes room for n bytes and returns the buffer of a frame that had to go.
func (c *ChunkReader) evict(n int) (buf []byte) {
	for len(c.frames) > 0 && c.size+n > maxFramesKept {
		var oldest framePlace
		first := true
		for at, f := range c.frames {
			if first || f.used < c.frames[oldest].used {
				oldest, first = at, false
			}
		}
		buf = c.frames[oldest].raw[:0]
		c.size -= cap(buf)
		delete(c.frames, oldest)
	}
	return buf
}

// read gets a frame's compressed bytes, valid until the next call.
func (c *ChunkReader) read(ctx context.Context, o *openedPack, frame *format.Frame, name string) ([]byte, error) {
	if o.ranges == nil {
		return o.prefix(frame, name)
	}
	o.ranges.ctx, o.ranges.err = ctx, nil
	o.ranges.prefetch(frame.Offset, int64(frame.Length), &c.fetched)
	defer o.ranges.forget()
	c.compressed = roomy(c.compressed, int(frame.Length))[:frame.Length]
	if _, err := o.plain.ReadAt(c.compressed, frame.Offset); err != nil && err != io.EOF {
		return nil, o.ranges.failure(err, name)
	}
	return c.compressed, nil
}

// pack opens a pack for ranged reads.
func (c *ChunkReader) pack(ctx context.Context, number int, pack *format.IndexPack) (*openedPack, error) {
	if o := c.open[number]; o != nil {
		return o, nil
	}
	o, err := c.openRanges(ctx, pack)
	if isLoss(err) && c.s.index.broken[pack.Pack] {
		o, err = c.openPrefix(ctx, pack)
	}
	if err != nil {
		return nil, err
	}
	if len(c.open) >= maxOpenPacks || o.ranges == nil {
		clear(c.open) // a prefix is in memory, and one of them is enough
	}
	c.open[number] = o
	return o, nil
}

// openRanges opens a pack that is whole, or at its beginning and end.
func (c *ChunkReader) openRanges(ctx context.Context, pack *format.IndexPack) (*openedPack, error) {
	name := format.PackName(pack.Pack)
	ranges := &rangeReader{ctx: ctx, store: c.s.store, key: name, size: pack.Size}
	plain, size, err := age.DecryptReaderAt(ranges, pack.Size, c.s.identities()...)
	if err != nil {
		return nil, ranges.failure(err, name)
	}
	c.s.index.header.Store(headerOf(pack.Size, size))
	layout, err := format.ParseLayout(plain, size)
	if err != nil {
		return nil, ranges.failure(format.At(name, err), name)
	}
	hasher, err := c.s.packHasher(name, layout.Header, pack.Kind, c.hashers)
	if err != nil {
		return nil, err
	}
	if !sameFrames(layout.Frames, pack.Frames) {
		return nil, format.Fail(format.Malformed, name, "its directory is not what the index says")
	}
	return &openedPack{plain, ranges, hasher}, nil
}
