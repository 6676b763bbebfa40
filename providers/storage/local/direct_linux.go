package local

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// openDirect is the open flag for writes past the page cache: packs are
// written once and read back by nobody soon, and the copy into the cache costs
// more than the rest of a put.
const openDirect = syscall.O_DIRECT

const (
	// directAlign suits every common disk: file offset, memory and length of
	// a direct write are multiples of it.
	directAlign = 4096
	// directStep is how much is written at a time from where it is, in bytes.
	directStep = 4 << 20
)

var errNotDirect = errors.New("no direct writes here")

// directRefused marks an error of an open with O_DIRECT as the file system's
// way to say that it does not know it: EINVAL, see open(2).
func directRefused(flag int, err error) error {
	if flag&openDirect != 0 && errors.Is(err, syscall.EINVAL) {
		return errNotDirect
	}
	return err
}

// directBuffers hold writeStep bytes at an aligned address.
var directBuffers = sync.Pool{New: func() any {
	b := alignedBuffer()
	return &b
}}

func alignedBuffer() []byte {
	b := make([]byte, writeStep+directAlign)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (directAlign - 1)
	return b[skip : skip+writeStep]
}

func isAligned(b []byte) bool {
	return uintptr(unsafe.Pointer(&b[0]))&(directAlign-1) == 0
}

// writeDirect writes data to an empty file that was opened with openDirect.
// Large allocations of the Go runtime begin on a page, so mostly the data is
// written from where it is. The last block is filled up with zeros, which are
// then cut off.
func writeDirect(ctx context.Context, file *os.File, data []byte) error {
	buffer := directBuffers.Get().(*[]byte)
	defer directBuffers.Put(buffer)
	for at := 0; at < len(data); {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := directBlock(data[at:], *buffer)
		if _, err := file.Write(block); err != nil {
			// A device with larger blocks, or a file system that takes the
			// flag and then not the write.
			if errors.Is(err, syscall.EINVAL) {
				return errNotDirect
			}
			return err
		}
		at += min(len(block), len(data)-at)
	}
	if len(data)%directAlign == 0 {
		return nil
	}
	return file.Truncate(int64(len(data)))
}

// directBlock gives the next block to write: from the beginning of data itself
// where that is aligned, and through buffer where it is not and for the end.
func directBlock(data, buffer []byte) []byte {
	if !isAligned(data) {
		return fill(buffer, data[:min(len(data), writeStep)])
	}
	if whole := min(len(data), directStep) &^ (directAlign - 1); whole > 0 {
		return data[:whole]
	}
	return fill(buffer, data)
}

// fill copies block into buffer and pads it with zeros to a full block.
func fill(buffer, block []byte) []byte {
	n := copy(buffer, block)
	end := (n + directAlign - 1) &^ (directAlign - 1)
	clear(buffer[n:end])
	return buffer[:end]
}
