package repo

import (
	"context"
	"io"

	"filippo.io/age"
	"github.com/zeebo/blake3"

	"chatkeep/backup/format"
)

// ChunkReader reads single chunks by ranged reads, a frame at a time. It keeps
// the last frame, for neighbours are asked for together. It is used by one
// goroutine.
type ChunkReader struct {
	s       *Snapshot
	decoder *format.Decoder
	hashers map[hasherKey]*blake3.Hasher
	open    map[int]*openedPack
	last    Place // of the frame in raw; Member is unused
	raw     []byte
	have    bool
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
	return &ChunkReader{s: s, decoder: format.NewDecoder(), hashers: map[hasherKey]*blake3.Hasher{}, open: map[int]*openedPack{}}
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
	frame := &pack.Frames[at.Frame]
	if !c.have || c.last.Pack != at.Pack || c.last.Frame != at.Frame {
		if err := c.load(ctx, o, frame, name); err != nil {
			return nil, err
		}
		c.have, c.last = true, Place{Pack: at.Pack, Frame: at.Frame}
	}
	return c.member(frame, at.Member, o.hasher, name)
}

func (c *ChunkReader) load(ctx context.Context, o *openedPack, frame *format.Frame, name string) error {
	c.have = false
	o.ranges.ctx, o.ranges.err = ctx, nil
	o.ranges.prefetch(frame.Offset, int64(frame.Length))
	compressed := make([]byte, frame.Length)
	if _, err := o.plain.ReadAt(compressed, frame.Offset); err != nil && err != io.EOF {
		return o.ranges.failure(err, name)
	}
	o.ranges.forget()
	var err error
	c.raw, err = decodeFrame(c.decoder, c.raw[:0], compressed, frame, name)
	return err
}

func (c *ChunkReader) member(frame *format.Frame, member int, hasher *blake3.Hasher, name string) ([]byte, error) {
	m := 0
	for data, err := range format.SplitFrame(c.raw, frame.Members) {
		if err != nil {
			return nil, format.At(name, err)
		}
		if m == member {
			if !checkID(hasher, frame.Members[m].ID, data) {
				return nil, wrongChunk(name, frame.Members[m].ID)
			}
			return data, nil
		}
		m++
	}
	return nil, format.Fail(format.Malformed, name, "a frame has fewer members than the index says")
}

// pack opens a pack for ranged reads.
func (c *ChunkReader) pack(ctx context.Context, number int, pack *format.IndexPack) (*openedPack, error) {
	if o := c.open[number]; o != nil {
		return o, nil
	}
	name := format.PackName(pack.Pack)
	ranges := &rangeReader{ctx: ctx, store: c.s.store, key: name, size: pack.Size}
	plain, size, err := age.DecryptReaderAt(ranges, pack.Size, c.s.identities()...)
	if err != nil {
		return nil, ranges.failure(err, name)
	}
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
	if len(c.open) >= maxOpenPacks {
		clear(c.open)
	}
	o := &openedPack{plain, ranges, hasher}
	c.open[number] = o
	return o, nil
}
