package zips

import (
	"errors"
	"fmt"
	"io"
	"unsafe"

	"modernc.org/libc"
	zlib "modernc.org/z/lib"
)

const (
	minLevel = 1
	maxLevel = 9

	windowBits = 15
	memLevel   = 8
)

// pieceSize is how many bytes zlib gets at a time: as much as its window buffer
// holds, twice 1<<windowBits.
//
// The number matters for the bytes that come out. zlib moves its window when it
// asks for input with the buffer nearly full, and forgets what it moves out: a
// match at the largest distance is found or not as the moment falls. With all
// input at once, zlib fills the buffer to its end, and later, again and again,
// the half that it freed. Pieces of a multiple of that half, the first one a
// full buffer, fill it to the same states; pieces of other lengths need not.
const pieceSize = 2 << windowBits

// drainSize is how many compressed bytes zlib gives at a time. It does not
// matter for what they are; a smaller number makes [Prove] see a difference
// earlier.
const drainSize = 16 << 10

// streamRoom is the room for a z_stream and the version, a C string: zlib's
// header makes every caller pass it.
const streamRoom = (unsafe.Sizeof(zlib.Z_stream{}) + uintptr(len(zlib.ZLIB_VERSION)) + 1 + 15) &^ 15

// A deflater is one stream of zlib with the buffers around it. They lie in
// memory of the ported C library, about 350 KiB, which the garbage collector
// does not see: close gives it back.
type deflater struct {
	tls    *libc.TLS
	memory uintptr // z_stream, version, in, out
	stream *zlib.Z_stream
	in     []byte // pieceSize
	out    []byte // drainSize
}

// newDeflater returns a stream that makes raw DEFLATE at a level.
func newDeflater(level int) (*deflater, error) {
	if level < minLevel || level > maxLevel {
		return nil, fmt.Errorf("zlib level %d, not %d to %d", level, minLevel, maxLevel)
	}
	d := &deflater{tls: libc.NewTLS()}
	d.memory = libc.Xcalloc(d.tls, 1, zlib.Size_t(streamRoom+pieceSize+drainSize))
	if d.memory == 0 {
		d.tls.Close()
		return nil, errors.New("no memory for zlib")
	}
	d.stream = (*zlib.Z_stream)(pointer(d.memory))
	version := d.memory + unsafe.Sizeof(zlib.Z_stream{})
	copy(unsafe.Slice((*byte)(pointer(version)), len(zlib.ZLIB_VERSION)), zlib.ZLIB_VERSION)
	d.in = unsafe.Slice((*byte)(pointer(d.memory+streamRoom)), pieceSize)
	d.out = unsafe.Slice((*byte)(pointer(d.memory+streamRoom+pieceSize)), drainSize)
	code := zlib.XdeflateInit2_(d.tls, d.memory, int32(level), zlib.Z_DEFLATED, -windowBits, memLevel,
		zlib.Z_DEFAULT_STRATEGY, version, int32(unsafe.Sizeof(zlib.Z_stream{})))
	if code != zlib.Z_OK {
		libc.Xfree(d.tls, d.memory)
		d.tls.Close()
		return nil, fmt.Errorf("zlib's deflateInit2: code %d", code)
	}
	return d, nil
}

// pointer turns an address in the C library's memory into a pointer. The
// detour over the variable's own address is there because vet takes a plain
// conversion for one of an address in Go's memory, where it would be a mistake.
func pointer(address uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}

// close frees the memory. The deflater must not be used again.
func (d *deflater) close() {
	// The code says whether the stream was at its end, which is the business
	// of run.
	zlib.XdeflateEnd(d.tls, d.memory)
	libc.Xfree(d.tls, d.memory)
	d.tls.Close()
	*d = deflater{}
}

// run deflates r to its end into w, once, and returns how many bytes went in
// and came out. It stops where over limit bytes go in.
func (d *deflater) run(w io.Writer, r io.Reader, limit int64) (in, out int64, err error) {
	for {
		n, last, err := d.fill(r)
		in += int64(n)
		if err != nil || in > limit {
			return in, out, err
		}
		flush := int32(zlib.Z_NO_FLUSH)
		if last {
			flush = zlib.Z_FINISH
		}
		n, err = d.drain(w, flush)
		out += int64(n)
		if err != nil || last {
			return in, out, err
		}
	}
}

// fill gives zlib the next piece of r, and says whether it is the last one.
// All but the last are full.
func (d *deflater) fill(r io.Reader) (n int, last bool, err error) {
	for n < len(d.in) && !last && err == nil {
		var m int
		m, err = r.Read(d.in[n:])
		n += m
		if err == io.EOF {
			last, err = true, nil
		}
	}
	d.stream.Fnext_in = d.memory + streamRoom
	d.stream.Favail_in = zlib.UInt(n)
	return n, last, err
}

// drain lets zlib work up its input and writes what comes out.
func (d *deflater) drain(w io.Writer, flush int32) (written int, err error) {
	for {
		d.stream.Fnext_out = d.memory + streamRoom + pieceSize
		d.stream.Favail_out = drainSize
		code := zlib.Xdeflate(d.tls, d.memory, flush)
		// Z_BUF_ERROR: nothing was left to do, for the last round filled the
		// buffer exactly.
		if code != zlib.Z_OK && code != zlib.Z_STREAM_END && code != zlib.Z_BUF_ERROR {
			return written, fmt.Errorf("zlib's deflate: code %d", code)
		}
		n, err := w.Write(d.out[:drainSize-int(d.stream.Favail_out)])
		written += n
		if err != nil {
			return written, err
		}
		if d.stream.Favail_out > 0 {
			return written, d.settled(code, flush)
		}
	}
}

// settled finds that zlib left no input behind, and after Z_FINISH ended its
// stream. Anything else would be a fault in the port, and bytes missing.
func (d *deflater) settled(code, flush int32) error {
	if d.stream.Favail_in > 0 || (flush == zlib.Z_FINISH) != (code == zlib.Z_STREAM_END) {
		return fmt.Errorf("zlib's deflate: stopped early, code %d", code)
	}
	return nil
}
