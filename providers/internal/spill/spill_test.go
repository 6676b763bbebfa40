package spill

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
)

// noise is n bytes that do not repeat.
func noise(n int) []byte {
	data := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(data)
	return data
}

// sizes lie around all that changes.
var sizes = []int{0, 1, pieceSize - 1, pieceSize, inMemory - 1, inMemory, inMemory + 1, inMemory + pieceSize, pieces*pieceSize + 3*pieceSize + 17, 2 * pieces * pieceSize}

func TestReadsBack(t *testing.T) {
	for _, size := range sizes {
		data := noise(size)
		s, err := Copy(t.Context(), bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if s.Size() != int64(size) {
			t.Errorf("%d bytes: Size %d", size, s.Size())
		}
		if err := iotest.TestReader(io.NewSectionReader(s, 0, s.Size()), data); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		r := rand.New(rand.NewPCG(1, uint64(size)))
		for range 2000 {
			off, n := r.IntN(size+1), r.IntN(3*pieceSize/2)
			got := make([]byte, n)
			k, err := s.ReadAt(got, int64(off))
			want := data[off:min(off+n, size)]
			if !bytes.Equal(got[:k], want) || (err != nil) != (k < n) || err != nil && err != io.EOF {
				t.Fatalf("%d bytes: ReadAt(%d, %d) gave %d bytes, %v", size, n, off, k, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNothingPlain looks into the temporary folder while a spill is open and
// afterwards.
func TestNothingPlain(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	secret := []byte("the quick brown fox that nobody may read")
	w := &Writer{}
	for w.file == nil {
		if _, err := w.Write(bytes.Repeat(secret, 10_000)); err != nil {
			t.Fatal(err)
		}
	}
	// Where it still has a name, what is below it must be encrypted.
	raw := make([]byte, inMemory)
	if _, err := w.file.ReadAt(raw, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	if bytes.Contains(raw, secret[:16]) || bytes.Contains(raw, []byte("AGE-SECRET-KEY")) {
		t.Error("plaintext in the temporary file")
	}
	s, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	for _, size := range []int{10, inMemory + 10} {
		r := io.MultiReader(bytes.NewReader(noise(size)), iotest.ErrReader(broken))
		if _, err := Copy(t.Context(), r); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", size, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Copy(ctx, bytes.NewReader(noise(10))); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	if _, err := Copy(t.Context(), bytes.NewReader(noise(inMemory+1))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder for temporary files: %v", err)
	}
}

func BenchmarkCopy(b *testing.B) {
	data := noise(64 << 20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		s, err := Copy(b.Context(), bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
