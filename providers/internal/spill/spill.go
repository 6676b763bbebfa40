// Package spill holds bytes that have to be read at random and come as a
// stream: a database out of a zip, or one that was decrypted. Few of them stay in
// memory. More go to a temporary file that is encrypted with age to a key that
// this process alone has and never writes down, and that has no name where the
// system allows it: what remains of it after a crash can be read by nobody.
package spill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
)

// inMemory is up to how many bytes are not worth a file.
const inMemory = 8 << 20

// Writer takes the bytes. It is used by one goroutine, and ends with Finish or
// Discard.
type Writer struct {
	head      bytes.Buffer
	file      *tempFile
	encrypted io.WriteCloser
	key       *age.X25519Identity
}

// Write appends to what is there. Its errors are those of the file, of a full
// disk above all.
func (w *Writer) Write(p []byte) (int, error) {
	if w.file == nil && w.head.Len()+len(p) <= inMemory {
		return w.head.Write(p)
	}
	if w.file == nil {
		if err := w.begin(); err != nil {
			return 0, err
		}
	}
	n, err := w.encrypted.Write(p)
	return n, told(err)
}

// begin moves what is in memory to a file.
func (w *Writer) begin() error {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	f, err := newTempFile()
	if err != nil {
		return told(err)
	}
	w.file, w.key = f, key
	if w.encrypted, err = age.Encrypt(f, key.Recipient()); err == nil {
		_, err = w.encrypted.Write(w.head.Bytes())
	}
	w.head = bytes.Buffer{}
	return told(err)
}

// Finish returns what was written, to be closed. Without it, or after an error,
// the writer has to be discarded.
func (w *Writer) Finish() (*Spill, error) {
	if w.file == nil {
		return &Spill{ReaderAt: bytes.NewReader(w.head.Bytes()), size: int64(w.head.Len())}, nil
	}
	if err := w.encrypted.Close(); err != nil {
		return nil, told(err)
	}
	length, err := w.file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, told(err)
	}
	plain, size, err := age.DecryptReaderAt(w.file, length, w.key)
	if err != nil {
		return nil, told(err)
	}
	s := &Spill{ReaderAt: newCache(plain, size), size: size, file: w.file}
	w.file = nil
	return s, nil
}

// Discard gives back what was written.
func (w *Writer) Discard() {
	if w.file != nil {
		w.file.Close()
		w.file = nil
	}
	w.head = bytes.Buffer{}
}

// Spill is what was written, to be read at random by any number of goroutines.
type Spill struct {
	io.ReaderAt
	size int64
	file *tempFile // nil in memory
}

// Size is the number of bytes.
func (s *Spill) Size() int64 { return s.size }

// Close removes them.
func (s *Spill) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Copy takes all that r has. Errors of r come back as they are.
func Copy(ctx context.Context, r io.Reader) (*Spill, error) {
	w := &Writer{}
	_, err := io.CopyBuffer(onlyWriter{w}, &stoppable{ctx, r}, make([]byte, 256<<10))
	if err != nil {
		w.Discard()
		return nil, err
	}
	s, err := w.Finish()
	if err != nil {
		w.Discard()
	}
	return s, err
}

// onlyWriter hides all else that could make a copy bypass the buffer.
type onlyWriter struct{ io.Writer }

// stoppable reads until a context is done.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

// told says where the trouble is: the folder of temporary files is nothing that
// a person named.
func told(err error) error {
	if err == nil || errors.Is(err, errTold) {
		return err
	}
	return &placed{err}
}

var errTold = errors.New("told")

type placed struct{ err error }

func (p *placed) Error() string {
	return fmt.Sprintf("temporary file in %s: %v", os.TempDir(), p.err)
}
func (p *placed) Unwrap() error        { return p.err }
func (p *placed) Is(target error) bool { return target == errTold }
