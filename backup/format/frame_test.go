package format

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// TestCompressorFrames checks what the specification asks of a data frame, for
// lengths around every border of the encoder's choices.
func TestCompressorFrames(t *testing.T) {
	d := NewDecoder()
	r := rand.New(rand.NewPCG(5, 6))
	text := letters(r, 9<<20)
	for _, level := range levels {
		c := NewCompressor(level)
		for _, size := range []int{0, 1, 255, 256, 257, 1023, 1024, 1025, 65791, 65792, 1 << 17, 1<<17 + 1, 1 << 20, 1<<20 + 512} {
			checkCompressed(t, c, d, text[:size])
			checkCompressed(t, c, d, noise(9, size))
		}
	}
	checkCompressed(t, NewCompressor(zstd.SpeedFastest), d, text)
}

func checkCompressed(t *testing.T, c *Compressor, d *Decoder, raw []byte) {
	t.Helper()
	frame := c.Append([]byte("before"), raw)[6:]
	if size, err := checkFrame(frame); err != nil || size != len(raw) {
		t.Fatalf("%d bytes: declared %d, %v", len(raw), size, err)
	}
	if frame[4]&4 != 0 {
		t.Fatalf("%d bytes: a checksum", len(raw))
	}
	got, err := d.Frame([]byte("before"), frame, len(raw))
	if err != nil || string(got[:6]) != "before" || !bytes.Equal(got[6:], raw) {
		t.Fatalf("%d bytes: %v", len(raw), err)
	}
}

func TestRawFrames(t *testing.T) {
	d := NewDecoder()
	for _, size := range []int{0, 1, blockMax - 1, blockMax, blockMax + 1, 2 * blockMax, 1<<20 + 3, MaxWindow, MaxWindow + 1, MaxFrameRaw} {
		data := noise(2, size)
		frame := AppendRawFrame([]byte("before"), data[:size/3], nil, data[size/3:size/3+1*min(size, 1)], data[size/3+1*min(size, 1):])[6:]
		if len(frame) != rawFrameLen(size) {
			t.Errorf("%d bytes: a frame of %d, reckoned %d", size, len(frame), rawFrameLen(size))
		}
		got, err := d.Frame(nil, frame, size)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %v", size, err)
		}
		if n, err := checkFrame(frame); n != size || err != nil {
			t.Errorf("%d bytes: declared %d, %v", size, n, err)
		}
	}
}

func TestRawMemberIsFrameOfMember(t *testing.T) {
	d := NewDecoder()
	for _, size := range []int{1, 511, 512, 513, MaxChunk} {
		data := noise(4, size)
		raw, err := d.Frame(nil, AppendRawMember(nil, ID{7}, data), MemberLen(size))
		if err != nil || !bytes.Equal(raw, AppendMember(nil, ID{7}, data)) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// TestTarEnd holds the bytes against the specification's text and a decoder.
func TestTarEnd(t *testing.T) {
	if got := hex.EncodeToString(tarEnd); got != "28b52ffd60000303200000" {
		t.Error(got)
	}
	got, err := NewDecoder().Frame(nil, tarEnd, 1024)
	if err != nil || !bytes.Equal(got, make([]byte, 1024)) {
		t.Error(err)
	}
}

// TestDecoderLeavesDestination: an error must not lose what was decoded before.
func TestDecoderLeavesDestination(t *testing.T) {
	d := NewDecoder()
	frame := NewCompressor(levels[0]).Append(nil, bytes.Repeat([]byte("hello "), 1000))
	for i := range frame {
		damaged := bytes.Clone(frame)
		damaged[i] ^= 0x40
		dst, err := d.Frame([]byte("before"), damaged, 6000)
		if !bytes.HasPrefix(dst, []byte("before")) || err != nil && len(dst) != 6 {
			t.Fatalf("byte %d: %q, %v", i, dst, err)
		}
	}
	if dst, err := d.Frame(nil, frame, 6000); err != nil || len(dst) != 6000 {
		t.Fatalf("the decoder is of no use after errors: %v", err)
	}
}

func TestMemberLen(t *testing.T) {
	for _, size := range []int{0, 1, 511, 512, 513, MaxChunk} {
		if got := len(AppendMember(nil, ID{}, make([]byte, size))); got != MemberLen(size) || got%tarBlock != 0 {
			t.Errorf("a member of %d bytes has %d, reckoned %d", size, got, MemberLen(size))
		}
	}
}
