package spill

import (
	"io"
	"sync"
)

// What the cache holds: age encrypts in pieces of this size, and to read one byte
// of a piece is to decrypt all of it.
const (
	pieceSize = 64 << 10
	pieces    = 128
)

// cache keeps the pieces that were read last.
type cache struct {
	plain io.ReaderAt
	size  int64

	mu    sync.Mutex
	slots [pieces]slot
	where map[int64]int // piece to slot
	hand  int
}

type slot struct {
	piece int64
	used  bool // since the hand came by
	data  []byte
}

func newCache(plain io.ReaderAt, size int64) *cache {
	return &cache{plain: plain, size: size, where: map[int64]int{}}
}

// ReadAt reads as io.ReaderAt says.
func (c *cache) ReadAt(p []byte, off int64) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n < len(p) {
		at := off + int64(n)
		if at >= c.size {
			return n, io.EOF
		}
		data, err := c.piece(at / pieceSize)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], data[at%pieceSize:])
	}
	return n, nil
}

// piece returns a piece, valid until the next one is asked for.
func (c *cache) piece(i int64) ([]byte, error) {
	if at, ok := c.where[i]; ok {
		c.slots[at].used = true
		return c.slots[at].data, nil
	}
	s := c.free()
	size := min(pieceSize, c.size-i*pieceSize)
	if cap(s.data) == 0 {
		s.data = make([]byte, pieceSize)
	}
	s.data = s.data[:size]
	if n, err := c.plain.ReadAt(s.data, i*pieceSize); int64(n) < size {
		return nil, told(err)
	}
	s.piece = i
	c.where[i] = c.hand
	return s.data, nil
}

// free moves the hand on to a slot that was not used lately, and empties it.
func (c *cache) free() *slot {
	for {
		c.hand = (c.hand + 1) % pieces
		s := &c.slots[c.hand]
		if s.used {
			s.used = false
			continue
		}
		if at, ok := c.where[s.piece]; ok && at == c.hand {
			delete(c.where, s.piece)
		}
		return s
	}
}
