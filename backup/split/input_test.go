package split

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/zeebo/blake3"
)

// The inputs of vectors and property tests, as docs/splitting.md defines them.

// alphabet makes text of bytes: a byte b is the letter b mod 32.
const alphabet = "etaoinshrdlcumwfgypbvk  ,.\n0159e"

// stream is the BLAKE3 output, as long as it takes, of a seed.
func stream(seed string) *blake3.Digest {
	h := blake3.New()
	h.WriteString(seed)
	return h.Digest()
}

func random(seed string, size int) []byte {
	b := make([]byte, size)
	stream(seed).Read(b)
	return b
}

func letters(seed string, size int) []byte {
	b := random(seed, size)
	toLetters(b)
	return b
}

func toLetters(b []byte) {
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
}

func repeat(seed string, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = seed[i%len(seed)]
	}
	return b
}

// record takes 18 bytes and then the text from the stream.
func record(s *blake3.Digest, longest int) []byte {
	var head [18]byte
	s.Read(head[:])
	text := make([]byte, int(binary.LittleEndian.Uint16(head[16:]))%longest)
	s.Read(text)
	toLetters(text)
	for i, b := range text {
		if b == '\n' {
			text[i] = ' '
		}
	}
	return []byte(`{"type":"message","id":"` + hex.EncodeToString(head[:16]) + `","text":"` + string(text) + "\"}\n")
}

// records makes whole records until there are at least size bytes.
func records(seed string, size, longest int) []byte {
	var b []byte
	for s := stream(seed); len(b) < size; {
		b = append(b, record(s, longest)...)
	}
	return b
}

func database(seed string, page, size int) []byte {
	b := random(seed, size)
	copy(b, sqliteMagic)
	if page == 1<<16 {
		page = 1 // as SQLite writes it
	}
	binary.BigEndian.PutUint16(b[16:], uint16(page))
	return b
}
