package zips

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
)

// only returns the segment of a zip's only member.
func only(t testing.TB, b []byte) Segment {
	t.Helper()
	segments, err := Segments(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(segments) != 3 || segments[1].Member == nil {
		t.Fatalf("segments %+v: %v", segments, err)
	}
	return segments[1]
}

func TestProveFindsLevel(t *testing.T) {
	text := chat(1, 4_000)
	for level := minLevel; level <= maxLevel; level++ {
		b := pack(t, "", false, part{name: "a", data: text, level: level})
		s := only(t, b)
		for _, likely := range []int{-1, 0, 1, 6, 9, level, 10} {
			got, ok, err := Prove(context.Background(), bytes.NewReader(b), s, likely)
			if !ok || err != nil {
				t.Errorf("level %d, likely %d: %v, %v", level, likely, ok, err)
			}
			// Any level that gives these bytes will do.
			if got != level && !bytes.Equal(deflate(t, text, got), deflate(t, text, level)) {
				t.Errorf("level %d, likely %d: got %d", level, likely, got)
			}
			if likely == level && got != level {
				t.Errorf("likely level %d was right, got %d", likely, got)
			}
		}
	}
}

func TestLevelsAreTriedOnce(t *testing.T) {
	for likely := -1; likely <= 10; likely++ {
		o := order(likely)
		if likely >= minLevel && likely <= maxLevel && o[0] != likely {
			t.Errorf("likely %d comes after %d", likely, o[0])
		}
		if o = slices.Sorted(slices.Values(o)); !slices.Equal(o, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			t.Errorf("likely %d: levels %v", likely, o)
		}
	}
}

// The proof is of the last byte too.
func TestProveReadsAll(t *testing.T) {
	text := chat(1, 20_000)
	packed := deflate(t, text, 6)
	// The last byte holds the end of the last code, and in most streams unused
	// bits that no inflater looks at.
	for bit := range 8 {
		changed := slices.Clone(packed)
		changed[len(changed)-1] ^= 1 << bit
		b := pack(t, "", false, part{name: "a", method: methodDeflate, data: text, packed: changed})
		level, ok, err := Prove(context.Background(), bytes.NewReader(b), only(t, b), 6)
		if ok || err != nil {
			t.Errorf("bit %d: level %d, %v, %v", bit, level, ok, err)
		}
	}
}

// failing is a file of which a part cannot be read.
type failing struct {
	io.ReaderAt
	from int64
	err  error
}

func (f failing) ReadAt(b []byte, offset int64) (int, error) {
	if offset+int64(len(b)) > f.from {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(b, offset)
}

func TestErrorsOfFile(t *testing.T) {
	b := pack(t, "", false, part{name: "a", data: noise(1, 200_000), level: 6})
	s := only(t, b)
	whole := bytes.NewReader(b)
	// The end of the file is what a damaged member looks like, and must not
	// be taken for one.
	for _, broken := range []error{errors.New("broken"), io.ErrUnexpectedEOF} {
		file := failing{whole, s.Offset + s.Length - 1000, broken}
		if _, ok, err := Prove(context.Background(), file, s, 6); ok || !errors.Is(err, broken) || errors.Is(err, ErrDamaged) {
			t.Errorf("proved %v, error %v, want %v", ok, err, broken)
		}
		for _, from := range []int64{int64(len(b)) - 1, s.Offset + s.Length, 0} {
			_, err := Segments(failing{whole, from, broken}, int64(len(b)))
			if !errors.Is(err, broken) || errors.Is(err, ErrFormat) {
				t.Errorf("error %v, want %v", err, broken)
			}
		}
	}
	if _, err := io.ReadAll(Open(failing{whole, s.Offset + 100, errors.ErrUnsupported}, s)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("error %v, want that of the file", err)
	}
	if _, err := Segments(bytes.NewReader(b[:len(b)/2]), int64(len(b))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that shrank: %v", err)
	}
}

// stopping ends a context after some reads.
type stopping struct {
	io.ReaderAt
	left *int
	stop func()
}

func (s stopping) ReadAt(b []byte, offset int64) (int, error) {
	if *s.left--; *s.left == 0 {
		s.stop()
	}
	return s.ReaderAt.ReadAt(b, offset)
}

func TestProveStops(t *testing.T) {
	b := pack(t, "", false, part{name: "a", data: noise(1, 400_000), level: 6})
	for left := 1; left < 8; left++ {
		ctx, stop := context.WithCancel(context.Background())
		reads := left
		_, ok, err := Prove(ctx, stopping{bytes.NewReader(b), &reads, stop}, only(t, b), 6)
		if ok || !errors.Is(err, context.Canceled) || reads != 0 {
			t.Errorf("%d reads: proved %v, %v, %d reads left", left, ok, err, reads)
		}
		stop()
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, _, err := Prove(ctx, nil, Segment{Length: 1, Member: &Member{Stored: true}}, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("stored, context ended: %v", err)
	}
}

// A file may be one that many read at once.
func TestProveInParallel(t *testing.T) {
	b := pack(t, "", false, part{name: "a", data: chat(1, 30_000), level: 9})
	r, s := bytes.NewReader(b), only(t, b)
	done := make(chan error)
	for likely := range 8 {
		go func() {
			_, ok, err := Prove(context.Background(), r, s, likely)
			if !ok && err == nil {
				err = errDiffers
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
