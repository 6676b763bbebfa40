package notify_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/notify"
)

// noon is when everything happens.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("", 3600))

// world is where a notifier lives in a test: its clock stands still, and who waits
// has waited.
type world struct {
	deps notify.Deps

	mu     sync.Mutex
	pauses []time.Duration
	stderr bytes.Buffer
}

func newWorld(environ ...string) *world {
	w := &world{}
	w.deps = notify.Deps{
		Now:     func() time.Time { return noon },
		Environ: func() []string { return append([]string{"PATH=" + os.Getenv("PATH")}, environ...) },
		Stderr:  &w.stderr,
		Sleep: func(ctx context.Context, d time.Duration) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.pauses = append(w.pauses, d)
			return ctx.Err()
		},
	}
	return w
}

// waited checks how long there were pauses, and forgets them.
func (w *world) waited(t *testing.T, want ...time.Duration) {
	t.Helper()
	if !slices.Equal(w.pauses, want) {
		t.Errorf("pauses of %v, want %v", w.pauses, want)
	}
	w.pauses = nil
}

// notifier makes one of a channel, which is called it.
func (w *world) notifier(t *testing.T, c config.Channel) *notify.Notifier {
	t.Helper()
	n, err := notify.New(map[string]config.Channel{"it": c}, w.deps)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// tell tells a channel whatever it wants to hear.
func (w *world) tell(t *testing.T, c config.Channel, e notify.Event) error {
	t.Helper()
	return w.notifier(t, c).Try(t.Context(), "it", e)
}

// file makes one with a text in it.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// failure is an event as a run makes it.
func failure() notify.Event {
	return notify.Event{
		Kind: notify.Failure, Job: "chats", Repository: "nas", Run: "7d444840-9dc0-11d1-b245-5ffdce74fad2", Host: "laptop",
		Time: noon, Summary: "the bucket cannot be reached", Hint: "is the network there?", ExitCode: 13,
		Duration: 90 * time.Second, BytesStored: 1 << 20, Files: 212, Messages: 1482,
	}
}
