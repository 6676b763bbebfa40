package restore

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"chatkeep/backup/record"
	"chatkeep/providers/chat"
	"chatkeep/restore/render"
)

// conversations are the lines of a list of conversations with these ids and
// titles.
func conversations(t *testing.T, idTitle ...string) []byte {
	t.Helper()
	var lines bytes.Buffer
	e := record.NewEncoder(&lines, nil)
	for i := 0; i < len(idTitle); i += 2 {
		must(t, e.Conversation(&chat.Conversation{ID: idTitle[i], Title: idTitle[i+1], Platform: "test", Kind: chat.Direct}))
		must(t, e.Coverage(&chat.Coverage{Conversation: idTitle[i]}))
	}
	return lines.Bytes()
}

// TestExportOfOne exports one conversation of a repository in which another has
// an id that is the beginning of it, or of all.
func TestExportOfOne(t *testing.T) {
	w := newWorld(t)
	things := []thing{{path: "conversations.jsonl", content: conversations(t, "", "Nobody", "ab12", "Anna", "ab1234", "Ben", "ab12-x", "Cem")}}
	for _, name := range []string{".jsonl", "ab12.jsonl", "ab12-2.jsonl", "ab12-17.jsonl", "ab1234.jsonl", "ab1234-2.jsonl", "ab12-x.jsonl", "ab12-.jsonl", "ab12.jsonl.txt"} {
		m := &chat.Message{ID: name, Text: name, Kind: chat.Text, Source: chat.Pointer{File: "f", At: "line 1"}}
		things = append(things, thing{path: "messages/" + name, content: linesOf(t, []*chat.Message{m})})
	}
	w.backup(things...)
	a := w.together()
	form, _ := render.Find("jsonl")
	for name, want := range map[string][]string{
		"Anna": {"ab12-17.jsonl", "ab12-2.jsonl", "ab12.jsonl"}, "Ben": {"ab1234-2.jsonl", "ab1234.jsonl"},
		"ab123": {"ab1234-2.jsonl", "ab1234.jsonl"}, "Cem": {"ab12-x.jsonl"},
	} {
		var out bytes.Buffer
		if lost, err := Export(t.Context(), a, form, ExportOptions{Chats: []string{name}}, &out); err != nil || lost > 0 {
			t.Errorf("%s: %d lost, %v", name, lost, err)
		}
		if got := textsIn(t, &out); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"Nobody", "", "ab1", "Zoe"} {
		var out bytes.Buffer
		if _, err := Export(t.Context(), a, form, ExportOptions{Chats: []string{name}}, &out); err == nil || out.Len() > 0 {
			t.Errorf("%q: %q", name, &out)
		}
	}
}

// textsIn are the texts of messages in a stream of records, sorted.
func textsIn(t *testing.T, r io.Reader) (texts []string) {
	t.Helper()
	d := record.NewDecoder(r)
	for {
		r, err := d.Next()
		if err == io.EOF {
			slices.Sort(texts)
			return texts
		}
		must(t, err)
		if m, ok := r.(*chat.Message); ok {
			texts = append(texts, m.Text)
		}
	}
}
