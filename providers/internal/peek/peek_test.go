package peek_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"chatkeep/providers/internal/peek"
)

func TestHead(t *testing.T) {
	fsys := fstest.MapFS{"long": {Data: []byte("abcdef")}, "short": {Data: []byte("ab")}, "empty": {}}
	for name, want := range map[string]string{"long": "abcd", "short": "ab", "empty": ""} {
		if got, err := peek.Head(fsys, name, 4); string(got) != want || err != nil {
			t.Errorf("%s begins with %q, %v", name, got, err)
		}
	}
	if got, err := peek.Head(fsys, "none", 4); len(got) > 0 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there begins with %q, %v", got, err)
	}
}
