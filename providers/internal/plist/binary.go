package plist

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unicode/utf16"
)

// epoch is where the times of property lists begin, 2001, in seconds since 1970.
const epoch = 978307200

// trailerSize is that of a binary list's end, which says where its objects are.
const trailerSize = 32

// reader reads the binary form, as Apple's CFBinaryPList.c describes it: objects,
// a table of their offsets, and a trailer.
type reader struct {
	budget
	data      []byte // without the trailer
	table     []byte
	width     int // of an offset in the table
	reference int // of an object's number
	count     uint64
}

func parseBinary(data []byte) (any, error) {
	if len(data) < 8+trailerSize {
		return nil, fmt.Errorf("%w: cut off", errNone)
	}
	body, trailer := data[:len(data)-trailerSize], data[len(data)-trailerSize:]
	r := &reader{data: body, width: int(trailer[6]), reference: int(trailer[7]), count: binary.BigEndian.Uint64(trailer[8:])}
	top, table := binary.BigEndian.Uint64(trailer[16:]), binary.BigEndian.Uint64(trailer[24:])
	if r.width < 1 || r.width > 8 || r.reference < 1 || r.reference > 8 || table > uint64(len(body)) {
		return nil, fmt.Errorf("%w: cut off", errNone)
	}
	r.table = body[table:]
	if r.count > uint64(len(r.table)/r.width) {
		return nil, fmt.Errorf("%w: cut off", errNone)
	}
	return r.object(top)
}

// object reads the object of a number.
func (r *reader) object(n uint64) (any, error) {
	if err := r.value(); err != nil {
		return nil, err
	}
	if n >= r.count {
		return nil, fmt.Errorf("%w: object %d of %d", errNone, n, r.count)
	}
	at := number(r.table[int(n)*r.width:][:r.width])
	mark, err := r.bytes(at, 1)
	if err != nil {
		return nil, err
	}
	low := uint64(mark[0] & 15)
	switch mark[0] >> 4 {
	case 0x0:
		return simple(mark[0])
	case 0x1:
		return r.integer(at+1, low)
	case 0x2:
		return r.real(at+1, low)
	case 0x3:
		seconds, err := r.real(at+1, 3)
		if err != nil {
			return nil, err
		}
		return date(seconds), nil
	case 0x8:
		b, err := r.bytes(at+1, low+1)
		if err != nil || low > 7 {
			return nil, wrong(at)
		}
		return UID(number(b)), nil
	}
	return r.sized(mark[0]>>4, at)
}

func wrong(at uint64) error { return fmt.Errorf("%w: byte %d", errNone, at) }

// simple are the values that are their mark.
func simple(mark byte) (any, error) {
	switch mark {
	case 0x00:
		return nil, nil
	case 0x08:
		return false, nil
	case 0x09:
		return true, nil
	}
	return nil, fmt.Errorf("%w: mark %#x", errNone, mark)
}

// bytes are a part of the list.
func (r *reader) bytes(at, n uint64) ([]byte, error) {
	if at > uint64(len(r.data)) || n > uint64(len(r.data))-at {
		return nil, wrong(at)
	}
	return r.data[at : at+n], nil
}

// number is a number of up to eight bytes.
func number(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// integer reads a whole number. Those of one to four bytes have no sign; of those
// of sixteen, the lower half is read, as Foundation does.
func (r *reader) integer(at, power uint64) (any, error) {
	if power > 4 {
		return nil, wrong(at)
	}
	b, err := r.bytes(at, 1<<power)
	if err != nil {
		return nil, err
	}
	return int64(number(b[max(0, len(b)-8):])), nil
}

func (r *reader) real(at, power uint64) (any, error) {
	b, err := r.bytes(at, 1<<(power&7))
	switch {
	case err != nil:
		return nil, err
	case len(b) == 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b))), nil
	case len(b) == 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	return nil, wrong(at)
}

// date is a time from its seconds. What no calendar has is nil.
func date(seconds any) any {
	s, _ := seconds.(float64)
	if !(math.Abs(s) < 1e11) {
		return nil
	}
	whole, part := math.Modf(s)
	return time.Unix(epoch+int64(whole), int64(part*1e9)).UTC()
}

// sized reads what has a length.
func (r *reader) sized(kind byte, at uint64) (any, error) {
	n, start, err := r.length(at)
	if err != nil {
		return nil, err
	}
	switch kind {
	case 0x4:
		b, err := r.bytes(start, n)
		return append([]byte{}, b...), err
	case 0x5, 0x7:
		b, err := r.bytes(start, n)
		return string(b), err
	case 0x6:
		return r.utf16(start, n)
	case 0xa, 0xc:
		return r.array(start, n)
	case 0xd:
		return r.dictionary(start, n)
	}
	return nil, wrong(at)
}

// length reads how many there are of what a mark begins, and where they are.
func (r *reader) length(at uint64) (n, start uint64, err error) {
	n = uint64(r.data[at] & 15)
	if n < 15 {
		return n, at + 1, nil
	}
	mark, err := r.bytes(at+1, 1)
	if err != nil || mark[0]>>4 != 1 || mark[0]&15 > 3 {
		return 0, 0, wrong(at)
	}
	size := uint64(1) << (mark[0] & 15)
	b, err := r.bytes(at+2, size)
	if err != nil {
		return 0, 0, err
	}
	if n = number(b); n > uint64(len(r.data)) {
		return 0, 0, wrong(at)
	}
	return n, at + 2 + size, nil
}

func (r *reader) utf16(at, n uint64) (any, error) {
	b, err := r.bytes(at, 2*n)
	if err != nil {
		return nil, err
	}
	units := make([]uint16, n)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units)), nil
}

// references reads the numbers of n objects.
func (r *reader) references(at, n uint64) (func(uint64) uint64, error) {
	b, err := r.bytes(at, n*uint64(r.reference))
	return func(i uint64) uint64 { return number(b[int(i)*r.reference:][:r.reference]) }, err
}

func (r *reader) array(at, n uint64) (any, error) {
	ref, err := r.references(at, n)
	if err != nil {
		return nil, err
	}
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	list := []any{}
	for i := range n {
		v, err := r.object(ref(i))
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// dictionary reads n keys, and then n values.
func (r *reader) dictionary(at, n uint64) (any, error) {
	ref, err := r.references(at, 2*n)
	if err != nil {
		return nil, err
	}
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	m := map[string]any{}
	for i := range n {
		k, err := r.object(ref(i))
		if err != nil {
			return nil, err
		}
		key, ok := k.(string)
		if !ok {
			return nil, wrong(at)
		}
		if m[key], err = r.object(ref(n + i)); err != nil {
			return nil, err
		}
	}
	return m, nil
}
