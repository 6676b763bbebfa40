package format

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestPlaces(t *testing.T) {
	w, other, obj := Sum([]byte("w")), Sum([]byte("other")), Sum([]byte("obj"))
	head := &Head{Writer: w, Seq: 7}
	for _, v := range []struct {
		name string
		err  error
		want Class
	}{
		{"head", CheckHeadPlace(Name{Type: ObjectHead, Writer: w, N: 7, Hash: obj}, head), ""},
		{"head of another number", CheckHeadPlace(Name{Type: ObjectHead, Writer: w, N: 8, Hash: obj}, head), WrongPlace},
		{"head of another writer", CheckHeadPlace(Name{Type: ObjectHead, Writer: other, N: 7, Hash: obj}, head), WrongPlace},
		{"head among authorities", CheckHeadPlace(Name{Type: ObjectAuthority, Writer: w, N: 7, Hash: obj}, head), WrongPlace},
		{"authority", CheckAuthorityPlace(Name{Type: ObjectAuthority, N: 3}, &Authority{N: 3}), ""},
		{"authority of another number", CheckAuthorityPlace(Name{Type: ObjectAuthority, N: 4}, &Authority{N: 3}), WrongPlace},
		{"authority among keyrings", CheckAuthorityPlace(Name{Type: ObjectKeyring, N: 3}, &Authority{N: 3}), WrongPlace},
		{"news", CheckNewsPlace(Name{Type: ObjectNews, Writer: w, N: 2}, &News{Writer: w, N: 2}), ""},
		{"news of another number", CheckNewsPlace(Name{Type: ObjectNews, Writer: w, N: 1}, &News{Writer: w, N: 2}), WrongPlace},
		{"news for another writer", CheckNewsPlace(Name{Type: ObjectNews, Writer: other, N: 2}, &News{Writer: w, N: 2}), WrongPlace},
		{"note", CheckNotePlace(Name{Type: ObjectNote, Writer: w}, &Note{Writer: w}), ""},
		{"note of another writer", CheckNotePlace(Name{Type: ObjectNote, Writer: other}, &Note{Writer: w}), WrongPlace},
		{"object", CheckHash(Name{Type: ObjectPack, Hash: obj}, []byte("obj")), ""},
		{"object with other bytes", CheckHash(Name{Type: ObjectPack, Hash: obj}, []byte("Obj")), Flipped},
		{"text", CheckHash(Name{Type: ObjectText}, []byte("whatever")), ""},
	} {
		t.Run(v.name, func(t *testing.T) { wantClass(t, v.err, v.want) })
	}
}

func TestManifestBelongsToHead(t *testing.T) {
	live := Sum([]byte("live"))
	h := &Head{Repository: Sum(nil), Writer: Sum([]byte("w")), Seq: 3, Prev: []Hash{Sum([]byte("p"))}, Manifest: &Ref{}}
	good := Manifest{Repository: h.Repository, Writer: h.Writer, Seq: 3, Prev: h.Prev, Live: live}
	wantClass(t, CheckManifest(&good, h, live), "")
	for name, change := range map[string]func(*Manifest){
		"repository": func(m *Manifest) { m.Repository = live },
		"writer":     func(m *Manifest) { m.Writer = live },
		"seq":        func(m *Manifest) { m.Seq = 4 },
		"prev":       func(m *Manifest) { m.Prev = []Hash{live} },
		"live":       func(m *Manifest) { m.Live = h.Repository },
	} {
		t.Run(name, func(t *testing.T) {
			m := good
			change(&m)
			want := WrongPlace
			if name == "repository" {
				want = WrongRepository
			}
			wantClass(t, CheckManifest(&m, h, live), want)
		})
	}
}

func TestHashesAndIDsAreStrict(t *testing.T) {
	h, id := Sum(nil), ID{0xab, 15: 0xcd}
	var gotHash Hash
	var gotID ID
	text, err := json.Marshal([]any{h, id})
	if err != nil || json.Unmarshal(text, &[]any{&gotHash, &gotID}) != nil || gotHash != h || gotID != id {
		t.Errorf("%s gives %s and %s", text, gotHash, gotID)
	}
	for _, s := range []string{"", strings.ToUpper(h.String()), h.String()[1:], h.String() + "0", "g" + h.String()[1:], " " + h.String()[1:]} {
		if _, err := ParseHash(s); err == nil {
			t.Errorf("%q is taken for a hash", s)
		}
		if new(Hash).UnmarshalText([]byte(s)) == nil {
			t.Errorf("%q is unmarshalled as a hash", s)
		}
	}
	for _, s := range []string{"", strings.ToUpper(id.String()), id.String()[1:], id.String() + "0", "-" + id.String()[1:]} {
		if _, err := ParseID(s); err == nil {
			t.Errorf("%q is taken for an id", s)
		}
		if new(ID).UnmarshalText([]byte(s)) == nil {
			t.Errorf("%q is unmarshalled as an id", s)
		}
	}
	hashes := []Hash{Sum([]byte("a")), Sum([]byte("b")), Sum([]byte("c")), {}}
	SortHashes(hashes)
	if !slices.IsSortedFunc(hashes, func(a, b Hash) int { return strings.Compare(a.String(), b.String()) }) || !hashes[0].IsZero() {
		t.Error("hashes sort in another order than their text")
	}
}

func TestKinds(t *testing.T) {
	for k := range Kind(Kinds) {
		if got, err := ParseKind(k.String()); err != nil || got != k {
			t.Errorf("%s is read as %s: %v", k, got, err)
		}
	}
	for _, s := range []string{"", "Messages", Kind(Kinds).String()} {
		if _, err := ParseKind(s); err == nil {
			t.Errorf("%q is taken for a kind", s)
		}
	}
}

// TestCleanPath has the paths that vectors of contents cannot tell apart from
// misplaced ones.
func TestCleanPath(t *testing.T) {
	long := strings.Repeat("a", MaxPath)
	for path, want := range map[string]bool{
		"a": true, "a/b": true, "...": true, "a/..b": true, "\xff": true, `a\b`: true, "C:/x": true, long: true,
		"": false, "/": false, "/a": false, "a/": false, "a//b": false, ".": false, "..": false, "a/.": false,
		"../a": false, "a/../b": false, "a\x00b": false, long + "a": false,
	} {
		if got := CleanPath(path); got != want {
			t.Errorf("CleanPath(%q) = %v", short(path), got)
		}
	}
}
