package backup

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"chatkeep/backup/state"
)

// fingerprint is what tells one state of a file from another without reading
// it: size, times of content and of status in nanoseconds, and inode.
type fingerprint struct {
	Size, Mtime, Ctime int64
	Inode              uint64
}

// fileNumber is a file's own number on this machine.
type fileNumber struct{ device, inode uint64 }

// known is what the last run stored of one file.
type known struct {
	path  string
	print fingerprint
	lines []byte // of contents
}

const (
	tableMagic = "chatkeep-files-1\n"
	maxLines   = 1 << 30
)

// tableReader reads the table of the last run in step with the walk: both
// ascend by path. A table that ends early or is torn makes files be read again,
// nothing else.
type tableReader struct {
	r    *bufio.Reader
	c    io.Closer
	next *known
}

func readTable(t *state.Table) *tableReader {
	if t == nil {
		return &tableReader{}
	}
	in, err := t.Read()
	if err != nil {
		return &tableReader{}
	}
	r := &tableReader{r: bufio.NewReaderSize(in, 64<<10), c: in}
	var magic [len(tableMagic)]byte
	if _, err := io.ReadFull(r.r, magic[:]); err != nil || string(magic[:]) != tableMagic {
		r.close()
		return &tableReader{}
	}
	r.advance()
	return r
}

// find returns what was stored of a path, or nil. Paths must be asked for in
// ascending order.
func (t *tableReader) find(path string) *known {
	for t.next != nil && t.next.path < path {
		t.advance()
	}
	if t.next != nil && t.next.path == path {
		return t.next
	}
	return nil
}

func (t *tableReader) advance() {
	k, err := readKnown(t.r)
	if err != nil {
		t.close()
		return
	}
	t.next = k
}

func (t *tableReader) close() {
	t.next = nil
	if t.c != nil {
		t.c.Close()
		t.c = nil
	}
}

func readKnown(r *bufio.Reader) (*known, error) {
	k := &known{}
	path, err := readBlob(r, 64<<10)
	if err != nil {
		return nil, err
	}
	k.path = string(path)
	var fixed [32]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil {
		return nil, err
	}
	k.print = fingerprint{
		Size: int64(binary.LittleEndian.Uint64(fixed[0:])), Mtime: int64(binary.LittleEndian.Uint64(fixed[8:])),
		Ctime: int64(binary.LittleEndian.Uint64(fixed[16:])), Inode: binary.LittleEndian.Uint64(fixed[24:]),
	}
	k.lines, err = readBlob(r, maxLines)
	return k, err
}

func appendKnown(dst []byte, k *known) []byte {
	dst = append(binary.AppendUvarint(dst, uint64(len(k.path))), k.path...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(k.print.Size))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(k.print.Mtime))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(k.print.Ctime))
	dst = binary.LittleEndian.AppendUint64(dst, k.print.Inode)
	return append(binary.AppendUvarint(dst, uint64(len(k.lines))), k.lines...)
}

func readBlob(r *bufio.Reader, limit uint64) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, errors.New("torn table")
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return b, err
}
