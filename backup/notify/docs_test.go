package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"chatkeep/backup/config"
	"chatkeep/backup/shell"
)

// TestDocumented: docs/monitoring.md has every key and every variable, and its
// example is what is sent.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	var told shell.Command
	var sent []byte
	w := newWorld()
	w.deps.Run = func(_ context.Context, c shell.Command) (err error) {
		told = c
		sent, err = io.ReadAll(c.Stdin)
		return err
	}
	event := failure()
	event.Since = event.Time
	if err := w.tell(t, config.Channel{Type: "command", Command: "true"}, event); err != nil {
		t.Fatal(err)
	}
	for _, kv := range told.Env {
		name, _, _ := strings.Cut(kv, "=")
		if name != "PATH" && !bytes.Contains(page, []byte("`"+name+"`")) {
			t.Errorf("%s is not on the page", name)
		}
	}
	_, example, _ := strings.Cut(string(page), "```json\n")
	example, _, _ = strings.Cut(example, "```")
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(example)); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(sent)); got != compact.String() {
		t.Errorf("the example on the page is\n%s, and what is sent\n%s", compact.String(), got)
	}
}
