package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// Layout is where things stand in the plaintext of a sealed object.
type Layout struct {
	Header     Header
	FirstFrame int64   // offset of the first data frame, or of what follows where there is none
	Frames     []Frame // ascending by offset, without gaps
	Size       int64   // of the plaintext

	padding, paddingEnd int64 // where the zero bytes begin and end
}

// tailGuess is what is read at an object's end at first: one chunk of an age
// file, which costs as much as any part of it.
const tailGuess = 64 << 10

// plaintext reads parts of a plaintext of which only some are wanted.
type plaintext struct {
	r    io.ReaderAt
	size int64
}

// read fills buf from an offset. An error of r other than its end comes back as
// it is: it is the store's or the decryption's, not the object's.
func (p plaintext) read(buf []byte, off int64) error {
	if off < 0 || off+int64(len(buf)) > p.size {
		return Fail(Truncated, "object", "%d bytes of plaintext do not hold its parts", p.size)
	}
	n, err := p.r.ReadAt(buf, off)
	switch {
	case n == len(buf):
		return nil
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return Fail(Truncated, "object", "ends at byte %d of %d", off+int64(n), p.size)
	}
	return err
}

// ParseLayout reads header and tail of a sealed object, whose plaintext has size
// bytes, and checks that its parts fill it exactly. It reads some 64 KiB at the
// end and little more at the beginning. It looks at no data frame and not at the
// padding's bytes: see Decoder and CheckPadding.
func ParseLayout(r io.ReaderAt, size int64) (*Layout, error) {
	if size > MaxSealed {
		return nil, Fail(Oversized, "object", "%d bytes of plaintext, and %d is the limit", size, MaxSealed)
	}
	p := plaintext{r, size}
	tail, err := p.tail()
	if err != nil {
		return nil, err
	}
	l := &Layout{Size: size}
	if err := p.header(l); err != nil {
		return nil, err
	}
	pack := l.Header.Type == TypePack
	if pack && size > MaxPack {
		return nil, Fail(Oversized, "pack", "%d bytes of plaintext, and %d is the limit", size, MaxPack)
	}
	s := scanner{data: tail, what: "directory"}
	var end int64
	l.Frames, end = s.directory(l.FirstFrame, pack)
	if s.err == nil && s.pos != len(tail) {
		s.fail(Malformed, "%d bytes follow its frames", len(tail)-s.pos)
	}
	if s.err != nil {
		return nil, s.err
	}
	l.paddingEnd = size - int64(len(tail)) - tailEnd - skipHead
	return l, p.padding(l, end)
}

// tail reads the directory.
func (p plaintext) tail() ([]byte, error) {
	buf := make([]byte, min(p.size, tailGuess))
	if len(buf) < 2*skipHead+tailEnd {
		return nil, Fail(Truncated, "object", "%d bytes of plaintext are no sealed object", p.size)
	}
	if err := p.read(buf, p.size-int64(len(buf))); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(buf[len(buf)-tailEnd:]))
	if length < tailEnd+1 || length > p.size-skipHead {
		return nil, Fail(Malformed, "tail", "it cannot have %d bytes", length)
	}
	if whole := length + skipHead; whole > int64(len(buf)) {
		buf = make([]byte, whole)
		if err := p.read(buf, p.size-whole); err != nil {
			return nil, err
		}
	}
	buf = buf[int64(len(buf))-length-skipHead:]
	if !isSkip(buf, magicTail, length) {
		return nil, Fail(Malformed, "tail", "no tail begins %d bytes before the end", len(buf))
	}
	return buf[skipHead : len(buf)-tailEnd], nil
}

// isSkip reports whether data begin with the head of a skippable frame.
func isSkip(data []byte, magic uint32, length int64) bool {
	return binary.LittleEndian.Uint32(data) == magic && int64(binary.LittleEndian.Uint32(data[4:])) == length
}

// ReadHeader reads the header of a sealed object that may lack its end, and
// tells where the first data frame begins.
func ReadHeader(r io.ReaderAt, size int64) (Header, int64, error) {
	l := &Layout{}
	err := plaintext{r, size}.header(l)
	return l.Header, l.FirstFrame, err
}

// header reads the header into l.
func (p plaintext) header(l *Layout) error {
	var head [skipHead]byte
	if err := p.read(head[:], 0); err != nil {
		return err
	}
	length := binary.LittleEndian.Uint32(head[4:])
	switch {
	case binary.LittleEndian.Uint32(head[:]) != magicHeader:
		return Fail(Malformed, "header", "the object does not begin with one")
	case length > MaxHeader:
		return Fail(Oversized, "header", "%d bytes, and %d is the limit", length, MaxHeader)
	}
	json := make([]byte, length)
	if err := p.read(json, skipHead); err != nil {
		return err
	}
	var err error
	l.FirstFrame = skipHead + int64(length)
	l.Header, err = parseHeader(json)
	return err
}

// padding checks what stands between the last data frame and the tail.
func (p plaintext) padding(l *Layout, end int64) error {
	var between []byte
	if l.Header.Type == TypePack {
		between = append(between, tarEnd...)
	}
	l.padding = end + int64(len(between)) + skipHead
	fill := l.paddingEnd - l.padding
	if fill < 0 {
		return Fail(Malformed, "directory", "its frames are longer than the object")
	}
	between = appendSkip(between, magicPadding, int(fill))
	got := make([]byte, len(between))
	if err := p.read(got, end); err != nil {
		return err
	}
	if !bytes.Equal(got, between) {
		return Fail(Malformed, "directory", "its frames do not fill the object")
	}
	if want := Pad(l.Size-fill, l.Header.Floor()); want != l.Size {
		return Fail(Malformed, "padding", "it brings the object to %d bytes, not to %d", l.Size, want)
	}
	return nil
}

// CheckPadding reads the padding and reports, as Malformed, that it has other
// bytes than zero: no part of an object may hold what no reader sees.
func (l *Layout) CheckPadding(r io.ReaderAt) error {
	p := plaintext{r, l.Size}
	buf := make([]byte, min(l.paddingEnd-l.padding, tailGuess))
	for off := l.padding; off < l.paddingEnd; off += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), l.paddingEnd-off)]
		if err := p.read(buf, off); err != nil {
			return err
		}
		if !zeros(buf) {
			return Fail(Malformed, "padding", "it has other bytes than zero")
		}
	}
	return nil
}

// DecodeAll returns the content of the data frames of a sealed object other
// than a pack, given its whole plaintext. It has at most limit bytes. Padding
// must be zero. Whose object it is, ParseLayout tells.
func DecodeAll(plaintext []byte, limit int64) ([]byte, error) {
	return NewDecoder().All(plaintext, limit)
}

// All does what DecodeAll does, with this decoder.
func (d *Decoder) All(plaintext []byte, limit int64) ([]byte, error) {
	r := bytes.NewReader(plaintext)
	l, err := ParseLayout(r, r.Size())
	if err != nil {
		return nil, err
	}
	if l.Header.Type == TypePack {
		return nil, Fail(WrongKind, "object", "it is a pack")
	}
	if err := l.CheckPadding(r); err != nil {
		return nil, err
	}
	var data []byte
	for _, f := range l.Frames {
		frame := plaintext[f.Offset : f.Offset+int64(f.Length)]
		size, err := checkFrame(frame)
		if err != nil {
			return nil, err
		}
		if int64(len(data)+size) > limit {
			return nil, Fail(Oversized, l.Header.Type, "more than %d bytes, decoded", limit)
		}
		if data, err = d.decode(data, frame, size); err != nil {
			return nil, err
		}
	}
	return data, nil
}
