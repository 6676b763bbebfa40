package repo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"

	"filippo.io/age"

	"chatkeep/backup/format"
)

const (
	// hashStep is how much is fetched and then hashed: it is still in the
	// processor's cache.
	hashStep = 256 << 10
	// openStep is how much is decrypted at a time. age makes a new buffer of
	// 64 KiB for each time.
	openStep = 1 << 20
)

// unsealer fetches and decrypts objects of known sizes, each in one buffer that
// it uses again. It is for one goroutine.
type unsealer struct{ buf []byte }

// open returns an object's plaintext, valid until the next call.
func (u *unsealer) open(ctx context.Context, r *Reader, name format.Name, size int64) ([]byte, error) {
	// The plaintext goes into the place of the ciphertext, which is longer. It
	// begins a step before it, so that no step writes to what it reads.
	u.buf = roomy(u.buf, openStep+int(size))
	object := u.buf[openStep : openStep+size]
	if err := r.source.into(ctx, object, name); err != nil {
		return nil, err
	}
	plain, length, err := age.DecryptReaderAt(bytes.NewReader(object), size, r.identities()...)
	if err != nil {
		return nil, sealFailure(name.String(), err)
	}
	// It has authenticated the end by now, and with it the length.
	out := u.buf[:length]
	for at := int64(0); at < length; at += openStep {
		if _, err := plain.ReadAt(out[at:min(at+openStep, length)], at); err != nil && err != io.EOF {
			return nil, format.Fail(format.Flipped, name.String(), "%v", err)
		}
	}
	return out, nil
}

// into is get for an object that fills buf.
func (o *objects) into(ctx context.Context, buf []byte, name format.Name) error {
	body, err := o.store.Get(ctx, name.String(), 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return missing(name.String(), err)
	}
	if err != nil {
		return err
	}
	defer body.Close()
	sum := sha256.New()
	for at := 0; at < len(buf); {
		n, err := io.ReadFull(body, buf[at:min(at+hashStep, len(buf))])
		sum.Write(buf[at : at+n])
		at += n
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			return format.Fail(format.Truncated, name.String(), "the store has %d of its %d bytes", at, len(buf))
		}
		if err != nil {
			return err
		}
	}
	var more [1]byte
	switch _, err := io.ReadFull(body, more[:]); {
	case err == nil:
		return format.Fail(format.Flipped, name.String(), "the store has more than its %d bytes", len(buf))
	case err != io.EOF:
		return err
	case format.Hash(sum.Sum(nil)) != name.Hash:
		return format.Fail(format.Flipped, name.String(), "its bytes do not have the hash in its name")
	}
	return nil
}
