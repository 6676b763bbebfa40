package format

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"testing/iotest"
	"time"
)

func TestLiveSetDiffApply(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		base, next := randomLive(r), randomLive(r)
		add, drop := Diff(base, next)
		got, err := base.Apply(add, drop)
		if err != nil || !sameLive(got, next) {
			t.Fatalf("%+v and %+v give %+v: %v", base, next, got, err)
		}
		if (got.Hash() == base.Hash()) != sameLive(base, next) {
			t.Fatal("the hash does not tell sets apart")
		}
		// What is known of a set by its lists, HasPack and HasIndex know too.
		for _, ref := range slices.Concat(base.Packs, next.Packs, base.Index) {
			want := slices.ContainsFunc(next.Packs, func(x Ref) bool { return x.SHA256 == ref.SHA256 })
			if next.HasPack(ref.SHA256) != want {
				t.Fatalf("HasPack(%s) is not %v", ref.SHA256, want)
			}
			want = slices.ContainsFunc(next.Index, func(x Ref) bool { return x.SHA256 == ref.SHA256 })
			if next.HasIndex(ref.SHA256) != want {
				t.Fatalf("HasIndex(%s) is not %v", ref.SHA256, want)
			}
		}
		// A delta taken twice cannot apply, unless it says nothing.
		if _, err := got.Apply(add, drop); (err == nil) != (len(add.Packs)+len(add.Index)+len(drop.Packs)+len(drop.Index) == 0) {
			t.Fatalf("applied twice: %v", err)
		}
	}
}

// TestLiveSetHashTellsKindsApart: a pack must not pass for an index object.
func TestLiveSetHashTellsKindsApart(t *testing.T) {
	ref := []Ref{{SHA256: Sum(nil), Size: 3}}
	hashes := map[Hash]bool{
		LiveSet{Packs: ref}.Hash():                                      true,
		LiveSet{Index: ref}.Hash():                                      true,
		LiveSet{Packs: ref, Index: ref}.Hash():                          true,
		LiveSet{Packs: []Ref{{SHA256: ref[0].SHA256, Size: 33}}}.Hash(): true,
		LiveSet{}.Hash():                                                true,
	}
	if len(hashes) != 5 {
		t.Errorf("%d hashes of five sets", len(hashes))
	}
}

func TestHeadRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 300 {
		h := &Head{Repository: randomHash(r), Requires: []string{}, Writer: randomHash(r), Seq: 1, Prev: []Hash{}, Epoch: 1 + r.Uint64N(9), Authority: randomHash(r), Seen: []HeadRef{}}
		if r.IntN(2) == 0 {
			h.Time = randomTime(r)
		}
		if r.IntN(2) == 0 {
			h.Manifest = &Ref{SHA256: randomHash(r), Size: r.Int64N(maxNumber)}
			if r.IntN(2) == 0 {
				replaces := randomHash(r)
				h.Replaces = &replaces
			}
		}
		for range r.IntN(4) {
			h.Seen = append(h.Seen, HeadRef{Writer: randomHash(r), Seq: 1 + r.Uint64N(99), SHA256: randomHash(r)})
		}
		SortHeadRefs(h.Seen)
		live := randomLive(r)
		h.Live = &live
		if r.IntN(2) == 0 {
			base := randomHash(r)
			add, drop := Diff(live, randomLive(r))
			for _, list := range []*[]Ref{&add.Packs, &add.Index} {
				*list = append([]Ref{}, *list...)
			}
			for _, list := range []*[]Hash{&drop.Packs, &drop.Index} {
				*list = append([]Hash{}, *list...)
			}
			h.Seq, h.Prev, h.Base, h.Add, h.Drop, h.Live = 2+r.Uint64N(MaxN-2), []Hash{randomHash(r)}, &base, &add, &drop, nil
		}
		got, err := ParseHead(h.Encode())
		if err != nil || !reflect.DeepEqual(got, h) {
			t.Fatalf("%s\n%+v: %v", h.Encode(), got, err)
		}
	}
}

// TestStringsAreJSON holds the writer of strings against another one.
func TestStringsAreJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for i := range 3000 {
		s := randomName(r)
		if i < 0x300 {
			s = "a" + string(rune(i)) + "b"
		}
		text := appendString(nil, s)
		var got string
		if err := json.Unmarshal(text, &got); err != nil || got != display(s) {
			t.Fatalf("%q is written as %s, which means %q: %v", s, text, got, err)
		}
		c := cursor{data: text}
		if got := c.str(); c.err != nil || got != display(s) || c.pos != len(text) {
			t.Fatalf("%s is read as %q: %v", text, got, c.err)
		}
	}
}

func TestItemsRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for range 150 {
		items := randomItems(r, r.IntN(20))
		var text []byte
		for i := range items {
			text = AppendItem(text, &items[i])
		}
		if !json.Valid(bytes.Join(bytes.SplitAfter(text, []byte("\n"))[:min(1, len(items))], nil)) && len(items) > 0 {
			t.Fatalf("no JSON: %s", text)
		}
		n := 0
		for got, err := range Items(iotest.HalfReader(bytes.NewReader(text))) {
			if err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			if !sameItem(got, &items[n]) {
				t.Fatalf("item %d is\n%+v\nwant\n%+v", n, got, items[n])
			}
			n++
		}
		if n != len(items) {
			t.Fatalf("%d items of %d", n, len(items))
		}
	}
}

func sameItem(a, b *Item) bool {
	return sameEntry(&a.Entry, &b.Entry) && slices.EqualFunc(a.Segments, b.Segments, func(x, y Entry) bool { return sameEntry(&x, &y) })
}

func sameEntry(a, b *Entry) bool {
	x, y := *a, *b
	if !slices.Equal(x.Chunks, y.Chunks) || (x.SHA256 == nil) != (y.SHA256 == nil) || x.SHA256 != nil && *x.SHA256 != *y.SHA256 {
		return false
	}
	x.Chunks, y.Chunks, x.SHA256, y.SHA256 = nil, nil, nil, nil
	return reflect.DeepEqual(x, y)
}

// TestLinesFallIntoStep: a chunk put into a long file changes the line it is
// in, and no line after that line's end.
func TestLinesFallIntoStep(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	e := Entry{Path: "originals/db", Type: EntryFile, Size: 1 << 40, Chunks: randomIDs(r, 20000)}
	before := bytes.SplitAfter(AppendEntry(nil, &e), []byte("\n"))
	e.Chunks = slices.Insert(e.Chunks, 3000, ID{1, 15: 1})
	after := bytes.SplitAfter(AppendEntry(nil, &e), []byte("\n"))
	same := 0
	for i := 1; i <= min(len(before), len(after)) && bytes.Equal(before[len(before)-i], after[len(after)-i]); i++ {
		same++
	}
	for i := 0; i < min(len(before), len(after)) && bytes.Equal(before[i], after[i]); i++ {
		same++
	}
	if changed := len(after) - same; changed > 2 {
		t.Errorf("%d of %d lines changed", changed, len(after))
	}
}

func TestStatRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for range 3000 {
		s := Stat{Mode: r.Uint32N(0o10000), Mtime: time.Unix(r.Int64N(1<<35)-1<<34, r.Int64N(1e9))}
		got, err := ParseStat(AppendStat(nil, &s))
		if err != nil || got.Mode != s.Mode || !got.Mtime.Equal(s.Mtime) {
			t.Fatalf("%s: %v", AppendStat(nil, &s), err)
		}
	}
	for _, sec := range []int64{maxNumber + 1, -maxNumber - 1, 1 << 60, -1 << 60} {
		s := Stat{Mtime: time.Unix(sec, 5)}
		if _, err := ParseStat(AppendStat(nil, &s)); err != nil {
			t.Errorf("%d seconds: %v", sec, err)
		}
	}
}

func TestUvarint(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 20))
	for i := range 20000 {
		n := r.Uint64N(1<<53) >> (i % 53)
		text := appendUvarint(nil, n)
		s := scanner{data: text}
		if got := s.uvarint(); s.err != nil || got != n || s.pos != len(text) || uvarintLen(n) != len(text) {
			t.Fatalf("%d is written as %x and read as %d: %v", n, text, got, s.err)
		}
	}
}

// TestPadIsPadme checks what makes the sizes worth having: they are few, grow
// with the length, and add at most an eighth.
func TestPadIsPadme(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for range 20000 {
		n := 1 + r.Int64N(1<<40)>>r.IntN(40)
		got := Pad(n, 0)
		if got < n || got-n > n/8+1 || Pad(got, 0) != got || Pad(n+1, 0) < got || Pad(n, got) != got {
			t.Fatalf("Pad(%d) = %d", n, got)
		}
	}
}

func TestAllChunks(t *testing.T) {
	ids := randomIDs(rand.New(rand.NewPCG(23, 24)), 6)
	i := Item{Entry: Entry{Chunks: ids[:2]}, Segments: []Entry{{Chunks: ids[2:3]}, {}, {Chunks: ids[3:]}}}
	if got := slices.Collect(i.AllChunks()); !slices.Equal(got, ids) {
		t.Errorf("got %v", got)
	}
	for n := range ids {
		seen := 0
		for range i.AllChunks() {
			if seen == n {
				break
			}
			seen++
		}
		if seen != n {
			t.Errorf("asked for %d, got %d", n, seen)
		}
	}
}

func TestNoteSignsAllButSignature(t *testing.T) {
	n := &Note{About: "drill", Text: "well", Signature: "x", Time: time.Unix(1, 0)}
	unsigned := string(n.Unsigned())
	n.Signature = "y"
	if string(n.Unsigned()) != unsigned || n.Signature != "y" {
		t.Error("the signature is in what it covers, or lost")
	}
	n.Text = "ill"
	if string(n.Unsigned()) == unsigned {
		t.Error("the text is not covered")
	}
}

// TestItemsPassErrorsOn: a dead network is no damaged list.
func TestItemsPassErrorsOn(t *testing.T) {
	dead := iotest.ErrTimeout
	text := AppendEntry(nil, &Entry{Path: "originals/a", Type: EntryFile, Chunks: []ID{}})
	n := 0
	for _, err := range Items(iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(text)))) {
		n++
		if err != dead {
			t.Errorf("got %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d results", n)
	}
}

// TestItemsNameTheLine: a person looks for the line.
func TestItemsNameTheLine(t *testing.T) {
	text := AppendEntry(nil, &Entry{Path: "originals/a", Type: EntryDir})
	err := first(Items(bytes.NewReader(append(text, text...))))
	if err == nil || err.Error() != "contents: malformed: line 2: paths are not in ascending order" {
		t.Error(err)
	}
}
