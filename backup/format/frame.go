package format

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// What a zstd frame is made of (RFC 8878, section 3.1.1).
const (
	magicFrame   = 0xFD2FB528
	blockMax     = 128 << 10
	blockHead    = 3
	blockRaw     = 0
	blockRLE     = 1
	blockComp    = 2
	checksumLen  = 4
	minWindowLog = 10
	rawHead      = 10 // of the frames of AppendRawFrame
)

// AppendRawFrame appends one zstd frame with the parts' bytes, not compressed:
// in raw blocks of 128 KiB, with a declared content size, without a checksum.
// Together the parts have at most MaxFrameRaw bytes. It is what stores photos
// and videos, so it costs one copy and nothing else.
func AppendRawFrame(dst []byte, parts ...[]byte) []byte {
	total := 0
	for _, p := range parts {
		total += len(p)
	}
	dst = slices.Grow(dst, rawFrameLen(total))
	dst = binary.LittleEndian.AppendUint32(dst, magicFrame)
	// Content size in four bytes; a window of 128 KiB to 8 MiB.
	windowLog := min(max(bits.Len(uint(max(total, 1)-1)), bits.Len(blockMax-1)), bits.Len(MaxWindow-1))
	dst = append(dst, 2<<6, byte(windowLog-minWindowLog)<<3)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(total))

	room := min(total, blockMax)
	dst = appendBlockHead(dst, room, room == total)
	total -= room
	for _, p := range parts {
		for len(p) > 0 {
			if room == 0 {
				room = min(total, blockMax)
				dst = appendBlockHead(dst, room, room == total)
				total -= room
			}
			n := min(room, len(p))
			dst = append(dst, p[:n]...)
			p, room = p[n:], room-n
		}
	}
	return dst
}

// rawFrameLen returns the length of a frame that AppendRawFrame writes.
func rawFrameLen(total int) int {
	return rawHead + total + blockHead*max((total+blockMax-1)/blockMax, 1)
}

// appendBlockHead begins a raw block.
func appendBlockHead(dst []byte, size int, last bool) []byte {
	head := uint32(size)<<3 | blockRaw<<1
	if last {
		head |= 1
	}
	return append(dst, byte(head), byte(head>>8), byte(head>>16))
}

// checkFrame reports whether data are exactly one zstd frame within the limits
// of data frames, and returns its declared content size. It looks at the
// headers of the frame and its blocks alone: a decoder would pass over
// skippable frames and go on into whatever follows.
func checkFrame(data []byte) (size int, err error) {
	s := scanner{data: data, what: "frame"}
	size = s.frame()
	if s.err == nil && s.pos != len(data) {
		s.fail(Malformed, "%d bytes follow it", len(data)-s.pos)
	}
	return size, s.err
}

// frame passes over one zstd frame and returns its declared content size.
func (s *scanner) frame() int {
	checksum, size := s.frameHead()
	var decoded uint64
	for last := false; !last && s.err == nil; {
		b := s.take(blockHead)
		if b == nil {
			return 0
		}
		head := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
		last = head&1 != 0
		n := int(head >> 3)
		switch head >> 1 & 3 {
		case blockRaw:
			s.take(n)
			decoded += uint64(n)
		case blockRLE:
			s.take(1)
			decoded += uint64(n)
		case blockComp:
			s.take(n)
		default:
			s.fail(Malformed, "a block at byte %d is of no type", s.pos-blockHead)
		}
		if n > blockMax || decoded > size {
			s.fail(Malformed, "a block at byte %d is too long", s.pos)
		}
	}
	if checksum {
		s.take(checksumLen)
	}
	return int(size)
}

// frameHead reads a frame's header.
func (s *scanner) frameHead() (checksum bool, size uint64) {
	if b := s.take(5); b == nil {
		return false, 0
	} else if binary.LittleEndian.Uint32(b) != magicFrame {
		s.fail(Malformed, "no zstd frame")
		return false, 0
	}
	flags := s.data[s.pos-1]
	single, sizeFlag := flags&0x20 != 0, flags>>6
	window := uint64(0)
	if !single {
		if b := s.take(1); b != nil {
			base := uint64(1) << (minWindowLog + b[0]>>3)
			window = base + base/8*uint64(b[0]&7)
		}
	}
	switch {
	case flags&0x08 != 0:
		s.fail(Malformed, "a reserved bit is set")
	case flags&3 != 0:
		s.fail(Malformed, "it has a dictionary")
	case sizeFlag == 0 && !single:
		s.fail(Malformed, "it declares no content size")
	}
	size = s.contentSize(sizeFlag)
	if single {
		window = size
	}
	switch {
	case size > MaxFrameRaw:
		s.fail(Oversized, "%d bytes, and %d is the limit", size, MaxFrameRaw)
	case window > MaxWindow:
		s.fail(Oversized, "a window of %d bytes, and %d is the limit", window, MaxWindow)
	}
	return flags&4 != 0, size
}

func (s *scanner) contentSize(flag byte) uint64 {
	b := s.take(1 << flag)
	if b == nil {
		return 0
	}
	switch flag {
	case 0:
		return uint64(b[0])
	case 1:
		return uint64(binary.LittleEndian.Uint16(b)) + 256
	case 2:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}
