package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

const (
	blockSize = 16
	tagSize   = 16
	// pieceSize is how much of a ciphertext is summed at once.
	pieceSize = 64 << 10
)

// gcm decrypts and sums a ciphertext of any length that comes piece by piece. The
// standard library has GCM for what is in memory as a whole only.
type gcm struct {
	keystream
	sum
	pad element // what the sum of all is encrypted with
}

func newGCM(key *[32]byte, nonce []byte) *gcm {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has one of its lengths
	}
	g := &gcm{sum: newSum(block)}
	// As for every nonce that has not 12 bytes.
	first := g.h.times(g.h.times(elementOf(nonce)).plus(element{lo: uint64(len(nonce)) * 8}))
	counter := first.bytes()
	g.pad = encrypted(block, counter)
	g.keystream = keystream{block: block, counter: counter}
	g.advance(binary.BigEndian.Uint32(counter[12:]) + 1)
	return g
}

// tag is the tag of what was added so far.
func (g *gcm) tag() [tagSize]byte { return g.total().plus(g.pad).bytes() }

func encrypted(block cipher.Block, plain [blockSize]byte) element {
	block.Encrypt(plain[:], plain[:])
	return elementOf(plain[:])
}

// keystream is the counter mode of GCM. It counts in the last 32 bits of a block
// and carries nothing over, where the standard library counts in all 128; and the
// count may begin anywhere.
type keystream struct {
	block   cipher.Block
	counter [blockSize]byte
	ctr     cipher.Stream
	left    int64 // bytes until the count begins anew
}

func (k *keystream) advance(count uint32) {
	binary.BigEndian.PutUint32(k.counter[12:], count)
	k.ctr = cipher.NewCTR(k.block, k.counter[:])
	k.left = (1<<32 - int64(count)) * blockSize
}

// decrypt decrypts in place. It is called with all of the ciphertext, in order.
func (k *keystream) decrypt(b []byte) {
	for len(b) > 0 {
		n := min(int64(len(b)), k.left)
		k.ctr.XORKeyStream(b[:n], b[:n])
		b = b[n:]
		if k.left -= n; k.left == 0 {
			k.advance(0)
		}
	}
}

// sum is GHASH over a stream. The standard library does the counting, with the
// processor's own instructions where it has them: its GCM, given a piece as
// additional data and nothing to encrypt, makes a tag of the piece's sum alone. The
// sum is a polynomial of the blocks at h, the first one with the highest power: two
// pieces behind one another have the sum of the first, times h as often as the
// second has blocks, plus the sum of the second.
type sum struct {
	aead   cipher.AEAD
	nonce  []byte
	pad    element // what tags under the nonce are encrypted with
	h      element
	step   element // h to the blocks of a whole piece
	whole  element // the sum of whole pieces, times h
	rest   []byte  // less than a piece
	length uint64  // of all, in bytes
}

func newSum(block cipher.Block) sum {
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // the blocks have their length
	}
	s := sum{aead: aead, nonce: make([]byte, aead.NonceSize()), rest: make([]byte, 0, pieceSize)}
	s.h = encrypted(block, [blockSize]byte{})
	s.step = s.h.power(pieceSize / blockSize)
	s.pad = s.sealed(nil)
	return s
}

func (s *sum) sealed(piece []byte) element {
	var tag [tagSize]byte
	return elementOf(s.aead.Seal(tag[:0], s.nonce, nil, piece))
}

// of is the sum of a piece, times h. The tag's is that of the piece and of a block
// with its length in bits.
func (s *sum) of(piece []byte) element {
	bits := element{hi: uint64(len(piece)) * 8}
	return s.sealed(piece).plus(s.pad).plus(bits.times(s.h))
}

// add takes the next bytes in.
func (s *sum) add(b []byte) {
	s.length += uint64(len(b))
	for len(b) > 0 {
		n := min(len(b), pieceSize-len(s.rest))
		s.rest = append(s.rest, b[:n]...)
		b = b[n:]
		if len(s.rest) == pieceSize {
			s.whole = s.whole.times(s.step).plus(s.of(s.rest))
			s.rest = s.rest[:0]
		}
	}
}

// total is GHASH of all that was added, with its length. More may follow.
func (s *sum) total() element {
	all := s.whole
	if n := len(s.rest); n > 0 {
		all = all.times(s.h.power(uint64(n+blockSize-1) / blockSize)).plus(s.of(s.rest))
	}
	return all.plus(element{lo: s.length * 8}.times(s.h))
}
