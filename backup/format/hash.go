package format

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
)

// Hash is a SHA-256. The zero Hash stands for "none"; no object has it.
type Hash [32]byte

// ID is a chunk's id: the first 16 bytes of a keyed BLAKE3.
type ID [16]byte

var (
	errHash = errors.New("a hash is 64 lower-case hex digits")
	errID   = errors.New("a chunk id is 32 lower-case hex digits")
)

// Sum returns the SHA-256 of data.
func Sum(data []byte) Hash { return sha256.Sum256(data) }

// ParseHash reads 64 lower-case hex digits.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if !unhex(h[:], s) {
		return Hash{}, errHash
	}
	return h, nil
}

// String returns h as 64 lower-case hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero reports whether h is the zero Hash, "none".
func (h Hash) IsZero() bool { return h == Hash{} }

// Compare orders hashes by their bytes, which is the order of their hex forms.
func (h Hash) Compare(other Hash) int { return bytes.Compare(h[:], other[:]) }

// MarshalText returns the hex form.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what ParseHash reads.
func (h *Hash) UnmarshalText(text []byte) error {
	parsed, err := ParseHash(string(text))
	if err != nil {
		return err
	}
	*h = parsed
	return nil
}

// ParseID reads 32 lower-case hex digits.
func ParseID(s string) (ID, error) {
	var id ID
	if !unhex(id[:], s) {
		return ID{}, errID
	}
	return id, nil
}

// String returns id as 32 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Compare orders ids by their bytes.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

// MarshalText returns the hex form.
func (id ID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, id[:]), nil }

// UnmarshalText reads what ParseID reads.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// SortHashes puts hashes in the ascending order that statements want.
func SortHashes(hashes []Hash) { slices.SortFunc(hashes, Hash.Compare) }

// nibbles maps a lower-case hex digit to its value, and all else to 0xff.
// Upper case is left out on purpose: a hash has one spelling.
var nibbles = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range "0123456789abcdef" {
		t[c] = byte(i)
	}
	return t
}()

// unhex decodes exactly len(dst) bytes from s.
func unhex[T string | []byte](dst []byte, s T) bool {
	if len(s) != 2*len(dst) {
		return false
	}
	var bad byte
	for i := range dst {
		hi, lo := nibbles[s[2*i]], nibbles[s[2*i+1]]
		bad |= hi | lo
		dst[i] = hi<<4 | lo&0x0f
	}
	return bad < 0x10
}
