package format

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// ascending returns n refs in order.
func ascending(n int) []Ref {
	refs := make([]Ref, n)
	for i := range refs {
		binary.BigEndian.PutUint32(refs[i].SHA256[:], uint32(i+1))
	}
	return refs
}

func hashesOf(refs []Ref) (out []Hash) {
	for _, r := range refs {
		out = append(out, r.SHA256)
	}
	return out
}

func TestLiveSetLimits(t *testing.T) {
	parse := func(live LiveSet) error {
		_, err := ParseHead((&Head{Writer: Sum(nil), Seq: 1, Epoch: 1, Live: &live}).Encode())
		return err
	}
	wantClass(t, parse(LiveSet{Packs: ascending(MaxLive - 1), Index: ascending(1)}), "")
	wantClass(t, parse(LiveSet{Packs: ascending(MaxLive + 1)}), Oversized)
	wantClass(t, parse(LiveSet{Packs: ascending(MaxLive), Index: ascending(1)}), Oversized)

	full := LiveSet{Packs: ascending(MaxLive)}
	_, err := full.Apply(LiveSet{Index: ascending(1)}, Drop{})
	wantClass(t, err, Oversized)
	_, err = full.Apply(LiveSet{Index: ascending(1)}, Drop{Packs: hashesOf(full.Packs[:1])})
	wantClass(t, err, "")
}

// TestLargestFitsEnvelope: what one limit allows must not break another.
func TestLargestFitsEnvelope(t *testing.T) {
	h := &Head{Writer: Sum(nil), Seq: 1, Epoch: 1, Live: &LiveSet{Packs: ascending(MaxLive)}}
	a := &Authority{N: 1, Epoch: 1}
	for i := range h.Live.Packs {
		h.Live.Packs[i].Size = maxNumber
	}
	for i, r := range ascending(MaxForgotten) {
		a.Forgotten = append(a.Forgotten, HeadRef{Writer: r.SHA256, Seq: MaxN, SHA256: h.Live.Packs[i].SHA256})
	}
	for _, w := range ascending(MaxWriters) {
		key := "ssh-ed25519 " + strings.Repeat("A", 68)
		a.Writers = append(a.Writers, AuthorityWriter{ID: w.SHA256, Key: key, Role: RoleWriter, Dedup: w.SHA256, Ended: &End{Seq: MaxN, SHA256: w.SHA256}})
	}
	for _, body := range [][]byte{h.Encode(), a.Encode()} {
		e := &Envelope{Body: string(body), Signatures: []string{strings.Repeat("x", 4096)}}
		object := e.Encode()
		_, err := ParseEnvelope(object, MaxSigned)
		wantClass(t, err, "")
		_, err = ParseEnvelope(object, int64(len(object))-1)
		wantClass(t, err, Oversized)
	}
}

// TestLargestLine: the longest names a file system and a zip can have fit into
// a line.
func TestLargestLine(t *testing.T) {
	for _, fill := range []string{"\x01", "\xff", "\"", "\u2028"} {
		of := func(prefix string, size int) string {
			return prefix + strings.Repeat(fill, (size-len(prefix))/len(fill))
		}
		e := &Entry{Path: of("originals/", MaxPath), Type: EntryMember, Name: of("", MaxMemberName), Size: maxNumber, Packed: maxNumber, Level: 9, Chunks: make([]ID, MaxLineChunks)}
		for i := range e.Chunks {
			e.Chunks[i][15] = 1
		}
		_, err := ParseEntry(AppendEntry(nil, e))
		wantClass(t, err, "")
		link := &Entry{Path: e.Path, Type: EntrySymlink, Target: of("", MaxPath)}
		_, err = ParseEntry(AppendEntry(nil, link))
		wantClass(t, err, "")
	}
}

func TestOversized(t *testing.T) {
	long := strings.Repeat("a", MaxManifest)
	now := time.Unix(1, 0)
	for name, parse := range map[string]func() error{
		"manifest":    func() error { _, err := ParseManifest((&Manifest{Program: long}).Encode()); return err },
		"note":        func() error { _, err := ParseNote((&Note{Text: long, Time: now}).Encode()); return err },
		"line":        func() error { _, err := ParseEntry([]byte(long)); return err },
		"stat":        func() error { _, err := ParseStat([]byte(long)); return err },
		"endless":     func() error { return first(Items(strings.NewReader(long))) },
		"index":       func() error { return first(ParseIndex(make([]byte, MaxIndex+1))) },
		"link target": func() error { return parseLink(strings.Repeat("a", MaxPath+1)) },
		"member name": func() error {
			e := Entry{Path: "originals/z", Type: EntryMember, Name: long[:MaxMemberName+1]}
			_, err := ParseEntry(AppendEntry(nil, &e))
			return err
		},
		"tombstone": func() error {
			_, err := ParseTombstone((&Tombstone{Time: now, Packs: hashesOf(ascending(MaxLive + 1))}).Encode())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { wantClass(t, parse(), Oversized) })
	}
}

// TestPackSize: an index that gives a pack more bytes than a pack can have would
// have its reader make room for them.
func TestPackSize(t *testing.T) {
	frames := []Frame{{Length: 600, Members: []Member{{Size: 1}}}}
	for size, want := range map[int64]Class{1: "", MaxPackObject: "", MaxPackObject + 1: Oversized, maxNumber: Oversized} {
		p := IndexPack{Size: size, FirstFrame: 200, Frames: frames}
		wantClass(t, first(ParseIndex(AppendIndexPack(nil, &p))), want)
	}
}

// TestZipNames: the lines of a zip's segments repeat its path, and the names in
// them can be long; a reader must not keep either without a bound.
func TestZipNames(t *testing.T) {
	const path = "originals/a.zip"
	zip := Item{Entry: Entry{Path: path, Type: EntryZip, SHA256: new(Hash)}}
	for range 4 {
		zip.Segments = append(zip.Segments, Entry{Path: path, Type: EntryMember, Name: "name"})
	}
	for most, want := range map[int]Class{16: "", 15: Oversized} {
		a := newAssembler(bytes.NewReader(AppendItem(nil, &zip)))
		a.maxNames = most
		item, err := a.item()
		wantClass(t, err, want)
		if err == nil && unsafe.StringData(item.Path) != unsafe.StringData(item.Segments[3].Path) {
			t.Error("a segment keeps a path of its own")
		}
	}
}

func parseLink(target string) error {
	_, err := ParseEntry(AppendEntry(nil, &Entry{Path: "originals/l", Type: EntrySymlink, Target: target}))
	return err
}

// first returns the first error of a sequence.
func first[T any](seq func(func(T, error) bool)) error {
	for _, err := range seq {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestHostileCountsDoNotAllocate(t *testing.T) {
	directory := append(appendUvarint(nil, MaxFrames), 9)
	entry := append(make([]byte, 32), 1, 0, 0xfa, 0x01)
	allocates(t, 1<<16, func() {
		s := scanner{data: directory}
		s.directory(0, true)
		wantClass(t, s.err, Truncated)
		wantClass(t, first(ParseIndex(append(entry, directory...))), Truncated)
	})
}
