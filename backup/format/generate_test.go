package format

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"
)

var levels = []zstd.EncoderLevel{zstd.SpeedDefault, zstd.SpeedFastest, zstd.SpeedBetterCompression, zstd.SpeedBestCompression}

// noise returns bytes that do not compress.
func noise(seed uint64, size int) []byte {
	data := make([]byte, size)
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	// ChaCha8's Read never fails.
	_, _ = rand.NewChaCha8(key).Read(data)
	return data
}

// letters returns bytes that do.
func letters(r *rand.Rand, size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = "eetaoin shrdlu\n"[r.IntN(15)]
	}
	return data
}

func testHeader(typ string, kind Kind) Header {
	h := Header{Type: typ, Repository: Sum([]byte("repository")), Epoch: 3, Writer: Sum([]byte("writer"))}
	if typ == TypePack {
		h.Kind = kind.String()
	}
	return h
}

func randomID(r *rand.Rand) (id ID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	return id
}

func randomIDs(r *rand.Rand, n int) []ID {
	ids := make([]ID, n)
	for i := range ids {
		ids[i] = randomID(r)
	}
	return ids
}

func randomHash(r *rand.Rand) Hash { return Sum(fmt.Append(nil, r.Uint64())) }

// randomRefs returns each of the hashes of 0 to n-1 with a chance of one half;
// a hash has one size in all lists.
func randomRefs(r *rand.Rand, n int) []Ref {
	refs := []Ref{}
	for i := range n {
		if r.IntN(2) == 0 {
			refs = append(refs, Ref{SHA256: Sum(fmt.Append(nil, "object", i)), Size: int64(i)})
		}
	}
	SortRefs(refs)
	return refs
}

func randomLive(r *rand.Rand) LiveSet {
	return LiveSet{Packs: randomRefs(r, r.IntN(40)), Index: randomRefs(r, r.IntN(8))}
}

// randomName returns a path's element or a name: often plain, sometimes with
// whatever bytes a file system lets through.
func randomName(r *rand.Rand) string {
	alphabet := []string{"a", "B", "7", " ", "é", "😀", "\"", "\\", "\n", "\x01", "\x7f", "\u2028", "\xff", "\xc3", "\xed\xa0\x80", "\uFFFD", "<"}
	n := 7
	if r.IntN(3) == 0 {
		n = len(alphabet)
	}
	name := ""
	for range 1 + r.IntN(9) {
		name += alphabet[r.IntN(n)]
	}
	return name
}

// randomSize returns a size that n chunks can have.
func randomSize(r *rand.Rand, n int) int64 {
	if n == 0 {
		return 0
	}
	return int64(n) + r.Int64N(int64(n)*(MaxChunk-1)+1)
}

func randomChunks(r *rand.Rand) []ID {
	switch r.IntN(10) {
	case 0:
		return []ID{}
	case 1:
		return randomIDs(r, r.IntN(4000))
	}
	return randomIDs(r, 1+r.IntN(5))
}

// randomItems returns valid items in order.
func randomItems(r *rand.Rand, n int) (items []Item) {
	paths := []string{}
	for range n {
		paths = append(paths, "originals/"+randomName(r)+"/"+randomName(r))
	}
	slices.Sort(paths)
	linkable := []string{}
	for _, path := range slices.Compact(paths) {
		item := randomItem(r, path, linkable)
		if item.Type == EntryFile || item.Type == EntryZip {
			linkable = append(linkable, path)
		}
		items = append(items, item)
	}
	return items
}

func randomItem(r *rand.Rand, path string, linkable []string) (i Item) {
	i.Path = path
	switch i.Type = []EntryType{EntryFile, EntryDir, EntrySymlink, EntryHardlink, EntrySkipped, EntryUnreadable, EntryZip}[r.IntN(7)]; i.Type {
	case EntryHardlink:
		if len(linkable) == 0 {
			i.Type = EntryDir
			break
		}
		i.Target = linkable[r.IntN(len(linkable))]
	case EntryFile:
		i.Chunks, i.Sparse = randomChunks(r), r.IntN(2) == 0
		i.Size = randomSize(r, len(i.Chunks))
	case EntrySymlink:
		i.Target = randomName(r)
	case EntrySkipped, EntryUnreadable:
		i.Why = "pérmission \"denied\"\n"
	case EntryZip:
		h := randomHash(r)
		i.SHA256 = &h
		for range r.IntN(5) {
			s := randomSegment(r, path)
			i.Size += s.Stands()
			i.Segments = append(i.Segments, s)
		}
	}
	return i
}

func randomSegment(r *rand.Rand, path string) Entry {
	e := Entry{Path: path, Type: EntryRaw, Chunks: randomChunks(r)}
	e.Size = randomSize(r, len(e.Chunks))
	if r.IntN(2) == 0 {
		e.Type, e.Name = EntryMember, randomName(r)
		if r.IntN(2) == 0 {
			e.Packed, e.Level = 1+r.Int64N(1<<40), 1+r.IntN(9)
		}
	}
	return e
}

func randomTime(r *rand.Rand) time.Time { return time.Unix(r.Int64N(253402300800), 0).UTC() }
