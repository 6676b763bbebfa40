package merge

import (
	"context"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// maxOpen bounds the snapshots that are open at a time: each has its index in
// memory.
const maxOpen = 4

// snapshots opens snapshots when something is read of them.
type snapshots struct {
	reader *repo.Reader
	heads  []*repo.Head // by number
	open   []*opened    // the one used last comes last
}

type opened struct {
	number int
	*repo.Snapshot
	chunks *repo.ChunkReader
}

// add gives a snapshot its number, in the order of the calls.
func (s *snapshots) add(h *repo.Head) int {
	s.heads = append(s.heads, h)
	return len(s.heads) - 1
}

// at returns an open snapshot, valid until others are opened.
func (s *snapshots) at(ctx context.Context, number int) (*opened, error) {
	for i, o := range s.open {
		if o.number == number {
			s.open = append(append(s.open[:i:i], s.open[i+1:]...), o)
			return o, nil
		}
	}
	snapshot, err := s.reader.Open(ctx, s.heads[number])
	if err != nil {
		return nil, err
	}
	o := &opened{number, snapshot, snapshot.NewChunkReader()}
	if len(s.open) == maxOpen {
		s.open = s.open[1:]
	}
	s.open = append(s.open, o)
	return o, nil
}

// read appends a piece of a stream to buf.
func (s *snapshots) read(ctx context.Context, buf []byte, st *stream, p piece) ([]byte, error) {
	for _, id := range p {
		data, err := s.chunk(ctx, st, id)
		if err != nil {
			return buf, format.At(st.path, err)
		}
		buf = append(buf, data...)
	}
	if n := len(buf); n == 0 || buf[n-1] != '\n' {
		return buf, format.Fail(format.Malformed, st.path, "a chunk that ends within a record")
	}
	return buf, nil
}

// chunk reads a chunk of a snapshot, valid until the next call. Another of its
// writer's family that is open will often have it, too, and saves opening it.
func (s *snapshots) chunk(ctx context.Context, st *stream, id format.ID) ([]byte, error) {
	for _, o := range s.open {
		if o.Family() == st.family {
			if _, ok := o.Index().Find(id); ok {
				return o.chunks.Chunk(ctx, id)
			}
		}
	}
	o, err := s.at(ctx, st.snapshot)
	if err != nil {
		return nil, err
	}
	return o.chunks.Chunk(ctx, id)
}
