package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// image is a database as its write-ahead log leaves it. The form of both is
// SQLite's, at sqlite.org/fileformat2.html.
type image struct {
	main, wal Bytes
	pageSize  int64
	size      int64            // in bytes, as the database says
	frames    map[uint32]int64 // page to where the log has it
	truncated bool

	mu  sync.Mutex
	err error // of reading what should be there
}

func newImage(main, wal Bytes) (*image, error) {
	var head [100]byte
	n, err := main.ReadAt(head[:], 0)
	if n < len(head) {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if n > 0 && string(head[:min(n, 16)]) == Magic[:min(n, 16)] || n == 0 {
			return nil, fmt.Errorf("the database is cut off: %w", io.ErrUnexpectedEOF)
		}
		return nil, ErrNotDatabase
	}
	if string(head[:16]) != Magic {
		return nil, ErrNotDatabase
	}
	m := &image{main: main, wal: wal, pageSize: int64(binary.BigEndian.Uint16(head[16:]))}
	if m.pageSize == 1 {
		m.pageSize = 64 << 10
	}
	if m.pageSize < 512 || m.pageSize&(m.pageSize-1) != 0 {
		return nil, ErrNotDatabase
	}
	m.measure(head[:])
	if wal != nil {
		return m, m.readLog()
	}
	return m, nil
}

// measure finds out how long the database is. The count in its head is valid
// where two counters agree; else the file's length decides.
func (m *image) measure(head []byte) {
	m.size = m.main.Size()
	pages := int64(binary.BigEndian.Uint32(head[28:]))
	if pages == 0 || string(head[24:28]) != string(head[92:96]) {
		return
	}
	m.truncated = m.size < pages*m.pageSize
	m.size = pages * m.pageSize
}

// Size is the database's length in bytes.
func (m *image) Size() (int64, error) { return m.size, nil }

// ReadAt reads for SQLite, which asks for a page or a part of one. It is told of
// the whole length though the end may be cut off, or it would refuse all of it.
func (m *image) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= m.size {
			return done, io.EOF
		}
		within := at % m.pageSize
		part := p[done:min(len(p), done+int(m.pageSize-within))]
		if err := m.page(part, at, within); err != nil {
			m.mu.Lock()
			m.err = err
			m.mu.Unlock()
			return done, err
		}
		done += len(part)
	}
	hideLog(p, off)
	return done, nil
}

// hideLog says in the head that there is no write-ahead log. It is part of the
// image already, and SQLite would look for it.
func hideLog(p []byte, off int64) {
	for i := int64(18); i <= 19; i++ {
		if k := i - off; k >= 0 && k < int64(len(p)) && p[k] == 2 {
			p[k] = 1
		}
	}
}

// page reads a part of one page. A page that is not whole is not there: SQLite
// would take the zeros behind a cut for text.
func (m *image) page(p []byte, at, within int64) error {
	from, source := at, m.main
	if frame, ok := m.frames[uint32(at/m.pageSize)+1]; ok {
		from, source = frame+within, m.wal
	} else if at-within+m.pageSize > m.main.Size() {
		return fmt.Errorf("the database is cut off: %w", io.ErrUnexpectedEOF)
	}
	if n, err := source.ReadAt(p, from); n < len(p) {
		return err
	}
	return nil
}

// trouble is an error of the copy itself, which is nothing of the database's.
func (m *image) trouble() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}
