package zips

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// A Segment is a run of consecutive bytes of a zip file.
type Segment struct {
	Offset int64   // of its first byte from the beginning of the file
	Length int64   // in bytes, at least 1
	Member *Member // nil for raw bytes
}

// A Member is what the zip says of a segment that is all of one member's data.
// Nothing of it is checked before the member is read; see [Open].
type Member struct {
	Name   []byte // as in the central directory, of any encoding, 65,535 bytes at most
	Size   int64  // of the content in bytes, inflated, at least 1
	Stored bool   // the segment is the content; otherwise it is deflated
	CRC32  uint32 // of the content, IEEE polynomial
}

// ErrFormat is the error of a file that is no zip, is damaged in its central
// directory, goes over a limit, or has no member that can be opened.
var ErrFormat = errors.New("no zip that can be opened")

// Local file header, APPNOTE 4.3.7.
const (
	localSignature = "PK\x03\x04"
	localSize      = 30
)

// Compression methods, APPNOTE 4.4.5.
const (
	methodStore   = 0
	methodDeflate = 8
)

// flagsOpaque are the general purpose flags of data that is not what its method
// says, APPNOTE 4.4.4: encrypted, patch data, strongly encrypted, masked headers.
const flagsOpaque = 1<<0 | 1<<5 | 1<<6 | 1<<13

// Segments cuts a zip file of size bytes into consecutive segments that cover
// it exactly, in order.
//
// Raw segments are headers, data descriptors, the central directory, what
// stands before, between or after them, and members that cannot be opened:
// empty, encrypted, of another method than stored and deflated, with data that
// overlaps another member's or is not where the directory says. Two raw
// segments never touch.
//
// The error is [ErrFormat] where the file as a whole cannot be opened, and is
// then best kept as plain bytes; any other error is r's. A zip has at most
// 1,000,000 members and 256 MiB of central directory.
func Segments(r io.ReaderAt, size int64) ([]Segment, error) {
	dir, err := findDirectory(r, size)
	if err != nil {
		return nil, err
	}
	entries, err := dir.entries(r)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.header, b.header) })
	var segments []Segment
	end := int64(0)
	for _, e := range entries {
		data, ok, err := e.locate(r, end, dir.start)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		segments = append(segments,
			Segment{Offset: end, Length: data - end},
			Segment{Offset: data, Length: e.packed, Member: &Member{
				Name: e.name, Size: e.size, Stored: e.method == methodStore, CRC32: e.crc}})
		end = data + e.packed
	}
	if end == 0 {
		return nil, fmt.Errorf("%w: nothing in it is stored or deflated", ErrFormat)
	}
	return append(segments, Segment{Offset: end, Length: size - end}), nil
}

// locate returns where the member's data begins. It is not ok where the data
// would not lie between low, the end of the data before it, and high, the
// beginning of the central directory, or where the local header says that it
// is something else. Data that two entries claim is thus the first one's.
//
// The local header takes part for its length, its method and its flags only:
// programs that write without seeking leave the rest of it zero, and others
// give another name there.
func (e *entry) locate(r io.ReaderAt, low, high int64) (data int64, ok bool, err error) {
	// Differences, for sums could overflow.
	if e.header < low || e.header > high-localSize {
		return 0, false, nil
	}
	var h [localSize]byte
	if err := readAt(r, h[:], e.header); err != nil {
		return 0, false, err
	}
	le := binary.LittleEndian
	if string(h[:4]) != localSignature || le.Uint16(h[6:])&flagsOpaque != 0 || le.Uint16(h[8:]) != e.method {
		return 0, false, nil
	}
	data = e.header + localSize + int64(le.Uint16(h[26:])) + int64(le.Uint16(h[28:]))
	return data, e.packed <= high-data, nil
}

// readAt fills b from r at an offset. The end of the file inside b is an error,
// for nobody asks for bytes that size does not promise.
func readAt(r io.ReaderAt, b []byte, offset int64) error {
	n, err := r.ReadAt(b, offset)
	switch {
	case n == len(b):
		return nil
	case err == nil || err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("zip at byte %d: %w", offset+int64(n), err)
}
