package restore

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
	"chatkeep/providers/storage"
)

// TestExportOnTerminal exports a message that would move the cursor: a terminal
// gets to see how, and a file gets the bytes.
func TestExportOnTerminal(t *testing.T) {
	w := newWorld(t)
	const hostile = "a\u009b31m\u202eb\x7f"
	s := w.backup(exportOf(t, &chat.Message{ID: "m1", Conversation: "c1", Kind: chat.Text, Text: hostile, Source: chat.Pointer{File: "f", At: "line 1"}})...)
	key := w.recovery()
	app := func(stdout io.Writer) int {
		vars := map[string]string{"HOME": t.TempDir(), "CHATKEEP_PASSPHRASE": string(key)}
		var stderr bytes.Buffer
		env := session.System(strings.NewReader(""), stdout, &stderr, func(name string) string { return vars[name] }, []storage.Provider{{
			Name: "test", Schemes: []string{"test"},
			Open: func(context.Context, storage.Location, bool) (storage.Store, error) { return w.store, nil },
		}})
		code := session.NewApp(env, Commands(env)).Run([]string{"export", s.Head.Hash.String(), "--repo", "test:"})
		t.Logf("stderr: %s", &stderr)
		return code
	}
	var file bytes.Buffer
	if code := app(&file); code != 0 || !strings.Contains(file.String(), hostile) {
		t.Errorf("code %d, a file gets %q", code, &file)
	}
	master, terminal, err := pty.Open()
	must(t, err)
	defer master.Close()
	code := app(terminal)
	terminal.Close()
	shown, err := io.ReadAll(master)
	if err != nil && !strings.Contains(err.Error(), "input/output error") { // how a terminal ends
		t.Fatal(err)
	}
	if want := `"text":"a\x9b31m\u202eb\x7f"`; code != 0 || !strings.Contains(string(shown), want) || strings.ContainsAny(string(shown), "\u009b\u202e\x7f") {
		t.Errorf("code %d, a terminal gets %q, want %q in it", code, shown, want)
	}
}

// recovery adds a slot for a recovery key.
func (w *world) recovery() keys.RecoveryKey {
	w.t.Helper()
	ctx := context.Background()
	key := keys.NewRecoveryKey()
	object, err := keys.SealRecovery(w.master, key)
	must(w.t, err)
	o, err := repo.NewOwner(ctx, w.store, w.view(), w.master, w.memory)
	must(w.t, err)
	must(w.t, o.AddSlot(ctx, repo.NewSlot{Name: "another", Kind: format.SlotRecovery, Object: object}))
	must(w.t, o.Commit(ctx))
	return key
}
