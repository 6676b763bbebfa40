package repo

import (
	"context"
	"sync"

	"chatkeep/backup/format"
)

// openPack is a pack that still takes frames. There is one for each kind, which
// all packers fill: so a small backup by many workers makes few objects, and
// memory holds few packs.
type openPack struct {
	mu      sync.Mutex
	number  uint32
	builder *format.Builder // nil while there is none
}

// pack adds one frame, which write appends, to the open pack of a kind, and
// settles its chunks there. Size is about how long the frame will be.
func (s *Session) pack(ctx context.Context, kind format.Kind, from uint32, members []format.Member, size int, write func(dst []byte) []byte) error {
	o := &s.open[kind]
	o.mu.Lock()
	var full []sealing
	if o.builder != nil && o.builder.Len()+size > s.packSize+s.packSize/4 {
		full = append(full, o.take(kind))
	}
	if o.builder == nil {
		if err := s.openPack(o, kind); err != nil {
			o.mu.Unlock()
			return err
		}
	}
	o.builder.Extend(members, write)
	s.settle(from, o.number, members)
	if s.isFull(o.builder) {
		full = append(full, o.take(kind))
	}
	o.mu.Unlock()
	for _, f := range full {
		if err := s.finish(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) openPack(o *openPack, kind format.Kind) error {
	number, err := s.newPack()
	if err != nil {
		return err
	}
	header := format.Header{Type: format.TypePack, Repository: s.view.ID, Epoch: s.key.Epoch, Writer: s.key.ID, Kind: kind.String()}
	o.number, o.builder = number, format.NewBuilder(header, s.plaintexts.get())
	return nil
}

// sealing is a pack that takes no more frames.
type sealing struct {
	number  uint32
	kind    format.Kind
	builder *format.Builder
}

// take closes the open pack.
func (o *openPack) take(kind format.Kind) sealing {
	f := sealing{o.number, kind, o.builder}
	o.builder = nil
	return f
}

// isFull reports whether a pack is best closed now, where little padding is
// lost. Padded sizes come in steps of a thirty-second: a pack that ends just
// above one would pay 3 % more.
func (s *Session) isFull(b *format.Builder) bool {
	target, n := s.packSize, b.Len()
	if n < target-target/4 {
		return false
	}
	waste, step := b.Padded()-n, target/64
	return n >= target+target/4 || n >= target && waste <= step/2 || waste <= step/8
}

// Flush closes what the packers and the session still have open. The packers
// must be at rest.
func (s *Session) Flush(ctx context.Context, packers ...*Packer) error {
	for kind := range format.Kind(format.Kinds) {
		for _, p := range packers {
			if err := p.flushFrame(ctx, kind); err != nil {
				return err
			}
		}
		o := &s.open[kind]
		o.mu.Lock()
		f := o.take(kind)
		o.mu.Unlock()
		if f.builder == nil {
			continue
		}
		if err := s.finish(ctx, f); err != nil {
			return err
		}
	}
	return nil
}
