package backup

import (
	"context"
	"errors"
	"hash/maphash"
	"io"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
)

// Rows of what belongs to no single conversation.
const (
	otherFiles  = "(other files)"
	sharedFiles = "(files of several conversations)"
)

// chatFiles says which files belong to which conversation: those that its
// messages have attached or were read from. A path takes some 30 bytes.
type chatFiles struct {
	u     *usage
	seed  maphash.Seed
	files map[uint64]*Use
}

// chatsOf reads the messages of a snapshot.
func chatsOf(ctx context.Context, s *repo.Snapshot, u *usage) (*chatFiles, error) {
	c := &chatFiles{u: u, seed: maphash.MakeSeed(), files: map[uint64]*Use{}}
	// conversations.jsonl comes before messages/.
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return nil, err
		}
		if e.Type != format.EntryFile || !format.IsRecords(e.Path) {
			continue
		}
		if err := c.stream(record.NewDecoder(s.Chunks(ctx, e.Chunks)), e.Path); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// stream reads one file of records.
func (c *chatFiles) stream(d *record.Decoder, path string) error {
	for {
		one, err := d.Next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, record.ErrUnknownType):
			continue
		case format.ClassOf(err) == "" && errors.As(err, new(*record.Error)):
			return format.Fail(format.Malformed, path, "%w", err)
		case err != nil:
			return err
		}
		switch one := one.(type) {
		case *chat.Conversation:
			row := c.u.row(one.ID, one.Platform+": "+one.Title)
			for _, name := range one.Files {
				c.claim(name, row)
			}
		case *chat.Message:
			row := c.u.row(one.Conversation, "")
			if one.Kind != chat.Unparsed {
				row.Messages++
			}
			c.claim(path, row)
			c.claim(one.Source.File, row)
			for i := range one.Attachments {
				c.claim(one.Attachments[i].File, row)
			}
		}
	}
}

// claim notes that a file belongs to a conversation.
func (c *chatFiles) claim(path string, row *Use) {
	if path == "" {
		return
	}
	key := maphash.String(c.seed, path)
	if before := c.files[key]; before != nil && before != row {
		row = c.u.row(sharedFiles, "")
	}
	c.files[key] = row
}

// row is the row of an entry, or of a member of a zip.
func (c *chatFiles) row(e repo.Entry, member string) *Use {
	path := e.Path
	if member != "" {
		path += "/" + member
	}
	if row := c.files[maphash.String(c.seed, path)]; row != nil {
		return row
	}
	return c.u.row(otherFiles, "")
}
