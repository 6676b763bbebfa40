package format

import (
	"slices"

	"github.com/klauspost/compress/zstd"
)

// Decoder decodes data frames, one at a time. It is for one goroutine, and
// needs no closing.
type Decoder struct{ d *zstd.Decoder }

// decodeSlack is what the decoder wants beyond a frame's content so as not to
// allocate its own buffer.
const decodeSlack = 16

// NewDecoder returns a Decoder. It holds no more memory than the largest frame
// decoded so far asked for.
func NewDecoder() *Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(MaxWindow), zstd.WithDecoderMaxMemory(MaxFrameRaw))
	if err != nil {
		panic("format: the decoder's options are constants: " + err.Error())
	}
	return &Decoder{d}
}

// Frame appends to dst the content of one data frame, which must have
// wantRaw bytes and say so. Errors are Truncated, Malformed or Oversized; dst
// is returned unchanged then, though bytes after its end may be overwritten.
func (d *Decoder) Frame(dst, frame []byte, wantRaw int) ([]byte, error) {
	size, err := checkFrame(frame)
	if err != nil {
		return dst, err
	}
	if size != wantRaw {
		return dst, Fail(Malformed, "frame", "it declares %d bytes, and its members have %d", size, wantRaw)
	}
	return d.decode(dst, frame, size)
}

// decode decodes a frame that checkFrame has passed.
func (d *Decoder) decode(dst, frame []byte, size int) ([]byte, error) {
	out, err := d.d.DecodeAll(frame, slices.Grow(dst, size+decodeSlack))
	if err != nil {
		return dst, Fail(Malformed, "frame", "%w", err)
	}
	if len(out)-len(dst) != size {
		return dst, Fail(Malformed, "frame", "it declares %d bytes and has %d", size, len(out)-len(dst))
	}
	return out, nil
}

// Compressor makes data frames. It is for one goroutine, and needs no closing.
type Compressor struct{ e *zstd.Encoder }

// NewCompressor returns a Compressor of this level. Its frames have a window of
// at most 8 MiB, a declared content size and no checksum: the object is
// authenticated and the chunks have ids.
func NewCompressor(level zstd.EncoderLevel) *Compressor {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(MaxWindow), zstd.WithEncoderCRC(false))
	if err != nil {
		panic("format: the encoder's options are constants: " + err.Error())
	}
	return &Compressor{e}
}

// smallFrame is the length up to which the encoder leaves out the content size.
const smallFrame = 255

// Append appends one frame with raw, at most MaxFrameRaw bytes.
func (c *Compressor) Append(dst, raw []byte) []byte {
	if len(raw) <= smallFrame {
		return AppendRawFrame(dst, raw)
	}
	return c.e.EncodeAll(raw, dst)
}
