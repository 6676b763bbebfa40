package forget

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
	"chatkeep/backup/split"
	"chatkeep/providers/chat"
)

// carry makes the carried snapshot of a source.
func (c *Carried) carry(ctx context.Context, r *repo.Reader, h *Hands) error {
	s, err := h.Begin(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	started := h.Now()
	w := &writing{carried: c, session: s, packer: s.NewPacker(), entries: map[string]*entry{}, folders: map[string]bool{}, parts: map[string]int{}}
	people := map[string]bool{}
	for _, t := range c.takes {
		from, err := r.Open(ctx, t.from.Head)
		if err == nil {
			err = w.take(ctx, t, from)
		}
		if err == nil {
			err = lines(ctx, from, format.ParticipantsPath, func(line []byte, _ any) { people[string(line)] = true })
		}
		if err != nil {
			return fmt.Errorf("carrying out of snapshot %s, of which nothing is forgotten therefore: %w", t.from.Head.Hash.String()[:8], err)
		}
	}
	if err := w.lists(ctx, people); err != nil {
		return err
	}
	m, err := w.manifest(ctx)
	if err != nil {
		return err
	}
	m.Started, m.Finished, m.Program = started.UTC(), h.Now().UTC(), h.Program
	if err := s.Flush(ctx, w.packer); err != nil {
		return err
	}
	c.Snapshot, err = s.Commit(ctx, m)
	c.written = w.entries
	return err
}

// writing is a carried snapshot in the making.
type writing struct {
	carried *Carried
	session *repo.Session
	packer  *repo.Packer
	entries map[string]*entry // by path
	folders map[string]bool   // paths that others are below of
	parts   map[string]int    // streams of a conversation so far
	files   int64
	bytes   int64
}

// entry is an entry of the carried snapshot.
type entry struct {
	item *format.Item
	stat format.Stat
	sha  []byte // of a stream of records, as it was written
	// proved says that its chunks are those of an earlier carried snapshot, which
	// were read back when that was made.
	proved bool
}

// stream is a stream of records in the making.
type stream struct {
	*repo.Stream
	sha hash.Hash
}

func (w *writing) stream(ctx context.Context, group string) *stream {
	hint := repo.Hint{Group: group, Increment: true}
	return &stream{w.packer.Stream(ctx, format.Messages, hint, w.session.Cutter(split.Records), nil), sha256.New()}
}

func (s *stream) Write(p []byte) (int, error) {
	s.sha.Write(p)
	return s.Stream.Write(p)
}

// end closes a stream and makes it a file of the snapshot. Its time is that of
// its last message.
func (w *writing) end(s *stream, path string, last time.Time) error {
	if err := s.Close(); err != nil {
		return err
	}
	if last.IsZero() {
		last = time.Unix(0, 0)
	}
	item := &format.Item{Entry: format.Entry{Path: path, Type: format.EntryFile, Size: s.Size, Chunks: s.IDs}}
	w.entries[path] = &entry{item: item, stat: format.Stat{Mode: 0o600, Mtime: last}, sha: s.sha.Sum(nil)}
	return nil
}

// take writes what is carried out of one snapshot: first the bytes of
// attachments, for where they go is part of the records.
func (w *writing) take(ctx context.Context, t *take, from *repo.Snapshot) error {
	// Each step wants the states anew: which attachments they name, and then what
	// they say.
	wanted := map[string]bool{}
	r, err := w.reading(ctx, t, from)
	if err != nil {
		return err
	}
	err = r.each(ctx, func(*state) error { return nil }, func(st *state) error {
		for _, p := range st.places {
			wanted[p.path] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	moved, err := w.attachments(ctx, from, r.files, wanted)
	if err != nil {
		return err
	}
	var out *stream
	var now *Conversation
	end := func() error {
		if out == nil {
			return nil
		}
		return w.end(out, w.path(now.ID), now.To)
	}
	err = r.each(ctx, func(st *state) error {
		if now != nil && now.ID == st.conversation {
			return nil
		}
		if err := end(); err != nil {
			return err
		}
		now, out = t.chats[st.conversation], w.stream(ctx, st.conversation)
		return nil
	}, func(st *state) error { return w.record(out, st, moved) })
	if err != nil {
		return err
	}
	return end()
}

// path is that of the next stream of a conversation. Where several snapshots
// give one, their order is that of the names.
func (w *writing) path(id string) string {
	several := 0
	for _, t := range w.carried.takes {
		if t.chats[id] != nil {
			several++
		}
	}
	if several == 1 {
		return format.MessagesDir + id + ".jsonl"
	}
	w.parts[id]++
	return fmt.Sprintf("%s%s-%05d.jsonl", format.MessagesDir, id, w.parts[id])
}

// record writes one, with the paths that its attachments have now.
func (w *writing) record(out *stream, st *state, moved map[string]string) error {
	changed := false
	for _, p := range st.places {
		if to, ok := moved[p.path]; ok {
			st.message.Attachments[p.attachment].File = to + p.file[len(p.path):]
			changed = true
		}
	}
	if !changed {
		_, err := out.Write(st.line)
		return err
	}
	if !st.canonical {
		return fmt.Errorf("conversation %s has records of a later release of chatkeep, which this one cannot move: update chatkeep", st.conversation)
	}
	return record.NewEncoder(out, nil).Message(st.message)
}

// lists writes who takes part and what the conversations are.
func (w *writing) lists(ctx context.Context, people map[string]bool) error {
	all := slices.Clone(w.carried.Conversations)
	slices.SortFunc(all, func(a, b *Conversation) int { return strings.Compare(a.ID, b.ID) })
	conversations := w.stream(ctx, format.ConversationsPath)
	e := record.NewEncoder(conversations, nil)
	for _, c := range all {
		var err error
		if c.line != nil {
			_, err = conversations.Write(c.line)
		} else {
			err = e.Conversation(&chat.Conversation{ID: c.ID})
		}
		if err == nil {
			err = e.Coverage(&chat.Coverage{Conversation: c.ID, From: c.From, To: c.To, Messages: c.Messages - c.Unparsed, MediaStored: len(c.Attachments),
				WhyIncomplete: "only what no other snapshot of the source had"})
		}
		if err != nil {
			return err
		}
	}
	if err := w.end(conversations, format.ConversationsPath, time.Time{}); err != nil {
		return err
	}
	participants := w.stream(ctx, format.ParticipantsPath)
	for _, line := range sorted(people) {
		if _, err := io.WriteString(participants, line); err != nil {
			return err
		}
	}
	return w.end(participants, format.ParticipantsPath, time.Time{})
}

// manifest stores the lists of the snapshot.
func (w *writing) manifest(ctx context.Context) (*format.Manifest, error) {
	contents, stats := w.packer.NewList(ctx, "contents"), w.packer.NewList(ctx, "stats")
	for _, path := range sorted(w.entries) {
		e := w.entries[path]
		if err := contents.Append(format.AppendItem(nil, e.item)); err != nil {
			return nil, err
		}
		if err := stats.Append(format.AppendStat(nil, &e.stat)); err != nil {
			return nil, err
		}
	}
	media, _ := w.carried.Attachments()
	var unparsed int64
	for _, c := range w.carried.Conversations {
		unparsed += int64(c.Unparsed)
	}
	m := &format.Manifest{
		Source: w.carried.template.Source, Tags: []string{format.TagCarried}, Complete: true,
		Totals: format.Totals{
			Files: w.files, Bytes: w.bytes, Conversations: int64(len(w.carried.Conversations)),
			Messages: int64(w.carried.Messages()) - unparsed, Unparsed: unparsed, MediaStored: int64(media),
		},
	}
	var err error
	if m.Contents, err = contents.Close(); err != nil {
		return nil, err
	}
	m.Stats, err = stats.Close()
	return m, err
}

// compare reads the snapshot: every stream of records must have the bytes that
// were written, every file chunks that are what their ids say, and all must be
// there. What an earlier carried snapshot had, and this one refers to, is not read
// again.
func (c *Carried) compare(ctx context.Context, s *repo.Snapshot) error {
	seen, r := 0, s.NewChunkReader()
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return err
		}
		want := c.written[e.Path]
		if want == nil || !slices.Equal(slices.Collect(e.AllChunks()), slices.Collect(want.item.AllChunks())) {
			return fmt.Errorf("%s of the carried snapshot %s: %w", e.Path, c.Snapshot.Hash, errUnlike)
		}
		seen++
		if want.proved {
			continue
		}
		sha := sha256.New()
		if err := readChunks(ctx, r, e.AllChunks(), sha); err != nil {
			return err
		}
		if want.sha != nil && !bytes.Equal(want.sha, sha.Sum(nil)) {
			return fmt.Errorf("%s of the carried snapshot %s: %w", e.Path, c.Snapshot.Hash, errUnlike)
		}
	}
	if seen != len(c.written) {
		return fmt.Errorf("the carried snapshot %s: %d of its %d files: %w", c.Snapshot.Hash, seen, len(c.written), errUnlike)
	}
	return nil
}
