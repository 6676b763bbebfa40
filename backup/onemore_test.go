package backup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/instagram"
	"chatkeep/providers/chat/messenger"
	"chatkeep/providers/chat/telegram"
	"chatkeep/providers/chat/whatsapp"
	"chatkeep/providers/storage/storagetest"
)

// said is what is said in the i-th message of a chat, and when.
func said(i int) (string, time.Time) {
	return fmt.Sprintf("number %d of what people say to each other, which is more than one would think", i*7919%100_003), time.Unix(1_700_000_000+int64(i)*61, 0).UTC()
}

// texts are exports of a chat of n messages, by app: files and what is in them.
var texts = map[string]struct {
	provider chat.Provider
	files    func(n int) map[string]string
}{
	"whatsapp": {whatsapp.Provider, func(n int) map[string]string {
		var b strings.Builder
		for i := range n {
			text, at := said(i)
			fmt.Fprintf(&b, "%s - %s: %s\n", at.Format("02/01/2006, 15:04"), []string{"Anna", "Ben"}[i%2], text)
		}
		return map[string]string{"WhatsApp Chat with Anna.txt": b.String()}
	}},
	"telegram": {telegram.Provider, func(n int) map[string]string {
		var list []string
		for i := range n {
			text, at := said(i)
			list = append(list, fmt.Sprintf(`{"id": %d, "type": "message", "date": "%s", "date_unixtime": "%d", "from": "Anna", "from_id": "user7", "text": %q}`,
				i+1, at.Format("2006-01-02T15:04:05"), at.Unix(), text))
		}
		return map[string]string{"result.json": `{"name": "Anna", "type": "personal_chat", "id": 7, "messages": [` + strings.Join(list, ",\n") + "]}"}
	}},
	"messenger": {messenger.Provider, func(n int) map[string]string { return threadFiles(n, "your_facebook_activity/messages") }},
	"instagram": {instagram.Provider, func(n int) map[string]string { return threadFiles(n, "your_instagram_activity/messages") }},
}

// threadFiles are a thread as Meta's apps hand it out: the newest message first, so many
// a file, so that one more moves all of them.
func threadFiles(n int, dir string) map[string]string {
	var list []string
	for i := range n {
		text, at := said(i)
		list = append(list, fmt.Sprintf(`{"sender_name": %q, "timestamp_ms": %d, "content": %q}`, []string{"Anna", "Ben"}[i%2], at.UnixMilli(), text))
	}
	slices.Reverse(list)
	files := map[string]string{}
	for part := range slices.Chunk(list, 2000) {
		files[fmt.Sprintf("%s/inbox/anna_11/message_%d.json", dir, len(files)+1)] =
			`{"participants": [{"name": "Anna"}, {"name": "Ben"}], "messages": [` + strings.Join(part, ",\n") + `], "title": "Anna", "thread_path": "inbox/anna_11"}`
	}
	return files
}

// TestOneMoreMessage exports a long chat again when it has one more message: of its
// records one chunk is new.
func TestOneMoreMessage(t *testing.T) {
	const n = 15_000
	for app, one := range texts {
		t.Run(app, func(t *testing.T) {
			dir := t.TempDir()
			w := newWorld(t, storagetest.NewMemory())
			src := backup.Source{Path: dir, Providers: []chat.Provider{one.provider}}
			export := func(n int) map[format.ID]bool {
				for name, text := range one.files(n) {
					must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
					must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
				}
				r, err := w.run(src)
				must(t, err)
				if r.Messages != int64(n) || r.Unparsed > 0 || len(r.Conversations) != 1 {
					t.Fatalf("%d messages of %d, %d not parsed, %d conversations", r.Messages, n, r.Unparsed, len(r.Conversations))
				}
				chunks := map[format.ID]bool{}
				for e, err := range w.latest().Entries(w.ctx) {
					must(t, err)
					for _, id := range e.Chunks {
						if strings.HasPrefix(e.Path, format.MessagesDir) {
							chunks[id] = true
						}
					}
				}
				return chunks
			}
			before, after := export(n), export(n+1)
			fresh := 0
			for id := range after {
				if !before[id] {
					fresh++
				}
			}
			if fresh != 1 || len(before) < 20 {
				t.Errorf("%d of %d chunks are new", fresh, len(after))
			}
		})
	}
}
