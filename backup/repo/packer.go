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

// Packer makes frames of chunks, which go into the session's open packs. It is
// used by one goroutine; a session has several side by side.
type Packer struct {
	s       *Session
	frames  [format.Kinds]*openFrame
	hasher  [format.Kinds]*blake3.Hasher
	encoder *format.Compressor
	scratch []byte
}

// openFrame is a frame that still takes chunks. Until it is flushed its chunks
// belong to no pack: they are claimed under a number of the frame's own.
type openFrame struct {
	number  uint32
	raw     []byte // tar members, not yet compressed
	members []format.Member
	hint    Hint
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
	p := &Packer{s: s}
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
	f, err := p.frame(kind)
	if err != nil {
		return id, err
	}
	if p.s.claim(id, f.number) {
		return id, nil
	}
	p.s.countNew(len(data))
	if hint.Stored || len(data) > frameTarget/2 && p.incompressible(data) {
		return id, p.addStored(ctx, f, kind, id, data)
	}
	return id, p.addToFrame(ctx, f, kind, id, data, hint)
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

func (p *Packer) frame(kind format.Kind) (*openFrame, error) {
	if p.frames[kind] == nil {
		number, err := p.s.newPack()
		if err != nil {
			return nil, err
		}
		p.frames[kind] = &openFrame{number: number}
	}
	return p.frames[kind], nil
}

func (p *Packer) addToFrame(ctx context.Context, f *openFrame, kind format.Kind, id format.ID, data []byte, hint Hint) error {
	limit := frameTarget
	if hint.Database && hint.Increment {
		limit = frameTargetDatabase
	}
	full := len(f.raw)+format.MemberLen(len(data)) > limit
	if len(f.members) > 0 && (full || f.hint.Group != hint.Group || f.hint.Increment != hint.Increment) {
		// The claim of the chunk at hand stays with the frame, which is empty
		// after this and takes it.
		if err := p.flushFrame(ctx, kind); err != nil {
			return err
		}
	}
	f.hint = hint
	f.raw = format.AppendMember(f.raw, id, data)
	f.members = append(f.members, format.Member{ID: id, Size: len(data)})
	return nil
}

// flushFrame compresses the frame in the making and adds it to a pack.
func (p *Packer) flushFrame(ctx context.Context, kind format.Kind) error {
	f := p.frames[kind]
	if f == nil || len(f.members) == 0 {
		return nil
	}
	p.scratch = p.compress(p.scratch[:0], f)
	err := p.s.pack(ctx, kind, f.number, f.members, len(p.scratch), func(dst []byte) []byte {
		return append(dst, p.scratch...)
	})
	f.raw, f.members = f.raw[:0], f.members[:0]
	return err
}

func (p *Packer) compress(dst []byte, f *openFrame) []byte {
	if f.hint.Increment {
		if best, ok := p.s.compressBest(dst, f.raw); ok {
			return best
		}
	}
	return p.compressor().Append(dst, f.raw)
}

// addStored adds a chunk to a pack as it is, in a frame of its own.
func (p *Packer) addStored(ctx context.Context, f *openFrame, kind format.Kind, id format.ID, data []byte) error {
	members := []format.Member{{ID: id, Size: len(data)}}
	return p.s.pack(ctx, kind, f.number, members, len(data), func(dst []byte) []byte {
		return format.AppendRawMember(dst, id, data)
	})
}

// incompressible asks a sample from the middle whether compression would pay.
func (p *Packer) incompressible(data []byte) bool {
	part := data
	if len(part) > sampleSize {
		at := (len(data) - sampleSize) / 2
		part = data[at : at+sampleSize]
	}
	p.scratch = p.compressor().Append(p.scratch[:0], part)
	return len(p.scratch) > len(part)*31/32
}

func (p *Packer) compressor() *format.Compressor {
	if p.encoder == nil {
		p.encoder = format.NewCompressor(zstd.SpeedDefault)
	}
	return p.encoder
}
