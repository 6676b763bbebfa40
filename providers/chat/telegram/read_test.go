package telegram

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
)

// result is what an export gave.
type result struct {
	conversations []*chat.Conversation
	messages      map[string][]*chat.Message // by conversation
	coverage      map[string]chat.Coverage
	accounts      chat.Accounts
	errors        []error
}

// readFS recognises and reads an export, each chat when it is yielded.
func readFS(t testing.TB, fsys fs.FS, o chat.Options) *result {
	t.Helper()
	list, err := Provider.Recognize(fsys)
	if err != nil || len(list) == 0 {
		t.Fatalf("not recognised: %v", err)
	}
	return readMatch(t, fsys, list[0], o)
}

func readMatch(t testing.TB, fsys fs.FS, m chat.Match, o chat.Options) *result {
	t.Helper()
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	s, err := Provider.Open(fsys, m, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := &result{messages: map[string][]*chat.Message{}, coverage: map[string]chat.Coverage{}}
	for c, err := range s.Conversations(context.Background()) {
		if err != nil {
			r.errors = append(r.errors, err)
			continue
		}
		r.conversations = append(r.conversations, c)
		for m, err := range s.Messages(context.Background(), c) {
			if err != nil {
				r.errors = append(r.errors, err)
				continue
			}
			k := *m // it is valid until the next
			r.messages[c.ID] = append(r.messages[c.ID], &k)
		}
		r.coverage[c.ID] = s.Coverage(c)
	}
	r.accounts = s.Accounts()
	return r
}

// all are the messages of all chats, in their order.
func (r *result) all() (list []*chat.Message) {
	for _, c := range r.conversations {
		list = append(list, r.messages[c.ID]...)
	}
	return list
}

// file is one file of a made-up export.
func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text), Mode: 0o644} }

// readText reads a result.json that has nothing wrong with it.
func readText(t testing.TB, text string, o chat.Options) *result {
	t.Helper()
	r := readMatch(t, fstest.MapFS{"result.json": file(text)}, chat.Match{Route: routeJSON, Path: "result.json", Whole: true}, o)
	for _, err := range r.errors {
		t.Errorf("%v in %s", err, text)
	}
	return r
}
