package repo

import (
	"chatkeep/backup/format"
)

// Cost is what reading takes: requests for parts of objects, and their bytes.
type Cost struct{ Requests, Bytes int64 }

// Add adds another.
func (c *Cost) Add(d Cost) {
	c.Requests += d.Requests
	c.Bytes += d.Bytes
}

// ChunkCosts tells what a [ChunkReader] would ask the store for, without asking:
// it keeps the same packs open and the same frames. Packs are taken to have age
// headers as long as that of the last one opened, as those to one recipient do.
type ChunkCosts struct {
	s      *Snapshot
	open   map[int]bool
	frames map[framePlace]*keptFrame
	size   int
	clock  uint64
	// Total is what was asked for so far.
	Total Cost
}

type keptFrame struct {
	size int
	used uint64
}

// NewChunkCosts returns the costs of a reader that has read nothing yet.
func (s *Snapshot) NewChunkCosts() *ChunkCosts {
	return &ChunkCosts{s: s, open: map[int]bool{}, frames: map[framePlace]*keptFrame{}}
}

// Chunk counts what reading the chunk at a place takes.
func (c *ChunkCosts) Chunk(at Place) {
	pack := &c.s.index.packs[at.Pack]
	if !c.open[at.Pack] {
		if len(c.open) >= maxOpenPacks {
			clear(c.open)
		}
		c.open[at.Pack] = true
		c.opening(pack)
	}
	c.clock++
	key := framePlace{at.Pack, at.Frame}
	if f := c.frames[key]; f != nil {
		f.used = c.clock
		return
	}
	frame := &pack.Frames[at.Frame]
	first, end := prefetched(frame.Offset, int64(frame.Length), pack.Size)
	if end > firstRead {
		c.fetched(end - first)
	}
	c.keep(key, format.RawLen(frame.Members))
}

// keep notes a decoded frame, and forgets those that had to go for it.
func (c *ChunkCosts) keep(key framePlace, size int) {
	for len(c.frames) > 0 && c.size+size > maxFramesKept {
		var oldest framePlace
		first := true
		for at, f := range c.frames {
			if first || f.used < c.frames[oldest].used {
				oldest, first = at, false
			}
		}
		c.size -= c.frames[oldest].size
		delete(c.frames, oldest)
	}
	c.frames[key] = &keptFrame{size, c.clock}
	c.size += size
}

func (c *ChunkCosts) fetched(n int64) { c.Total.Add(Cost{1, n}) }

// usualHeader is about how long an age header with one recipient is, and the
// nonce after it, where no pack was opened yet.
const usualHeader = 2 << 10

// headerOf is the length of a pack's header and nonce, of which the plaintext has
// so many bytes.
func headerOf(object, plaintext int64) int64 {
	return object - plaintext - 16*max(1, (plaintext+64<<10-1)/(64<<10))
}

// opening counts what [ChunkReader.pack] reads: the header, the last chunk of
// age's, and what stands before it of the directory and the head of the padding.
func (c *ChunkCosts) opening(pack *format.IndexPack) {
	have := min(firstRead, pack.Size)
	c.fetched(have)
	if have == pack.Size {
		return
	}
	header := c.s.index.header.Load()
	if header == 0 {
		header = usualHeader
	}
	payload := pack.Size - header
	last := (payload - 1) / ageChunk
	chunkAt := func(n int64) (from, to int64) {
		return header + n*ageChunk, min(header+(n+1)*ageChunk, pack.Size)
	}
	read := map[int64]bool{}
	touch := func(n int64) {
		from, to := chunkAt(n)
		if n < 0 || read[n] || to <= have {
			return
		}
		read[n] = true
		c.fetched(to - from)
	}
	touch(last)
	plain := payload - (last+1)*16
	frames := pack.Frames[len(pack.Frames)-1]
	for _, part := range [][2]int64{{plain - 64<<10, plain}, {frames.Offset + int64(frames.Length), frames.Offset + int64(frames.Length) + tailGap}} {
		for n := max(part[0], 0) / (64 << 10); n <= (min(part[1], plain)-1)/(64<<10); n++ {
			touch(n)
		}
	}
}

// tailGap is what ParseLayout reads behind the last frame: the end of the tar, in
// zstd, and the head of the padding.
const tailGap = 11 + 8
