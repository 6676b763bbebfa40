package format

import "iter"

// IndexPack is what an index object says of one pack.
type IndexPack struct {
	Pack       Hash
	Size       int64   // of the object, in bytes, at most MaxPackObject
	Kind       Kind    // of its chunks
	FirstFrame int64   // offset of the first data frame in the plaintext
	Frames     []Frame // their offsets follow from FirstFrame and are not written
}

// AppendIndexPack appends what an index says of p. Packs go in ascending order
// of their hashes.
func AppendIndexPack(dst []byte, p *IndexPack) []byte {
	dst = append(dst, p.Pack[:]...)
	dst = appendUvarint(dst, uint64(p.Size))
	dst = append(dst, byte(p.Kind))
	dst = appendUvarint(dst, uint64(p.FirstFrame))
	return appendDirectory(dst, p.Frames)
}

// ParseIndex reads a decoded index of at most MaxIndex bytes, pack by pack. It
// ends after the first error.
func ParseIndex(data []byte) iter.Seq2[IndexPack, error] {
	return func(yield func(IndexPack, error) bool) {
		s := scanner{data: data, what: "index"}
		if len(data) > MaxIndex {
			s.fail(Oversized, "%d bytes, and %d is the limit", len(data), MaxIndex)
		}
		var last Hash
		for first := true; s.err == nil && s.pos < len(data); first = false {
			p := s.indexPack()
			if s.err == nil && !first && last.Compare(p.Pack) >= 0 {
				s.fail(Malformed, "packs are not in ascending order")
			}
			last = p.Pack
			if s.err == nil && !yield(p, nil) {
				return
			}
		}
		if s.err != nil {
			yield(IndexPack{}, s.err)
		}
	}
}

func (s *scanner) indexPack() (p IndexPack) {
	copy(p.Pack[:], s.take(len(p.Pack)))
	p.Size = int64(s.uvarint())
	if p.Size > MaxPackObject {
		// Readers make room for that much before they ask for it.
		s.fail(Oversized, "pack %s has %d bytes, and %d is the limit", p.Pack, p.Size, MaxPackObject)
	}
	if b := s.take(1); b != nil {
		p.Kind = Kind(b[0])
	}
	if p.Kind >= Kinds {
		s.fail(Malformed, "pack %s is of %s", p.Pack, p.Kind)
	}
	p.FirstFrame = int64(s.uvarint())
	if s.err == nil && (p.FirstFrame < skipHead || p.FirstFrame > skipHead+MaxHeader) {
		s.fail(Malformed, "the frames of pack %s cannot begin at %d", p.Pack, p.FirstFrame)
	}
	if s.err != nil {
		return p
	}
	var end int64
	p.Frames, end = s.directory(p.FirstFrame, true)
	if end > MaxPack {
		s.fail(Oversized, "the frames of pack %s have more than %d bytes", p.Pack, MaxPack)
	}
	return p
}
