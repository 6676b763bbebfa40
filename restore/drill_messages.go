package restore

import (
	"context"
	"errors"
	"fmt"
	"io"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
)

func isMessages(e repo.Entry) bool { return e.Type == format.EntryFile && format.IsRecords(e.Path) }

// tally counts what was parsed back, by conversation.
type tally struct {
	s       *repo.Snapshot
	r       *DrillReport
	read    map[string]int64 // messages
	claimed map[string]int64 // by the coverage records
	names   map[string]bool  // conversations that conversations.jsonl has
}

// proveMessages reads every record of a snapshot, and counts.
func proveMessages(ctx context.Context, s *repo.Snapshot, streams []repo.Entry, r *DrillReport) error {
	t := &tally{s: s, r: r, read: map[string]int64{}, claimed: map[string]int64{}, names: map[string]bool{}}
	for _, e := range streams {
		err := t.stream(ctx, e)
		if err != nil && !damage(err) {
			return err
		}
		if err != nil {
			r.fail(fmt.Sprintf("%q", e.Path), err)
			continue
		}
		r.MessageBytes += e.Size
	}
	r.Conversations = int64(len(t.names))
	if r.Proved() {
		t.compare() // else it is known that something is missing
	}
	return nil
}

// compare holds what was parsed against what the backup counted.
func (t *tally) compare() {
	if want := t.s.Manifest.Totals.Messages; t.r.Messages != want {
		t.r.fail("", fmt.Errorf("%d messages could be read back, and the manifest says %d", t.r.Messages, want))
	}
	for id := range t.names {
		if t.read[id] != t.claimed[id] {
			t.r.fail("conversation "+id, fmt.Errorf("%d messages could be read back, and the backup counted %d", t.read[id], t.claimed[id]))
		}
	}
	for id := range t.read {
		if !t.names[id] {
			t.r.fail("conversation "+id, fmt.Errorf("it has messages, and %s does not list it", format.ConversationsPath))
		}
	}
}

// stream parses one file of records.
func (t *tally) stream(ctx context.Context, e repo.Entry) error {
	counted := &countedReader{r: t.s.Chunks(ctx, e.Chunks)}
	d := record.NewDecoder(counted)
	messages, read := int64(0), map[string]int64{}
	for {
		one, err := d.Next()
		switch {
		case err == io.EOF:
			if counted.n != e.Size {
				return sizeError(counted.n, e.Size)
			}
			for id, n := range read {
				t.read[id] += n
			}
			t.r.Messages += messages
			t.r.Chunks += int64(len(e.Chunks))
			return nil
		case errors.Is(err, record.ErrUnknownType):
			continue
		case err != nil && counted.failed != nil:
			return counted.failed
		case err != nil:
			return format.Fail(format.Malformed, e.Path, "%w", err)
		}
		switch one := one.(type) {
		case *chat.Message:
			if one.Kind != chat.Unparsed {
				messages++
				read[one.Conversation]++
			}
		case *chat.Conversation:
			t.names[one.ID] = true
		case *chat.Coverage:
			t.claimed[one.Conversation] += int64(one.Messages)
		}
	}
}

// countedReader counts bytes and keeps the error that ended them early.
type countedReader struct {
	r      io.Reader
	n      int64
	failed error
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.failed = err
	}
	return n, err
}
