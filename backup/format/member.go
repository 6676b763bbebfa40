package format

import (
	"bytes"
	"encoding/hex"
	"iter"
)

const tarBlock = 512

// Offsets in a ustar header (POSIX.1-1988, pax "ustar Interchange Format").
const (
	tarSize     = 124
	tarChecksum = 148
	tarType     = 156
	tarMagic    = 257
	tarDigits   = 11 // of a size
)

// tarEnd is the zstd frame that ends a pack's archive: one run of 1,024 zero
// bytes.
var tarEnd = []byte{0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x00, 0x03, 0x03, 0x20, 0x00, 0x00}

// tarTemplate is a member's header without its name, size and checksum.
var tarTemplate = func() (h [tarBlock]byte) {
	copy(h[100:], "0000644\x00")
	copy(h[108:], "0000000\x00")
	copy(h[116:], "0000000\x00")
	copy(h[136:], "00000000000\x00")
	h[tarType] = '0'
	copy(h[tarMagic:], "ustar\x0000")
	return h
}()

// tarTemplateSum is the sum of the template's bytes with the checksum's own
// eight taken as spaces.
var tarTemplateSum = func() (sum uint) {
	for _, b := range tarTemplate {
		sum += uint(b)
	}
	return sum + 8*' '
}()

// tarZeros fills a member's last block.
var tarZeros [tarBlock]byte

// MemberLen returns the length of a chunk's tar member: 512 bytes of header,
// and the chunk's size raised to a multiple of 512.
func MemberLen(size int) int { return tarBlock + size + tarFill(size) }

// tarFill returns how many zero bytes follow a chunk.
func tarFill(size int) int { return -size & (tarBlock - 1) }

// tarHeader writes the header of a member into h, whose bytes may be any.
func tarHeader(h *[tarBlock]byte, id ID, size int) {
	*h = tarTemplate
	hex.Encode(h[:], id[:])
	octal(h[tarSize:tarSize+tarDigits], uint(size))
	sum := tarTemplateSum
	for _, b := range h[:2*len(id)] {
		sum += uint(b)
	}
	for _, b := range h[tarSize : tarSize+tarDigits] {
		sum += uint(b)
	}
	octal(h[tarChecksum:tarChecksum+6], sum)
	h[tarChecksum+7] = ' '
}

func octal(dst []byte, n uint) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = '0' + byte(n&7)
		n >>= 3
	}
}

// AppendMember appends a chunk as a tar member.
func AppendMember(dst []byte, id ID, data []byte) []byte {
	var h [tarBlock]byte
	tarHeader(&h, id, len(data))
	dst = append(dst, h[:]...)
	dst = append(dst, data...)
	return append(dst, tarZeros[:tarFill(len(data))]...)
}

// AppendRawMember appends a chunk as a frame of its own, not compressed: that
// of AppendRawFrame, of one tar member.
func AppendRawMember(dst []byte, id ID, data []byte) []byte {
	var h [tarBlock]byte
	tarHeader(&h, id, len(data))
	return AppendRawFrame(dst, h[:], data, tarZeros[:tarFill(len(data))])
}

// SplitFrame yields the chunks of a decoded frame that has these members, in
// their order. The chunks are parts of raw. Whatever is not exactly what
// AppendMember writes is Malformed, and ends the sequence; that chunks have the
// ids they bear is for who has the id key to say.
func SplitFrame(raw []byte, members []Member) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if want := RawLen(members); len(raw) != want {
			yield(nil, Fail(Malformed, "frame", "it has %d bytes, and its members have %d", len(raw), want))
			return
		}
		var want [tarBlock]byte
		rest := raw
		for i, m := range members {
			tarHeader(&want, m.ID, m.Size)
			end, next := tarBlock+m.Size, MemberLen(m.Size)
			if !bytes.Equal(rest[:tarBlock], want[:]) || !zeros(rest[end:next]) {
				yield(nil, Fail(Malformed, "frame", "member %d is not the tar member of %d bytes that the directory says", i, m.Size))
				return
			}
			if !yield(rest[tarBlock:end:end], nil) {
				return
			}
			rest = rest[next:]
		}
	}
}
