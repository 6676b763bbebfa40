package crypt

import (
	"bufio"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"

	"chatkeep/providers/chat/archive"
	"chatkeep/providers/internal/spill"
	"chatkeep/providers/internal/sqlite"
)

// unpack inflates what was decrypted, length bytes of it, and closes it.
func unpack(ctx context.Context, packed *spill.Spill, length int64) (*spill.Spill, error) {
	defer packed.Close()
	r := bufio.NewReaderSize(io.NewSectionReader(packed, 0, length), 64<<10)
	head, _ := r.Peek(len(sqlite.Magic))
	var from io.Reader = r
	switch {
	case begins(head, sqlite.Magic):
	case begins(head, zipMagic):
		return nil, &fault{kind: ErrNoBackup, text: "it holds a zip and no database: it is not the backup of the messages"}
	default:
		z, err := zlib.NewReader(r)
		if err != nil {
			return nil, &fault{kind: ErrDamaged, text: "its contents are in no known form"}
		}
		from = &bounded{z, measure(length)}
	}
	database, err := spill.Copy(ctx, from)
	if errors.Is(err, zlib.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = &fault{kind: ErrDamaged, text: "its contents cannot be inflated, though they are as the app wrote them"}
	}
	return database, err
}

// measure is how much a backup of so many bytes may inflate to.
func measure(length int64) int64 {
	l := archive.DefaultLimits
	return max(l.Free, length*l.Ratio)
}

// bounded fails where there is more than there may be.
type bounded struct {
	io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

// blame says what is wrong with a backup whose tag does not fit though the key opened
// its beginning. Nothing that it looks at is used.
func blame(plain *spill.Spill) error {
	r := bufio.NewReaderSize(io.NewSectionReader(plain, 0, plain.Size()), 64<<10)
	z, err := zlib.NewReader(r)
	if err == nil {
		_, err = io.Copy(io.Discard, &bounded{z, measure(plain.Size())})
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &fault{
			kind: fmt.Errorf("cut off: nothing of it can be verified: %w", io.ErrUnexpectedEOF),
			hint: "copy it again from the phone; the key is the right one",
		}
	}
	return &fault{kind: ErrDamaged, text: "damaged: it is not as the app wrote it", hint: "copy it again from the phone; the key is the right one"}
}
