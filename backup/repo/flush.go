package repo

import (
	"context"
	"slices"

	"chatkeep/backup/format"
)

// Flush closes what several packers still have open, pouring half-filled packs
// of one kind together: a small backup by many workers makes few objects. The
// packers must be at rest, and are used no more.
func (s *Session) Flush(ctx context.Context, packers ...*Packer) error {
	for kind := range format.Kind(format.Kinds) {
		if err := s.flushKind(ctx, kind, packers); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) flushKind(ctx context.Context, kind format.Kind, packers []*Packer) error {
	var open []*openPack
	for _, p := range packers {
		if err := p.flushFrame(ctx, kind); err != nil {
			return err
		}
		if o := p.packs[kind]; o != nil && o.builder.Members() > 0 {
			open = append(open, o)
		}
		p.packs[kind] = nil
	}
	slices.SortFunc(open, func(a, b *openPack) int { return b.builder.Len() - a.builder.Len() })
	for len(open) > 0 {
		into := open[0]
		rest := open[:0]
		for _, o := range open[1:] {
			if into.builder.Len()+o.builder.Len() <= s.packSize+s.packSize/4 {
				s.pour(into, o)
			} else {
				rest = append(rest, o)
			}
		}
		if err := s.finish(ctx, into, kind); err != nil {
			return err
		}
		open = rest
	}
	return nil
}

// pour moves the frames of one open pack into another.
func (s *Session) pour(into, from *openPack) {
	buf := from.builder.Buffer()
	for _, f := range from.builder.Frames() {
		into.builder.Append(buf[f.Offset:f.Offset+int64(f.Length)], f.Members)
		s.settle(from.number, into.number, f.Members)
	}
	s.plaintexts.put(buf)
}
