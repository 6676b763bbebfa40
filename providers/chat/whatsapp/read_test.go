package whatsapp

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
)

// result is what a text gave.
type result struct {
	conversation *chat.Conversation
	messages     []*chat.Message
	coverage     chat.Coverage
	accounts     chat.Accounts
	err          error
}

// readFS reads the text at a path.
func readFS(t testing.TB, fsys fs.FS, path string, o chat.Options) (r result) {
	t.Helper()
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	s, err := Provider.Open(fsys, chat.Match{Route: routeText, Path: path, Whole: true}, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for c, err := range s.Conversations(context.Background()) {
		if err != nil {
			r.err = err
			return r
		}
		r.conversation = c
		for m, err := range s.Messages(context.Background(), c) {
			if err != nil {
				r.err = err
				continue
			}
			k := *m // it is valid until the next
			r.messages = append(r.messages, &k)
		}
		r.coverage = s.Coverage(c)
	}
	r.accounts = s.Accounts()
	return r
}

// readText reads a text that must hold messages.
func readText(t testing.TB, text string, o chat.Options) result {
	t.Helper()
	r := readFS(t, fstest.MapFS{"_chat.txt": file(text)}, "_chat.txt", o)
	if r.err != nil {
		t.Fatalf("%v in %q", r.err, text)
	}
	return r
}

// name is who sent a message.
func (r result) name(m *chat.Message) string {
	for _, p := range r.conversation.Participants {
		if p.ID == m.Sender {
			return p.Names[0].Value
		}
	}
	return ""
}

// kinds counts messages by kind.
func (r result) kinds() map[chat.MessageKind]int {
	k := map[chat.MessageKind]int{}
	for _, m := range r.messages {
		k[m.Kind]++
	}
	return k
}

// clockOf is a message's time as the phone showed it.
func clockOf(m *chat.Message) string { return m.Time.Format("2006-01-02 15:04:05") }
