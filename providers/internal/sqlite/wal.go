package sqlite

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	walHeader   = 32
	frameHeader = 24
)

// readLog notes which pages the write-ahead log has, up to its last commit. A log
// of another database, or one that was begun anew, has other salts or sums; from
// the first frame that does not fit, it is the rest of an older one.
func (m *image) readLog() error {
	var head [walHeader]byte
	if n, err := m.wal.ReadAt(head[:], 0); n < len(head) {
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return nil // empty, or never begun
	}
	magic := binary.BigEndian.Uint32(head[:])
	if magic&^1 != 0x377f0682 || int64(binary.BigEndian.Uint32(head[8:])) != m.pageSize {
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if magic&1 == 1 {
		order = binary.BigEndian
	}
	sum := checksum{order: order}
	sum.add(head[:24])
	if !sum.is(head[24:32]) {
		return nil
	}
	return m.readFrames(&sum, head[16:24])
}

// readFrames reads frames behind one another and keeps those that were
// committed.
func (m *image) readFrames(sum *checksum, salts []byte) error {
	frame := make([]byte, frameHeader+m.pageSize)
	frames, open := map[uint32]int64{}, map[uint32]int64{}
	for at := int64(walHeader); ; at += int64(len(frame)) {
		n, err := m.wal.ReadAt(frame, at)
		if n < len(frame) {
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			break
		}
		sum.add(frame[:8])
		sum.add(frame[frameHeader:])
		if string(frame[8:16]) != string(salts) || !sum.is(frame[16:24]) {
			break
		}
		open[binary.BigEndian.Uint32(frame)] = at + frameHeader
		if pages := binary.BigEndian.Uint32(frame[4:]); pages > 0 {
			for page, at := range open {
				frames[page] = at
			}
			clear(open)
			m.size = int64(pages) * m.pageSize
			m.frames = frames
		}
	}
	// What the file lacks, the log may have.
	if m.frames != nil {
		m.truncated = m.lacks()
	}
	return nil
}

// lacks reports whether a page is neither in the file nor in the log.
func (m *image) lacks() bool {
	for page := m.main.Size()/m.pageSize + 1; page <= m.size/m.pageSize; page++ {
		if _, ok := m.frames[uint32(page)]; !ok {
			return true
		}
	}
	return false
}

// checksum is that of the log: two sums over pairs of words, carried on from frame
// to frame.
type checksum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (c *checksum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		c.s0 += c.order.Uint32(b) + c.s1
		c.s1 += c.order.Uint32(b[4:]) + c.s0
	}
}

func (c *checksum) is(b []byte) bool {
	return binary.BigEndian.Uint32(b) == c.s0 && binary.BigEndian.Uint32(b[4:]) == c.s1
}
