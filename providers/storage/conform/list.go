package conform

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"chatkeep/providers/storage"
)

// List gathers a listing.
func List(seq iter.Seq2[storage.Info, error]) ([]storage.Info, error) {
	var infos []storage.Info
	for info, err := range seq {
		if err != nil {
			return infos, err
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// WantKeys asks for a listing of these keys.
func WantKeys(t T, s storage.Reader, prefix string, want ...string) {
	t.Helper()
	infos, err := List(s.List(t.Context(), prefix))
	if err != nil {
		t.Errorf("list %q: %v", prefix, err)
		return
	}
	var keys []string
	for _, info := range infos {
		keys = append(keys, info.Key)
	}
	if !slices.Equal(keys, want) {
		t.Errorf("list %q gave %q, want %q", prefix, keys, want)
	}
}

// tricky are keys whose order differs between a walk of directories and the
// bytes, in the order of the bytes.
var tricky = []string{
	"a-b/x", "a-b/y", "a.b", "a.c/z", "a/b-c/d", "a/b.c", "a/b/c", "a/b0", "a0", "aa/a", "b", "b-", "b0/0",
}

func testListOrder(t T, s storage.Store) {
	for i := range tricky {
		Put(t, s, tricky[len(tricky)-1-i], Random("x", i))
	}
	WantKeys(t, s, "", tricky...)
	infos, err := List(s.List(t.Context(), ""))
	if err != nil {
		t.Fatal(err)
	}
	for i, info := range infos {
		if info.Size != int64(len(tricky)-1-i) {
			t.Errorf("%s is listed with %d bytes", info.Key, info.Size)
		}
	}
}

func testListPrefixes(t T, s storage.Store) {
	WantKeys(t, s, "")
	WantKeys(t, s, "a/")
	for _, key := range tricky {
		Put(t, s, key, nil)
	}
	for _, prefix := range []string{
		"", "a", "a-", "a-b", "a-b/", "a-b/x", "a-b/xx", "a.", "a/", "a/b", "a/b/", "a/b/c", "a/b/c/", "a0", "b", "c",
		"aa/a", "aa/a/a", "z/z", "/", "/a", "A", ".", "..", "../", "a//", "a/../", "a\x00", "*", strings.Repeat("a/", 200),
	} {
		var want []string
		for _, key := range tricky {
			if strings.HasPrefix(key, prefix) {
				want = append(want, key)
			}
		}
		WantKeys(t, s, prefix, want...)
	}
}

func testListPages(t T, s storage.Store) {
	// S3 lists a thousand at a time.
	const n = 1003
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("many/%02x/%04d", i*7%32, i))
	}
	parallel(16, n, func(i int) {
		if _, err := s.Put(t.Context(), want[i], nil); err != nil {
			t.Error(err)
		}
	})
	slices.Sort(want)
	WantKeys(t, s, "", want...)
	WantKeys(t, s, "many/0", want[:slices.IndexFunc(want, func(k string) bool { return k >= "many/1" })]...)
}

func testListAgain(t T, s storage.Store) {
	for _, key := range []string{"a", "b", "c/d"} {
		Put(t, s, key, nil)
	}
	seq := s.List(t.Context(), "")
	for range seq {
		break
	}
	Put(t, s, "b0", nil)
	for range 2 {
		infos, err := List(seq)
		if err != nil || len(infos) != 4 {
			t.Errorf("%d objects, %v", len(infos), err)
		}
	}
}

func testListContext(t T, s storage.Store) {
	Put(t, s, "a", nil)
	Put(t, s, "b", nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	pairs := 0
	var last error
	for info, err := range s.List(ctx, "") {
		pairs++
		last = err
		if err == nil {
			t.Errorf("%s is listed after the end", info.Key)
		}
	}
	if pairs != 1 {
		t.Errorf("%d pairs, want one error", pairs)
	}
	WantError(t, "list", last, context.Canceled)
}
