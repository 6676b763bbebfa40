// Package plist reads property lists, in which Apple's systems and apps keep
// settings and small records: the binary form and the XML one. They come from
// strangers, so that what a few bytes may become is limited.
//
// A value is one of nil, bool, int64, float64, string, []byte, time.Time, [UID],
// []any, and map[string]any.
package plist

import (
	"bytes"
	"errors"
	"fmt"
)

const (
	// maxDepth bounds arrays and dictionaries in one another.
	maxDepth = 128
	// maxValues bounds the values of a list, each counted as often as it is
	// referred to: the binary form may name one object again and again.
	maxValues = 1 << 17
)

// UID is a reference in what NSKeyedArchiver wrote: the index of an object.
type UID uint64

// ErrTooLarge is what limits are refused with.
var ErrTooLarge = errors.New("a property list with more in it than any has")

// errNone is what bytes give that are no property list.
var errNone = errors.New("no property list")

// Parse reads a property list. Its errors say no more than the place.
func Parse(data []byte) (any, error) {
	if bytes.HasPrefix(data, []byte("bplist0")) {
		return parseBinary(data)
	}
	head := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(head, []byte("<?xml")) || bytes.HasPrefix(head, []byte("<!DOCTYPE plist")) || bytes.HasPrefix(head, []byte("<plist")) {
		return parseXML(head)
	}
	return nil, errNone
}

// Unarchive is the object that an archive of NSKeyedArchiver holds: a dictionary
// whose values are values or, as [UID], further objects in the list that comes
// with it.
func Unarchive(data []byte) (root map[string]any, objects []any, err error) {
	v, err := Parse(data)
	if err != nil {
		return nil, nil, err
	}
	archive, _ := v.(map[string]any)
	objects, _ = archive["$objects"].([]any)
	top, _ := archive["$top"].(map[string]any)
	at, ok := top["root"].(UID)
	if !ok || uint64(at) >= uint64(len(objects)) {
		return nil, nil, fmt.Errorf("%w of an archive", errNone)
	}
	root, ok = objects[at].(map[string]any)
	if !ok {
		return nil, nil, fmt.Errorf("%w of an archived object", errNone)
	}
	return root, objects, nil
}

// budget counts values and depth.
type budget struct{ values, depth int }

func (b *budget) value() error {
	if b.values++; b.values > maxValues {
		return ErrTooLarge
	}
	return nil
}

func (b *budget) enter() error {
	if b.depth++; b.depth > maxDepth {
		return ErrTooLarge
	}
	return nil
}

func (b *budget) leave() { b.depth-- }
