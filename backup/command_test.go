package backup

import (
	"path/filepath"
	"testing"

	"chatkeep/backup/session"
)

func TestParseSubset(t *testing.T) {
	last := func(n uint64) uint64 { return n - 1 }
	for text, want := range map[string][2]uint64{
		"1/1": {1, 1}, "1/7": {1, 7}, "7/7": {7, 7}, "65536/65536": {65536, 65536},
		"100%": {1, 1}, "10%": {10, 10}, "60%": {1, 1}, "33.3%": {3, 3}, "0.0001%": {65536, 65536},
	} {
		part, parts, ok := parseSubset(text, last)
		if !ok || part != want[0] || parts != want[1] {
			t.Errorf("%q is %d of %d, %v, want %v", text, part, parts, ok, want)
		}
	}
	for _, text := range []string{"", "0/7", "8/7", "1/0", "1/65537", "1", "/7", "1/", "-1/7", "1/7/7", "0%", "-5%", "101%", "NaN%", "%", "x%", "1 /7"} {
		if part, parts, ok := parseSubset(text, last); ok {
			t.Errorf("%q is %d of %d", text, part, parts)
		}
	}
}

// TestLiteral writes names as patterns: they match themselves and no others.
func TestLiteral(t *testing.T) {
	names := []string{"a/b", "a*/b", "a?", "ab", "[a]", "a", `a\b`, "ä*", "a]b"}
	for _, name := range names {
		s := Selection{Exclude: []string{"/" + literal(name)}}
		if err := s.Check(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		for _, other := range names {
			if matchesAny(s.Exclude, other) != (other == name) {
				t.Errorf("the pattern for %q and the name %q: %v", name, other, other != name)
			}
		}
	}
}

func TestBelow(t *testing.T) {
	for _, c := range []struct {
		dir, path string
		want      bool
	}{
		{"/a", "/a", true}, {"/a", "/a/b", true}, {"/a", "/ab", false}, {"/a/b", "/a", false}, {"/", "/a", true}, {"/a", "/a/..b", true},
	} {
		if got := session.Within(filepath.FromSlash(c.dir), filepath.FromSlash(c.path)); got != c.want {
			t.Errorf("%s below %s: %v", c.path, c.dir, got)
		}
	}
}
