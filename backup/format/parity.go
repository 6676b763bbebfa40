package format

import (
	"bytes"
	"crypto/sha256"
)

// Parity is a row of parity over the bytes of some packs as they are stored. It
// is no secret and needs no key (section 16 of the specification).
type Parity struct {
	Repository Hash
	Row        int   // 0 or 1
	Packs      []Ref // the columns, in order
	// Sums has, for each pack, the sums of its blocks.
	Sums [][]BlockSum
	// Data is the row: as long as the longest pack.
	Data []byte
}

// BlockSum is the beginning of a block's SHA-256: it says which blocks of a pack
// are damaged. That a pack is healed, its hash says.
type BlockSum [8]byte

// SumBlock returns the sum of a block.
func SumBlock(block []byte) (s BlockSum) {
	sum := sha256.Sum256(block)
	copy(s[:], sum[:])
	return s
}

// Blocks is how many blocks an object of this size has.
func Blocks(size int64) int { return int((size + ParityBlock - 1) / ParityBlock) }

// SumBlocks returns the sums of an object's blocks.
func SumBlocks(object []byte) []BlockSum {
	sums := make([]BlockSum, 0, Blocks(int64(len(object))))
	for len(object) > 0 {
		n := min(len(object), ParityBlock)
		sums = append(sums, SumBlock(object[:n]))
		object = object[n:]
	}
	return sums
}

// Encode returns the object's bytes. It checks nothing; ParseParity does.
func (p *Parity) Encode() []byte {
	b := p.header()
	for _, sums := range p.Sums {
		for _, s := range sums {
			b = append(b, s[:]...)
		}
	}
	return append(b, p.Data...)
}

func (p *Parity) header() []byte {
	w := new(pen)
	w.raw(`{"type":"parity","format":1,"repository":`).hash(p.Repository)
	w.raw(`,"row":`).int(int64(p.Row)).raw(`,"packs":`)
	listOf(w, p.Packs, func(r Ref) { w.ref(r) })
	return w.raw("}\n").b
}

// ParseParity reads a parity object. Its Data are a part of object.
func ParseParity(object []byte) (*Parity, error) {
	p, n, err := ParseParityHeader(object)
	if err != nil {
		return nil, err
	}
	rest := object[n:]
	var longest int64
	want := int64(0)
	for _, ref := range p.Packs {
		longest = max(longest, ref.Size)
		want += int64(Blocks(ref.Size)) * int64(len(BlockSum{}))
	}
	want += longest
	switch {
	case int64(len(rest)) < want:
		return nil, Fail(Truncated, "parity", "%d bytes follow its header, and it needs %d", len(rest), want)
	case int64(len(rest)) > want:
		return nil, Fail(Malformed, "parity", "%d bytes follow its header, and it has %d", len(rest), want)
	}
	for _, ref := range p.Packs {
		sums := make([]BlockSum, Blocks(ref.Size))
		for i := range sums {
			rest = rest[copy(sums[i][:], rest):]
		}
		p.Sums = append(p.Sums, sums)
	}
	p.Data = rest
	return p, nil
}

// ParseParityHeader reads which packs a parity object is over, of its first
// bytes, and returns how long that header is.
func ParseParityHeader(object []byte) (*Parity, int, error) {
	end := bytes.IndexByte(object[:min(len(object), MaxParityHeader)], '\n') + 1
	switch {
	case end == 0 && len(object) < MaxParityHeader:
		return nil, 0, Fail(Truncated, "parity", "ends within its header")
	case end == 0:
		return nil, 0, Fail(Oversized, "parity", "a header of more than %d bytes", MaxParityHeader)
	}
	c := cursor{data: object[:end], what: "parity"}
	p := new(Parity)
	p.Repository = c.preamble("parity")
	c.lit(`,"row":`)
	row := c.num()
	c.lit(`,"packs":`)
	seen := map[Hash]bool{}
	c.list(ParityColumns, "packs", func() {
		r := c.ref()
		if seen[r.SHA256] || r.Size < 1 || r.Size > MaxPackObject {
			c.fail(Malformed, "pack %s comes twice, or cannot have %d bytes", r.SHA256, r.Size)
		}
		seen[r.SHA256] = true
		p.Packs = append(p.Packs, r)
	})
	c.lit("}\n")
	if row >= ParityRows || len(p.Packs) == 0 {
		c.fail(Malformed, "row %d of %d packs", row, len(p.Packs))
	}
	p.Row = int(min(row, ParityRows))
	return p, end, c.same(p.header)
}

// ParityMatrix is what each row is made of: in row 0 every pack counts once, in
// row 1 the pack of column n 2^n times, in the field of 256 elements with the
// polynomial 0x11d.
func ParityMatrix() [][]byte {
	rows := [][]byte{make([]byte, ParityColumns), make([]byte, ParityColumns)}
	power := 1
	for i := range ParityColumns {
		rows[0][i], rows[1][i] = 1, byte(power)
		if power <<= 1; power > 0xff {
			power ^= 0x11d
		}
	}
	return rows
}
