package format

import (
	"bytes"
	"runtime"
	"testing"
)

// The property of every parser: no panic, an error has a class, and what is
// read without one is written again byte for byte. allocates adds that memory
// follows the input and not what the input declares.

func checkError(t *testing.T, err error) bool {
	t.Helper()
	if err != nil && ClassOf(err) == "" {
		t.Fatalf("an error without a class: %v", err)
	}
	return err == nil
}

// allocates fails where fn allocates more than most bytes.
func allocates(t *testing.T, most uint64, fn func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > most {
		t.Fatalf("%d bytes were allocated, %d are the limit", used, most)
	}
}

// allowance is what a parser may allocate for an input: some buffers, and a
// multiple of the input.
func allowance(input int) uint64 { return 4<<20 + 128*uint64(input) }

func fuzzStatement(f *testing.F, kind string) {
	for _, v := range load[[]statementVector](f, "statements.json") {
		if v.Parse == kind && len(v.Data) < 8<<10 {
			f.Add(v.bytes(f))
		}
	}
	parse := statementParsers[kind]
	f.Fuzz(func(t *testing.T, data []byte) {
		allocates(t, allowance(len(data)), func() {
			s, err := parse(data)
			if checkError(t, err) && !bytes.Equal(s.Encode(), data) {
				t.Fatalf("written again: %q", s.Encode())
			}
		})
	})
}

func FuzzEnvelope(f *testing.F)  { fuzzStatement(f, "envelope") }
func FuzzAuthority(f *testing.F) { fuzzStatement(f, "authority") }
func FuzzHead(f *testing.F)      { fuzzStatement(f, "head") }
func FuzzTombstone(f *testing.F) { fuzzStatement(f, "tombstone") }
func FuzzManifest(f *testing.F)  { fuzzStatement(f, "manifest") }
func FuzzNote(f *testing.F)      { fuzzStatement(f, "note") }
func FuzzNews(f *testing.F)      { fuzzStatement(f, "news") }

func FuzzName(f *testing.F) {
	v := load[struct {
		Good []struct {
			Key, Type, Slot string
			Writer, Hash    Hash
			N               uint64
		}
		Bad []string
	}](f, "names.json")
	for _, g := range v.Good {
		f.Add(g.Key)
	}
	for _, key := range v.Bad {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if name, ok := ParseName(key); ok && name.String() != key {
			t.Fatalf("%q is read as %q", key, name)
		}
	})
}

func FuzzLayout(f *testing.F) {
	for _, v := range load[[]sealedVector](f, "sealed.json") {
		if plain := v.bytes(f); len(plain) < 8<<10 {
			f.Add(plain)
		}
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		allocates(t, allowance(len(plain)), func() {
			r := bytes.NewReader(plain)
			l, err := ParseLayout(r, r.Size())
			if !checkError(t, err) || !checkError(t, l.CheckPadding(r)) {
				return
			}
			b := NewBuilder(l.Header, nil)
			for _, fr := range l.Frames {
				b.Append(plain[fr.Offset:fr.Offset+int64(fr.Length)], fr.Members)
			}
			if !bytes.Equal(b.Close(), plain) {
				t.Fatal("other bytes when built again")
			}
		})
	})
}

// FuzzDirectory builds an object around a directory, for few mutations of whole
// objects get past the sums.
func FuzzDirectory(f *testing.F) {
	f.Add([]byte{0}, true)
	f.Add([]byte{1, 19, 0}, false)
	f.Add(appendDirectory(nil, []Frame{{Length: 9, Members: []Member{{Size: 7}, {Size: 1 << 20}}}}), true)
	f.Fuzz(func(t *testing.T, data []byte, pack bool) {
		allocates(t, allowance(len(data)), func() {
			s := scanner{data: data, what: "directory"}
			frames, _ := s.directory(0, pack)
			if checkError(t, s.err) && !bytes.Equal(appendDirectory(nil, frames), data[:s.pos]) {
				t.Fatal("other bytes when written again")
			}
		})
	})
}

func FuzzFrame(f *testing.F) {
	for _, v := range load[[]frameVector](f, "frames.json") {
		f.Add(unhexed(f, v.Frame), uint32(RawLen(members(v.Members))))
	}
	d := NewDecoder()
	f.Fuzz(func(t *testing.T, frame []byte, want uint32) {
		want %= 1 << 20 // what the members say bounds what is decoded
		allocates(t, allowance(len(frame))+2*uint64(want), func() {
			raw, err := d.Frame(nil, frame, int(want))
			if checkError(t, err) && len(raw) != int(want) {
				t.Fatalf("%d bytes, want %d", len(raw), want)
			}
		})
	})
}

func FuzzSplitFrame(f *testing.F) {
	f.Add(AppendMember(nil, ID{1}, []byte("hello")), []byte{1}, uint32(5))
	f.Add(AppendMember(AppendMember(nil, ID{1}, []byte("hello")), ID{2}, []byte("again")), []byte{1, 2}, uint32(5))
	f.Fuzz(func(t *testing.T, raw, ids []byte, size uint32) {
		var list []Member
		for _, b := range ids {
			list = append(list, Member{ID: ID{b}, Size: 1 + int(size%MaxChunk)})
		}
		var again []byte
		n := 0
		for data, err := range SplitFrame(raw, list) {
			if !checkError(t, err) {
				return
			}
			again = AppendMember(again, list[n].ID, data)
			n++
		}
		if n != len(list) || !bytes.Equal(again, raw) {
			t.Fatal("other bytes when written again")
		}
	})
}

func FuzzDecodeAll(f *testing.F) {
	for _, v := range load[[]sealedVector](f, "sealed.json") {
		if plain := v.bytes(f); len(plain) < 8<<10 {
			f.Add(plain)
		}
	}
	d := NewDecoder()
	f.Fuzz(func(t *testing.T, plain []byte) {
		const limit = 1 << 20
		allocates(t, allowance(len(plain))+4*limit, func() {
			data, err := d.All(plain, limit)
			if checkError(t, err) && len(data) > limit {
				t.Fatalf("%d bytes", len(data))
			}
		})
	})
}

func FuzzIndex(f *testing.F) {
	for _, v := range load[[]indexVector](f, "index.json") {
		f.Add(unhexed(f, v.Hex))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		allocates(t, allowance(len(data)), func() {
			packs, err := readIndex(data)
			if !checkError(t, err) {
				return
			}
			var again []byte
			for i := range packs {
				again = AppendIndexPack(again, &packs[i])
			}
			if !bytes.Equal(again, data) {
				t.Fatal("other bytes when written again")
			}
		})
	})
}

func FuzzEntry(f *testing.F) {
	for _, v := range load[[]contentsVector](f, "contents.json") {
		for line := range bytes.Lines(v.bytes(f)) {
			if len(line) < 4<<10 {
				f.Add(line)
			}
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		allocates(t, allowance(len(line)), func() {
			e, err := ParseEntry(line)
			if checkError(t, err) && !bytes.Equal(AppendEntry(nil, &e), line) {
				t.Fatalf("written again: %q", AppendEntry(nil, &e))
			}
		})
	})
}

func FuzzItems(f *testing.F) {
	for _, v := range load[[]contentsVector](f, "contents.json") {
		if data := v.bytes(f); len(data) < 8<<10 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		allocates(t, allowance(len(data)), func() {
			var again []byte
			for item, err := range Items(bytes.NewReader(data)) {
				if !checkError(t, err) {
					return
				}
				again = AppendItem(again, item)
			}
			if !bytes.Equal(again, data) {
				t.Fatalf("written again: %q", again)
			}
		})
	})
}

func FuzzStat(f *testing.F) {
	for _, v := range load[[]struct {
		textVector
		Mode      uint32
		Sec, Nsec int64
	}](f, "stats.json") {
		f.Add(v.bytes(f))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		s, err := ParseStat(line)
		if checkError(t, err) && !bytes.Equal(AppendStat(nil, &s), line) {
			t.Fatalf("written again: %q", AppendStat(nil, &s))
		}
	})
}

func FuzzKeyID(f *testing.F) {
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")
	f.Fuzz(func(t *testing.T, line string) {
		if _, err := KeyID(line); err == nil && len(line) != len("ssh-ed25519 ")+68 {
			t.Fatalf("%q is taken for a key", line)
		}
	})
}
