package zips

import (
	"errors"
	"testing"
)

// FuzzSegments finds that whatever is taken for a zip comes back exactly, and
// that nothing else than ErrFormat is said of what is not.
func FuzzSegments(f *testing.F) {
	text := chat(1, 2000)
	a, b := part{name: "a", data: text, level: 6}, part{name: "b", data: noise(2, 100)}
	f.Add(pack(f, "", false, a, b))
	f.Add(pack(f, "comment", true, part{name: "w", data: text[:300], level: 1, wide: true}, b))
	f.Add(append([]byte("#!"), pack(f, "PK\x05\x06", false, b, part{name: "d/"}, a)...))
	f.Add(pack(f, "", false, part{name: "l", data: text, level: 9, size: -5, long: 3}, a))
	f.Add(pack(f, "", false, part{name: "x", data: text, method: 9, flags: 9}, b))
	f.Add(appendEnd(nil, nil, 0, "", true))
	f.Fuzz(func(t *testing.T, zip []byte) {
		if len(zip) > 1<<16 {
			return
		}
		if _, _, err := rebuild(t, zip); err != nil && !errors.Is(err, ErrFormat) {
			t.Fatal(err)
		}
	})
}

// FuzzDeflate finds that a stream is proved at the level at which it was made.
func FuzzDeflate(f *testing.F) {
	f.Add([]byte("a"), 6, uint16(1))
	f.Add(chat(1, 100), 9, uint16(500))
	f.Add(noise(2, 33000), 1, uint16(2))
	f.Fuzz(func(t *testing.T, data []byte, level int, times uint16) {
		if level < minLevel || level > maxLevel || len(data) == 0 || len(data)*int(times) > 1<<17 {
			return
		}
		var all []byte
		for i := range times {
			all = append(append(all, data[int(i)%len(data):]...), byte(i))
		}
		if len(all) == 0 {
			return
		}
		kinds, _, err := rebuild(t, pack(t, "", false, part{name: "a", data: all, level: level}))
		if err != nil || len(kinds) != 3 || kinds[1] < '1' || kinds[1] > '9' {
			t.Fatalf("segments %s: %v", kinds, err)
		}
	})
}
