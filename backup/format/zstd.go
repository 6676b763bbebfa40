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
type Compressor struct {
	level        zstd.EncoderLevel
	small, large *zstd.Encoder // made when first needed
}

// smallWindow is enough for frames of this length. An encoder takes twice its
// window in memory, and most frames are small.
const smallWindow = 1 << 20

// NewCompressor returns a Compressor of this level. Its frames have a window of
// at most 8 MiB, a declared content size and no checksum: the object is
// authenticated and the chunks have ids.
func NewCompressor(level zstd.EncoderLevel) *Compressor { return &Compressor{level: level} }

// encoder returns the encoder for a frame of n bytes.
func (c *Compressor) encoder(n int) *zstd.Encoder {
	// At the best level the tables are larger than any window: one set is enough.
	if n <= smallWindow && c.level != zstd.SpeedBestCompression {
		if c.small == nil {
			c.small = newEncoder(c.level, smallWindow)
		}
		return c.small
	}
	if c.large == nil {
		c.large = newEncoder(c.level, MaxWindow)
	}
	return c.large
}

func newEncoder(level zstd.EncoderLevel, window int) *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(window), zstd.WithEncoderCRC(false))
	if err != nil {
		panic("format: the encoder's options are constants: " + err.Error())
	}
	return e
}

// smallFrame is the length up to which the encoder leaves out the content size.
const smallFrame = 255

// Append appends one frame with raw, at most MaxFrameRaw bytes.
func (c *Compressor) Append(dst, raw []byte) []byte {
	if len(raw) <= smallFrame {
		return AppendRawFrame(dst, raw)
	}
	return c.encoder(len(raw)).EncodeAll(raw, dst)
}
