package chatstorage

import (
	"context"
	"io/fs"
	"testing"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/chattest"
)

// reading is all that one export gave.
type reading struct {
	match    chat.Match
	chats    []*chat.Conversation
	messages map[string][]*chat.Message // by the address of the conversation
	accounts chat.Accounts
	errors   []error
}

// total is how many messages there are.
func (r *reading) total() (n int) {
	for _, list := range r.messages {
		n += len(list)
	}
	return n
}

// chat is the conversation at an address.
func (r *reading) chat(t testing.TB, address string) *chat.Conversation {
	t.Helper()
	for _, c := range r.chats {
		if c.NativeID == address {
			return c
		}
	}
	t.Fatalf("no conversation at %s", address)
	return nil
}

// row is the message of a row of a database.
func (r *reading) row(t testing.TB, file, at string) *chat.Message {
	t.Helper()
	for _, list := range r.messages {
		for _, m := range list {
			if m.Source.File == file && m.Source.At == at {
				return m
			}
		}
	}
	t.Fatalf("no message of %s of %s", at, file)
	return nil
}

// matches are what is recognised in an export.
func matches(t testing.TB, fsys fs.FS) []chat.Match {
	t.Helper()
	list, err := fs.ReadDir(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	return Recognize(fsys, list)
}

// read reads the one match of an export.
func read(t testing.TB, fsys fs.FS, o chat.Options) *reading {
	t.Helper()
	found := matches(t, fsys)
	if len(found) != 1 {
		t.Fatalf("recognised as %v", found)
	}
	return readMatch(t, fsys, found[0], o)
}

func readMatch(t testing.TB, fsys fs.FS, m chat.Match, o chat.Options) *reading {
	t.Helper()
	s, err := Open(fsys, m, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := &reading{match: m, messages: map[string][]*chat.Message{}}
	ctx := context.Background()
	for c, err := range s.Conversations(ctx) {
		if err != nil {
			r.errors = append(r.errors, err)
			continue
		}
		r.chats = append(r.chats, c)
	}
	for _, c := range r.chats {
		for m, err := range s.Messages(ctx, c) {
			if err != nil {
				r.errors = append(r.errors, err)
				continue
			}
			keep := *m
			r.messages[c.NativeID] = append(r.messages[c.NativeID], &keep)
		}
		if cover := s.Coverage(c); cover.Messages != len(r.messages[c.NativeID]) {
			t.Errorf("coverage of %d messages, not %d", cover.Messages, len(r.messages[c.NativeID]))
		}
	}
	r.accounts = s.Accounts()
	return r
}

// sample reads one of the exports that are kept as text.
func sample(t testing.TB, name string) *reading {
	t.Helper()
	r := read(t, chattest.Load(t, "../testdata/exports/"+name), chat.Options{})
	for _, err := range r.errors {
		t.Error(err)
	}
	return r
}
