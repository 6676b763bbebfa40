package restore

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
)

// mediaFolder is what the paths of stored media begin with.
const mediaFolder = format.MediaPath + "/"

// Chat is a conversation in a snapshot and what its export claims to hold of it.
type Chat struct {
	Conversation *chat.Conversation
	Coverage     chat.Coverage
}

// Chats yields the conversations of a snapshot, in the order of their ids.
func Chats(ctx context.Context, s *repo.Snapshot) iter.Seq2[*Chat, error] {
	return func(yield func(*Chat, error) bool) {
		var last *Chat
		for r, err := range records(ctx, s, format.ConversationsPath) {
			if err != nil {
				yield(nil, err)
				return
			}
			switch r := r.(type) {
			case *chat.Conversation:
				if last != nil && !yield(last, nil) {
					return
				}
				last = &Chat{Conversation: r}
			case *chat.Coverage:
				if last != nil {
					last.Coverage = *r
				}
			}
		}
		if last != nil {
			yield(last, nil)
		}
	}
}

// records reads the records of one file of a snapshot. A snapshot without the
// file has none. Records of types that a later release added are left out.
func records(ctx context.Context, s *repo.Snapshot, name string) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		e, err := find(ctx, s, name)
		if err != nil || e == nil {
			if err != nil {
				yield(nil, err)
			}
			return
		}
		d := record.NewDecoder(s.Chunks(ctx, e.Chunks))
		for {
			r, err := d.Next()
			switch {
			case err == io.EOF:
				return
			case errors.Is(err, record.ErrUnknownType):
				continue
			case err != nil:
				err = format.Fail(format.Malformed, name, "%w", err)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// find returns the entry of a path, or nil.
func find(ctx context.Context, s *repo.Snapshot, name string) (*repo.Entry, error) {
	for e, err := range s.Entries(ctx) {
		if err != nil {
			return nil, err
		}
		if e.Path == name {
			return &e, nil
		}
		if e.Path > name {
			break
		}
	}
	return nil, nil
}

// choose finds the ids of the conversations that are meant.
func choose(ctx context.Context, s *repo.Snapshot, chats []string) ([]string, error) {
	var ids []string
	met := map[string]bool{}
	for found, err := range Chats(ctx, s) {
		if err != nil {
			return nil, err
		}
		for _, name := range chats {
			id := found.Conversation.ID
			if id == "" {
				continue // a hostile one: it has no messages that could be told from others'
			}
			if found.Conversation.Title == name || len(name) >= 4 && strings.HasPrefix(id, name) {
				ids, met[name] = append(ids, id), true
			}
		}
	}
	for _, name := range chats {
		if !met[name] {
			return nil, session.Fail(session.ExitFailed, "chatkeep chats lists them", "the snapshot has no conversation %q", name)
		}
	}
	return ids, nil
}
