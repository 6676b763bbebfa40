package zips

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestZipsComeBack(t *testing.T) {
	text, more, blob := chat(1, 8_000), chat(2, 20_000), noise(3, 3_000)
	stored, packed := part{name: "a.jpg", data: blob}, part{name: "b.txt", data: text, level: 6}
	bomb := deflate(t, make([]byte, 1<<20), 9)
	tests := []struct {
		name  string
		zip   []byte
		kinds string
	}{
		{"stored", pack(t, "", false, stored), "rsr"},
		{"deflated", pack(t, "", false, packed), "r6r"},
		{"both", pack(t, "", false, stored, packed, stored), "rsr6rsr"},
		{"comment", pack(t, "PK\x05\x06 comment", false, packed), "r6r"},
		{"long comment", pack(t, strings.Repeat("c", 65535), false, packed), "r6r"},
		{"something appended", append(pack(t, "", false, packed), blob...), "r6r"},
		{"something before", append(blob[:999:999], pack(t, "", false, stored, packed)...), "rsr6r"},
		{"something before zip64", append(blob[:999:999], pack(t, "", true, packed)...), "r6r"},
		{"zip64", pack(t, "c", true, packed, stored), "r6rsr"},
		{"zip64 fields", pack(t, "", true, part{name: "b", data: text, level: 1, wide: true}), "r1r"},
		{"zip64 fields alone", pack(t, "", false, part{name: "b", data: text, level: 1, wide: true}, packed), "r1r6r"},
		{"levels", pack(t, "", false, part{name: "1", data: more, level: 9}, part{name: "2", data: more, level: 2}), "r9r2r"},
		{"same names", pack(t, "", false, packed, packed), "r6r6r"},
		{"other name inside", pack(t, "", false, part{name: "b.txt", local: "../../b", data: text, level: 6}), "r6r"},
		{"data descriptor flag", pack(t, "", false, part{name: "b", flags: 1 << 3, data: text, level: 6}), "r6r"},
		{"empty and folders", pack(t, "", false, part{name: "d/"}, packed, part{name: "e"}), "r6r"},
		{"empty deflated", pack(t, "", false, part{name: "e", method: methodDeflate, packed: []byte{3, 0}}, packed), "r6r"},
		{"encrypted beside", pack(t, "", false, part{name: "x", flags: 1, data: blob}, packed), "r6r"},
		{"encrypted inside", pack(t, "", false, part{name: "x", localFlags: 1, data: blob}, packed), "r6r"},
		{"other method", pack(t, "", false, part{name: "x", method: 12, data: blob}, packed), "r6r"},
		{"not by zlib", pack(t, "", false, part{name: "g", method: methodDeflate, data: text, packed: goFlate(t, text)}, packed), "rxr6r"},
		{"stored block", pack(t, "", false, part{name: "g", method: methodDeflate, data: []byte("ab"), packed: []byte("\x01\x02\x00\xfd\xffab")}), "rxr"},
		{"more behind the stream", pack(t, "", false, part{name: "g", method: methodDeflate, data: text, packed: append(deflate(t, text, 6), "??"...)}), "rxr"},
		{"size too small", pack(t, "", false, part{name: "l", data: text, level: 6, size: -1}), "rdr"},
		{"size too large", pack(t, "", false, part{name: "l", data: text, level: 6, size: 1}), "rdr"},
		{"size of terabytes", pack(t, "", true, part{name: "l", data: text, level: 6, size: 1 << 45, wide: true}), "rdr"},
		{"bomb said to be small", pack(t, "", false, part{name: "l", method: methodDeflate, data: []byte("x"), packed: bomb}), "rdr"},
		{"checksum", pack(t, "", false, part{name: "l", data: text, level: 6, crc: 1}, part{name: "s", data: blob, crc: 1}), "rdrdr"},
		{"not deflated", pack(t, "", false, part{name: "l", method: methodDeflate, data: blob, packed: blob}), "rdr"},
		{"cut off", pack(t, "", false, part{name: "l", data: text, level: 6, long: -1}), "rdr"},
		{"stored size differs", pack(t, "", false, part{name: "l", data: blob, size: 1}, packed), "r6r"},
		{"data goes into the next", pack(t, "", false, part{name: "l", data: blob, size: 50, long: 50}, packed), "rdr"},
		{"data goes into the directory", pack(t, "", false, packed, part{name: "l", data: blob, size: 1, long: 1}), "r6r"},
		{"no local header", pack(t, "", false, part{name: "l", data: blob, header: 1}, packed), "r6r"},
		{"far away", pack(t, "", true, part{name: "l", data: blob, header: 1 << 40, wide: true}, packed), "r6r"},
		{"before the file", pack(t, "", true, part{name: "l", data: blob, header: -1 << 40, wide: true}, packed), "r6r"},
	}
	for _, test := range tests {
		kinds, _, err := rebuild(t, test.zip)
		if err != nil || kinds != test.kinds {
			t.Errorf("%s: segments %s, want %s: %v", test.name, kinds, test.kinds, err)
		}
	}
}

func TestMembersAreDescribed(t *testing.T) {
	text := chat(1, 5000)
	_, segments, err := rebuild(t, pack(t, "", false,
		part{name: "gr\xf6\xdfe", data: text}, part{name: "b", local: "c", data: text[1:], level: 1}))
	if err != nil {
		t.Fatal(err)
	}
	a, b := segments[1].Member, segments[3].Member
	if string(a.Name) != "gr\xf6\xdfe" || a.Size != 5000 || !a.Stored || segments[1].Length != 5000 {
		t.Errorf("stored member %+v", a)
	}
	if string(b.Name) != "b" || b.Size != 4999 || b.Stored || a.CRC32 == b.CRC32 {
		t.Errorf("deflated member %+v", b)
	}
}

// The directory may list members in any order, and claim the same bytes for
// several: the file's order counts, and the first one's claim.
func TestMembersInAnyOrder(t *testing.T) {
	text := chat(1, 5000)
	var b, central []byte
	for i := range 4 {
		p := part{name: fmt.Sprint(i), data: text[i:]}
		central = append(p.appendCentral(nil, int64(len(b))), central...)
		b = p.appendLocal(b)
	}
	for _, times := range []int{1, 2, 5} {
		kinds, segments, err := rebuild(t, appendEnd(b, bytes.Repeat(central, times), 4*times, "", false))
		if err != nil || kinds != "rsrsrsrsr" || string(segments[1].Member.Name) != "0" {
			t.Errorf("%d entries for each: segments %s: %v", times, kinds, err)
		}
	}
	// One local header in the content of another member.
	inner := part{name: "i", data: text[:100]}
	outer := part{name: "o", data: inner.appendLocal([]byte("begin"))}
	b = outer.appendLocal(nil)
	central = outer.appendCentral(nil, 0)
	central = inner.appendCentral(central, int64(len(b)-len(outer.data)+5))
	if kinds, _, err := rebuild(t, appendEnd(b, central, 2, "", false)); err != nil || kinds != "rsr" {
		t.Errorf("a member in a member: segments %s: %v", kinds, err)
	}
}

func TestNoZips(t *testing.T) {
	text := chat(1, 5000)
	good := pack(t, "", false, part{name: "a", data: text, level: 6})
	change := func(offset int, value ...byte) []byte {
		b := slices.Clone(good)
		copy(b[(len(b)+offset)%len(b):], value)
		return b
	}
	tests := map[string][]byte{
		"nothing":                nil,
		"text":                   text,
		"end alone":              append(make([]byte, 0), good[len(good)-endSize:]...),
		"no members":             appendEnd(nil, nil, 0, "", false),
		"no end":                 good[:len(good)-endSize],
		"no beginning":           good[100:],
		"encrypted only":         pack(t, "", false, part{name: "a", flags: 1, data: text}),
		"folders only":           pack(t, "", false, part{name: "a/"}, part{name: "b/"}),
		"two disks":              change(-endSize+4, 1),
		"directory elsewhere":    change(-endSize+16, 0xff, 0xff),
		"directory of no length": change(-endSize+12, 0, 0, 0, 0),
		"directory too short":    change(-endSize+12, centralSize),
		"directory over the end": change(-endSize+12, 0xff, 0xff, 0xff, 0),
		"one more declared":      change(-endSize+10, 2),
		"comment is missing":     change(-endSize+20, 1),
		"name over the end":      change(-endSize-3-4-1-centralSize+28, 0xff, 0xff),
		"not deflated or stored": pack(t, "", false, part{name: "a", method: 99, data: text}),
		"many ends":              bytes.Repeat([]byte(endSignature), 40_000),
	}
	for name, b := range tests {
		if kinds, _, err := rebuild(t, b); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: segments %s, error %v", name, kinds, err)
		}
	}
}

func TestTruncated(t *testing.T) {
	b := pack(t, "a comment", true, part{name: "a", data: chat(1, 500), level: 6, wide: true}, part{name: "b", data: chat(1, 100)})
	for n := range b {
		if kinds, _, err := rebuild(t, b[:n]); !errors.Is(err, ErrFormat) {
			t.Errorf("%d of %d bytes: segments %s, error %v", n, len(b), kinds, err)
		}
	}
	if kinds, _, err := rebuild(t, b); err != nil || kinds != "r6rsr" {
		t.Errorf("segments %s: %v", kinds, err)
	}
}

// Whatever byte is another, the file comes back.
func TestEachByteChanged(t *testing.T) {
	b := pack(t, "c", true, part{name: "a", data: chat(1, 300), level: 6, wide: true}, part{name: "b", data: chat(1, 50)})
	opened := 0
	for i := range b {
		for _, x := range []byte{0x01, 0x80, 0xff} {
			b[i] ^= x
			if _, _, err := rebuild(t, b); err == nil {
				opened++
			} else if !errors.Is(err, ErrFormat) {
				t.Errorf("byte %d: %v", i, err)
			}
			b[i] ^= x
		}
	}
	if opened < len(b) {
		t.Errorf("%d of %d files could be opened", opened, 3*len(b))
	}
}

// hollow is a file of zero bytes with something at its end.
type hollow struct {
	size int64
	tail []byte
}

func (h hollow) ReadAt(b []byte, offset int64) (int, error) {
	clear(b)
	if from := h.size - int64(len(h.tail)); offset+int64(len(b)) > from {
		copy(b[max(0, from-offset):], h.tail[max(0, offset-from):])
	}
	return len(b), nil
}

func TestLimits(t *testing.T) {
	le := binary.LittleEndian
	empty := part{}.appendCentral(nil, 0)
	end := appendEnd(nil, nil, 0, "", true)
	for _, test := range []struct {
		count, length int
		want          string
	}{
		{maxMembers, maxMembers * len(empty), "nothing in it"},
		{maxMembers + 1, (maxMembers + 1) * len(empty), "over 1000000 members"},
		{1, maxDirectory, "damaged"},
		{1, maxDirectory + 1, "central directory of 268435457 bytes"},
	} {
		le.PutUint64(end[32:], uint64(test.count))
		le.PutUint64(end[40:], uint64(test.length))
		file := headed{bytes.Repeat(empty, test.count), hollow{int64(test.length + len(end)), end}}
		_, err := Segments(file, file.size)
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%d members, %d bytes: %v", test.count, test.length, err)
		}
	}
}

// A zip of many gigabytes costs no more than its directory.
func TestLargeStoredMember(t *testing.T) {
	const content = int64(20 << 30)
	head := part{name: "v"}.appendLocal(nil)
	start := int64(len(head)) + content
	central := part{name: "v", size: content, long: content, wide: true}.appendCentral(nil, 0)
	tail := appendEnd(nil, central, 1, "", true)
	binary.LittleEndian.PutUint64(tail[len(central)+48:], uint64(start))
	file := headed{head, hollow{start + int64(len(tail)), tail}}
	segments, err := Segments(file, file.size)
	if err != nil || len(segments) != 3 || segments[1].Length != content || segments[1].Member == nil {
		t.Errorf("segments %+v: %v", segments, err)
	}
}

// headed is a hollow file with a beginning.
type headed struct {
	head []byte
	hollow
}

func (h headed) ReadAt(b []byte, offset int64) (int, error) {
	n, err := h.hollow.ReadAt(b, offset)
	if offset < int64(len(h.head)) {
		copy(b, h.head[offset:])
	}
	return n, err
}

func goFlate(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, 6)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The standard library never makes zlib's bytes, and always writes data
// descriptors.
func TestZipsOfGo(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, method := range []uint16{zip.Deflate, zip.Store, zip.Deflate} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i), Method: method})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(chat(dice(i+1), 20_000))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if kinds, _, err := rebuild(t, b.Bytes()); err != nil || kinds != "rxrsrxr" {
		t.Errorf("segments %s: %v", kinds, err)
	}
}

func TestZipsOfPython(t *testing.T) {
	source, target := t.TempDir(), t.TempDir()
	for name, data := range map[string][]byte{"a.jpg": noise(1, 5_000), "b.txt": chat(1, 70_000), "c.txt": chat(2, 5_000)} {
		if err := os.WriteFile(filepath.Join(source, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	python(t, "zips.py", source, target)
	want := map[string]string{
		"stored": "rsrsrsr", "bzip2": "", "wide": "rprprpr", "piped": "rprprpr", "self": "rprprpr", "level1": "rprprpr", "level9": "rprprpr", "folders": "rsrprpr",
	}
	for name, kinds := range want {
		b, err := os.ReadFile(filepath.Join(target, name+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := rebuild(t, b)
		// Levels may agree on a content, and then any of them will do.
		got = strings.Map(func(r rune) rune {
			if '0' < r && r <= '9' {
				return 'p'
			}
			return r
		}, got)
		if got != kinds || (err == nil) != (kinds != "") {
			t.Errorf("%s: segments %s, want %s: %v", name, got, kinds, err)
		}
	}
}

// Info-ZIP has a DEFLATE of its own: what it stores is opened, and all comes
// back. Where there is no zip, the zips of Python and by hand have to do.
func TestZipsOfInfoZip(t *testing.T) {
	path, err := exec.LookPath("zip")
	if err != nil {
		t.Skip("no zip")
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"a.jpg": noise(1, 5_000), "b.txt": chat(1, 20_000)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, flags := range map[string][]string{
		"plain": {"-q"}, "stored": {"-q0"}, "descriptors": {"-qfd"}, "wide": {"-qfz"}, "locked": {"-q", "-P", "x"},
	} {
		file := filepath.Join(dir, name+".zip")
		cmd := exec.Command(path, append(flags, file, "a.jpg", "b.txt")...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("zip %v: %v: %s", flags, err, out)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kinds, _, err := rebuild(t, b)
		t.Log(name, kinds, err)
		switch {
		case name == "locked" && !errors.Is(err, ErrFormat), name != "locked" && err != nil:
			t.Errorf("%s: error %v", name, err)
		case name == "stored" && kinds != "rsrsr":
			t.Errorf("%s: segments %s", name, kinds)
		}
	}
}
