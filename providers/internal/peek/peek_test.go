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

func TestTorn(t *testing.T) {
	failed := errors.New("checksum")
	for _, c := range []struct {
		head string
		err  error
		want bool
	}{
		{"", nil, false},
		{"text", nil, false},
		{"caf\u00e9", nil, false},
		{"caf\xc3", nil, false}, // ends within a character
		{"\U0001f600"[:3], nil, false},
		{"caf\xc3 and more", nil, true},
		{"\xbf\xbf\xbf\xbf\xbf", nil, true},
		{"nul\x00", nil, true},
		{"text", failed, true},
		{"", fs.ErrNotExist, false},
	} {
		if got := peek.Torn([]byte(c.head), c.err); got != c.want {
			t.Errorf("%q, %v: %t", c.head, c.err, got)
		}
	}
}
