package conform

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"time"

	"chatkeep/providers/storage"
)

// Check is one promise of the contract, and what proves that a store keeps it.
type Check struct {
	Name    string // a few words, as "create only"
	Promise string // a sentence without its end, for people
	run     func(T, storage.Store)
}

// Run holds an empty store against the promise. It leaves objects in it.
func (c Check) Run(t T, s storage.Store) { c.run(t, s) }

// Checks are all promises, in the order in which a broken one explains those after
// it.
func Checks() []Check {
	return []Check{
		{"round trip", "what was put comes back, of any size from 0 bytes on and under the longest of names", testRoundTrip},
		{"large object", "objects of 32 MiB come back", testLarge},
		{"create only", "a put never replaces what is there", testCreateOnly},
		{"nothing in part", "an object shows whole or not at all, while it is put and after a put that was cut off", testWhole},
		{"concurrent puts of one key", "of several puts under one name at once, one wins whole", testConcurrentPuts},
		{"concurrent work", "what was put shows at once to whoever gets, looks and lists", testConcurrentWork},
		{"data is not retained", "what is stored does not change with the memory that it came from", testNotRetained},
		{"ranges", "a part of an object is exactly that part", testRanges},
		{"ranges beyond the end", "more bytes than there are is an error, never fewer bytes", testBeyond},
		{"missing", "a missing object is told from a missing place and from trouble", testMissing},
		{"delete", "what was deleted is gone, and nothing else", testDelete},
		{"names", "names that are no keys are refused", testNames},
		{"too large", "an object that is too large is refused", testTooLarge},
		{"context", "what was called off does nothing", testContext},
		{"context ends while reading", "a read that is called off ends soon", testContextReading},
		{"times", "the time of an object is the same whoever asks", testTimes},
		{"list order", "a listing is in the order of names", testListOrder},
		{"list prefixes", "a listing has all that begins so, and nothing else", testListPrefixes},
		{"list pages", "a listing of more than a page is whole", testListPages},
		{"list twice and in part", "a listing can be cut short and run again", testListAgain},
		{"list context", "a listing that is called off says so", testListContext},
	}
}

// Exclusive proves the stronger promise that of puts of one key at the same
// instant exactly one succeeds, round after round. Not every place can.
func Exclusive(t T, s storage.Store, rounds int) {
	for round := range rounds {
		key := fmt.Sprintf("race/%d", round)
		winners := race(t, s, key)
		if len(winners) != 1 {
			t.Fatalf("%s: %d puts succeeded", key, len(winners))
		}
		WantObject(t, s, key, winners[0])
	}
}

// Random gives bytes that depend on seed alone.
func Random(seed string, size int) []byte {
	data := make([]byte, size)
	rand.NewChaCha8(sha256.Sum256([]byte(seed))).Read(data)
	return data
}

// Put puts an object that is not there yet.
func Put(t T, s storage.Store, key string, data []byte) storage.Info {
	t.Helper()
	info, err := s.Put(t.Context(), key, data)
	if err != nil {
		t.Fatal(err)
	}
	if info.Key != key || info.Size != int64(len(data)) {
		t.Fatalf("put of %s, %d bytes, gave %+v", key, len(data), info)
	}
	return info
}

// Read gets a range, whichever of Get and the reader has the error.
func Read(ctx context.Context, s storage.Reader, key string, offset, length int64) ([]byte, error) {
	r, err := s.Get(ctx, key, offset, length)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// WantObject asks for an object with these bytes.
func WantObject(t T, s storage.Reader, key string, want []byte) {
	t.Helper()
	got, err := Read(t.Context(), s, key, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s holds %d other bytes, not the %d put", key, len(got), len(want))
	}
	info, err := s.Stat(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if info.Key != key || info.Size != int64(len(want)) {
		t.Fatalf("stat of %s, %d bytes, gave %+v", key, len(want), info)
	}
}

// WantError asks for a storage.Error that matches want.
func WantError(t T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error is %v, want one that matches %v", what, err, want)
		return
	}
	var e *storage.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: error is a %T, not a storage.Error", what, err)
	}
}

func testRoundTrip(t T, s storage.Store) {
	objects := map[string][]byte{
		"chatkeep.txt": []byte("for people\n"),
		"empty":        {},
		"packs/0a/" + strings.Repeat("0a", 32) + ".age": Random("pack", 100_001),
		"a-b.c/d--e/1": Random("odd", 1),
		"deep/" + strings.Repeat("a/", 40) + "end":                                     Random("deep", 7),
		strings.Repeat("k", storage.MaxElement) + "/" + strings.Repeat("e/", 63) + "y": Random("long", 7),
	}
	for key, data := range objects {
		Put(t, s, key, data)
	}
	for key, data := range objects {
		WantObject(t, s, key, data)
	}
}

func testLarge(t T, s storage.Store) {
	// Not a whole number of any block, and at an odd address.
	for i, data := range [][]byte{
		Random("large", 32<<20),
		Random("large", 20<<20+1)[1:],
		Random("part", 3<<20-1),
	} {
		key := fmt.Sprintf("large/%d", i)
		Put(t, s, key, data)
		WantObject(t, s, key, data)
	}
}

func testNotRetained(t T, s storage.Store) {
	for _, size := range []int{10, 2 << 20} {
		data := Random("mine", size)
		want := bytes.Clone(data)
		key := fmt.Sprintf("mine-%d", size)
		Put(t, s, key, data)
		if !bytes.Equal(data, want) {
			t.Fatal("put changed its data")
		}
		clear(data)
		WantObject(t, s, key, want)
	}
}

func testRanges(t T, s storage.Store) {
	const size = 200_000
	data := Random("ranges", size)
	Put(t, s, "o", data)
	type span struct{ offset, length int64 }
	spans := []span{
		{0, 0}, {0, 1}, {0, size}, {0, -1}, {1, -1}, {1, 0}, {17, 4096}, {size - 1, 1}, {size - 1, -1},
		{size, 0}, {size, -1}, {65536, 65536}, {0, size - 1}, {1, size - 1},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		offset := r.Int64N(size)
		spans = append(spans, span{offset, r.Int64N(size - offset + 1)})
	}
	for _, x := range spans {
		end := x.offset + x.length
		if x.length < 0 {
			end = size
		}
		got, err := Read(t.Context(), s, "o", x.offset, x.length)
		if err != nil {
			t.Errorf("%+v: %v", x, err)
		} else if !bytes.Equal(got, data[x.offset:end]) {
			t.Errorf("%+v: other bytes, %d of them", x, len(got))
		}
	}
	Put(t, s, "empty", nil)
	for _, length := range []int64{0, -1} {
		if got, err := Read(t.Context(), s, "empty", 0, length); err != nil || len(got) != 0 {
			t.Errorf("length %d of nothing: %d bytes, %v", length, len(got), err)
		}
	}
}

func testBeyond(t T, s storage.Store) {
	Put(t, s, "o", Random("o", 100))
	Put(t, s, "empty", nil)
	const huge = 1<<63 - 1
	for _, x := range []struct {
		key            string
		offset, length int64
	}{
		{"o", 0, 101}, {"o", 99, 2}, {"o", 100, 1}, {"o", 101, 0}, {"o", 101, -1}, {"o", 101, 1},
		{"o", 50, huge}, {"o", huge, huge}, {"o", huge, -1}, {"o", 1 << 40, 1}, {"empty", 0, 1}, {"empty", 1, 0},
	} {
		_, err := Read(t.Context(), s, x.key, x.offset, x.length)
		WantError(t, fmt.Sprintf("%+v", x), err, io.ErrUnexpectedEOF)
	}
	_, err := Read(t.Context(), s, "o", -1, 1)
	WantError(t, "negative offset", err, fs.ErrInvalid)
}

func testMissing(t T, s storage.Store) {
	Put(t, s, "dir/there", []byte("x"))
	for _, key := range []string{"missing", "dir", "dir/missing", "dir/ther", "dir/there/below", "no/dir/at/all"} {
		for _, length := range []int64{-1, 0, 1} {
			_, err := Read(t.Context(), s, key, 0, length)
			WantError(t, fmt.Sprintf("get %s, length %d", key, length), err, fs.ErrNotExist)
		}
		_, err := s.Stat(t.Context(), key)
		WantError(t, "stat "+key, err, fs.ErrNotExist)
		if class := storage.ClassOf(err); class != storage.Other {
			t.Errorf("stat %s: class %d", key, class)
		}
	}
}

func testDelete(t T, s storage.Store) {
	Put(t, s, "a/1", []byte("1"))
	Put(t, s, "a/2", []byte("2"))
	for _, key := range []string{"a/1", "a/1", "a/1/below", "a", "never", "never/there"} {
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
	}
	_, err := s.Stat(t.Context(), "a/1")
	WantError(t, "stat of the deleted", err, fs.ErrNotExist)
	WantObject(t, s, "a/2", []byte("2"))
	WantKeys(t, s, "", "a/2")
	Put(t, s, "a/1", []byte("new"))
	WantObject(t, s, "a/1", []byte("new"))
	if err := s.Delete(t.Context(), "a/2"); err != nil {
		t.Error(err)
	}
	WantKeys(t, s, "", "a/1")
}

func testNames(t T, s storage.Store) {
	for _, key := range []string{
		"", ".", "..", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".a", "a/.b", "A", "a_b", "a b", "ä", "a\x00b",
		"a\\b", "a\nb", "a%2fb", "a?b", "a#b", "a+b", "a:b", strings.Repeat("a", storage.MaxElement+1),
		strings.Repeat("a/", storage.MaxKey/2) + "a",
	} {
		_, err := s.Put(t.Context(), key, []byte("x"))
		WantError(t, fmt.Sprintf("put %q", key), err, fs.ErrInvalid)
		_, err = Read(t.Context(), s, key, 0, -1)
		WantError(t, fmt.Sprintf("get %q", key), err, fs.ErrInvalid)
		_, err = s.Stat(t.Context(), key)
		WantError(t, fmt.Sprintf("stat %q", key), err, fs.ErrInvalid)
		WantError(t, fmt.Sprintf("delete %q", key), s.Delete(t.Context(), key), fs.ErrInvalid)
	}
	WantKeys(t, s, "")
}

func testTooLarge(t T, s storage.Store) {
	_, err := s.Put(t.Context(), "large", make([]byte, storage.MaxObject+1))
	WantError(t, "put", err, fs.ErrInvalid)
	WantKeys(t, s, "")
}

func testContext(t T, s storage.Store) {
	Put(t, s, "there", []byte("x"))
	for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if want == context.DeadlineExceeded {
			ctx, cancel = context.WithDeadline(t.Context(), time.Unix(0, 0))
			defer cancel()
		}
		_, err := s.Put(ctx, "new", []byte("x"))
		WantError(t, "put", err, want)
		_, err = Read(ctx, s, "there", 0, -1)
		WantError(t, "get", err, want)
		_, err = s.Stat(ctx, "there")
		WantError(t, "stat", err, want)
		WantError(t, "delete", s.Delete(ctx, "there"), want)
	}
	WantObject(t, s, "there", []byte("x"))
	WantKeys(t, s, "", "there")
}

func testContextReading(t T, s storage.Store) {
	Put(t, s, "large", Random("large", 20<<20))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := s.Get(ctx, "large", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	n, err := io.Copy(io.Discard, r)
	WantError(t, fmt.Sprintf("after %d more bytes", n), err, context.Canceled)
}

func testTimes(t T, s storage.Store) {
	first := Put(t, s, "a", []byte("1"))
	stat, err := s.Stat(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	listed, err := List(s.List(t.Context(), ""))
	if err != nil || len(listed) != 1 {
		t.Fatal(listed, err)
	}
	for _, other := range []storage.Info{stat, listed[0]} {
		// Some stores tell whole seconds in one answer and fractions in another.
		if d := other.Time.Sub(first.Time); !first.Time.IsZero() && d.Abs() > 5*time.Second {
			t.Errorf("put tells %v, later it is %v", first.Time, other.Time)
		}
	}
	if stat.Time.Truncate(time.Second) != listed[0].Time.Truncate(time.Second) {
		t.Errorf("stat tells %v, list %v", stat.Time, listed[0].Time)
	}
}
