package crypt

import (
	"encoding/binary"
	"errors"
)

// errWire is what bytes give that are no protobuf.
var errWire = errors.New("no protobuf")

// field is one field of a protobuf.
type field struct {
	number int
	value  uint64 // of numbers
	data   []byte // of all that has a length
}

// eachField reads a message field by field, in the wire format that is described at
// protobuf.dev/programming-guides/encoding.
func eachField(b []byte, each func(field) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29 {
			return errWire
		}
		b = b[n:]
		f := field{number: int(tag >> 3)}
		size := 0
		switch tag & 7 {
		case 0:
			if f.value, size = binary.Uvarint(b); size <= 0 {
				return errWire
			}
		case 1:
			size = 8
		case 5:
			size = 4
		case 2:
			length, n := binary.Uvarint(b)
			if n <= 0 || length > uint64(len(b)-n) {
				return errWire
			}
			b = b[n:]
			size = int(length)
			f.data = b[:size]
		default:
			return errWire
		}
		if size > len(b) {
			return errWire
		}
		b = b[size:]
		if err := each(f); err != nil {
			return err
		}
	}
	return nil
}
