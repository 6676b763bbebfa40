package storage

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
)

// MaxKey and MaxElement are the lengths of the longest key and of the longest
// part of one between slashes, in bytes. File systems take names of 255 bytes,
// and of 143 where they encrypt them.
const (
	MaxKey     = 256
	MaxElement = 128
)

// ValidKey says whether key may name an object: a path as in [fs.ValidPath]
// of lower-case ASCII letters, digits, '-', '.' and '/', no element of which
// begins with a dot or is longer than [MaxElement], [MaxKey] bytes at most.
// Names that begin with a dot are thereby free for what a store keeps for
// itself.
func ValidKey(key string) bool {
	if len(key) > MaxKey || !fs.ValidPath(key) {
		return false
	}
	for i := range len(key) {
		if !keyByte(key[i]) {
			return false
		}
	}
	for element := range strings.SplitSeq(key, "/") {
		if element[0] == '.' || len(element) > MaxElement {
			return false
		}
	}
	return true
}

// CheckKey fails where ctx has ended, and with fs.ErrInvalid where key names no
// object: what each request of a store looks at first.
func CheckKey(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !ValidKey(key) {
		return fmt.Errorf("not a key: %w", fs.ErrInvalid)
	}
	return nil
}

// ValidPrefix says whether any key may begin with prefix. A store need not look
// for what cannot be there.
func ValidPrefix(prefix string) bool {
	if len(prefix) > MaxKey || strings.HasPrefix(prefix, "/") {
		return false
	}
	for i := range len(prefix) {
		if !keyByte(prefix[i]) {
			return false
		}
	}
	element := 0 // where the current one begins
	for i := range len(prefix) {
		switch {
		case prefix[i] == '/' && i == element, prefix[i] == '.' && i == element:
			return false
		case prefix[i] == '/':
			element = i + 1
		case i-element >= MaxElement:
			return false
		}
	}
	return true
}

func keyByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '/'
}
