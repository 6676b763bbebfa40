package repo

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"

	"chatkeep/backup/format"
)

// unsealed fetches an object of a known size and decrypts it into the buffer out
// or a larger one. The object itself is never in memory as a whole: each piece is
// hashed and decrypted while it is in the processor's cache. Before the hash is
// found to be right, nothing that came of the object is trusted or returned.
func (r *Reader) unsealed(ctx context.Context, out []byte, name format.Name, size int64) ([]byte, error) {
	body, err := r.store.Get(ctx, name.String(), 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return out, format.Fail(format.Missing, name.String(), "the store does not have it")
	}
	if err != nil {
		return out, err
	}
	defer body.Close()
	in := &sealedReader{body: body, size: size, sum: sha256.New()}
	out, opened := unsealFrom(roomy(out, int(size)), name.String(), in, r.identities()...)
	// That these are not the object's bytes says more than what age makes of them.
	if err := in.prove(name); err != nil {
		return out, err
	}
	return out, opened
}

// sealedReader hashes an object while it is read.
type sealedReader struct {
	body io.Reader
	size int64 // as it should be
	read int64
	sum  hash.Hash
	err  error // the store's
}

// Read gives at most a byte more than the object should have.
func (s *sealedReader) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	left := s.size + 1 - s.read
	if left <= 0 {
		return 0, errLonger
	}
	if int64(len(p)) > left {
		p = p[:left]
	}
	n, err := s.body.Read(p)
	s.read += int64(n)
	s.sum.Write(p[:n])
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// prove reads what age left, if it gave up early, and holds what was read against
// the object's name.
func (s *sealedReader) prove(name format.Name) error {
	_, err := io.Copy(io.Discard, s)
	switch {
	case s.read > s.size:
		return format.Fail(format.Flipped, name.String(), "the store has more than its %d bytes", s.size)
	case errors.Is(err, io.ErrUnexpectedEOF) || err == nil && s.read < s.size:
		return format.Fail(format.Truncated, name.String(), "the store has %d of its %d bytes", s.read, s.size)
	case err != nil:
		return err
	case format.Hash(s.sum.Sum(nil)) != name.Hash:
		return format.Fail(format.Flipped, name.String(), "its bytes do not have the hash in its name")
	}
	return nil
}
