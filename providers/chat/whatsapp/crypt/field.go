package crypt

import "encoding/binary"

// element is of the field of 2^128 elements that GCM computes in, NIST SP 800-38D:
// bit 0 of its polynomial is the first of its block.
type element struct{ hi, lo uint64 }

func elementOf(block []byte) element {
	return element{binary.BigEndian.Uint64(block), binary.BigEndian.Uint64(block[8:])}
}

func (e element) bytes() (block [blockSize]byte) {
	binary.BigEndian.PutUint64(block[:], e.hi)
	binary.BigEndian.PutUint64(block[8:], e.lo)
	return block
}

func (e element) plus(f element) element { return element{e.hi ^ f.hi, e.lo ^ f.lo} }

// times multiplies, bit by bit and in the same time for all elements.
func (e element) times(f element) (product element) {
	for _, word := range [...]uint64{e.hi, e.lo} {
		for i := 63; i >= 0; i-- {
			set := -(word >> i & 1)
			product.hi ^= f.hi & set
			product.lo ^= f.lo & set
			carry := -(f.lo & 1)
			f.lo = f.lo>>1 | f.hi<<63
			f.hi = f.hi>>1 ^ 0xe1<<56&carry
		}
	}
	return product
}

// power is e multiplied n times with itself.
func (e element) power(n uint64) element {
	result := element{hi: 1 << 63} // one
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			result = result.times(e)
		}
		e = e.times(e)
	}
	return result
}
