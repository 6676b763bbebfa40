package restore

import (
	"bytes"
	"strings"
	"testing"

	"chatkeep/backup/record"
	"chatkeep/providers/chat"
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
	for _, id := range []string{".jsonl", "ab12.jsonl", "ab12-2.jsonl", "ab12-17.jsonl", "ab1234.jsonl", "ab1234-2.jsonl", "ab12-x.jsonl", "ab12-.jsonl", "ab12.jsonl.txt"} {
		things = append(things, thing{path: "messages/" + id, content: []byte("<" + id + ">\n")})
	}
	s := w.backup(things...)
	for name, want := range map[string]string{
		"Anna": "<ab12-17.jsonl>\n<ab12-2.jsonl>\n<ab12.jsonl>\n", "Ben": "<ab1234-2.jsonl>\n<ab1234.jsonl>\n",
		"ab123": "<ab1234-2.jsonl>\n<ab1234.jsonl>\n", "Cem": "<ab12-x.jsonl>\n",
	} {
		var out strings.Builder
		if err := Export(t.Context(), s, []string{name}, &out); err != nil || out.String() != want {
			t.Errorf("%s: %q, %v, want %q", name, &out, err, want)
		}
	}
	for _, name := range []string{"Nobody", "", "ab1", "Zoe"} {
		var out strings.Builder
		if err := Export(t.Context(), s, []string{name}, &out); err == nil || out.Len() > 0 {
			t.Errorf("%q: %q", name, &out)
		}
	}
}
