package format

// Frame is one zstd frame of a sealed object.
type Frame struct {
	Offset  int64    // in the plaintext
	Length  int      // as it stands, compressed
	Members []Member // none in other objects than packs
}

// Member is one chunk in a frame.
type Member struct {
	ID   ID
	Size int // 1 to MaxChunk
}

// RawLen returns the length of a frame with these members, decompressed: that
// of their tar members.
func RawLen(members []Member) int {
	n := 0
	for i := range members {
		n += MemberLen(members[i].Size)
	}
	return n
}

const maxUvarint = 9 // bytes

// appendUvarint writes n in unsigned LEB128.
func appendUvarint(dst []byte, n uint64) []byte {
	for n >= 0x80 {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	return append(dst, byte(n))
}

// uvarintLen is how many bytes appendUvarint writes.
func uvarintLen(n uint64) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

// scanner reads binary structures. The first failure sticks; every read after
// it returns zero.
type scanner struct {
	data []byte
	pos  int
	what string
	err  error
}

func (s *scanner) fail(class Class, format string, args ...any) {
	if s.err == nil {
		s.err = Fail(class, s.what, format, args...)
	}
}

// take returns the next n bytes.
func (s *scanner) take(n int) []byte {
	if s.err != nil {
		return nil
	}
	if len(s.data)-s.pos < n {
		s.fail(Truncated, "ends at byte %d", len(s.data))
		return nil
	}
	s.pos += n
	return s.data[s.pos-n : s.pos]
}

// uvarint reads a number below 2^53 in its shortest form. It is a loop of its
// own because encoding/binary takes longer forms.
func (s *scanner) uvarint() uint64 {
	if s.err != nil {
		return 0
	}
	var n uint64
	for i := range maxUvarint {
		if s.pos+i >= len(s.data) {
			s.fail(Truncated, "ends at byte %d", len(s.data))
			return 0
		}
		b := s.data[s.pos+i]
		n |= uint64(b&0x7f) << (7 * i)
		if b >= 0x80 {
			continue
		}
		switch {
		case b == 0 && i > 0:
			s.fail(NonCanonical, "a number at byte %d is longer than it must be", s.pos)
		case n > maxNumber:
			s.fail(Malformed, "a number at byte %d is not below 2^53", s.pos)
		}
		s.pos += i + 1
		return n
	}
	s.fail(Malformed, "a number at byte %d has more than %d bytes", s.pos, maxUvarint)
	return 0
}

// appendDirectory writes the directory of frames.
func appendDirectory(dst []byte, frames []Frame) []byte {
	dst = appendUvarint(dst, uint64(len(frames)))
	for i := range frames {
		dst = appendFrameEntry(dst, &frames[i])
	}
	return dst
}

func appendFrameEntry(dst []byte, f *Frame) []byte {
	dst = appendUvarint(dst, uint64(f.Length))
	dst = appendUvarint(dst, uint64(len(f.Members)))
	for i := range f.Members {
		dst = append(dst, f.Members[i].ID[:]...)
		dst = appendUvarint(dst, uint64(f.Members[i].Size))
	}
	return dst
}

// directory reads a directory whose frames begin at offset first of the
// plaintext; pack says that its frames have members. It returns the frames and
// the offset after the last.
//
// It reads twice: the first pass checks and counts, and so the second one
// allocates what is there and not what a count declares.
func (s *scanner) directory(first int64, pack bool) ([]Frame, int64) {
	check := *s
	frames, members := check.checkDirectory(pack)
	if s.err = check.err; s.err != nil {
		return nil, 0
	}
	list, all := make([]Frame, frames), make([]Member, members)
	s.uvarint()
	for i := range list {
		f := &list[i]
		f.Offset, f.Length = first, int(s.uvarint())
		first += int64(f.Length)
		if n := int(s.uvarint()); n > 0 {
			f.Members, all = all[:n:n], all[n:]
		}
		for j := range f.Members {
			f.Members[j].ID = ID(s.take(len(ID{})))
			f.Members[j].Size = int(s.uvarint())
		}
	}
	return list, first
}

// checkDirectory passes over a directory and counts its frames and members.
func (s *scanner) checkDirectory(pack bool) (frames, members int) {
	count := s.uvarint()
	if count > MaxFrames {
		s.fail(Oversized, "%d frames, and %d is the limit", count, MaxFrames)
	}
	for frames < int(count) && s.err == nil {
		if n := s.uvarint(); n > MaxFrame {
			s.fail(Oversized, "frame %d has %d bytes, and %d is the limit", frames, n, MaxFrame)
		} else if n == 0 {
			s.fail(Malformed, "frame %d is empty", frames)
		}
		members += s.checkMembers(frames, pack)
		frames++
	}
	return frames, members
}

func (s *scanner) checkMembers(frame int, pack bool) int {
	count := s.uvarint()
	if count > MaxMembers {
		s.fail(Oversized, "frame %d has %d members, and %d is the limit", frame, count, MaxMembers)
	}
	if s.err == nil && (count > 0) != pack {
		s.fail(Malformed, "frame %d has %d members", frame, count)
	}
	raw := 0
	for range count {
		s.take(len(ID{}))
		size := s.uvarint()
		if s.err != nil {
			return 0
		}
		if size > MaxChunk {
			s.fail(Oversized, "a chunk in frame %d has %d bytes, and %d is the limit", frame, size, MaxChunk)
			return 0
		}
		if size == 0 {
			s.fail(Malformed, "a chunk in frame %d is empty", frame)
		}
		raw += MemberLen(int(size))
		if raw > MaxFrameRaw {
			s.fail(Oversized, "frame %d has more than %d bytes, decoded", frame, MaxFrameRaw)
			return 0
		}
	}
	return int(count)
}
