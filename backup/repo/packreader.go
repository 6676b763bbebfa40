package repo

import (
	"bytes"
	"context"
	"crypto/subtle"

	"github.com/zeebo/blake3"

	"chatkeep/backup/format"
)

// PackReader decrypts packs and checks every chunk it gives out. It is used by
// one goroutine and keeps its buffers: a pack and a frame.
type PackReader struct {
	s       *Snapshot
	object  unsealer
	plain   []byte
	raw     []byte
	decoder *format.Decoder
	hashers map[hasherKey]*blake3.Hasher
}

type hasherKey struct {
	writer format.Hash
	kind   format.Kind
}

// NewPackReader returns a reader of packs for one goroutine.
func (s *Snapshot) NewPackReader() *PackReader {
	return &PackReader{s: s, decoder: format.NewDecoder(), hashers: map[hasherKey]*blake3.Hasher{}}
}

// Index returns where the snapshot's chunks are.
func (s *Snapshot) Index() *Index { return s.index }

// Read fetches a pack whole and calls fn for every member of the frames that
// want asks for, or of all where want is nil. The data is valid until fn
// returns.
func (p *PackReader) Read(ctx context.Context, number int, want func(frame int) bool, fn func(at Place, data []byte) error) error {
	pack := &p.s.index.packs[number]
	hasher, err := p.fetch(ctx, pack)
	if err != nil {
		return err
	}
	for f := range pack.Frames {
		if want != nil && !want(f) {
			continue
		}
		if err := p.frame(pack, number, f, hasher, fn); err != nil {
			return err
		}
	}
	return nil
}

// fetch gets a pack, checks its hash, decrypts it, and holds its header and
// directory against the index.
func (p *PackReader) fetch(ctx context.Context, pack *format.IndexPack) (*blake3.Hasher, error) {
	name := format.PackName(pack.Pack)
	var err error
	p.plain, err = p.object.open(ctx, p.s.Reader, format.Name{Type: format.ObjectPack, Hash: pack.Pack}, pack.Size)
	if err != nil {
		return nil, err
	}
	layout, err := format.ParseLayout(bytes.NewReader(p.plain), int64(len(p.plain)))
	if err != nil {
		return nil, format.At(name, err)
	}
	if !sameFrames(layout.Frames, pack.Frames) || layout.FirstFrame != pack.FirstFrame {
		return nil, format.Fail(format.Malformed, name, "its directory is not what the index says")
	}
	return p.s.packHasher(name, layout.Header, pack.Kind, p.hashers)
}

func sameFrames(a, b []format.Frame) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Offset != b[i].Offset || a[i].Length != b[i].Length || len(a[i].Members) != len(b[i].Members) {
			return false
		}
		for j, m := range a[i].Members {
			if m != b[i].Members[j] {
				return false
			}
		}
	}
	return true
}

// packHasher checks a pack's header and returns the hasher for its chunk ids.
func (r *Reader) packHasher(name string, h format.Header, kind format.Kind, cache map[hasherKey]*blake3.Hasher) (*blake3.Hasher, error) {
	if err := h.Check(name, format.TypePack, kind.String(), r.view.Label()); err != nil {
		return nil, err
	}
	secrets, ok := r.secrets[h.Writer]
	if !ok {
		return nil, format.Fail(format.WrongWriter, name, "the authority names no writer %s", h.Writer)
	}
	k := hasherKey{h.Writer, kind}
	if cache[k] == nil {
		key := secrets.IDKey(kind)
		hasher, err := blake3.NewKeyed(key[:])
		if err != nil {
			return nil, err
		}
		cache[k] = hasher
	}
	return cache[k], nil
}

func (p *PackReader) frame(pack *format.IndexPack, number, f int, hasher *blake3.Hasher, fn func(Place, []byte) error) error {
	frame := &pack.Frames[f]
	name := format.PackName(pack.Pack)
	var err error
	p.raw, err = decodeFrame(p.decoder, p.raw[:0], p.plain[frame.Offset:frame.Offset+int64(frame.Length)], frame, name)
	if err != nil {
		return err
	}
	m := 0
	for data, err := range format.SplitFrame(p.raw, frame.Members) {
		if err != nil {
			return format.At(name, err)
		}
		if !checkID(hasher, frame.Members[m].ID, data) {
			return wrongChunk(name, frame.Members[m].ID)
		}
		if err := fn(Place{number, f, m}, data); err != nil {
			return err
		}
		m++
	}
	return nil
}

func decodeFrame(d *format.Decoder, dst, compressed []byte, frame *format.Frame, name string) ([]byte, error) {
	data, err := d.Frame(dst, compressed, format.RawLen(frame.Members))
	return data, format.At(name, err)
}

func checkID(hasher *blake3.Hasher, id format.ID, data []byte) bool {
	hasher.Reset()
	hasher.Write(data)
	var sum [32]byte
	return subtle.ConstantTimeCompare(hasher.Sum(sum[:0])[:len(id)], id[:]) == 1
}

func wrongChunk(name string, id format.ID) error {
	return format.Fail(format.Flipped, name, "the chunk %s has other bytes than its id says", id)
}
