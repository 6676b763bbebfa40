package repo

import (
	"context"
	"errors"
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
	full, err := s.addFrame(ctx, kind, from, members, size, write)
	if full != nil {
		// What was taken has a ticket, which finish gives back.
		err = errors.Join(err, s.finish(ctx, *full))
	}
	return err
}

// addFrame is pack without the sealing of the pack that it filled. It takes one
// at most: who holds a ticket must not wait for another, or all tickets could be
// held by those who wait.
func (s *Session) addFrame(ctx context.Context, kind format.Kind, from uint32, members []format.Member, size int, write func(dst []byte) []byte) (full *sealing, err error) {
	o := &s.open[kind]
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.builder != nil && o.builder.Len()+size > s.packSize {
		if full, err = s.take(ctx, o, kind); err != nil {
			return nil, err
		}
	}
	if o.builder == nil {
		if err := s.openPack(o, kind); err != nil {
			return full, err
		}
	}
	o.builder.Extend(members, write)
	s.settle(from, o.number, members)
	if full == nil && s.isFull(o.builder) {
		full, err = s.take(ctx, o, kind)
	}
	return full, err
}

func (s *Session) openPack(o *openPack, kind format.Kind) error {
	number, err := s.newPack()
	if err != nil {
		return err
	}
	header := format.Header{Type: format.TypePack, Repository: s.view.Label(), Epoch: s.key.Epoch, Writer: s.key.ID, Kind: kind.String()}
	o.number, o.builder = number, format.NewBuilder(header, s.plaintexts.get())
	return nil
}

// sealing is a pack that takes no more frames.
type sealing struct {
	number  uint32
	kind    format.Kind
	builder *format.Builder
}

// take closes an open pack once there is a ticket to seal it with. The others who
// fill packs of this kind wait as well: else each would fill one more, and
// memory has no room for those.
func (s *Session) take(ctx context.Context, o *openPack, kind format.Kind) (*sealing, error) {
	select {
	case s.uploads <- struct{}{}:
	case <-ctx.Done():
		return nil, s.fail(context.Cause(ctx))
	}
	full := &sealing{o.number, kind, o.builder}
	o.builder = nil
	return full, nil
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
	return n >= target-target/16 || n >= target-target/8 && waste <= step/2 || waste <= step/8
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
		if err := s.closePack(ctx, kind); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) closePack(ctx context.Context, kind format.Kind) error {
	o := &s.open[kind]
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.builder == nil {
		return nil
	}
	full, err := s.take(ctx, o, kind)
	if err != nil {
		return err
	}
	return s.finish(ctx, *full)
}
