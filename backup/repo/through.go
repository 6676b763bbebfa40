package repo

import (
	"github.com/zeebo/blake3"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// Through returns the same snapshot, read through another store: one that
// counts requests or tries again, say.
func (s *Snapshot) Through(wrap func(storage.Reader) storage.Reader) *Snapshot {
	r := *s.Reader
	r.store = wrap(s.store)
	r.source = &objects{r.store, s.source.cache}
	return &Snapshot{Reader: &r, Head: s.Head, Manifest: s.Manifest, Notes: s.Notes, index: s.index}
}

// Proof tells whether bytes that somebody has are a chunk of the snapshot. It
// asks no store. It is used by one goroutine.
type Proof struct {
	s       *Snapshot
	hashers [format.Kinds][]*blake3.Hasher // those that fitted last come first
}

// NewProof returns a proof for one goroutine.
func (s *Snapshot) NewProof() *Proof { return &Proof{s: s} }

// Holds reports whether data are the bytes of the chunk with this id in packs of
// a kind. An index does not say whose chunk it is, so the keys of all writers are
// tried: each makes it the repository's own.
func (p *Proof) Holds(kind format.Kind, id format.ID, data []byte) (bool, error) {
	if p.hashers[kind] == nil {
		if err := p.load(kind); err != nil {
			return false, err
		}
	}
	all := p.hashers[kind]
	for i, h := range all {
		if checkID(h, id, data) {
			all[0], all[i] = all[i], all[0]
			return true, nil
		}
	}
	return false, nil
}

// load makes the hashers of a kind, one for each key: heirs have that of whom
// they inherit from.
func (p *Proof) load(kind format.Kind) error {
	known := map[[32]byte]bool{}
	for _, secrets := range p.s.secrets {
		key := secrets.IDKey(kind)
		if known[key] {
			continue
		}
		known[key] = true
		h, err := blake3.NewKeyed(key[:])
		if err != nil {
			return err
		}
		p.hashers[kind] = append(p.hashers[kind], h)
	}
	return nil
}
