package zips

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"testing"
)

// A part is one member of a zip that a test makes, with lies.
type part struct {
	name   string
	data   []byte
	level  int    // 0 for a stored member
	packed []byte // instead of what level makes of data

	local      string // name in the local header, if another
	flags      uint16
	method     uint16 // if not what level says
	localFlags uint16
	header     int64 // added to where the local header is said to be
	size, long int64 // added to the size, the packed size that are declared
	crc        uint32
	wide       bool // sizes and offset in a zip64 field
}

// pack makes a zip of parts with a comment, and its end record for zip64 if
// wide.
func pack(t testing.TB, comment string, wide bool, parts ...part) []byte {
	var b, central []byte
	for _, p := range parts {
		if p.packed == nil && p.level > 0 {
			p.packed, p.method = deflate(t, p.data, p.level), methodDeflate
		}
		at := len(b)
		b = p.appendLocal(b)
		central = p.appendCentral(central, int64(at)+p.header)
	}
	return appendEnd(b, central, len(parts), comment, wide)
}

// bytes are those of the data in the zip.
func (p part) bytes() []byte {
	if p.packed == nil {
		return p.data
	}
	return p.packed
}

func (p part) appendLocal(b []byte) []byte {
	le := binary.LittleEndian
	name := p.name
	if p.local != "" {
		name = p.local
	}
	h := make([]byte, localSize)
	copy(h, localSignature)
	le.PutUint16(h[6:], p.flags|p.localFlags)
	le.PutUint16(h[8:], p.method)
	le.PutUint16(h[26:], uint16(len(name)))
	le.PutUint16(h[28:], 4)
	b = append(append(b, h...), name...)
	b = append(b, 0xfe, 0xca, 0, 0)
	return append(b, p.bytes()...)
}

func (p part) appendCentral(b []byte, at int64) []byte {
	le := binary.LittleEndian
	h := make([]byte, centralSize)
	copy(h, centralSignature)
	le.PutUint16(h[8:], p.flags)
	le.PutUint16(h[10:], p.method)
	le.PutUint32(h[16:], crc32.ChecksumIEEE(p.data)^p.crc)
	size, packed := int64(len(p.data))+p.size, int64(len(p.bytes()))+p.long
	extra := []byte{0xfe, 0xca, 0, 0}
	if p.wide {
		extra = append(extra, 1, 0, 24, 0)
		for _, v := range []int64{size, packed, at} {
			extra = le.AppendUint64(extra, uint64(v))
		}
		size, packed, at = 0xffffffff, 0xffffffff, 0xffffffff
	}
	le.PutUint32(h[20:], uint32(packed))
	le.PutUint32(h[24:], uint32(size))
	le.PutUint16(h[28:], uint16(len(p.name)))
	le.PutUint16(h[30:], uint16(len(extra)))
	le.PutUint16(h[32:], 3)
	le.PutUint32(h[42:], uint32(at))
	b = append(append(b, h...), p.name...)
	return append(append(b, extra...), "???"...)
}

func appendEnd(b, central []byte, count int, comment string, wide bool) []byte {
	le := binary.LittleEndian
	start := len(b)
	b = append(b, central...)
	h := make([]byte, endSize)
	copy(h, endSignature)
	le.PutUint16(h[10:], uint16(count))
	le.PutUint32(h[12:], uint32(len(central)))
	le.PutUint32(h[16:], uint32(start))
	le.PutUint16(h[20:], uint16(len(comment)))
	if wide {
		at := len(b)
		b = append(b, end64Signature...)
		b = append(le.AppendUint64(b, end64Size-12), 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		for _, v := range []int{count, count, len(central), start} {
			b = le.AppendUint64(b, uint64(v))
		}
		b = append(b, locatorSignature...)
		b = append(le.AppendUint64(append(b, 0, 0, 0, 0), uint64(at)), 1, 0, 0, 0)
		copy(h[8:], "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
	}
	return append(append(b, h...), comment...)
}

// rebuild cuts a zip, takes from it what a backup would keep, makes the file
// again from that, and finds it the same. It returns a letter for each segment:
// r for raw, s for stored, the level of a proved member, x for one that is kept
// raw because no level makes it, d for one whose content is damaged.
func rebuild(t testing.TB, b []byte) (string, []Segment, error) {
	t.Helper()
	r := bytes.NewReader(b)
	segments, err := Segments(r, int64(len(b)))
	if err != nil {
		return "", nil, err
	}
	var out bytes.Buffer
	kinds, likely := "", 0
	for i, s := range segments {
		if s.Offset != int64(out.Len()) || s.Length < 1 || s.Length > int64(len(b))-s.Offset {
			t.Fatalf("segment %d of %d is %d bytes at %d, want %d of %d", i, len(segments), s.Length, s.Offset, out.Len(), len(b))
		}
		if i > 0 && s.Member == nil && segments[i-1].Member == nil {
			t.Fatalf("segments %d and %d are raw", i-1, i)
		}
		kind, level := keep(t, r, s, likely, &out)
		if level > 0 {
			likely = level
		}
		kinds += kind
	}
	if !bytes.Equal(out.Bytes(), b) {
		t.Fatalf("zip of %d bytes comes back as others, %d bytes", len(b), out.Len())
	}
	return kinds, segments, nil
}

// keep writes to out what a segment comes back as, and the segment's letter.
func keep(t testing.TB, r io.ReaderAt, s Segment, likely int, out io.Writer) (string, int) {
	t.Helper()
	content, readErr := io.ReadAll(Open(r, s))
	if s.Member != nil && int64(len(content)) > s.Member.Size {
		t.Fatalf("%d bytes of a member with %d", len(content), s.Member.Size)
	}
	level, ok, err := Prove(context.Background(), r, s, likely)
	if err != nil {
		t.Fatal(err)
	}
	kind := ""
	switch {
	case s.Member == nil && !ok && readErr == nil:
		_, _ = out.Write(content)
		return "r", 0
	case readErr != nil && errors.Is(readErr, ErrDamaged) && ok == s.Member.Stored:
		kind = "d"
	case readErr != nil:
		t.Fatalf("member reads with %v, proved %v", readErr, ok)
	case !ok:
		kind = "x"
	case s.Member.Stored:
		_, _ = out.Write(content)
		return "s", 0
	default:
		_, _ = out.Write(deflate(t, content, level))
		return string(rune('0' + level)), level
	}
	raw, err := io.ReadAll(Open(r, Segment{Offset: s.Offset, Length: s.Length}))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = out.Write(raw)
	return kind, 0
}
