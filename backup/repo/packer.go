package repo

import (
	"context"

	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/blake3"

	"chatkeep/backup/format"
)

const (
	// DefaultPackSize is the plaintext a pack aims at, in bytes.
	DefaultPackSize = 16 << 20
	frameTarget     = 1 << 20
	// frameTargetDatabase is for the increments of databases: thousands of
	// scattered pages have much in common.
	frameTargetDatabase = 8<<20 - 64<<10
	sampleSize          = 32 << 10
)

// Packer stores chunks into its own open packs, one for each kind. It is used by
// one goroutine; a session has several side by side.
type Packer struct {
	s      *Session
	open   [format.Kinds]*openPack
	hasher [format.Kinds]*blake3.Hasher
	encode map[zstd.EncoderLevel]*format.Compressor
	sample []byte
}

// openPack is a pack that still takes frames, and the frame that still takes
// chunks.
type openPack struct {
	number  uint32
	builder *format.Builder
	frame   []byte // tar members, not yet compressed
	members []format.Member
	group   string
	limit   int
	fresh   bool // the frame belongs to an increment: worth the best level
}

// Hint says how chunks are best packed.
type Hint struct {
	// Group keeps frames apart: chunks of different groups never share one.
	Group string
	// Stored skips compression: the content is known to be compressed.
	Stored bool
	// Increment says that a few new pieces of old content are coming.
	Increment bool
	// Database allows large frames in an increment.
	Database bool
}

// NewPacker returns a packer for one goroutine.
func (s *Session) NewPacker() *Packer {
	p := &Packer{s: s, encode: map[zstd.EncoderLevel]*format.Compressor{}}
	for k := range p.hasher {
		key := s.secrets.IDKey(format.Kind(k))
		// The key has the length that NewKeyed demands.
		p.hasher[k], _ = blake3.NewKeyed(key[:])
	}
	return p
}

// Add stores a chunk of 1 to 8 MiB unless the writer's own packs have it, and
// returns its id. It keeps no reference to data.
func (p *Packer) Add(ctx context.Context, kind format.Kind, data []byte, hint Hint) (format.ID, error) {
	id := p.id(kind, data)
	o, err := p.pack(kind)
	if err != nil {
		return id, err
	}
	if p.s.claim(id, o.number) {
		return id, nil
	}
	p.s.countNew(len(data))
	if hint.Stored || len(data) > frameTarget/2 {
		if hint.Stored || p.incompressible(data) {
			return id, p.addStored(ctx, o, kind, id, data)
		}
	}
	return id, p.addToFrame(ctx, o, kind, id, data, hint)
}

// Has reports whether a chunk is stored, and makes the run's snapshot refer to
// it.
func (p *Packer) Has(id format.ID) bool { return p.s.refer(id) }

func (p *Packer) id(kind format.Kind, data []byte) (id format.ID) {
	h := p.hasher[kind]
	h.Reset()
	h.Write(data)
	var sum [32]byte
	copy(id[:], h.Sum(sum[:0]))
	return id
}

// pack returns the open pack of a kind.
func (p *Packer) pack(kind format.Kind) (*openPack, error) {
	if o := p.open[kind]; o != nil {
		return o, nil
	}
	number, err := p.s.newPack()
	if err != nil {
		return nil, err
	}
	header := format.Header{Type: format.TypePack, Repository: p.s.view.ID, Epoch: p.s.key.Epoch, Writer: p.s.key.ID, Kind: kind.String()}
	o := &openPack{number: number, builder: format.NewBuilder(header, p.s.plaintexts.get())}
	p.open[kind] = o
	return o, nil
}

func (p *Packer) addToFrame(ctx context.Context, o *openPack, kind format.Kind, id format.ID, data []byte, hint Hint) error {
	limit := frameTarget
	if hint.Database && hint.Increment {
		limit = frameTargetDatabase
	}
	full := len(o.frame)+format.MemberLen(len(data)) > limit
	if len(o.members) > 0 && (full || o.group != hint.Group || o.fresh != hint.Increment) {
		if err := p.flushFrame(ctx, o, kind); err != nil {
			return err
		}
		if p.open[kind] != o {
			// The frame filled its pack, which is on its way: a chunk that was
			// added to it now would be nowhere.
			next, err := p.pack(kind)
			if err != nil {
				return err
			}
			p.s.move(id, next.number)
			o = next
		}
	}
	o.group, o.fresh = hint.Group, hint.Increment
	o.frame = format.AppendMember(o.frame, id, data)
	o.members = append(o.members, format.Member{ID: id, Size: len(data)})
	return nil
}

// flushFrame compresses the frame in the making into its pack.
func (p *Packer) flushFrame(ctx context.Context, o *openPack, kind format.Kind) error {
	if len(o.members) == 0 {
		return nil
	}
	enc := p.compressor(p.s.level(o.fresh, len(o.frame)))
	o.builder.Extend(o.members, func(dst []byte) []byte { return enc.Append(dst, o.frame) })
	o.frame, o.members = o.frame[:0], o.members[:0]
	return p.closeIfFull(ctx, o, kind)
}

// addStored puts a chunk into its pack as it is, in a frame of its own.
func (p *Packer) addStored(ctx context.Context, o *openPack, kind format.Kind, id format.ID, data []byte) error {
	o.builder.Extend([]format.Member{{ID: id, Size: len(data)}}, func(dst []byte) []byte {
		return format.AppendRawMember(dst, id, data)
	})
	return p.closeIfFull(ctx, o, kind)
}

// closeIfFull closes a pack where little padding is lost. Padded sizes come in
// steps of a thirty-second: a pack that ends just above one would pay 3 % more.
func (p *Packer) closeIfFull(ctx context.Context, o *openPack, kind format.Kind) error {
	target, n := p.s.packSize, o.builder.Len()
	if n < target-target/4 {
		return nil
	}
	waste, step := o.builder.Padded()-n, target/64
	switch {
	case n >= target+target/4, n >= target && waste <= step/2, waste <= step/8:
		return p.closePack(ctx, o, kind)
	}
	return nil
}

// closePack seals a pack and hands it over for putting. The frame in the making
// goes with the next pack of its kind unless flushed before.
func (p *Packer) closePack(ctx context.Context, o *openPack, kind format.Kind) error {
	p.open[kind] = nil
	if len(o.members) > 0 {
		// The claims of the frame in the making move to the pack it will go to.
		next, err := p.pack(kind)
		if err != nil {
			return err
		}
		next.frame, next.members, next.group, next.fresh = o.frame, o.members, o.group, o.fresh
		for _, m := range o.members {
			p.s.move(m.ID, next.number)
		}
		o.frame, o.members = nil, nil
	}
	return p.s.finish(ctx, o, kind)
}

// incompressible asks a sample from the middle whether compression would pay.
func (p *Packer) incompressible(data []byte) bool {
	part := data
	if len(part) > sampleSize {
		at := (len(data) - sampleSize) / 2
		part = data[at : at+sampleSize]
	}
	p.sample = p.compressor(zstd.SpeedFastest).Append(p.sample[:0], part)
	return len(p.sample) > len(part)*31/32
}

func (p *Packer) compressor(level zstd.EncoderLevel) *format.Compressor {
	c := p.encode[level]
	if c == nil {
		c = format.NewCompressor(level)
		p.encode[level] = c
	}
	return c
}
