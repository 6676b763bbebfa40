package chattest

import (
	"bytes"
	"fmt"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/archive"
)

// Zeroed packs one file into a zip and overwrites ten bytes of it, at one place
// after the other. A provider has to know it for its own wherever that is, so that
// a reader says what is wrong: nobody else would.
func Zeroed(t *testing.T, p chat.Provider, name string, data []byte) {
	t.Helper()
	b := zipOf(t, fstest.MapFS{name: {Data: data, Mode: 0o644}})
	first := bytes.Index(b, []byte(name)) + len(name)
	end := bytes.LastIndex(b, []byte("PK\x01\x02"))
	for at := first; at+10 < end; at += 1 + (end-first)/1000 {
		torn := bytes.Clone(b)
		clear(torn[at : at+10])
		tree, err := archive.Open(bytes.NewReader(torn), int64(len(torn)), archive.Limits{})
		if err != nil {
			t.Fatalf("%s: zeros at %d: %v", name, at, err)
		}
		checkZeroed(t, p, tree, fmt.Sprintf("%s: zeros at %d of %d", name, at-first, end-first))
	}
}

func checkZeroed(t *testing.T, p chat.Provider, tree *archive.Tree, what string) {
	t.Helper()
	matches, err := p.Recognize(tree)
	if err != nil {
		return
	}
	if len(matches) == 0 {
		t.Errorf("%s: not recognised, without a word", what)
		return
	}
	r, err := read(p, tree, matches[0].Route, chat.Options{})
	if err == nil && len(r.errors) == 0 {
		t.Errorf("%s: read without a word", what)
	}
}
