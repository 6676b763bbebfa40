package restore

import (
	"crypto/sha256"
	"hash"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"chatkeep/backup/format"
)

// A zip is read again in stretches, of so many bytes unless that made too many of
// them: its size is what a list claims.
const (
	sumStretch    = 8 << 20
	maxSumStretch = 1 << 16 // stretches of one zip
)

// zipSum reads a zip again that is put together from pieces: that each piece is
// right does not prove that deflating gave what was there. It follows the writers
// from the beginning of the zip, so that little is left to read when they are
// through, and one core does not have to read all while the others wait.
type zipSum struct {
	want    format.Hash
	stretch int64
	left    []atomic.Int64 // bytes not yet written, by stretch

	mu   sync.Mutex // held by who reads
	next int        // stretch
	sum  hash.Hash
}

func newZipSum(want format.Hash, size int64) *zipSum {
	stretch := max(sumStretch, size/maxSumStretch+1)
	z := &zipSum{want: want, stretch: stretch, left: make([]atomic.Int64, (size-1)/stretch+1), sum: sha256.New()}
	for i := range z.left {
		z.left[i].Store(min(stretch, size-int64(i)*stretch))
	}
	return z
}

// wrote notes that bytes are in the file for good, and reads what has become
// whole from the beginning on, unless another worker is at it. The caller's
// piece must not be counted as done yet, for then the file could be closed.
func (z *zipSum) wrote(f *os.File, offset, size int64) error {
	for size > 0 {
		n := min(z.stretch-offset%z.stretch, size)
		z.left[offset/z.stretch].Add(-n)
		offset, size = offset+n, size-n
	}
	if !z.mu.TryLock() {
		return nil
	}
	defer z.mu.Unlock()
	for z.next < len(z.left) && z.left[z.next].Load() == 0 {
		if err := z.read(f, z.stretch); err != nil {
			return err
		}
		z.next++
	}
	return nil
}

// read hashes at most n bytes from the next stretch on.
func (z *zipSum) read(f *os.File, n int64) error {
	_, err := io.CopyBuffer(z.sum, io.NewSectionReader(f, int64(z.next)*z.stretch, n), make([]byte, 256<<10))
	return err
}

// check reads the rest, to the end of the file, when nobody writes any more.
func (z *zipSum) check(f *os.File) error {
	z.mu.Lock()
	defer z.mu.Unlock()
	if err := z.read(f, 1<<62); err != nil {
		return err
	}
	if format.Hash(z.sum.Sum(nil)) != z.want {
		return wrongZip()
	}
	return nil
}

func wrongZip() error {
	return format.Fail(format.Flipped, "zip", "put together from its members it does not have the SHA-256 that the list says")
}
