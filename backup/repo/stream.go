package repo

import (
	"context"
	"io"

	"chatkeep/backup/format"
	"chatkeep/backup/split"
)

// streamBuffer is how much a stream reads ahead where chunks are shorter.
const streamBuffer = 1 << 20

// Stream cuts what is written to it into chunks and stores them in order. Its
// buffer grows to the longest chunk of its rule, or 1 MiB.
type Stream struct {
	ctx    context.Context
	packer *Packer
	kind   format.Kind
	hint   Hint
	cut    *split.Cutter
	buf    []byte
	// IDs are the chunks so far; Size is their bytes.
	IDs  []format.ID
	Size int64
}

// Stream returns a stream of one file or conversation. The buffer, if given, is
// used and grown; [Stream.Buffer] gives it back.
func (p *Packer) Stream(ctx context.Context, kind format.Kind, hint Hint, cut *split.Cutter, buf []byte) *Stream {
	return &Stream{ctx: ctx, packer: p, kind: kind, hint: hint, cut: cut, buf: buf[:0]}
}

// Buffer returns the stream's buffer for another stream to use.
func (s *Stream) Buffer() []byte { return s.buf[:0] }

// Write adds bytes to the stream.
func (s *Stream) Write(data []byte) (int, error) {
	n := len(data)
	for len(data) > 0 {
		room := min(s.limit()-len(s.buf), len(data))
		s.buf = append(s.buf, data[:room]...)
		data = data[room:]
		if err := s.drain(false); err != nil {
			return n - len(data), err
		}
	}
	return n, nil
}

// ReadFrom adds all of a reader's bytes, without a copy in between.
func (s *Stream) ReadFrom(r io.Reader) (int64, error) {
	var total int64
	for {
		s.grow()
		n, err := r.Read(s.buf[len(s.buf):min(cap(s.buf), s.limit())])
		s.buf = s.buf[:len(s.buf)+n]
		total += int64(n)
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		if len(s.buf) == s.limit() {
			if err := s.drain(false); err != nil {
				return total, err
			}
		}
	}
}

func (s *Stream) limit() int { return max(s.cut.Max(), streamBuffer) }

// grow makes room behind what the buffer holds, in doubling steps up to the
// longest chunk: most files are small.
func (s *Stream) grow() {
	if len(s.buf) < cap(s.buf) {
		return
	}
	bigger := make([]byte, len(s.buf), min(max(2*cap(s.buf), 64<<10), s.limit()))
	copy(bigger, s.buf)
	s.buf = bigger
}

// drain stores the chunks that are decided.
func (s *Stream) drain(eof bool) error {
	rest := s.buf
	for len(rest) > 0 {
		n := s.cut.Next(rest, eof)
		if n == 0 {
			break
		}
		id, err := s.packer.Add(s.ctx, s.kind, rest[:n], s.hint)
		if err != nil {
			return err
		}
		s.IDs = append(s.IDs, id)
		s.Size += int64(n)
		rest = rest[n:]
	}
	s.buf = s.buf[:copy(s.buf, rest)]
	return nil
}

// Close stores what is left.
func (s *Stream) Close() error { return s.drain(true) }
