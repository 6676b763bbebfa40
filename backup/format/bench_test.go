package format

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func benchEntry(chunks int) *Entry {
	r := rand.New(rand.NewPCG(1, 1))
	return &Entry{Path: "originals/Media/WhatsApp Images/IMG-20240101-WA0001.jpg", Type: EntryFile, Size: 1 << 30, Chunks: randomIDs(r, chunks)}
}

func BenchmarkAppendEntry(b *testing.B) {
	e := benchEntry(1)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendEntry(dst[:0], e)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkParseEntry(b *testing.B) {
	line := AppendEntry(nil, benchEntry(1))
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, err := ParseEntry(line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendEntryLong(b *testing.B) {
	e := benchEntry(10000)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendEntry(dst[:0], e)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkItemsLong(b *testing.B) {
	text := AppendEntry(nil, benchEntry(10000))
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for _, err := range Items(bytes.NewReader(text)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkAppendRawMember(b *testing.B) {
	data := noise(1, 4<<20)
	var dst []byte
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		dst = AppendRawMember(dst[:0], ID{1}, data)
	}
}

func BenchmarkAppendRawFrame(b *testing.B) {
	data := noise(1, 4<<20)
	var dst []byte
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		dst = AppendRawFrame(dst[:0], data)
	}
}

func benchFrame() (raw []byte, list []Member) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 256 {
		m := Member{ID: randomID(r), Size: 3000}
		raw, list = AppendMember(raw, m.ID, letters(r, m.Size)), append(list, m)
	}
	return raw, list
}

func BenchmarkSplitFrame(b *testing.B) {
	raw, list := benchFrame()
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		for _, err := range SplitFrame(raw, list) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkAppendMember(b *testing.B) {
	data := noise(1, 3000)
	var dst []byte
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		dst = AppendMember(dst[:0], ID{1}, data)
	}
}

func BenchmarkDecoderFrame(b *testing.B) {
	raw, _ := benchFrame()
	frame := NewCompressor(levels[0]).Append(nil, raw)
	d := NewDecoder()
	var dst []byte
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		var err error
		if dst, err = d.Frame(dst[:0], frame, len(raw)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseIndex(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	p := IndexPack{Pack: randomHash(r), Size: 16 << 20, FirstFrame: 250}
	for range 64 {
		f := Frame{Length: 200000}
		for range 100 {
			f.Members = append(f.Members, Member{ID: randomID(r), Size: 5000})
		}
		p.Frames = append(p.Frames, f)
	}
	data := AppendIndexPack(nil, &p)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		for _, err := range ParseIndex(data) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkParseHeadWhole(b *testing.B) {
	live := LiveSet{Packs: []Ref{}, Index: []Ref{}}
	r := rand.New(rand.NewPCG(1, 1))
	for range 10000 {
		live.Packs = append(live.Packs, Ref{SHA256: randomHash(r), Size: 17 << 20})
	}
	live.Sort()
	h := &Head{Writer: randomHash(r), Seq: 1, Epoch: 1, Live: &live}
	body := h.Encode()
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := ParseHead(body); err != nil {
			b.Fatal(err)
		}
	}
}
