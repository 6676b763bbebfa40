package repo

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"slices"
	"sync"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"chatkeep/backup/format"
)

// seal encrypts a plaintext, appending to out, and returns the object with its
// hash.
func seal(out, plaintext []byte, recipients ...age.Recipient) ([]byte, format.Hash, error) {
	w := &hashedBuffer{out, sha256.New()}
	enc, err := age.Encrypt(w, recipients...)
	if err != nil {
		return nil, format.Hash{}, err
	}
	if _, err = enc.Write(plaintext); err == nil {
		err = enc.Close()
	}
	if err != nil {
		return nil, format.Hash{}, err
	}
	var h format.Hash
	w.sum.Sum(h[:0])
	return w.buf, h, nil
}

// hashedBuffer hashes what it takes while that is still in the processor's cache.
type hashedBuffer struct {
	buf []byte
	sum hash.Hash
}

func (w *hashedBuffer) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	w.sum.Write(p)
	return len(p), nil
}

// smallSeals compresses what is no pack. To make an encoder takes longer than to
// seal most of these objects with it.
var smallSeals = struct {
	sync.Mutex
	*format.Compressor
}{Compressor: format.NewCompressor(zstd.SpeedDefault)}

// sealData makes a sealed object that is no pack.
func sealData(h format.Header, data []byte, to ...age.Recipient) ([]byte, format.Hash, error) {
	b := format.NewBuilder(h, nil)
	for part := range slices.Chunk(data, frameTarget) {
		b.Extend(nil, func(dst []byte) []byte {
			smallSeals.Lock()
			defer smallSeals.Unlock()
			return smallSeals.Append(dst, part)
		})
	}
	return seal(nil, b.Close(), to...)
}

// unseal decrypts an object whose hash is verified already.
func unseal(what string, object []byte, ids ...age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(object), ids...)
	if err != nil {
		return nil, sealFailure(what, err)
	}
	// A plaintext is shorter than its ciphertext, so the end is always met, and
	// with it the proof that nothing is missing.
	plaintext, err := fill(roomy(nil, len(object)), r)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return plaintext, format.Fail(format.Truncated, what, "%v", err)
	}
	if err != nil {
		return plaintext, format.Fail(format.Flipped, what, "%v", err)
	}
	return plaintext, nil
}

// sealFailure is the error of an object that age does not begin to decrypt.
func sealFailure(what string, err error) error {
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		return format.Fail(format.WrongKey, what, "encrypted to another key")
	}
	return format.Fail(format.Malformed, what, "%v", err)
}

// openSealed decrypts a sealed object that is no pack and returns what its data
// frames decode to.
func openSealed(name string, object []byte, kind string, id format.Hash, limit int64, ids ...age.Identity) ([]byte, error) {
	plaintext, err := unseal(name, object, ids...)
	if err != nil {
		return nil, err
	}
	layout, err := format.ParseLayout(bytes.NewReader(plaintext), int64(len(plaintext)))
	if err != nil {
		return nil, format.At(name, err)
	}
	if err := layout.Header.Check(name, kind, "", id); err != nil {
		return nil, err
	}
	data, err := format.DecodeAll(plaintext, limit)
	return data, format.At(name, err)
}
