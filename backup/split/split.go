// Package split says where content is cut into chunks. It is pure: bytes in,
// lengths out.
//
// A chunk is stored once, whoever refers to it, so a backup costs what its new
// chunks cost. Cuts must therefore fall on the same content again tomorrow,
// whatever was inserted, appended or deleted elsewhere in the file, and each
// rule here follows one kind of content:
//
//	Records  message streams     ends of records, chosen by the record's id
//	SQLite   databases           half pages, in place
//	Text     exports as text     a keyed rolling hash
//	Media    compressed already  whole, as far as a chunk may go
//	Fixed    any other binary    1 MiB
//	Whole    files up to 64 KiB  not at all
//
// The cuts are part of the repository format. Another cut is never wrong, as
// a reader joins chunks without asking why they end where they do, but it
// stores everything a second time. docs/splitting.md is the rule book, the
// vectors in testdata freeze it.
package split

import (
	"strconv"

	"github.com/zeebo/blake3"
)

const (
	// MaxChunk is the most bytes a chunk of any rule can have: 8 MiB.
	MaxChunk = 8 << 20

	// WholeSize is the most bytes of a file that Choose leaves in one piece
	// for its size alone: 64 KiB.
	WholeSize = 64 << 10

	// HeadSize is how many first bytes of a file Choose wants: 32 KiB.
	HeadSize = 32 << 10

	// fixedSize is the piece of a binary about which nothing better is known.
	fixedSize = 1 << 20
)

// Key is a writer's secret for cuts. Each writer has its own: where chunks
// end then tells another host, or the store, nothing that it could compare
// with a file it knows. See "What the key protects" in docs/splitting.md.
type Key [32]byte

// Rule is a way to cut. The zero Rule is Whole.
type Rule uint8

// The rules. Their numbers are not stored anywhere.
const (
	// Whole makes one chunk of the content, and pieces of MaxChunk of what is
	// longer than that.
	Whole Rule = iota
	// Media cuts as Whole does. It is a rule of its own because it says that
	// the content is image, sound or film that will not compress further.
	Media
	// Fixed makes pieces of 1 MiB.
	Fixed
	// SQLite makes pieces of half a database page, between 1 and 4 KiB. Content
	// without a valid database header is cut as by Fixed.
	SQLite
	// Text makes chunks of 4 to 64 KiB, about 20 on average, at places chosen
	// by a keyed hash of the 64 bytes before them.
	Text
	// Records makes chunks of about 20 KiB that end where a line ends, chosen
	// by a keyed hash of the line's id. It is for the JSON Lines that chatkeep
	// itself writes.
	Records
)

// String is the rule's name in lower case.
func (r Rule) String() string {
	switch r {
	case Whole:
		return "whole"
	case Media:
		return "media"
	case Fixed:
		return "fixed"
	case SQLite:
		return "sqlite"
	case Text:
		return "text"
	case Records:
		return "records"
	}
	return "rule " + strconv.Itoa(int(r))
}

// Keyed is what follows from a key, computed once for any number of files. It
// is safe for concurrent use.
type Keyed struct {
	gear    gear
	records Key
}

// The contexts separate the two uses of a key: neither value says anything
// about the other, nor about the key.
const (
	gearContext    = "chatkeep 2026 split gear v1"
	recordsContext = "chatkeep 2026 split records v1"
)

// NewKeyed derives the tables of a key. It takes microseconds.
func NewKeyed(key Key) *Keyed {
	k := &Keyed{gear: newGear(key)}
	blake3.DeriveKey(recordsContext, key[:], k.records[:])
	return k
}

// Cutter cuts one file or stream, from its first byte to its last. It is used
// by one goroutine.
type Cutter struct {
	rule    Rule
	gear    *gear
	records recordCutter
	piece   int // length of a piece where all are of one length; 0: not known yet
}

// Cutter starts to cut one file or stream. It panics if there is no such rule.
func (k *Keyed) Cutter(rule Rule) *Cutter {
	c := &Cutter{rule: rule}
	switch rule {
	case Whole, Media:
		c.piece = MaxChunk
	case Fixed:
		c.piece = fixedSize
	case SQLite: // the first call of Next tells
	case Text:
		c.gear = &k.gear
	case Records:
		c.records = newRecordCutter(k.records)
	default:
		panic("split: no such rule: " + rule.String())
	}
	return c
}

// Max is the longest chunk this cutter can make, in bytes, and so the size of
// buffer with which Next always comes to a decision. It is the same for all
// files of a rule. A longer buffer saves copying, a shorter one may grow for
// as long as Next asks for more.
func (c *Cutter) Max() int {
	switch c.rule {
	case Fixed, SQLite:
		return fixedSize
	case Text:
		return textMax
	}
	return MaxChunk
}

// Next returns the length of the chunk at the start of buf, between 1 and Max.
// buf goes on where the last chunk ended, and eof says that the content ends
// with buf. A return of 0 means: call again with the same bytes and more after
// them, or with eof. It never happens with Max bytes, nor at eof unless buf is
// empty.
//
// Cuts depend on the content alone, never on how many bytes of it a call saw.
func (c *Cutter) Next(buf []byte, eof bool) int {
	if len(buf) == 0 {
		return 0
	}
	switch c.rule {
	case Text:
		return c.gear.next(buf, eof)
	case Records:
		return c.records.next(buf, eof)
	}
	if c.piece == 0 {
		if len(buf) < sqliteHead && !eof {
			return 0
		}
		if c.piece = sqliteUnit(buf); c.piece == 0 {
			c.piece = fixedSize
		}
	}
	if len(buf) >= c.piece {
		return c.piece
	}
	if eof {
		return len(buf)
	}
	return 0
}
