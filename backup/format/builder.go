package format

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Builder puts the plaintext of a sealed object together. It checks no limits:
// its owner closes a pack well below MaxPack and keeps to what a frame may
// hold.
type Builder struct {
	buf       []byte
	header    Header
	first     int64 // offset of the first data frame
	frames    []Frame
	members   []Member // of all frames, so that a frame costs no allocation
	directory int      // length of the directory without its count
}

// NewBuilder begins an object in buf[:0], which it grows as needed.
func NewBuilder(h Header, buf []byte) *Builder {
	json := h.appendTo(nil)
	buf = appendSkip(buf[:0], magicHeader, len(json))
	buf = append(buf, json...)
	return &Builder{buf: buf, header: h, first: int64(len(buf))}
}

// Append adds one complete zstd frame with these members, none in other objects
// than packs. Frame and members are copied.
func (b *Builder) Append(frame []byte, members []Member) {
	b.Extend(members, func(dst []byte) []byte { return append(dst, frame...) })
}

// Extend adds the zstd frame that fn appends to dst, with these members, which
// are copied.
func (b *Builder) Extend(members []Member, fn func(dst []byte) []byte) {
	start := len(b.buf)
	b.buf = fn(b.buf)
	f := Frame{Offset: int64(start), Length: len(b.buf) - start, Members: b.keep(members)}
	b.frames = append(b.frames, f)
	b.directory += uvarintLen(uint64(f.Length)) + uvarintLen(uint64(len(members)))
	for i := range members {
		b.directory += len(ID{}) + uvarintLen(uint64(members[i].Size))
	}
}

// keep copies members. Where the list moves to a larger array, earlier frames
// keep the old one: what they see does not change.
func (b *Builder) keep(members []Member) []Member {
	if len(members) == 0 {
		return nil
	}
	start := len(b.members)
	b.members = append(b.members, members...)
	return slices.Clip(b.members[start:])
}

// Len returns the length of the plaintext if it were closed now, in bytes,
// without padding.
func (b *Builder) Len() int {
	n := len(b.buf) + 2*skipHead + uvarintLen(uint64(len(b.frames))) + b.directory + tailEnd
	if b.header.Type == TypePack {
		n += len(tarEnd)
	}
	return n
}

// Padded returns the length of the plaintext if it were closed now, in bytes.
func (b *Builder) Padded() int { return int(Pad(int64(b.Len()), b.header.Floor())) }

// Members returns how many members there are.
func (b *Builder) Members() int { return len(b.members) }

// Frames returns the frames so far, for the index. They stay valid after Close.
func (b *Builder) Frames() []Frame { return b.frames }

// Buffer returns what there is so far: the header and the frames. It is valid
// until the next frame is added.
func (b *Builder) Buffer() []byte { return b.buf }

// FirstFrame returns the offset of the first data frame, for the index.
func (b *Builder) FirstFrame() int64 { return b.first }

// Close adds the archive's end in packs, padding and tail, and returns the
// plaintext, which is the builder's buffer. Nothing may be added after it.
func (b *Builder) Close() []byte {
	fill := b.Padded() - b.Len()
	buf := b.buf
	if b.header.Type == TypePack {
		buf = append(buf, tarEnd...)
	}
	buf = appendSkip(buf, magicPadding, fill)
	buf = slices.Grow(buf, fill)
	clear(buf[len(buf) : len(buf)+fill])
	buf = buf[:len(buf)+fill]

	length := uvarintLen(uint64(len(b.frames))) + b.directory + tailEnd
	buf = appendSkip(buf, magicTail, length)
	buf = appendDirectory(buf, b.frames)
	b.buf = binary.LittleEndian.AppendUint32(buf, uint32(length))
	return b.buf
}

// sealStep is how much of an object's data goes into one frame, in bytes.
const sealStep = 4 << 20

// Seal returns the plaintext of a sealed object other than a pack: data,
// compressed.
func Seal(h Header, c *Compressor, data []byte) []byte {
	b := NewBuilder(h, nil)
	for part := range slices.Chunk(data, sealStep) {
		b.Extend(nil, func(dst []byte) []byte { return c.Append(dst, part) })
	}
	return b.Close()
}

// zeros reports whether data has no other byte than zero.
func zeros(data []byte) bool {
	for len(data) > len(tarZeros) {
		if !bytes.Equal(data[:len(tarZeros)], tarZeros[:]) {
			return false
		}
		data = data[len(tarZeros):]
	}
	return bytes.Equal(data, tarZeros[:len(data)])
}
