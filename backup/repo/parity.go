package repo

import (
	"context"
	"fmt"
	"sync"

	"github.com/klauspost/reedsolomon"

	"chatkeep/backup/format"
)

// parity adds up rows over the packs of a run, as they are put: as many as a
// group has columns, then the next group. It takes memory for two packs. Nothing
// depends on parity, so that its failures are notes.
type parity struct {
	mu    sync.Mutex
	code  reedsolomon.Encoder
	packs []format.Ref
	sums  [][]format.BlockSum
	rows  [format.ParityRows][]byte
}

func newParityCode() (reedsolomon.Encoder, error) {
	return reedsolomon.New(format.ParityColumns, format.ParityRows, reedsolomon.WithCustomMatrix(format.ParityMatrix()))
}

// startParity begins parity where the owner wants it.
func (s *Session) startParity() error {
	if !s.view.Authority.Parity {
		return nil
	}
	code, err := newParityCode()
	s.parity = &parity{code: code}
	return err
}

// addParity adds a pack that is durable.
func (s *Session) addParity(ctx context.Context, hash format.Hash, object []byte) {
	p := s.parity
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.add(hash, object); err != nil {
		s.note(fmt.Sprintf("no parity for %s: %v", format.PackName(hash), err))
		return
	}
	if len(p.packs) == format.ParityColumns {
		s.putParity(ctx, p)
	}
}

// add adds a pack to the open group.
func (p *parity) add(hash format.Hash, object []byte) error {
	rows := make([][]byte, len(p.rows))
	for i, row := range p.rows {
		if n := len(object) - len(row); n > 0 {
			p.rows[i] = append(row, make([]byte, n)...)
		}
		rows[i] = p.rows[i][:len(object)]
	}
	if err := p.code.EncodeIdx(object, len(p.packs), rows); err != nil {
		return err
	}
	p.packs = append(p.packs, format.Ref{SHA256: hash, Size: int64(len(object))})
	p.sums = append(p.sums, format.SumBlocks(object))
	return nil
}

// twoRows is from how many packs on a group has a second row: one for every
// dozen.
const twoRows = format.ParityColumns/format.ParityRows + 1

// putParity puts the rows of the open group, and begins another.
func (s *Session) putParity(ctx context.Context, p *parity) {
	for i, row := range p.rows {
		if len(p.packs) == 0 || i > 0 && len(p.packs) < twoRows {
			break
		}
		object := (&format.Parity{Repository: s.view.Label(), Row: i, Packs: p.packs, Sums: p.sums, Data: row}).Encode()
		if err := s.put(ctx, format.ParityName(format.Sum(object)), object); err != nil {
			s.note(fmt.Sprintf("no parity for %d packs: %v", len(p.packs), err))
			break
		}
	}
	p.packs, p.sums = nil, nil
	for i := range p.rows {
		p.rows[i] = p.rows[i][:0]
	}
}

// closeParity puts what is left in the open group, when all packs are durable.
func (s *Session) closeParity(ctx context.Context) {
	if p := s.parity; p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		s.putParity(ctx, p)
	}
}

// SetParity says whether writers are to add parity to what they store from now
// on.
func (o *Owner) SetParity(on bool) { o.authority.Parity = on }

// WithParity lets the writers of a new repository add parity to what they store.
func WithParity(a *format.Authority) { a.Parity = true }
