package split

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/zeebo/blake3"
)

// cutAll cuts b at once and returns where chunks end.
func cutAll(t testing.TB, c *Cutter, b []byte) []int {
	t.Helper()
	ends := []int{}
	for at := 0; at < len(b); {
		n := c.Next(b[at:], true)
		if n < 1 || n > c.Max() || n > len(b)-at {
			t.Fatalf("chunk of %d bytes at %d of %d, Max is %d", n, at, len(b), c.Max())
		}
		at += n
		ends = append(ends, at)
	}
	if n := c.Next(nil, true); n != 0 {
		t.Fatalf("chunk of %d bytes behind the end", n)
	}
	return ends
}

// cutFed cuts b through a buffer to which step() more bytes come each time,
// as a caller does who reads a file.
func cutFed(t testing.TB, c *Cutter, b []byte, step func() int) []int {
	t.Helper()
	ends := []int{}
	for at, have := 0, 0; at < len(b); {
		n := c.Next(b[at:have:have], false)
		if n == 0 && have == len(b) {
			n = c.Next(b[at:have:have], true)
		}
		if n < 0 || n > c.Max() || n > have-at {
			t.Fatalf("chunk of %d bytes at %d with %d known, Max is %d", n, at, have, c.Max())
		}
		if n == 0 && have-at >= c.Max() {
			t.Fatalf("no decision at %d with %d bytes, Max is %d", at, have-at, c.Max())
		}
		if n == 0 {
			have = min(have+max(step(), 1), len(b))
			continue
		}
		at += n
		ends = append(ends, at)
	}
	return ends
}

// Whatever the content, Max bytes are enough for a decision, and for content
// that gives no reason to cut they are needed.
func TestMaxBytesDecide(t *testing.T) {
	k := NewKeyed(Key{1})
	for rule := Whole; rule <= Records; rule++ {
		c := k.Cutter(rule)
		b := repeat("x", c.Max())
		if n := c.Next(b[:len(b)-1], false); n != 0 {
			t.Errorf("%v: %d of %d bytes decide for %d", rule, len(b)-1, len(b), n)
		}
		if n := c.Next(b, false); n != len(b) {
			t.Errorf("%v: %d bytes decide for %d", rule, len(b), n)
		}
		if n := c.Next(nil, false); n != 0 {
			t.Errorf("%v: nothing decides for %d", rule, n)
		}
	}
}

// samples are inputs for properties, one for each way a rule can go.
func samples() map[Rule][][]byte {
	long := slices.Concat(records("a", 30000, 400), []byte(`{"id":"x","t":"`), repeat("x", 90000), []byte("\"}\n"), records("b", 200000, 400))
	return map[Rule][][]byte{
		Whole:   {random("w", 70000), repeat("w", MaxChunk+1)},
		Media:   {random("m", 70000), repeat("m", MaxChunk+1)},
		Fixed:   {random("f", 70000), repeat("f", 2*fixedSize+1)},
		SQLite:  {database("s", 4096, 100000), database("s", 999, fixedSize+1), random("s", 15)},
		Text:    {letters("t", 600000), random("t", 300000), repeat("t", 300000), letters("t", textMin+1)},
		Records: {records("r", 600000, 700), records("r", 600000, 30000), letters("r", 300000), long, repeat("\n", 150000)},
	}
}

func TestCutsDoNotDependOnFeeding(t *testing.T) {
	k := NewKeyed(Key{2})
	r := rand.New(rand.NewPCG(1, 1))
	for rule, inputs := range samples() {
		for i, b := range inputs {
			want := cutAll(t, k.Cutter(rule), b)
			for _, limit := range []int{1 << 10, 1 << 14, 1 << 17, 1 << 20} {
				got := cutFed(t, k.Cutter(rule), b, func() int { return 1 + r.IntN(limit) })
				if !slices.Equal(got, want) {
					t.Errorf("%v, input %d, up to %d bytes at a time: cut at %v, want %v", rule, i, limit, got, want)
				}
			}
		}
	}
	short := map[Rule][]byte{SQLite: database("s", 4096, 9000), Text: letters("t", 9000), Records: records("r", 90000, 700)}
	for rule, b := range short {
		want := cutAll(t, k.Cutter(rule), b)
		if got := cutFed(t, k.Cutter(rule), b, func() int { return 1 }); !slices.Equal(got, want) {
			t.Errorf("%v, byte by byte: cut at %v, want %v", rule, got, want)
		}
	}
}

func TestCutsAgreeWithReference(t *testing.T) {
	for rule, inputs := range samples() {
		for i, b := range inputs {
			key := Key{byte(rule), byte(i)}
			want := refEnds(rule, key, b)
			if got := cutAll(t, NewKeyed(key).Cutter(rule), b); !slices.Equal(got, want) {
				t.Errorf("%v, input %d: cut at %v, want %v", rule, i, got, want)
			}
		}
	}
}

func TestSizesWithinBounds(t *testing.T) {
	for rule, least := range map[Rule]int{Text: textMin, Records: recordsMin} {
		for i, b := range samples()[rule] {
			ends := cutAll(t, NewKeyed(Key{3}).Cutter(rule), b)
			at := 0
			for _, end := range ends {
				if end-at < least && end < len(b) {
					t.Errorf("%v, input %d: %d bytes at %d", rule, i, end-at, at)
				}
				if rule == Records && end < len(b) && b[end-1] != '\n' {
					t.Errorf("%v, input %d: cut within a record at %d", rule, i, end)
				}
				at = end
			}
		}
	}
}

// On content that does not repeat itself the mean follows from the rules: for
// text 4 KiB + 10.0 + 5.5 KiB, for records 4 + 15.6 KiB and part of a record.
// 16 MiB hold 800 chunks, so 15 % is four standard errors.
func TestMeanSize(t *testing.T) {
	const size = 16 << 20
	for rule, b := range map[Rule][]byte{Text: letters("mean", size), Records: records("mean", size, 500)} {
		mean := size / len(cutAll(t, NewKeyed(Key{4}).Cutter(rule), b))
		if mean < 17<<10 || mean > 23<<10 {
			t.Errorf("%v: chunks of %d bytes on average", rule, mean)
		}
	}
}

func TestKeysCutDifferently(t *testing.T) {
	for rule, b := range map[Rule][]byte{Text: letters("keys", 1<<20), Records: records("keys", 1<<20, 500)} {
		one := cutAll(t, NewKeyed(Key{5}).Cutter(rule), b)
		two := cutAll(t, NewKeyed(Key{6}).Cutter(rule), b)
		same := 0
		for _, end := range one[:len(one)-1] {
			if slices.Contains(two, end) {
				same++
			}
		}
		// Records end every 320 bytes or so and one in fifty is chosen: by
		// chance about one cut of fifty is shared.
		if same > 6 {
			t.Errorf("%v: %d of %d cuts are the same with another key", rule, same, len(one))
		}
	}
}

// chunks returns the hashes of the chunks of b.
func chunks(t *testing.T, k *Keyed, rule Rule, b []byte) map[[32]byte]bool {
	t.Helper()
	known := map[[32]byte]bool{}
	at := 0
	for _, end := range cutAll(t, k.Cutter(rule), b) {
		known[blake3.Sum256(b[at:end])] = true
		at = end
	}
	return known
}

// newChunks counts the chunks of b that are not known.
func newChunks(t *testing.T, k *Keyed, rule Rule, known map[[32]byte]bool, b []byte) int {
	t.Helper()
	n := 0
	for id := range chunks(t, k, rule, b) {
		if !known[id] {
			n++
		}
	}
	return n
}

// edit returns b with something small changed at a random place: at the end of
// a line if lines is true.
func edit(r *rand.Rand, b []byte, lines bool) []byte {
	from := r.IntN(len(b) + 1)
	insert := letters(hex.EncodeToString([]byte{byte(r.Uint32()), byte(r.Uint32())}), r.IntN(300))
	to := min(from+r.IntN(300), len(b))
	if lines {
		from = bytes.LastIndexByte(b[:from], '\n') + 1
		to = max(from, bytes.LastIndexByte(b[:to], '\n')+1)
		s := stream(string(insert))
		insert = record(s, 300)
	}
	switch r.IntN(3) {
	case 0: // insert
		return slices.Concat(b[:from], insert, b[from:])
	case 1: // delete
		return slices.Concat(b[:from], b[to:])
	}
	return slices.Concat(b[:from], insert, b[to:])
}

// An edit changes the chunk it falls into and, if it touched the end of that,
// the next. Beyond this the versions stay apart only where one has just cut and
// must not cut again for 4 KiB at a place where the other does: with a chance
// of one in four at each cut, so ten chunks are one edit in a million.
func TestEditsChangeFewChunks(t *testing.T) {
	const edits = 150
	k := NewKeyed(Key{7})
	for rule, b := range map[Rule][]byte{Text: letters("edit", 1<<20), Records: records("edit", 1<<20, 300)} {
		r := rand.New(rand.NewPCG(2, uint64(rule)))
		known := chunks(t, k, rule, b)
		total := 0
		for range edits {
			n := newChunks(t, k, rule, known, edit(r, b, rule == Records))
			if n > 10 {
				t.Errorf("%v: one edit made %d new chunks", rule, n)
			}
			total += n
		}
		if total > 5*edits/2 {
			t.Errorf("%v: %d edits made %d new chunks", rule, edits, total)
		}
	}
}

func TestAppendingKeepsAllButTheLastChunk(t *testing.T) {
	k := NewKeyed(Key{8})
	inputs := map[Rule][]byte{
		Text: letters("append", 1<<20), Records: records("append", 1<<20, 300),
		SQLite: database("append", 4096, 1<<20), Fixed: random("append", 4<<20), Media: repeat("append", 20<<20),
	}
	for rule, b := range inputs {
		all := cutAll(t, k.Cutter(rule), b)
		for _, part := range []int{1, len(b) / 3, len(b) / 2, len(b) - 1} {
			ends := cutAll(t, k.Cutter(rule), b[:part])
			ends = ends[:len(ends)-1]
			if len(ends) > len(all) || !slices.Equal(ends, all[:len(ends)]) {
				t.Errorf("%v: %d of %d bytes are cut otherwise than at the start of all", rule, part, len(b))
			}
		}
	}
}

// A reaction or an edit changes a record and leaves its id alone. If the
// choice depended on the rest of the line, one change in twenty-five would make
// or unmake a cut. The id does not change, and 18 bytes more make a cut in one
// of a thousand: the chunk around the record is new and no other.
func TestChangedRecordChangesItsChunk(t *testing.T) {
	k := NewKeyed(Key{9})
	b := records("reaction", 1<<20, 300)
	known := chunks(t, k, Records, b)
	lines := bytes.SplitAfter(b, []byte("\n"))
	r := rand.New(rand.NewPCG(3, 3))
	more := 0
	for range 100 {
		changed := slices.Clone(lines)
		i := r.IntN(len(lines) - 1)
		changed[i] = bytes.Replace(lines[i], []byte(`"}`), []byte(`","reactions":["+"]}`), 1)
		if newChunks(t, k, Records, known, bytes.Join(changed, nil)) > 1 {
			more++
		}
	}
	if more > 2 {
		t.Errorf("%d of 100 changed records changed more than a chunk", more)
	}
}

func TestSQLiteUnitsStayInPlace(t *testing.T) {
	k := NewKeyed(Key{10})
	b := database("pages", 4096, 1<<20)
	known := chunks(t, k, SQLite, b)
	r := rand.New(rand.NewPCG(4, 4))
	for range 20 {
		changed := slices.Clone(b)
		changed[sqliteHead+r.IntN(len(b)-sqliteHead)] ^= 1
		if n := newChunks(t, k, SQLite, known, changed); n != 1 {
			t.Errorf("one changed byte made %d new chunks", n)
		}
	}
}

func TestKeyedIsShared(t *testing.T) {
	k := NewKeyed(Key{11})
	b := records("shared", 200000, 300)
	want := cutAll(t, k.Cutter(Records), b)
	done := make(chan []int)
	for range 4 {
		go func() { done <- cutAll(t, k.Cutter(Records), b) }()
	}
	for range 4 {
		if got := <-done; !slices.Equal(got, want) {
			t.Errorf("cut at %v, want %v", got, want)
		}
	}
}

func TestNoSuchRule(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a rule that does not exist was accepted")
		}
	}()
	NewKeyed(Key{}).Cutter(Records + 1)
}
