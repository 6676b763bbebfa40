package storagetest

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
	"testing"
	"time"

	"chatkeep/providers/storage"
)

// Run proves that a store keeps the contract. open makes an empty store of
// its own for each call and cleans up after the test.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, storage.Store)
	}{
		{"round trip", testRoundTrip},
		{"large object", testLarge},
		{"create only", testCreateOnly},
		{"concurrent puts of one key", testConcurrentPuts},
		{"concurrent work", testConcurrentWork},
		{"data is not retained", testNotRetained},
		{"ranges", testRanges},
		{"ranges beyond the end", testBeyond},
		{"missing", testMissing},
		{"delete", testDelete},
		{"keys", testKeys},
		{"too large", testTooLarge},
		{"context", testContext},
		{"context ends while reading", testContextReading},
		{"times", testTimes},
		{"list order", testListOrder},
		{"list prefixes", testListPrefixes},
		{"list pages", testListPages},
		{"list twice and in part", testListAgain},
		{"list context", testListContext},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// Exclusive proves the stronger promise that of puts of one key at the same
// instant exactly one succeeds, round after round. Not every place can.
func Exclusive(t *testing.T, s storage.Store, rounds int) {
	for round := range rounds {
		key := fmt.Sprintf("race/%d", round)
		winners := race(t, s, key)
		if len(winners) != 1 {
			t.Fatalf("%s: %d puts succeeded", key, len(winners))
		}
		wantObject(t, s, key, winners[0])
	}
}

// random gives bytes that depend on seed alone.
func random(seed string, size int) []byte {
	data := make([]byte, size)
	rand.NewChaCha8(sha256.Sum256([]byte(seed))).Read(data)
	return data
}

func put(t *testing.T, s storage.Store, key string, data []byte) storage.Info {
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

// read gets a range, whichever of Get and the reader has the error.
func read(ctx context.Context, s storage.Reader, key string, offset, length int64) ([]byte, error) {
	r, err := s.Get(ctx, key, offset, length)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func wantObject(t *testing.T, s storage.Reader, key string, want []byte) {
	t.Helper()
	got, err := read(t.Context(), s, key, 0, -1)
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

// wantError asks for a storage.Error that matches want.
func wantError(t *testing.T, what string, err, want error) {
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

func testRoundTrip(t *testing.T, s storage.Store) {
	objects := map[string][]byte{
		"chatkeep.txt": []byte("for people\n"),
		"empty":        {},
		"packs/0a/" + strings.Repeat("0a", 32) + ".age": random("pack", 100_001),
		"a-b.c/d--e/1": random("odd", 1),
		"deep/" + strings.Repeat("a/", 40) + "end":                                     random("deep", 7),
		strings.Repeat("k", storage.MaxElement) + "/" + strings.Repeat("e/", 63) + "y": random("long", 7),
	}
	for key, data := range objects {
		put(t, s, key, data)
	}
	for key, data := range objects {
		wantObject(t, s, key, data)
	}
}

func testLarge(t *testing.T, s storage.Store) {
	// Not a whole number of any block, and at an odd address.
	for i, data := range [][]byte{
		random("large", 20<<20),
		random("large", 20<<20+1)[1:],
		random("part", 3<<20-1),
	} {
		key := fmt.Sprintf("large/%d", i)
		put(t, s, key, data)
		wantObject(t, s, key, data)
	}
}

func testNotRetained(t *testing.T, s storage.Store) {
	for _, size := range []int{10, 2 << 20} {
		data := random("mine", size)
		want := bytes.Clone(data)
		key := fmt.Sprintf("mine-%d", size)
		put(t, s, key, data)
		if !bytes.Equal(data, want) {
			t.Fatal("put changed its data")
		}
		clear(data)
		wantObject(t, s, key, want)
	}
}

func testRanges(t *testing.T, s storage.Store) {
	const size = 200_000
	data := random("ranges", size)
	put(t, s, "o", data)
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
		got, err := read(t.Context(), s, "o", x.offset, x.length)
		if err != nil {
			t.Errorf("%+v: %v", x, err)
		} else if !bytes.Equal(got, data[x.offset:end]) {
			t.Errorf("%+v: other bytes, %d of them", x, len(got))
		}
	}
	put(t, s, "empty", nil)
	for _, length := range []int64{0, -1} {
		if got, err := read(t.Context(), s, "empty", 0, length); err != nil || len(got) != 0 {
			t.Errorf("length %d of nothing: %d bytes, %v", length, len(got), err)
		}
	}
}

func testBeyond(t *testing.T, s storage.Store) {
	put(t, s, "o", random("o", 100))
	put(t, s, "empty", nil)
	const huge = 1<<63 - 1
	for _, x := range []struct {
		key            string
		offset, length int64
	}{
		{"o", 0, 101}, {"o", 99, 2}, {"o", 100, 1}, {"o", 101, 0}, {"o", 101, -1}, {"o", 101, 1},
		{"o", 50, huge}, {"o", huge, huge}, {"o", huge, -1}, {"o", 1 << 40, 1}, {"empty", 0, 1}, {"empty", 1, 0},
	} {
		_, err := read(t.Context(), s, x.key, x.offset, x.length)
		wantError(t, fmt.Sprintf("%+v", x), err, io.ErrUnexpectedEOF)
	}
	_, err := read(t.Context(), s, "o", -1, 1)
	wantError(t, "negative offset", err, fs.ErrInvalid)
}

func testMissing(t *testing.T, s storage.Store) {
	put(t, s, "dir/there", []byte("x"))
	for _, key := range []string{"missing", "dir", "dir/missing", "dir/ther", "dir/there/below", "no/dir/at/all"} {
		for _, length := range []int64{-1, 0, 1} {
			_, err := read(t.Context(), s, key, 0, length)
			wantError(t, fmt.Sprintf("get %s, length %d", key, length), err, fs.ErrNotExist)
		}
		_, err := s.Stat(t.Context(), key)
		wantError(t, "stat "+key, err, fs.ErrNotExist)
		if class := storage.ClassOf(err); class != storage.Other {
			t.Errorf("stat %s: class %d", key, class)
		}
	}
}

func testDelete(t *testing.T, s storage.Store) {
	put(t, s, "a/1", []byte("1"))
	put(t, s, "a/2", []byte("2"))
	for _, key := range []string{"a/1", "a/1", "a/1/below", "a", "never", "never/there"} {
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
	}
	_, err := s.Stat(t.Context(), "a/1")
	wantError(t, "stat of the deleted", err, fs.ErrNotExist)
	wantObject(t, s, "a/2", []byte("2"))
	wantKeys(t, s, "", "a/2")
	put(t, s, "a/1", []byte("new"))
	wantObject(t, s, "a/1", []byte("new"))
	if err := s.Delete(t.Context(), "a/2"); err != nil {
		t.Error(err)
	}
	wantKeys(t, s, "", "a/1")
}

func testKeys(t *testing.T, s storage.Store) {
	for _, key := range []string{
		"", ".", "..", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".a", "a/.b", "A", "a_b", "a b", "ä", "a\x00b",
		"a\\b", "a\nb", "a%2fb", "a?b", "a#b", "a+b", "a:b", strings.Repeat("a", storage.MaxElement+1),
		strings.Repeat("a/", storage.MaxKey/2) + "a",
	} {
		_, err := s.Put(t.Context(), key, []byte("x"))
		wantError(t, fmt.Sprintf("put %q", key), err, fs.ErrInvalid)
		_, err = read(t.Context(), s, key, 0, -1)
		wantError(t, fmt.Sprintf("get %q", key), err, fs.ErrInvalid)
		_, err = s.Stat(t.Context(), key)
		wantError(t, fmt.Sprintf("stat %q", key), err, fs.ErrInvalid)
		wantError(t, fmt.Sprintf("delete %q", key), s.Delete(t.Context(), key), fs.ErrInvalid)
	}
	wantKeys(t, s, "")
}

func testTooLarge(t *testing.T, s storage.Store) {
	_, err := s.Put(t.Context(), "large", make([]byte, storage.MaxObject+1))
	wantError(t, "put", err, fs.ErrInvalid)
	wantKeys(t, s, "")
}

func testContext(t *testing.T, s storage.Store) {
	put(t, s, "there", []byte("x"))
	for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if want == context.DeadlineExceeded {
			ctx, cancel = context.WithDeadline(t.Context(), time.Unix(0, 0))
			defer cancel()
		}
		_, err := s.Put(ctx, "new", []byte("x"))
		wantError(t, "put", err, want)
		_, err = read(ctx, s, "there", 0, -1)
		wantError(t, "get", err, want)
		_, err = s.Stat(ctx, "there")
		wantError(t, "stat", err, want)
		wantError(t, "delete", s.Delete(ctx, "there"), want)
	}
	wantObject(t, s, "there", []byte("x"))
	wantKeys(t, s, "", "there")
}

func testContextReading(t *testing.T, s storage.Store) {
	put(t, s, "large", random("large", 20<<20))
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
	wantError(t, fmt.Sprintf("after %d more bytes", n), err, context.Canceled)
}

func testTimes(t *testing.T, s storage.Store) {
	first := put(t, s, "a", []byte("1"))
	stat, err := s.Stat(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	listed, err := list(s.List(t.Context(), ""))
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
