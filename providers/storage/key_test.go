package storage_test

import (
	"io/fs"
	"strings"
	"testing"

	"chatkeep/providers/storage"
)

func TestValidKey(t *testing.T) {
	sha := strings.Repeat("0a", 32)
	long := strings.Repeat("a", storage.MaxElement)
	for key, want := range map[string]bool{
		"chatkeep.txt":                   true,
		"packs/0a/" + sha + ".age":       true,
		"snapshots/" + sha + "/1-" + sha: true,
		"a..b/c.":                        true,
		long + "/" + long[1:] + "/":      false,
		long + "/" + long[3:] + "/a":     true,

		"":                           false,
		".":                          false,
		"..":                         false,
		"/a":                         false,
		"a/":                         false,
		"a//b":                       false,
		"a/../b":                     false,
		"a/./b":                      false,
		".tmp":                       false,
		"a/.b":                       false,
		"A":                          false,
		"a_b":                        false,
		"a b":                        false,
		"a\\b":                       false,
		"a\x00":                      false,
		"a\nb":                       false,
		"ä":                          false,
		"a/%2e%2e/b":                 false,
		"a\xff":                      false,
		"../" + sha:                  false,
		"packs/0A/" + "00":           false,
		long + "a":                   false,
		long + "/" + long[2:] + "/a": false,
	} {
		if storage.ValidKey(key) != want {
			t.Errorf("ValidKey(%q) = %v", key, !want)
		}
	}
}

func TestValidPrefix(t *testing.T) {
	for prefix, want := range map[string]bool{
		"": true, "a": true, "a/": true, "packs/0": true, "a./b": true, strings.Repeat("a", storage.MaxElement): true,
		"/": false, ".": false, "a//": false, "a/.": false, "A": false, "../": false, "a\x00": false,
		strings.Repeat("a/", storage.MaxKey/2) + "a": false, strings.Repeat("a", storage.MaxElement+1): false,
	} {
		if storage.ValidPrefix(prefix) != want {
			t.Errorf("ValidPrefix(%q) = %v", prefix, !want)
		}
	}
}

func FuzzValidKey(f *testing.F) {
	f.Add("packs/0a/00.age")
	f.Add("a/../b")
	f.Add(".a")
	f.Fuzz(func(t *testing.T, key string) {
		if !storage.ValidKey(key) {
			return
		}
		if !fs.ValidPath(key) || len(key) > storage.MaxKey || strings.ToLower(key) != key {
			t.Fatalf("%q is no key", key)
		}
		for i := range key {
			if !storage.ValidPrefix(key[:i]) {
				t.Fatalf("%q is no prefix of a key", key[:i])
			}
		}
		for element := range strings.SplitSeq(key, "/") {
			if element == "" || element[0] == '.' || len(element) > storage.MaxElement {
				t.Fatalf("%q has the element %q", key, element)
			}
		}
	})
}
