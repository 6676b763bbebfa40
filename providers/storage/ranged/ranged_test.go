package ranged_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"chatkeep/providers/storage/ranged"
)

// object is a server's object, whose connections break where the test says.
type object struct {
	data    []byte
	cut     func() int // how much of an answer comes; negative for all
	forgive int        // breaks in a row with nothing between
	spoil   func(*ranged.Answer)
	asked   []string
	barren  []int
	open    int // bodies that nobody closed
}

var errTroubled = errors.New("trouble of the store")

func (o *object) Trouble(err error) error { return errors.Join(errTroubled, err) }

func (o *object) Size(context.Context) (int64, error) { return int64(len(o.data)), nil }

func (o *object) Broken(_ context.Context, cause error, barren int) error {
	o.barren = append(o.barren, barren)
	if barren >= o.forgive {
		return cause
	}
	return nil
}

func (o *object) Ask(_ context.Context, words string) (*ranged.Answer, error) {
	o.asked = append(o.asked, words)
	status, from, to := http.StatusOK, 0, len(o.data)
	header := http.Header{}
	if words != "" {
		last := math.MaxInt
		if n, _ := fmt.Sscanf(words, "bytes=%d-%d", &from, &last); n == 0 {
			return nil, fmt.Errorf("the range %q", words)
		}
		if from >= len(o.data) {
			return nil, ranged.ErrRange
		}
		to = min(last, len(o.data)-1) + 1
		status = http.StatusPartialContent
		header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(o.data)))
	}
	header.Set("Content-Length", fmt.Sprint(to-from))
	part := append(bytes.Clone(o.data[from:to]), "and what nobody asked for"...)
	if o.cut != nil {
		if n := o.cut(); n >= 0 && n < to-from {
			part = part[:n]
		}
	}
	o.open++
	answer := &ranged.Answer{Status: status, Header: header, Body: &body{Reader: bytes.NewReader(part), of: o}}
	if o.spoil != nil {
		o.spoil(answer)
	}
	return answer, nil
}

// body is one answer's, that must be closed once.
type body struct {
	io.Reader
	of     *object
	closed bool
}

func (b *body) Close() error {
	if b.closed {
		return errors.New("closed twice")
	}
	b.closed = true
	b.of.open--
	return nil
}

// get reads a part, in pieces of an odd size, and closes twice.
func (o *object) get(t *testing.T, offset, length int64) ([]byte, error) {
	t.Helper()
	r, err := ranged.Get(t.Context(), o, offset, length)
	if err != nil {
		o.wantClosed(t)
		return nil, err
	}
	got, err := io.ReadAll(struct{ io.Reader }{r})
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	o.wantClosed(t)
	return got, err
}

func (o *object) wantClosed(t *testing.T) {
	t.Helper()
	if o.open != 0 {
		t.Errorf("%d bodies are not closed, or more than once", o.open)
	}
}

func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * 7)
	}
	return data
}

// TestParts asks for every part of small objects, and more, over connections that
// break anywhere: what comes is the part, or an error where there is none.
func TestParts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for size := range 9 {
		o := &object{data: pattern(size), forgive: 40, cut: func() int { return r.IntN(5) - 1 }}
		for offset := int64(-1); offset <= int64(size)+2; offset++ {
			for length := int64(-2); length <= int64(size)+2; length++ {
				got, err := o.get(t, offset, length)
				end := offset + length
				if length < 0 {
					end = int64(size)
				}
				what := fmt.Sprintf("%d bytes from %d on, of %d", length, offset, size)
				switch {
				case offset < 0:
					wantError(t, what, err, fs.ErrInvalid)
				case offset > int64(size), end > int64(size):
					wantError(t, what, err, io.ErrUnexpectedEOF)
				case err != nil:
					t.Errorf("%s: %v", what, err)
				case !bytes.Equal(got, o.data[offset:end]):
					t.Errorf("%s: %x, want %x", what, got, o.data[offset:end])
				}
			}
		}
		_, err := o.get(t, 1, math.MaxInt64)
		wantError(t, "beyond all numbers", err, io.ErrUnexpectedEOF)
	}
}

func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || !errors.Is(err, errTroubled) {
		t.Errorf("%s: %v, want trouble of the store's that is %v", what, err, want)
	}
}

// TestRest asks after each break for the rest alone.
func TestRest(t *testing.T) {
	o := &object{data: pattern(10), forgive: 3, cut: func() int { return 4 }}
	if _, err := o.get(t, 1, -1); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(o.asked, " "), "bytes=1- bytes=5-9 bytes=9-9"; got != want {
		t.Errorf("it asked for %s, want %s", got, want)
	}
	if fmt.Sprint(o.barren) != "[0 0]" {
		t.Errorf("after bytes had come it counted %v", o.barren)
	}
}

// TestGivesUp has a server that gives nothing any more.
func TestGivesUp(t *testing.T) {
	left := 3
	o := &object{data: pattern(10), forgive: 2, cut: func() int { n := left; left = 0; return n }}
	got, err := o.get(t, 0, 10)
	wantError(t, "a dead connection", err, io.ErrUnexpectedEOF)
	if !bytes.Equal(got, o.data[:3]) || !strings.Contains(err.Error(), "broke off at byte 3") {
		t.Errorf("%x, %v", got, err)
	}
	if fmt.Sprint(o.barren) != "[0 1 2]" {
		t.Errorf("it counted %v", o.barren)
	}
}

// TestMisanswered has servers that give something else than was asked for.
func TestMisanswered(t *testing.T) {
	for name, spoil := range map[string]func(*ranged.Answer){
		"no length":     func(a *ranged.Answer) { a.Header.Del("Content-Length") },
		"a bad length":  func(a *ranged.Answer) { a.Header.Set("Content-Length", "-3") },
		"more":          func(a *ranged.Answer) { a.Header.Set("Content-Length", "4") },
		"less":          func(a *ranged.Answer) { a.Header.Set("Content-Length", "2") },
		"no range":      func(a *ranged.Answer) { a.Header.Del("Content-Range") },
		"another range": func(a *ranged.Answer) { a.Header.Set("Content-Range", "bytes 3-5/10") },
		"a longer one":  func(a *ranged.Answer) { a.Header.Set("Content-Range", "bytes 20-22/30") },
		"all of it":     func(a *ranged.Answer) { a.Status = http.StatusOK },
		"an empty object": func(a *ranged.Answer) {
			a.Status = http.StatusOK
			a.Header.Set("Content-Length", "0")
		},
	} {
		o := &object{data: pattern(10), spoil: spoil}
		if got, err := o.get(t, 2, 3); !errors.Is(err, errTroubled) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
}

// TestReplaced has an object that another took the place of while it was read.
func TestReplaced(t *testing.T) {
	o := &object{data: pattern(10), forgive: 3, cut: func() int { return 4 }}
	o.spoil = func(a *ranged.Answer) { a.Header.Set("ETag", fmt.Sprintf(`"%d"`, len(o.asked))) }
	if got, err := o.get(t, 0, -1); !errors.Is(err, errTroubled) || !bytes.Equal(got, o.data[:4]) {
		t.Errorf("%x, %v", got, err)
	}
}

// TestEnded stops to read when its context ends.
func TestEnded(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	o := &object{data: pattern(10), forgive: 1 << 20, cut: func() int { return 0 }}
	asked := 0
	o.spoil = func(*ranged.Answer) {
		if asked++; asked == 5 {
			stop()
		}
	}
	r, err := ranged.Get(ctx, o, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(r)
	wantError(t, "a context that ended", err, context.Canceled)
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("read once more: %v", err)
	}
	r.Close()
	o.wantClosed(t)
}
