// Package chattest is the suite that every chat provider passes:
//
//	chattest.Run(t, whatsapp.Provider, chattest.Case{Name: "plain", Export: fstest.MapFS{…}, Messages: 3})
//
// It asks what the contract promises whatever the app: the same records from
// the same export, however it is packed; no panic and no silence when it is cut
// off; every record with its place; every file accounted for; nothing claimed
// that belongs to another app. What the records should say is the provider's own
// tests' matter.
package chattest

import (
	"context"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/chat"
)

// Case is one export of the provider's app.
type Case struct {
	Name string
	// Export is what is in it: regular files, small enough to be read hundreds
	// of times.
	Export fs.FS
	// Route is the route that must recognise it, "" for any.
	Route string
	// Options are what the user said. A nil Zone becomes UTC.
	Options chat.Options
	// Conversations, Messages and Unparsed are what it holds. Messages counts
	// every parsed record, Unparsed the others. They keep a case from passing
	// with nothing read.
	Conversations, Messages, Unparsed int
}

// Run runs the suite.
func Run(t *testing.T, p chat.Provider, cases ...Case) {
	t.Helper()
	if len(cases) == 0 {
		t.Fatal("no cases: the suite would prove nothing")
	}
	t.Run("provider", func(t *testing.T) { checkProvider(t, p) })
	t.Run("foreign", func(t *testing.T) { checkForeign(t, p) })
	for _, c := range cases {
		if c.Options.Zone == nil {
			c.Options.Zone = time.UTC
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Run("records", func(t *testing.T) { checkRecords(t, p, c) })
			t.Run("twice", func(t *testing.T) { checkTwice(t, p, c) })
			t.Run("packed", func(t *testing.T) { checkPacked(t, p, c) })
			t.Run("hostile", func(t *testing.T) { checkHostile(t, p, c) })
			t.Run("cut", func(t *testing.T) { checkCut(t, p, c) })
			t.Run("cheap", func(t *testing.T) { checkCheap(t, p, c) })
			t.Run("stopped", func(t *testing.T) { checkStopped(t, p, c) })
		})
	}
}

func checkProvider(t testing.TB, p chat.Provider) {
	if p.Name == "" || p.Title == "" || p.Recognize == nil || p.Open == nil {
		t.Fatal("a provider has a name, a title, Recognize and Open")
	}
	if p.Download != nil {
		for _, name := range []string{"", ".", "photos", "archive.zip", "IMG_20200131_part.jpg"} {
			if key := p.Download(name); key != "" {
				t.Errorf("%q is taken for a part of the download %q", name, key)
			}
		}
	}
	if p.Explain == "" {
		t.Error("nothing explains how to export")
	}
	for i, line := range strings.Split(p.Explain, "\n") {
		if n := len([]rune(line)); n > 78 {
			t.Errorf("line %d of Explain has %d columns", i+1, n)
		}
	}
}

// reading is all that one export gave.
type reading struct {
	conversations []*chat.Conversation
	messages      map[string][]*chat.Message // by conversation
	coverage      map[string]chat.Coverage
	accounts      chat.Accounts
	errors        []error
	hollow        int // attachments said to be stored, with no way to read them
}

// read reads an export whole. It returns nil where nothing is recognised.
func read(p chat.Provider, fsys fs.FS, route string, o chat.Options) (*reading, error) {
	m, ok, err := recognized(p, fsys, route)
	if err != nil || !ok {
		return nil, err
	}
	s, err := p.Open(fsys, m, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	r := &reading{messages: map[string][]*chat.Message{}, coverage: map[string]chat.Coverage{}}
	ctx := context.Background()
	for c, err := range s.Conversations(ctx) {
		if err != nil {
			r.errors = append(r.errors, err)
			continue
		}
		r.conversations = append(r.conversations, c)
	}
	for _, c := range r.conversations {
		for m, err := range s.Messages(ctx, c) {
			if err != nil {
				r.errors = append(r.errors, err)
				continue
			}
			for _, a := range m.Attachments {
				if a.State == chat.Stored && a.File == "" && a.Open == nil {
					r.hollow++
				}
			}
			r.messages[c.ID] = append(r.messages[c.ID], keep(m))
		}
		r.coverage[c.ID] = s.Coverage(c)
	}
	r.accounts = s.Accounts()
	return r, nil
}

// keep copies a message: it is valid until the next one only.
func keep(m *chat.Message) *chat.Message {
	k := *m
	k.Attachments = append([]chat.Attachment(nil), m.Attachments...)
	for i := range k.Attachments {
		k.Attachments[i].Open = nil // functions cannot be compared
	}
	return &k
}

// recognized returns the first match of a route, or of any.
func recognized(p chat.Provider, fsys fs.FS, route string) (chat.Match, bool, error) {
	list, err := p.Recognize(fsys)
	if err != nil {
		return chat.Match{}, false, err
	}
	for _, m := range list {
		if route == "" || m.Route == route {
			return m, true, nil
		}
	}
	return chat.Match{}, false, nil
}

// mustRead reads an export that has nothing wrong with it.
func mustRead(t testing.TB, p chat.Provider, fsys fs.FS, c Case) *reading {
	t.Helper()
	r, err := read(p, fsys, c.Route, c.Options)
	if err != nil || r == nil {
		t.Fatalf("not recognised, or not opened: %v", err)
		return nil
	}
	for _, err := range r.errors {
		t.Errorf("while reading: %v", err)
	}
	return r
}

// diff tells where two readings differ, or "".
func diff(a, b *reading) string {
	if len(a.conversations) != len(b.conversations) {
		return fmt.Sprintf("%d conversations and %d", len(a.conversations), len(b.conversations))
	}
	for i, c := range a.conversations {
		d := b.conversations[i]
		if !reflect.DeepEqual(c, d) {
			return fmt.Sprintf("conversation %d: %+v and %+v", i, c, d)
		}
		x, y := a.messages[c.ID], b.messages[d.ID]
		if len(x) != len(y) {
			return fmt.Sprintf("conversation %d: %d messages and %d", i, len(x), len(y))
		}
		for k := range x {
			if !reflect.DeepEqual(x[k], y[k]) {
				return fmt.Sprintf("message %d:\n%+v\n%+v", k, x[k], y[k])
			}
		}
		if !reflect.DeepEqual(a.coverage[c.ID], b.coverage[d.ID]) {
			return fmt.Sprintf("coverage %+v and %+v", a.coverage[c.ID], b.coverage[d.ID])
		}
	}
	return ""
}
