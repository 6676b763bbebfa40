package split

import (
	"encoding/binary"

	"github.com/zeebo/blake3"
)

// Chunks of text, in bytes. Chunks half as long save nothing more on real
// exports once their ids are counted, longer ones grow the backup; and as many
// share a frame, short ones cost nothing in compression.
const (
	textMin  = 4 << 10
	textTurn = 16 << 10
	textMax  = 64 << 10
)

// A cut needs the rolling hash to be below a limit. One bit harder than
// 1 in 16,384 before the turn and one bit easier after it draws the lengths
// together (the normalised chunking of FastCDC, Xia et al., USENIX ATC 2016).
// A limit on the value looks at the highest bits, which know the most bytes.
const (
	textHard = 1 << (64 - 15)
	textEasy = 1 << (64 - 13)
)

// gearWindow is how many bytes the hash looks back: a byte's share has been
// shifted out after 64 more.
const gearWindow = 64

// gear is the table of a keyed gear hash: h = 2h + gear[byte], modulo 2^64.
type gear [256]uint64

func newGear(key Key) (g gear) {
	var raw [len(g) * 8]byte
	blake3.DeriveKey(gearContext, key[:], raw[:])
	for i := range g {
		g[i] = binary.LittleEndian.Uint64(raw[8*i:])
	}
	return g
}

// next is Cutter.Next for text. It waits for the longest chunk or the end
// rather than look at a byte twice.
func (g *gear) next(buf []byte, eof bool) int {
	if len(buf) > textMax {
		buf = buf[:textMax]
	}
	if len(buf) < textMax && !eof {
		return 0
	}
	if len(buf) <= textMin {
		return len(buf)
	}
	// The hash at the first possible cut already covers its whole window.
	// Started any later, it would depend on where the chunk began, and two
	// versions of a file would take longer to fall into step.
	h := uint64(0)
	for _, b := range buf[textMin-gearWindow : textMin-1] {
		h = h<<1 + g[b]
	}
	n, h := g.scan(buf, textMin-1, min(textTurn-1, len(buf)), h, textHard)
	if n == 0 {
		n, _ = g.scan(buf, textTurn-1, len(buf), h, textEasy)
	}
	if n == 0 {
		n = len(buf)
	}
	return n
}

// scan rolls h over buf[from:to] and returns the length of the chunk that ends
// with the first byte to bring h below limit, or 0, and h.
func (g *gear) scan(buf []byte, from, to int, h, limit uint64) (int, uint64) {
	if from >= to {
		return 0, h
	}
	b := buf[from:to]
	n := from
	// Two bytes in one step: the chain from h to h is then a shift and an
	// addition for both.
	for len(b) >= 2 {
		first, second := g[b[0]], g[b[1]]
		odd := h<<1 + first
		h = h<<2 + (first<<1 + second)
		if odd < limit {
			return n + 1, odd
		}
		if h < limit {
			return n + 2, h
		}
		b = b[2:]
		n += 2
	}
	if len(b) == 1 {
		if h = h<<1 + g[b[0]]; h < limit {
			return n + 1, h
		}
	}
	return 0, h
}
