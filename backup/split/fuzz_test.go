package split

import (
	"slices"
	"testing"
)

func FuzzNext(f *testing.F) {
	f.Add(uint8(Text), uint16(500), []byte("abc"), uint16(9000))
	f.Add(uint8(Records), uint16(7), []byte("{\"id\":\"1\"}\n"), uint16(9000))
	f.Add(uint8(Records), uint16(1), []byte("{\"id\":\"\n"), uint16(900))
	f.Add(uint8(SQLite), uint16(3), []byte(sqliteMagic+"\x10\x00"), uint16(200))
	f.Add(uint8(Fixed), uint16(60000), []byte{0}, uint16(60000))
	f.Fuzz(func(t *testing.T, rule uint8, step uint16, unit []byte, times uint16) {
		r := Rule(rule) % (Records + 1)
		// Repeated, small findings reach past the shortest chunk; the counter
		// keeps copies from being all alike.
		var b []byte
		for i := 0; i < int(times) && len(b) < 100000 && len(unit) > 0; i++ {
			b = append(b, unit...)
			b = append(b, byte(i), byte(i>>8))
		}
		key := Key{byte(step)}
		want := refEnds(r, key, b)
		k := NewKeyed(key)
		if got := cutAll(t, k.Cutter(r), b); !slices.Equal(got, want) {
			t.Fatalf("%v: cut at %v, want %v", r, got, want)
		}
		if got := cutFed(t, k.Cutter(r), b, func() int { return int(step)/4 + 64 }); !slices.Equal(got, want) {
			t.Fatalf("%v, fed: cut at %v, want %v", r, got, want)
		}
	})
}

func FuzzChoose(f *testing.F) {
	f.Add("a.jpg", int64(100000), []byte("\xFF\xD8\xFF"))
	f.Add("a.txt", int64(100000), []byte("\xFF\xFEa\x00"))
	f.Add("", int64(-1), []byte("\x00\x00\x00\x18ftyp"))
	f.Add("msgstore.db", int64(20000), []byte(sqliteMagic+"\x10\x00"))
	f.Add("..", int64(1<<40), []byte("RIFF\x00\x00\x00\x00WEBP"))
	f.Fuzz(func(t *testing.T, name string, size int64, head []byte) {
		r := Choose(name, size, head)
		switch {
		case r > Records:
			t.Fatalf("no such rule: %v", r)
		case r == Records:
			t.Fatal("a file was taken for a stream of records")
		case r == Whole && (size < 0 || size > WholeSize):
			t.Fatalf("%d bytes in one piece", size)
		case r != SQLite && size >= 0 && size <= WholeSize && r != Whole:
			t.Fatalf("%d bytes cut as %v", size, r)
		case r == Text && len(head) > 0 && head[0] < 0xFE && slices.Contains(head[:min(len(head), HeadSize)], 0):
			t.Fatal("text with NUL")
		}
		NewKeyed(Key{}).Cutter(r)
	})
}
