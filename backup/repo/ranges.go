package repo

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

const (
	// ageChunk is the unit of age's payload, as stored.
	ageChunk = 64<<10 + 16
	// firstRead covers any age header that chatkeep writes, and a chunk.
	firstRead = 8<<10 + ageChunk
)

// rangeReader reads an object by few ranged requests: age asks for one chunk of
// 64 KiB at a time, and each would be a request of its own.
type rangeReader struct {
	ctx   context.Context
	store storage.Reader
	key   string
	size  int64
	spans []span
	err   error // the first failure of the store
}

type span struct {
	offset int64
	data   []byte
}

// ReadAt serves from what was fetched, and fetches at least an age chunk.
func (r *rangeReader) ReadAt(p []byte, off int64) (int, error) {
	if off >= r.size {
		return 0, io.EOF
	}
	want := min(int64(len(p)), r.size-off)
	data := r.find(off, want)
	if data == nil {
		length := max(want, ageChunk)
		if off == 0 {
			length = firstRead
		}
		if err := r.fetch(off, min(length, r.size-off), nil); err != nil {
			return 0, err
		}
		data = r.find(off, want)
	}
	n := copy(p, data)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (r *rangeReader) find(off, want int64) []byte {
	for _, s := range r.spans {
		if off >= s.offset && off+want <= s.offset+int64(len(s.data)) {
			return s.data[off-s.offset:][:want]
		}
	}
	return nil
}

// prefetch gets the ciphertext of a range of plaintext in one request, into the
// place of what was prefetched before. The first span, with the header, stays. The
// buffer, or a larger one that takes its place, is in use until forget.
func (r *rangeReader) prefetch(off, length int64, buf *[]byte) {
	first, end := prefetched(off, length, r.size)
	r.forget()
	if r.find(first, end-first) == nil {
		*buf = roomy(*buf, int(end-first))
		_ = r.fetch(first, end-first, *buf) // the read that follows reports it
	}
}

// prefetched is the range of an object of this size that has a range of plaintext.
func prefetched(off, length, size int64) (first, end int64) {
	first = off / (64 << 10) * ageChunk // less than where it is, by the header
	end = (off+length)/(64<<10)*ageChunk + ageChunk + 8<<10
	return min(first, size), min(end, size)
}

// forget gives back all but the first span.
func (r *rangeReader) forget() { r.spans = r.spans[:min(1, len(r.spans))] }

// fetch gets a range into buf if that has room for it.
func (r *rangeReader) fetch(off, length int64, buf []byte) error {
	body, err := r.store.Get(r.ctx, r.key, off, length)
	if err == nil {
		data := roomy(buf, int(length))[:length]
		if _, err = io.ReadFull(body, data); err == io.EOF {
			// A clean end here would read as the end of a restored file.
			err = io.ErrUnexpectedEOF
		}
		body.Close()
		if err == nil {
			r.spans = append(r.spans, span{off, data})
		}
	}
	if err != nil && r.err == nil {
		r.err = err
	}
	return err
}

// failure names what went wrong below age, or in it.
func (r *rangeReader) failure(err error, name string) error {
	switch {
	case errors.Is(r.err, fs.ErrNotExist):
		return missing(name, r.err)
	case errors.Is(r.err, io.ErrUnexpectedEOF):
		return format.Fail(format.Truncated, name, "the store delivers less than all of it")
	case r.err != nil:
		return r.err
	case format.ClassOf(err) != "":
		return err
	}
	return format.Fail(format.Flipped, name, "%v", err)
}
