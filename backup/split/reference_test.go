package split

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"regexp"

	"github.com/zeebo/blake3"
)

// This is docs/splitting.md once more, as plainly as it can be said and as
// slow as that is. It shares nothing with the code it checks but BLAKE3.

// refEnds returns the offsets at which chunks of b end.
func refEnds(rule Rule, key Key, b []byte) []int {
	var next func([]byte) int
	switch rule {
	case Whole, Media:
		next = refPieces(8 * 1024 * 1024)
	case Fixed:
		next = refPieces(1024 * 1024)
	case SQLite:
		next = refPieces(refUnit(b))
	case Text:
		next = refText(refTable(key))
	case Records:
		next = refRecords(key)
	}
	ends := []int{}
	for at := 0; at < len(b); {
		at += next(b[at:])
		ends = append(ends, at)
	}
	return ends
}

func refPieces(size int) func([]byte) int {
	return func(b []byte) int { return min(size, len(b)) }
}

func refUnit(b []byte) int {
	if len(b) >= 18 && string(b[:16]) == "SQLite format 3\x00" {
		switch uint(b[16])*256 + uint(b[17]) {
		case 512, 1024, 2048:
			return 1024
		case 4096:
			return 2048
		case 8192, 16384, 32768, 1:
			return 4096
		}
	}
	return 1024 * 1024
}

func refTable(key Key) []uint64 {
	out := make([]byte, 2048)
	blake3.DeriveKey("chatkeep 2026 split gear v1", key[:], out)
	table := make([]uint64, 256)
	for i := range table {
		table[i] = binary.LittleEndian.Uint64(out[8*i:])
	}
	return table
}

func refText(table []uint64) func([]byte) int {
	return func(b []byte) int {
		for n := 4096; n <= len(b); n++ {
			h := uint64(0)
			for j := range 64 {
				h += table[b[n-1-j]] << j
			}
			if n < 16384 && h < 1<<49 || n >= 16384 && h < 1<<51 || n == 65536 {
				return n
			}
		}
		return len(b)
	}
}

var refID = regexp.MustCompile(`(?s)^.*?"id":"([^"]*)"`)

func refRecords(key Key) func([]byte) int {
	var derived [32]byte
	blake3.DeriveKey("chatkeep 2026 split records v1", key[:], derived[:])
	return func(b []byte) int {
		b = b[:min(len(b), 8*1024*1024)]
		n := 0
		for {
			line, _, ended := bytes.Cut(b[n:], []byte("\n"))
			if !ended {
				return len(b)
			}
			line = b[n : n+len(line)+1]
			n += len(line)
			if n >= 65536 || n >= 4096 && refChosen(derived[:], line) {
				return n
			}
		}
	}
}

func refChosen(key, line []byte) bool {
	id := line
	if m := refID.FindSubmatch(line[:min(len(line), 256)]); m != nil && len(m[1]) > 0 {
		id = m[1]
	}
	h, err := blake3.NewKeyed(key)
	if err != nil {
		panic(err)
	}
	h.Write(id)
	out := make([]byte, 8)
	h.Digest().Read(out)
	share, _ := bits.Mul64(binary.LittleEndian.Uint64(out), 16384)
	return share < uint64(len(line))
}
