package crypt

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Header is what a backup says of itself, which anybody can read.
type Header struct {
	// EndToEnd says that the key comes from the owner's 64 digits.
	EndToEnd bool
	// Form is crypt12, crypt14 or crypt15, by what is in the file.
	Form  string
	owner owner // where it is not end-to-end encrypted
	nonce []byte
	start int64 // of the ciphertext
}

// Sizes of headers.
const (
	crypt12Size = 67
	maxHeader   = 4 << 10
)

// ParseHeader reads the header at the beginning of a backup, of which b has
// maxHeader bytes or all. What is none gives [ErrNoBackup], one that is cut off an
// error that matches io.ErrUnexpectedEOF.
func ParseHeader(b []byte) (*Header, error) {
	switch {
	case len(b) < 2:
		return nil, cutHeader()
	case b[0] == 0:
		return parse12(b)
	}
	length, n := binary.Uvarint(b)
	if n <= 0 || length > maxHeader/2 {
		return nil, unknownHeader()
	}
	if length < 128 && b[1] == 1 {
		n++ // some readers found a flag here; a protobuf cannot begin so
	}
	if uint64(len(b)-n) < length {
		if _, err := parseMessage(b[n:]); err != nil && !partOfMessage(b[n:]) {
			return nil, unknownHeader()
		}
		return nil, cutHeader()
	}
	h, err := parseMessage(b[n : n+int(length)])
	if err != nil {
		return nil, unknownHeader()
	}
	h.start = int64(n) + int64(length)
	return h, nil
}

func unknownHeader() error {
	return &fault{kind: ErrNoBackup, hint: "crypt12, crypt14 and crypt15 are read; an app of 2017 or later makes one of them"}
}

func cutHeader() error { return fmt.Errorf("cut off in its header: %w", io.ErrUnexpectedEOF) }

// partOfMessage says whether bytes could begin a header of ours: the kind of key, or
// the first of the messages about it.
func partOfMessage(b []byte) bool {
	return len(b) == 0 || b[0] == 1<<3 || b[0] == 2<<3|2 || b[0] == 3<<3|2
}

// parse12 reads the fixed form: cipher version 2, key version 1, salt 32, account
// 16, nonce 16.
func parse12(b []byte) (*Header, error) {
	if b[1] != 1 {
		return nil, unknownHeader()
	}
	if len(b) < crypt12Size {
		return nil, cutHeader()
	}
	h := &Header{Form: "crypt12", nonce: b[51:67:67], start: crypt12Size}
	h.owner = owner{version: b[2], salt: [32]byte(b[3:35]), account: [16]byte(b[35:51])}
	return h, nil
}

// parseMessage reads the protobuf. Field 1 is the kind of key, 2 is about a key file,
// 3 about an end-to-end key, 4 about the app.
func parseMessage(b []byte) (*Header, error) {
	h := &Header{Form: "crypt14"}
	var kind uint64
	var owned, endToEnd []byte
	err := eachField(b, func(f field) error {
		switch f.number {
		case 1:
			kind = f.value
		case 2:
			owned = f.data
		case 3:
			endToEnd = f.data
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	switch {
	case endToEnd != nil && (kind == 1 || owned == nil):
		h.EndToEnd, h.Form = true, "crypt15"
		err = h.parseEndToEnd(endToEnd)
	case owned != nil:
		err = h.parseOwned(owned)
	}
	if err == nil && len(h.nonce) != 16 {
		err = errWire
	}
	return h, err
}

func (h *Header) parseEndToEnd(b []byte) error {
	return eachField(b, func(f field) error {
		if f.number == 1 {
			h.nonce = f.data
		}
		return nil
	})
}

func (h *Header) parseOwned(b []byte) error {
	return eachField(b, func(f field) error {
		switch {
		case f.number == 2 && len(f.data) == 1:
			h.owner.version = f.data[0]
		case f.number == 3 && len(f.data) == len(h.owner.salt):
			h.owner.salt = [32]byte(f.data)
		case f.number == 4 && len(f.data) == len(h.owner.account):
			h.owner.account = [16]byte(f.data)
		case f.number == 5:
			h.nonce = f.data
		}
		return nil
	})
}
