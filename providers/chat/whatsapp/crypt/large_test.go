package crypt

import (
	"bufio"
	"compress/zlib"
	"context"
	"crypto/md5"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"chatkeep/providers/chat/whatsapp/crypt/crypttest"
	"chatkeep/providers/internal/sqlite"
)

// sealer encrypts what is written to it.
type sealer struct {
	w   io.Writer
	gcm *gcm
	buf []byte
}

func (s *sealer) Write(p []byte) (int, error) {
	s.buf = append(s.buf[:0], p...)
	s.gcm.decrypt(s.buf) // which is the same as to encrypt
	s.gcm.add(s.buf)
	return s.w.Write(s.buf)
}

// writeLarge writes a backup of size bytes that cannot be deflated, and returns how
// many it has.
func writeLarge(path string, size int64) error {
	key, err := ParseKey(crypttest.Root[:])
	if err != nil {
		return err
	}
	head := crypttest.Header("crypt15")
	h, err := ParseHeader(head)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := md5.New()
	w := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<16)
	if _, err := w.Write(head); err != nil {
		return err
	}
	s := &sealer{w: w, gcm: newGCM(key.aes(h), h.nonce)}
	z, err := zlib.NewWriterLevel(s, zlib.NoCompression)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(z, sqlite.Magic); err != nil {
		return err
	}
	if _, err := io.CopyN(z, rand.NewChaCha8([32]byte{1}), size-int64(len(sqlite.Magic))); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	tag := s.gcm.tag()
	if _, err := w.Write(tag[:]); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = f.Write(sum.Sum(nil))
	return err
}

// TestMemory decrypts a large backup, and looks at what is held meanwhile.
func TestMemory(t *testing.T) {
	size := int64(96 << 20)
	if os.Getenv("CHATKEEP_LONG") != "" {
		size = 2 << 30
	}
	dir := t.TempDir()
	if err := writeLarge(filepath.Join(dir, "msgstore.db.crypt15"), size); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(os.DirFS(dir), "msgstore.db.crypt15")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseKey(crypttest.Root[:])
	if err != nil {
		t.Fatal(err)
	}
	w := &watching{Context: t.Context()}
	runtime.GC()
	w.Err()
	before := w.most
	s, warning, err := f.Decrypt(w, key)
	if err != nil || warning != "" {
		t.Fatal(warning, err)
	}
	defer s.Close()
	if held := int64(w.most) - int64(before); s.Size() != size || held > 48<<20 || w.looks < 100 {
		t.Errorf("%d of %d bytes, %d held, looked %d times", s.Size(), size, held, w.looks)
	}
}

// watching is a context that looks at the memory whenever it is asked whether to stop.
type watching struct {
	context.Context
	most  uint64
	looks int
}

func (w *watching) Err() error {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	w.most = max(w.most, memory.HeapAlloc)
	w.looks++
	return w.Context.Err()
}
