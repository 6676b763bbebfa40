package backup

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
)

// hurtEntry is an entry of a snapshot that something is lost of, as check --json
// prints it; fields are only added.
type hurtEntry struct {
	Type       string      `json:"type"` // hurt
	Snapshot   format.Hash `json:"snapshot"`
	Path       string      `json:"path"`
	Kind       string      `json:"kind"`
	Size       int64       `json:"bytes"`
	LostChunks int         `json:"chunks_lost"`
	LostBytes  int64       `json:"bytes_lost"`
	Mendable   bool        `json:"mendable"` // other packs have what is lost
	Objects    []string    `json:"objects"`
	// Of messages: which conversation, and where in it something is lost.
	Conversation string     `json:"conversation,omitempty"`
	Title        string     `json:"title,omitempty"`
	Dates        []lostSpan `json:"dates,omitempty"`
}

// lostSpan is a run of messages that are lost: those after a message of one time
// and before one of another, each absent where nothing tells.
type lostSpan struct {
	After  string `json:"after,omitempty"`
	Before string `json:"before,omitempty"`
}

// hurtTeller finds out what the loss of chunks means to a person. It keeps the
// titles of the snapshot it was asked about last.
type hurtTeller struct {
	of     *repo.Exam
	titles map[string]chatKnown
}

// chatKnown is what a snapshot says of a conversation.
type chatKnown struct {
	title    string
	coverage chat.Coverage
}

// describe says what is lost of an entry.
func (t *hurtTeller) describe(ctx context.Context, e *repo.Exam, r *repo.Remnant) (*hurtEntry, error) {
	h := &hurtEntry{
		Type: "hurt", Snapshot: e.Head.Hash, Path: r.Path, Kind: r.Type.String(), Size: r.Size,
		LostChunks: len(r.Lost), LostBytes: r.LostBytes, Mendable: r.Mendable, Objects: append([]string{}, r.Keys...),
	}
	if !strings.HasPrefix(r.Path, format.MessagesDir) || r.Type != format.EntryFile {
		return h, nil
	}
	known, err := t.known(ctx, e, r.Path)
	if err != nil {
		return h, err
	}
	h.Conversation, h.Title = conversationOf(r.Path), known.title
	h.Dates, err = lostDates(ctx, e, r, known.coverage)
	return h, err
}

// conversationOf is the id in the name of a file of messages.
func conversationOf(path string) string {
	whole, first := format.StreamIDs(path)
	return cmp.Or(first, whole)
}

// known looks a conversation up in the snapshot's list of them, as far as that
// can be read.
func (t *hurtTeller) known(ctx context.Context, e *repo.Exam, path string) (chatKnown, error) {
	if t.of != e {
		titles, err := conversationsOf(ctx, e)
		if err != nil {
			return chatKnown{}, err
		}
		t.of, t.titles = e, titles
	}
	return t.titles[conversationOf(path)], nil
}

func conversationsOf(ctx context.Context, e *repo.Exam) (map[string]chatKnown, error) {
	known := map[string]chatKnown{}
	item, err := e.Find(ctx, format.ConversationsPath)
	if err != nil || item == nil {
		return known, err
	}
	reader := e.Snapshot().NewChunkReader()
	for _, id := range item.Chunks {
		data, err := reader.Chunk(ctx, id)
		if err != nil && format.ClassOf(err) == "" {
			return known, err
		}
		if err != nil {
			continue
		}
		for r := range recordsIn(data) {
			switch r := r.(type) {
			case *chat.Conversation:
				k := known[r.ID]
				k.title = r.Title
				known[r.ID] = k
			case *chat.Coverage:
				k := known[r.Conversation]
				k.coverage = *r
				known[r.Conversation] = k
			}
		}
	}
	return known, nil
}

// recordsIn yields the records of a chunk: they are cut at the ends of records.
func recordsIn(data []byte) func(yield func(any) bool) {
	return func(yield func(any) bool) {
		d := record.NewDecoder(bytes.NewReader(data))
		for {
			r, err := d.Next()
			var line *record.Error
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &line):
				continue
			case err != nil || !yield(r):
				return
			}
		}
	}
}

// lostDates finds between which messages the lost ones were.
func lostDates(ctx context.Context, e *repo.Exam, r *repo.Remnant, c chat.Coverage) ([]lostSpan, error) {
	var spans []lostSpan
	for i := 0; i < len(r.Lost); {
		first, last := r.Lost[i], r.Lost[i]
		for i++; i < len(r.Lost) && r.Lost[i] == last+1; i++ {
			last++
		}
		before, err := timesIn(ctx, e, r.Chunks, first-1)
		if err != nil {
			return spans, err
		}
		after, err := timesIn(ctx, e, r.Chunks, last+1)
		if err != nil {
			return spans, err
		}
		span := lostSpan{After: stamp(before.last), Before: stamp(after.first)}
		if first == 0 {
			span.After = stamp(c.From)
		}
		if last == len(r.Chunks)-1 {
			span.Before = stamp(c.To)
		}
		spans = append(spans, span)
	}
	return spans, nil
}

// stretch is the times of the first and the last message of a chunk.
type stretch struct{ first, last time.Time }

// timesIn reads the times in a chunk of messages; none where there is no such
// chunk or it cannot be read.
func timesIn(ctx context.Context, e *repo.Exam, ids []format.ID, n int) (s stretch, err error) {
	if n < 0 || n >= len(ids) || !e.Can(ids[n]) {
		return s, nil
	}
	data, err := e.Snapshot().NewChunkReader().Chunk(ctx, ids[n])
	if err != nil {
		if format.ClassOf(err) == "" {
			return s, err
		}
		return s, nil
	}
	for r := range recordsIn(data) {
		m, ok := r.(*chat.Message)
		if !ok || m.Time.IsZero() {
			continue
		}
		if s.first.IsZero() {
			s.first = m.Time
		}
		s.last = m.Time
	}
	return s, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
