package merge

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
)

// survey notes what snapshots have, from the newest on.
type survey struct {
	*Archive
	known map[chunkOf]bool // chunks of messages
	lists map[string]bool  // the chunks of lists that were read
}

// chunkOf is a chunk: ids are one family's own.
type chunkOf struct {
	family format.Hash
	id     format.ID
}

// snapshot takes in one snapshot. A carried one has what was forgotten of others:
// it is as old as the order of snapshots has it.
func (s *survey) snapshot(ctx context.Context, h *repo.Head) error {
	number := s.snapshots.add(h)
	o, err := s.snapshots.at(ctx, number)
	if err != nil {
		return err
	}
	for e, err := range o.Entries(ctx) {
		if err != nil {
			return err
		}
		switch {
		case e.Type != format.EntryFile:
		case e.Path == format.ConversationsPath:
			err = s.list(ctx, o, e, s.conversation())
		case e.Path == format.ParticipantsPath:
			err = s.list(ctx, o, e, s.person)
		case strings.HasPrefix(e.Path, format.MessagesDir):
			s.stream(o, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// list reads a list of records, unless one just like it was read.
func (s *survey) list(ctx context.Context, o *opened, e repo.Entry, see func(record any)) error {
	family := o.Family()
	name := e.Path + string(family[:])
	for _, id := range e.Chunks {
		name += string(id[:])
	}
	if s.lists[name] {
		return nil
	}
	s.lists[name] = true
	d := record.NewDecoder(o.Chunks(ctx, e.Chunks))
	for {
		r, err := d.Next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, record.ErrUnknownType):
			continue
		case err != nil:
			return format.Fail(format.Malformed, e.Path, "%w", err)
		}
		see(r)
	}
}

// conversation returns what takes conversations and the coverage that follows
// each.
func (s *survey) conversation() func(any) {
	return func(r any) {
		switch r := r.(type) {
		case *chat.Conversation:
			if known := s.conversations[r.ID]; known != nil {
				known.more(r)
				return
			}
			s.conversations[r.ID] = &Conversation{Conversation: r}
		case *chat.Coverage:
			c := s.conversations[r.Conversation]
			if c != nil && !slices.ContainsFunc(c.claims, func(other chat.Coverage) bool { return sameClaim(&other, r) }) {
				c.claims = append(c.claims, *r)
			}
		}
	}
}

// more adds what an older snapshot knows of a conversation.
func (c *Conversation) more(older *chat.Conversation) {
	if c.Title == "" {
		c.Title = older.Title
	}
	for _, p := range older.Participants {
		if !slices.ContainsFunc(c.Participants, func(q chat.Participant) bool { return q.ID == p.ID }) {
			c.Participants = append(c.Participants, p)
		}
	}
}

// sameClaim compares what two exports claim.
func sameClaim(a, b *chat.Coverage) bool {
	x, y := *a, *b
	x.From, x.To, y.From, y.To = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return x == y && a.From.Equal(b.From) && a.To.Equal(b.To)
}

// person adds what a snapshot knows of somebody. The newest names come first.
func (s *survey) person(r any) {
	p, ok := r.(*chat.Participant)
	if !ok {
		return
	}
	known := s.people[p.ID]
	if known == nil {
		s.people[p.ID] = p
		return
	}
	known.Self = known.Self || p.Self
	for _, id := range p.IDs {
		if !slices.Contains(known.IDs, id) {
			known.IDs = append(known.IDs, id)
		}
	}
	for _, name := range p.Names {
		if !slices.Contains(known.Names, name) {
			known.Names = append(known.Names, name)
		}
	}
}

// stream notes the pieces of a conversation's messages that no newer snapshot
// has.
func (s *survey) stream(o *opened, e repo.Entry) {
	c := s.of(e.Path)
	if c == nil {
		return // not in the list of conversations: nothing says whose it is
	}
	st := stream{snapshot: o.number, path: e.Path, family: o.Family()}
	for rest := e.Chunks; len(rest) > 0; {
		n := 1
		for n < len(rest) && isLong(o, rest[n-1]) {
			n++
		}
		p := piece(rest[:n])
		rest = rest[n:]
		if at := (chunkOf{st.family, p.id()}); !s.known[at] {
			s.known[at] = true
			st.pieces = append(st.pieces, slices.Clone(p))
		}
	}
	if len(st.pieces) > 0 {
		c.streams = append(c.streams, st)
	}
}

// isLong reports whether a chunk was cut for its length alone.
func isLong(o *opened, id format.ID) bool {
	at, ok := o.Index().Find(id)
	return ok && o.Index().Packs()[at.Pack].Frames[at.Frame].Members[at.Member].Size == format.MaxChunk
}

// id stands for a piece.
func (p piece) id() format.ID {
	if len(p) == 1 {
		return p[0]
	}
	h := sha256.New()
	for _, id := range p {
		h.Write(id[:])
	}
	return format.ID(h.Sum(nil))
}

// of is the conversation whose messages a file has: "messages/id.jsonl", or
// "messages/id-2.jsonl" where there is more than one.
func (s *survey) of(path string) *Conversation {
	if !strings.HasSuffix(path, ".jsonl") {
		return nil
	}
	whole, first := format.StreamIDs(path)
	if c := s.conversations[whole]; c != nil || first == "" {
		return c
	}
	return s.conversations[first]
}
