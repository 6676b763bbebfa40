package format

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// buildPack fills a pack with random frames and returns its plaintext, its
// frames and its chunks.
func buildPack(r *rand.Rand, h Header) (plain []byte, frames []Frame, chunks [][]byte) {
	b := NewBuilder(h, make([]byte, 100))
	c := NewCompressor(levels[r.IntN(len(levels))])
	for range r.IntN(6) {
		var raw []byte
		var list []Member
		for range 1 + r.IntN(5) {
			data := letters(r, 1+r.IntN(3000))
			m := Member{ID: randomID(r), Size: len(data)}
			raw, list, chunks = AppendMember(raw, m.ID, data), append(list, m), append(chunks, data)
		}
		b.Extend(list, func(dst []byte) []byte { return c.Append(dst, raw) })
		clear(list) // the builder keeps its own
	}
	frames = b.Frames()
	return b.Close(), frames, chunks
}

func TestBuilderRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		h := testHeader(TypePack, Kind(r.IntN(Kinds)))
		plain, frames, chunks := buildPack(r, h)
		l, err := ParseLayout(bytes.NewReader(plain), int64(len(plain)))
		if err != nil {
			t.Fatal(err)
		}
		if l.Header != h || !sameFrames(l.Frames, frames) || l.Size != int64(len(plain)) {
			t.Fatalf("layout %+v, want %+v", l, frames)
		}
		if err := l.CheckPadding(bytes.NewReader(plain)); err != nil {
			t.Fatal(err)
		}
		d := NewDecoder()
		for _, f := range l.Frames {
			got, err := openFrame(d, plain[f.Offset:f.Offset+int64(f.Length)], f.Members)
			if err != nil {
				t.Fatal(err)
			}
			for i, data := range got {
				if !bytes.Equal(data, chunks[i]) {
					t.Fatalf("chunk %d of the frame at %d", i, f.Offset)
				}
			}
			chunks = chunks[len(got):]
		}
		if len(chunks) != 0 {
			t.Fatalf("%d chunks are not there", len(chunks))
		}
	}
}

func TestBuilderTellsItsLength(t *testing.T) {
	for _, typ := range []string{TypePack, TypeIndex} {
		b := NewBuilder(testHeader(typ, Meta), nil)
		for i := range 300 {
			want := b.Padded()
			clone := *b
			clone.buf = bytes.Clone(b.buf)
			if got := len(clone.Close()); got != want || b.Len() > want {
				t.Fatalf("%s of %d frames: %d bytes, %d before padding, told %d", typ, i, got, b.Len(), want)
			}
			var list []Member
			if typ == TypePack {
				list = []Member{{Size: 1 + i*977}}
			}
			b.Append(AppendRawFrame(nil, noise(1, i*7)), list)
		}
	}
}

// TestBuilderReusesBuffer gives a buffer full of old bytes: none may show.
func TestBuilderReusesBuffer(t *testing.T) {
	h := testHeader(TypePack, Media)
	fresh := NewBuilder(h, nil).Close()
	used := NewBuilder(h, bytes.Repeat([]byte{0xff}, 2*len(fresh))).Close()
	if !bytes.Equal(fresh, used) {
		t.Error("old bytes of the buffer are in the object")
	}
}

// TestEveryFlipIsSeen changes each byte around the data frames of an object in
// turn. Every byte has one reading, so every change must be refused or, inside
// the header's hashes and the directory's ids, be seen as another value.
func TestEveryFlipIsSeen(t *testing.T) {
	h := testHeader(TypePack, Messages)
	b := NewBuilder(h, nil)
	b.Append(AppendRawMember(nil, ID{1}, []byte("hello")), []Member{{ID: ID{1}, Size: 5}})
	frame := b.Frames()[0]
	plain := b.Close()
	for i := range plain {
		if int64(i) >= frame.Offset && int64(i) < frame.Offset+int64(frame.Length) {
			continue
		}
		if i > 2000 && i < len(plain)-2000 {
			continue // more of the padding's zero bytes
		}
		plain[i] ^= 0x01
		r := bytes.NewReader(plain)
		l, err := ParseLayout(r, r.Size())
		if err == nil {
			err = l.CheckPadding(r)
		}
		if err == nil && l.Header == h && sameFrames(l.Frames, []Frame{frame}) {
			t.Errorf("a change of byte %d is not seen", i)
		}
		if err != nil && ClassOf(err) == "" {
			t.Errorf("a change of byte %d: no class: %v", i, err)
		}
		plain[i] ^= 0x01
	}
}

func TestEveryTruncationIsSeen(t *testing.T) {
	plain := Seal(testHeader(TypeIndex, 0), NewCompressor(levels[0]), []byte("hello\n"))
	for n := range plain {
		if _, err := ParseLayout(bytes.NewReader(plain[:n]), int64(n)); ClassOf(err) == "" {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
		// And where a size is promised that the reader does not keep.
		if _, err := ParseLayout(bytes.NewReader(plain[:n]), int64(len(plain))); ClassOf(err) != Truncated {
			t.Fatalf("the first %d bytes of %d: %v", n, len(plain), err)
		}
	}
}

type failingReader struct{ err error }

func (f failingReader) ReadAt([]byte, int64) (int, error) { return 0, f.err }

// TestParseLayoutPassesErrorsOn: a dead network is no damaged object.
func TestParseLayoutPassesErrorsOn(t *testing.T) {
	dead := errors.New("no route to host")
	if _, err := ParseLayout(failingReader{dead}, 5000); err != dead {
		t.Errorf("got %v", err)
	}
	if _, err := ParseLayout(failingReader{io.EOF}, 5000); ClassOf(err) != Truncated {
		t.Errorf("got %v", err)
	}
	if _, err := ParseLayout(failingReader{dead}, MaxSealed+1); ClassOf(err) != Oversized {
		t.Errorf("got %v", err)
	}
}

func TestSealRoundTrip(t *testing.T) {
	c := NewCompressor(levels[0])
	r := rand.New(rand.NewPCG(3, 4))
	for _, size := range []int{0, 1, 255, 256, 257, 1023, 1024, 1025, 5000, sealStep, sealStep + 1, 2*sealStep + 77} {
		data := letters(r, size)
		plain := Seal(testHeader(TypeManifest, 0), c, data)
		got, err := DecodeAll(plain, int64(size))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if _, err := DecodeAll(plain, int64(size)-1); size > 0 && ClassOf(err) != Oversized {
			t.Errorf("%d bytes, a limit of one less: %v", size, err)
		}
	}
	if _, err := DecodeAll(NewBuilder(testHeader(TypePack, Meta), nil).Close(), MaxIndex); ClassOf(err) != WrongKind {
		t.Errorf("a pack: %v", err)
	}
}

func TestHeaderCheck(t *testing.T) {
	h := testHeader(TypePack, Media)
	other := Sum([]byte("other"))
	for _, v := range []struct {
		typ, kind string
		id        Hash
		want      Class
	}{
		{TypePack, "media", h.Repository, ""},
		{TypeIndex, "media", h.Repository, WrongKind},
		{TypePack, "meta", h.Repository, WrongKind},
		{TypePack, "media", other, WrongRepository},
	} {
		wantClass(t, h.Check("packs/x", v.typ, v.kind, v.id), v.want)
	}
}

// TestBuilderPourInto moves frames from one builder to another, as a small
// backup by several workers does.
func TestBuilderPourInto(t *testing.T) {
	h := testHeader(TypePack, Messages)
	one, other := NewBuilder(h, nil), NewBuilder(h, nil)
	for i := range 20 {
		data := noise(uint64(i), 100+i)
		id := ID{byte(i)}
		into := one
		if i%3 == 0 {
			into = other
		}
		into.Append(AppendRawMember(nil, id, data), []Member{{ID: id, Size: len(data)}})
	}
	for _, f := range other.Frames() {
		one.Append(other.Buffer()[f.Offset:f.Offset+int64(f.Length)], f.Members)
	}
	first := one.FirstFrame()
	if one.Members() != 20 || one.Frames()[0].Offset != first {
		t.Errorf("%d members, frames from %d, told %d", one.Members(), one.Frames()[0].Offset, first)
	}
	plain := one.Close()
	l, err := ParseLayout(bytes.NewReader(plain), int64(len(plain)))
	if err != nil || l.FirstFrame != first || !sameFrames(l.Frames, one.Frames()) {
		t.Fatalf("%+v: %v", l, err)
	}
	d := NewDecoder()
	for _, f := range l.Frames {
		got, err := openFrame(d, plain[f.Offset:f.Offset+int64(f.Length)], f.Members)
		seed := uint64(f.Members[0].ID[0])
		if err != nil || !bytes.Equal(got[0], noise(seed, 100+int(seed))) {
			t.Errorf("chunk %d: %v", seed, err)
		}
	}
}
