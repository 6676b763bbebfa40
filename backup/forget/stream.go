package forget

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
)

// streams reads the records of one snapshot.
type streams struct {
	snapshot *repo.Snapshot
	reader   *repo.ChunkReader
	files    *files
	states   *stater
}

func (w *weighing) streamsOf(ctx context.Context, s *repo.Snapshot) (*streams, error) {
	f, err := filesOf(ctx, s, w.stock, w.ledger.sums)
	if err != nil {
		return nil, err
	}
	return &streams{s, s.NewChunkReader(), f, w.ledger.states}, nil
}

// chunkOf is a chunk of records: ids are one family's own.
type chunkOf struct {
	family format.Hash
	id     format.ID
}

// met is a chunk of records that was read: what it holds of attachments. A chunk
// that begins or ends within a record is not met.
type met struct{ files []attached }

// attached is a path that a record names, and what stood for its bytes; the zero
// sum where there were none.
type attached struct {
	file  string
	bytes sum
}

// each calls see with the state of each record of a conversation's stream. Chunks
// that skip says yes to are passed over, if they begin and end with a record.
func (r *streams) each(ctx context.Context, e repo.Entry, skip func(format.ID) bool, see func(format.ID, *state) error, done func(format.ID)) error {
	conversation := conversationOf(e.Path)
	var rest []byte
	for _, id := range e.Chunks {
		whole := len(rest) == 0
		if whole && skip(id) {
			continue
		}
		data, err := r.reader.Chunk(ctx, id)
		if err != nil {
			return err
		}
		rest = append(rest, data...)
		for {
			end := bytes.IndexByte(rest, '\n') + 1
			if end == 0 {
				break
			}
			st, err := r.states.of(conversation, rest[:end], r.files)
			if err != nil {
				return err
			}
			if err := see(id, st); err != nil {
				return err
			}
			rest = rest[end:]
		}
		if len(rest) > record.MaxLine {
			return format.Fail(format.Malformed, e.Path, "a record of more than %d bytes", record.MaxLine)
		}
		if len(rest) == 0 && whole {
			done(id)
		}
		rest = append([]byte(nil), rest...)
	}
	if len(rest) > 0 {
		return format.Fail(format.Malformed, e.Path, "its last record has no end")
	}
	return nil
}

// readable reads the attachments of a state: what is damaged must be found before
// anything is promised. Whole zips are read when they are carried.
func (r *streams) readable(ctx context.Context, st *state) error {
	for _, p := range st.places {
		if err := readChunks(ctx, r.reader, slices.Values(p.ids), io.Discard); err != nil {
			return err
		}
	}
	return nil
}

// conversationOf is the conversation whose records a file has: "messages/id.jsonl"
// or "messages/id-2.jsonl", where there is more than one.
func conversationOf(path string) string {
	whole, first := format.StreamIDs(path)
	return cmp.Or(first, whole)
}

// isStream reports whether an entry is a conversation's records.
func isStream(e repo.Entry) bool {
	return e.Type == format.EntryFile && strings.HasPrefix(e.Path, format.MessagesDir)
}
