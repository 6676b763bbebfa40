package repo

import (
	"context"

	"chatkeep/backup/format"
)

// Carrier stores chunks of another snapshot in a session, so that a new snapshot
// can refer to them: one of another repository, or of this one, by this writer
// or by any other. It is used by one goroutine.
type Carrier struct {
	packer *Packer
	from   *Snapshot
	reader *ChunkReader
	same   bool // from's ids are those of this session
}

// Carry returns a carrier of chunks from a snapshot.
func (p *Packer) Carry(from *Snapshot) *Carrier {
	mine := p.s.chain.Writer.Dedup
	theirs := from.view.Chains[from.Head.Writer].Writer.Dedup
	return &Carrier{packer: p, from: from, reader: from.NewChunkReader(), same: from.view.ID == p.s.view.ID && mine == theirs}
}

// Chunks stores these chunks, as far as this session's packs do not have them,
// and returns the ids that they have here, in the same order. A chunk keeps its
// kind of pack and its bytes; where it was cut is as the other writer chose. What
// cannot be read is an error of a class.
func (c *Carrier) Chunks(ctx context.Context, ids []format.ID, hint Hint) ([]format.ID, error) {
	out := make([]format.ID, 0, len(ids))
	for _, id := range ids {
		here, err := c.chunk(ctx, id, hint)
		if err != nil {
			return out, err
		}
		out = append(out, here)
	}
	return out, nil
}

func (c *Carrier) chunk(ctx context.Context, id format.ID, hint Hint) (format.ID, error) {
	if c.same && c.packer.Has(id) {
		return id, nil
	}
	at, ok := c.from.index.Find(id)
	if !ok {
		return id, format.Fail(format.Missing, "chunk "+id.String(), "no pack of the snapshot has it")
	}
	data, err := c.reader.Chunk(ctx, id)
	if err != nil {
		return id, err
	}
	return c.packer.Add(ctx, c.from.index.packs[at.Pack].Kind, data, hint)
}
