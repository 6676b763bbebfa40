package crypt

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// seal encrypts as the standard library does.
func seal(t testing.TB, key *[32]byte, nonce, plain []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(key[:])
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(nonce))
	if err != nil {
		t.Fatal(err)
	}
	return aead.Seal(nil, nonce, plain, nil)
}

// checkGCM decrypts what the standard library encrypted, in pieces of any size.
func checkGCM(t *testing.T, r *rand.Rand, key *[32]byte, nonce, plain []byte) {
	t.Helper()
	sealed := seal(t, key, nonce, plain)
	text, tag := sealed[:len(plain)], sealed[len(plain):]
	g := newGCM(key, nonce)
	for rest := text; len(rest) > 0; {
		n := min(1+r.IntN(3*pieceSize/2), len(rest))
		if r.IntN(3) == 0 {
			n = min(1+r.IntN(40), len(rest))
		}
		g.add(rest[:n])
		if r.IntN(4) == 0 {
			g.tag() // which may be asked for in between
		}
		g.decrypt(rest[:n])
		rest = rest[n:]
	}
	if !bytes.Equal(text, plain) {
		t.Errorf("%d bytes: decrypted wrongly", len(plain))
	}
	if got := g.tag(); !bytes.Equal(got[:], tag) {
		t.Errorf("%d bytes: tag %x, not %x", len(plain), got, tag)
	}
}

// TestGCM proves the stream against the standard library: lengths around all that
// changes, and others.
func TestGCM(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sizes := []int{0, 1, 15, 16, 17, 31, 32, 33, pieceSize - 1, pieceSize, pieceSize + 1, pieceSize + 16, 2*pieceSize - 1, 2 * pieceSize, 5*pieceSize + 7}
	for range 200 {
		sizes = append(sizes, r.IntN(3*pieceSize))
	}
	for _, size := range sizes {
		checkGCM(t, r, (*[32]byte)(noise(r, 32)), noise(r, 16), noise(r, size))
	}
}

// TestCountBeginsAnew uses nonces after which the count is near its end, as it is
// for one in 32 backups of two gigabytes.
func TestCountBeginsAnew(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, count := range []uint32{0, 1<<32 - 1, 1<<32 - 2, 1<<32 - 3, 1<<32 - 5000, 1<<32 - 7} {
		key := (*[32]byte)(noise(r, 32))
		block, err := aes.NewCipher(key[:])
		if err != nil {
			t.Fatal(err)
		}
		first := noise(r, 16)
		binary.BigEndian.PutUint32(first[12:], count)
		// first is (nonce·h + length)·h: the other way round, with the inverse of h.
		h := encrypted(block, [blockSize]byte{})
		inverse := h.power(1<<64 - 2).times(h.power(1 << 63).times(h.power(1 << 63)).power(1<<64 - 1))
		if inverse.times(h) != (element{hi: 1 << 63}) {
			t.Fatal("that is no inverse")
		}
		nonce := elementOf(first).times(inverse).plus(element{lo: 128}).times(inverse).bytes()
		checkGCM(t, r, key, nonce[:], noise(r, 3*pieceSize))
	}
}

// TestField holds the laws of a field.
func TestField(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	one := element{hi: 1 << 63}
	for range 500 {
		a, b, c := element{r.Uint64(), r.Uint64()}, element{r.Uint64(), r.Uint64()}, element{r.Uint64(), r.Uint64()}
		if a.times(b) != b.times(a) || a.times(b.times(c)) != a.times(b).times(c) ||
			a.times(b.plus(c)) != a.times(b).plus(a.times(c)) || a.times(one) != a || a.times(element{}) != (element{}) {
			t.Fatalf("%x, %x, %x", a, b, c)
		}
		n := r.Uint64N(40)
		want := one
		for range n {
			want = want.times(a)
		}
		if a.power(n) != want {
			t.Fatalf("%x to the %d", a, n)
		}
	}
}

func BenchmarkGCM(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	g := newGCM((*[32]byte)(noise(r, 32)), noise(r, 16))
	text := noise(r, 256<<10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		g.add(text)
		g.decrypt(text)
	}
}
