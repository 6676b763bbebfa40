package zips

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	zlib "modernc.org/z/lib"
)

// deflate is Deflate of bytes in memory.
func deflate(t testing.TB, b []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	n, err := Deflate(&out, bytes.NewReader(b), int64(len(b)), level)
	if err != nil || n != int64(out.Len()) {
		t.Fatalf("deflated %d bytes to %d, %d said, at level %d: %v", len(b), out.Len(), n, level, err)
	}
	return out.Bytes()
}

// testdata/zlib.txt is what testdata/table.py printed for inputs, with zlib
// 1.2.13.
func TestDeflateGivesBytesOfZlib(t *testing.T) {
	var got strings.Builder
	all := inputs()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for level := minLevel; level <= maxLevel; level++ {
			b := deflate(t, all[name], level)
			fmt.Fprintf(&got, "%s %d %d %x\n", name, level, len(b), sha256.Sum256(b))
		}
	}
	sameTable(t, got.String())
}

// The vectors are zlib's, not those of the port that is tested with them.
func TestVectorsAreOfZlib(t *testing.T) {
	sameTable(t, python(t, "table.py", inputFolder(t)))
}

func sameTable(t *testing.T, got string) {
	t.Helper()
	want, err := os.ReadFile("testdata/zlib.txt")
	if err != nil {
		t.Fatal(err)
	}
	gotLines := strings.Split(strings.ReplaceAll(got, "\r\n", "\n"), "\n")
	wantLines := strings.Split(string(want), "\n")
	if len(gotLines) != len(wantLines) {
		t.Fatalf("%d lines, want %d", len(gotLines), len(wantLines))
	}
	for i, line := range wantLines {
		if gotLines[i] != line {
			t.Errorf("got %s, want %s", gotLines[i], line)
		}
	}
}

// feed deflates b with pieces of lengths that are not those of run.
func feed(t *testing.T, b []byte, level int, next func() int) []byte {
	t.Helper()
	d, err := newDeflater(level)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	var out bytes.Buffer
	for flush := int32(zlib.Z_NO_FLUSH); flush != zlib.Z_FINISH; {
		n := copy(d.in[:min(next(), pieceSize)], b)
		if b = b[n:]; len(b) == 0 {
			flush = zlib.Z_FINISH
		}
		d.stream.Fnext_in, d.stream.Favail_in = d.memory+streamRoom, zlib.UInt(n)
		if _, err := d.drain(&out, flush); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// If this fails, pieceSize may be any number. The match that is lost is one at
// the largest distance, from where zlib moves its window if the buffer is not
// full by then.
func TestPiecesMatterToZlib(t *testing.T) {
	b := inputs()["last"]
	want := deflate(t, b, 6)
	once := feed(t, b, 6, func() int { return pieceSize })
	if !bytes.Equal(once, want) {
		t.Error("pieces of the same size give other bytes")
	}
	got := feed(t, b, 6, func() int { return pieceSize - 1 })
	if bytes.Equal(got, want) {
		t.Error("pieces of another size give the same bytes")
	}
}

func TestDeflateReadsAnyPieces(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("x"), chat(8, pieceSize), far(9, 3*pieceSize+1)} {
		want := deflate(t, b, 6)
		readers := map[string]io.Reader{
			"bytes":  iotest.OneByteReader(bytes.NewReader(b)),
			"halves": iotest.HalfReader(bytes.NewReader(b)),
			"eof":    iotest.DataErrReader(bytes.NewReader(b)),
		}
		for name, r := range readers {
			var got bytes.Buffer
			n, err := Deflate(&got, r, int64(len(b)), 6)
			if err != nil || n != int64(len(want)) || !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s: %d bytes of %d are others: %v", name, n, len(want), err)
			}
		}
	}
}

func TestDeflateErrors(t *testing.T) {
	broken := errors.New("broken")
	b := chat(1, 200_000)
	full := &limited{room: 100, err: broken}
	tests := []struct {
		name  string
		w     io.Writer
		r     io.Reader
		size  int64
		level int
		want  error
	}{
		{"level 0", io.Discard, bytes.NewReader(b), 200_000, 0, nil},
		{"level 10", io.Discard, bytes.NewReader(b), 200_000, 10, nil},
		{"level -1", io.Discard, bytes.NewReader(b), 200_000, -1, nil},
		{"shorter", io.Discard, bytes.NewReader(b), 200_001, 6, nil},
		{"longer", io.Discard, bytes.NewReader(b), 199_999, 6, nil},
		{"endless", io.Discard, zeros{}, 1 << 20, 6, nil},
		{"negative", io.Discard, bytes.NewReader(nil), -1, 6, nil},
		{"reader", io.Discard, io.MultiReader(bytes.NewReader(b), iotest.ErrReader(broken)), 200_000, 6, broken},
		{"writer", full, bytes.NewReader(b), 200_000, 6, broken},
	}
	for _, test := range tests {
		_, err := Deflate(test.w, test.r, test.size, test.level)
		if err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", test.name, err, test.want)
		}
	}
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// limited is a writer that fails when it is full.
type limited struct {
	room int
	err  error
}

func (l *limited) Write(b []byte) (int, error) {
	if len(b) > l.room {
		return 0, l.err
	}
	l.room -= len(b)
	return len(b), nil
}
