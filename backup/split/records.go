package split

import (
	"bytes"
	"encoding/binary"

	"github.com/zeebo/blake3"
)

// Chunks of records, in bytes: no cut before the first, and none without need
// between the two; from the second on the next end of a record will do.
const (
	recordsMin    = 4 << 10
	recordsForced = 64 << 10
)

// recordsBits makes a record end a chunk with a chance of its length in
// 2^14 bytes. By bytes, not by records, chunks are of one size whether the
// messages are "ok" or essays.
const recordsBits = 14

// idWindow is how far into a record its id is looked for. It is one of the
// first fields of every record that has one.
const idWindow = 256

// idField comes before an id. A quote inside a JSON string is escaped, so
// nothing a person wrote can look like it.
const idField = `"id":"`

// recordCutter cuts a stream of lines.
//
// The id decides, not the line: a message that gained a reaction has the same
// id, so the chunk around it ends where it did. And no cut depends on the
// bytes across it: a message inserted anywhere changes the chunk it falls
// into, at times the next.
type recordCutter struct {
	hash *blake3.Hasher
	line int // where the record begins that is looked at, from the start of the chunk
	seen int // up to where it is known to have no end
}

func newRecordCutter(key Key) recordCutter {
	h, err := blake3.NewKeyed(key[:])
	if err != nil {
		panic("split: " + err.Error()) // a Key has the one length there is
	}
	return recordCutter{hash: h}
}

// next is Cutter.Next for records. It goes on where the last call gave up, so
// that a stream may be offered record by record.
func (c *recordCutter) next(buf []byte, eof bool) int {
	n := c.find(buf[:min(len(buf), MaxChunk)])
	if n == 0 && (eof || len(buf) >= MaxChunk) {
		n = min(len(buf), MaxChunk)
	}
	if n > 0 {
		c.line, c.seen = 0, 0
	}
	return n
}

// find returns the end of the first record in buf at which to cut, or 0.
func (c *recordCutter) find(buf []byte) int {
	for c.seen < len(buf) {
		i := bytes.IndexByte(buf[c.seen:], '\n')
		if i < 0 {
			c.seen = len(buf)
			break
		}
		end := c.seen + i + 1
		if end >= recordsForced || end >= recordsMin && c.chosen(buf[c.line:end]) {
			return end
		}
		c.line, c.seen = end, end
	}
	return 0
}

// chosen says whether a record, its newline included, ends a chunk.
func (c *recordCutter) chosen(record []byte) bool {
	c.hash.Reset()
	c.hash.Write(recordID(record))
	var sum [32]byte
	h := binary.LittleEndian.Uint64(c.hash.Sum(sum[:0]))
	return h>>(64-recordsBits) < uint64(len(record))
}

// recordID is the record's id, or all of the record if it shows none.
func recordID(record []byte) []byte {
	head := record[:min(len(record), idWindow)]
	if _, after, ok := bytes.Cut(head, []byte(idField)); ok {
		if id, _, ok := bytes.Cut(after, []byte(`"`)); ok && len(id) > 0 {
			return id
		}
	}
	return record
}
