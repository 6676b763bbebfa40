package zips

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

const (
	maxMembers   = 1_000_000
	maxDirectory = 256 << 20
)

// End of central directory record, APPNOTE 4.3.16, the same for zip64, 4.3.14,
// and what leads to that, 4.3.15.
const (
	endSignature     = "PK\x05\x06"
	endSize          = 22
	end64Signature   = "PK\x06\x06"
	end64Size        = 56
	locatorSignature = "PK\x06\x07"
	locatorSize      = 20
)

// Central directory header, APPNOTE 4.3.12.
const (
	centralSignature = "PK\x01\x02"
	centralSize      = 46
	extraZip64       = 0x0001
)

// A directory is where a central directory stands.
type directory struct {
	start, end int64  // in the file
	base       int64  // what the zip calls offset 0: behind a program that unpacks it, say
	count      uint64 // of entries, as declared
	mask       uint64 // which bits of count are declared
}

// An entry is one central directory header with the zip64 values in place.
type entry struct {
	name   []byte
	method uint16
	crc    uint32
	packed int64 // length of the data in the zip
	size   int64 // of the content
	header int64 // where the local header stands in the file
}

// findDirectory looks for the end of central directory record, which is the
// last one that leads to a directory: a comment, or what was appended to the
// zip, may have the same signature in it.
func findDirectory(r io.ReaderAt, size int64) (directory, error) {
	if size < endSize || size > math.MaxInt64/2 {
		return directory{}, fmt.Errorf("%w: %d bytes", ErrFormat, size)
	}
	tail := make([]byte, min(size, endSize+math.MaxUint16))
	from := size - int64(len(tail))
	if err := readAt(r, tail, from); err != nil {
		return directory{}, err
	}
	for rest := tail; ; {
		i := bytes.LastIndex(rest, []byte(endSignature))
		if i < 0 {
			return directory{}, fmt.Errorf("%w: no end of central directory", ErrFormat)
		}
		if len(tail)-i >= endSize {
			d, ok, err := readEnd(r, tail[i:], from+int64(i))
			if ok || err != nil {
				return d, err
			}
		}
		// The signature cannot overlap itself.
		rest = rest[:i]
	}
}

// readEnd reads the end of central directory record at the beginning of b,
// which stands in the file at an offset. It is not ok where the record does
// not lead to a directory, and the error is r's or that of a directory that
// is too large.
func readEnd(r io.ReaderAt, b []byte, at int64) (d directory, ok bool, err error) {
	le := binary.LittleEndian
	if endSize+int(le.Uint16(b[20:])) > len(b) {
		return d, false, nil
	}
	disks := uint64(le.Uint16(b[4:])) | uint64(le.Uint16(b[6:]))
	length, offset := uint64(le.Uint32(b[12:])), uint64(le.Uint32(b[16:]))
	d = directory{end: at, count: uint64(le.Uint16(b[10:])), mask: math.MaxUint16}
	if d.count == math.MaxUint16 || length == math.MaxUint32 || offset == math.MaxUint32 {
		var b [end64Size]byte
		found, err := readEnd64(r, &b, at)
		if err != nil {
			return d, false, err
		}
		// Without one the values are meant as they are.
		if found >= 0 {
			disks = uint64(le.Uint32(b[16:])) | uint64(le.Uint32(b[20:]))
			length, offset = le.Uint64(b[40:]), le.Uint64(b[48:])
			d = directory{end: found, count: le.Uint64(b[32:]), mask: math.MaxUint64}
		}
	}
	if disks != 0 || length > uint64(d.end) || offset > uint64(d.end)-length {
		return d, false, nil
	}
	return d.place(r, int64(length), int64(offset))
}

// readEnd64 reads the zip64 end of central directory record for the end of
// central directory record at a place in the file, and returns where it stands,
// or -1 where there is none.
func readEnd64(r io.ReaderAt, b *[end64Size]byte, end int64) (int64, error) {
	if end < locatorSize+end64Size {
		return -1, nil
	}
	var l [locatorSize]byte
	if err := readAt(r, l[:], end-locatorSize); err != nil {
		return -1, err
	}
	if string(l[:4]) != locatorSignature {
		return -1, nil
	}
	// Right before the locator is where it stands even if something was put
	// before the zip, and all offsets are too small.
	last := end - locatorSize - end64Size
	places := []int64{last}
	if at := binary.LittleEndian.Uint64(l[8:]); at < uint64(last) {
		places = append(places, int64(at))
	}
	for _, at := range places {
		if err := readAt(r, b[:], at); err != nil {
			return -1, err
		}
		if string(b[:4]) == end64Signature {
			return at, nil
		}
	}
	return -1, nil
}

// place finds the directory of a length before d.end: right there, so that all
// offsets are as wrong as its own, or else where its offset says.
func (d directory) place(r io.ReaderAt, length, offset int64) (directory, bool, error) {
	if length < centralSize {
		return d, false, nil
	}
	for _, start := range []int64{d.end - length, offset} {
		var b [4]byte
		if err := readAt(r, b[:], start); err != nil {
			return d, false, err
		}
		if string(b[:]) != centralSignature {
			continue
		}
		if length > maxDirectory {
			return d, false, fmt.Errorf("%w: central directory of %d bytes, over %d", ErrFormat, length, maxDirectory)
		}
		d.start, d.end, d.base = start, start+length, start-offset
		return d, true, nil
	}
	return d, false, nil
}

// entries reads the directory and returns the entries that have data which can
// be opened, in the directory's order.
func (d directory) entries(r io.ReaderAt) ([]entry, error) {
	in := bufio.NewReaderSize(io.NewSectionReader(r, d.start, d.end-d.start), 64<<10)
	var entries []entry
	var count uint64
	for left := d.end - d.start; left > 0; count++ {
		if count == maxMembers {
			return nil, fmt.Errorf("%w: over %d members", ErrFormat, maxMembers)
		}
		e, n, err := d.entry(in, left)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, fmt.Errorf("%w: central directory damaged at byte %d", ErrFormat, d.end-left)
		}
		if e.packed > 0 {
			entries = append(entries, e)
		}
		left -= n
	}
	if (count^d.count)&d.mask != 0 {
		return nil, fmt.Errorf("%w: %d members, %d declared", ErrFormat, count, d.count)
	}
	return entries, nil
}

// entry reads the next header of a directory that has left bytes left, and
// returns its length, 0 where it is damaged. An entry that cannot be opened has
// no packed bytes.
func (d directory) entry(in io.Reader, left int64) (entry, int64, error) {
	var h [centralSize]byte
	if left < centralSize {
		return entry{}, 0, nil
	}
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return entry{}, 0, fmt.Errorf("zip's central directory: %w", err)
	}
	le := binary.LittleEndian
	nameLen, extraLen := int(le.Uint16(h[28:])), int(le.Uint16(h[30:]))
	n := int64(nameLen + extraLen + int(le.Uint16(h[32:])))
	if string(h[:4]) != centralSignature || n > left-centralSize {
		return entry{}, 0, nil
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(in, text); err != nil {
		return entry{}, 0, fmt.Errorf("zip's central directory: %w", err)
	}
	e := entry{name: bytes.Clone(text[:nameLen]), method: le.Uint16(h[10:]), crc: le.Uint32(h[16:])}
	values := [3]uint64{uint64(le.Uint32(h[24:])), uint64(le.Uint32(h[20:])), uint64(le.Uint32(h[42:]))}
	widen(&values, text[nameLen:nameLen+extraLen])
	if le.Uint16(h[8:])&flagsOpaque == 0 {
		e.accept(values, d)
	}
	return e, centralSize + n, nil
}

// accept sets sizes and place from the size, packed size and offset of an
// entry whose data can be opened, and leaves those of others zero.
func (e *entry) accept(values [3]uint64, d directory) {
	size, packed, offset := values[0], values[1], values[2]
	switch {
	case size == 0 || size > math.MaxInt64 || packed == 0 || packed > uint64(d.start) || offset > uint64(d.start):
		return
	case e.method == methodStore && size != packed:
		return
	case e.method != methodStore && e.method != methodDeflate:
		return
	}
	// At most twice the file's size, which findDirectory has room for.
	e.header = int64(offset) + d.base
	e.size, e.packed = int64(size), int64(packed)
}

// widen replaces what the size, packed size and offset of an entry leave to the
// zip64 field in its extra fields, APPNOTE 4.5.3. It has only what is left to
// it, in this order. A value that it should have and has not stays 0xffffffff,
// which is then meant as it is, or a lie.
func widen(values *[3]uint64, extra []byte) {
	le := binary.LittleEndian
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		extra = extra[4:]
		if n > len(extra) {
			return
		}
		field := extra[:n]
		extra = extra[n:]
		if id != extraZip64 {
			continue
		}
		for i := range values {
			if values[i] == math.MaxUint32 && len(field) >= 8 {
				values[i], field = le.Uint64(field), field[8:]
			}
		}
		return
	}
}
