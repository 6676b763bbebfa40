package android

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/sqlite/sqlitetest"
)

// large is a script of a database with n messages, which alternate between few chats,
// and with rows beside many of them. There is no index of which are in which chat.
func large(n int) string {
	return fmt.Sprintf(small+`
CREATE TABLE message_media (message_row_id INTEGER PRIMARY KEY, file_path TEXT, mime_type TEXT, file_length INTEGER);
CREATE TABLE message_quoted (message_row_id INTEGER PRIMARY KEY, chat_row_id INTEGER, from_me INTEGER, sender_jid_row_id INTEGER, key_id TEXT, text_data TEXT);
CREATE TABLE message_add_on (_id INTEGER PRIMARY KEY, from_me INTEGER, sender_jid_row_id INTEGER, parent_message_row_id INTEGER, timestamp INTEGER, message_add_on_type INTEGER);
CREATE TABLE message_add_on_reaction (message_add_on_row_id INTEGER PRIMARY KEY, reaction TEXT, sender_timestamp INTEGER);
CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (VALUES(100) UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n;
INSERT INTO message SELECT i, 1 + i %% 7 / 5, i %% 2, '3EB0' || hex(i * 1000003) || 'A7', iif(i %% 2, 0, 1 + i %% 3 / 2), 1700000010000 + i * 1000, i %% 10 = 3,
  iif(i %% 10 = 3, NULL, 'what people say to each other, ' || i || ' times over, in a line or two of text, which goes on for a while as people do where there is something to be said, and so each takes as much room as in a real one'), i FROM n;
INSERT INTO message_media SELECT i, 'Media/WhatsApp Images/IMG-20231114-WA' || i || '.jpg', 'image/jpeg', i FROM n WHERE i %% 10 = 3;
INSERT INTO message_quoted SELECT i, 1 + (i - 7) %% 7 / 5, (i - 7) %% 2, 1, '3EB0' || hex((i - 7) * 1000003) || 'A7', 'what people say' FROM n WHERE i %% 10 = 4 AND i > 200;
INSERT INTO message_add_on SELECT i, 0, 1, i, 1700000010000 + i * 1000, 56 FROM n WHERE i %% 5 = 0;
INSERT INTO message_add_on_reaction SELECT i, '+1', 1700000010000 + i * 1000 FROM n WHERE i %% 5 = 0;
DROP TABLE n;`, n+99)
}

// TestMemory streams a large database, and looks at what is held meanwhile.
func TestMemory(t *testing.T) {
	n, bound := 100_000, 48<<20
	if os.Getenv("CHATKEEP_LONG") != "" {
		n, bound = 8_000_000, 300<<20 // 2 GB
	}
	dir := t.TempDir()
	sqlitetest.File(t, filepath.Join(dir, "msgstore.db"), large(n))
	info, err := os.Stat(filepath.Join(dir, "msgstore.db"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(os.DirFS(dir), chat.Match{Route: RoutePlain, Path: "msgstore.db"}, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	before, most := int64(memory.HeapAlloc), int64(0)
	look := func() {
		runtime.ReadMemStats(&memory)
		most = max(most, int64(memory.HeapAlloc)-before)
	}
	got, found, reactions := 0, 0, 0
	for c, err := range s.Conversations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for m, err := range s.Messages(t.Context(), c) {
			if err != nil {
				t.Fatal(err)
			}
			if got++; got%10_000 == 1 {
				look()
			}
			if m.ReplyTo != nil && m.ReplyTo.Found {
				found++
			}
			reactions += len(m.Reactions)
		}
	}
	look()
	t.Logf("%d MB, %d messages, at most %d MB held", info.Size()>>20, got, most>>20)
	if got != n+4 || found < n/10-20 || reactions != n/5 || most > int64(bound) {
		t.Errorf("%d messages, %d replies, %d reactions, %d bytes held", got, found, reactions, most)
	}
}

// BenchmarkMessages reads a database from its file to its last message.
func BenchmarkMessages(b *testing.B) {
	const n = 50_000
	export := alone(b, large(n))
	b.SetBytes(int64(len(export["msgstore.db"].Data)))
	b.ReportAllocs()
	got := 0
	for b.Loop() {
		s, err := Open(export, chat.Match{Route: RoutePlain, Path: "msgstore.db"}, chat.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for c := range s.Conversations(b.Context()) {
			for _, err := range s.Messages(b.Context(), c) {
				if err != nil {
					b.Fatal(err)
				}
				got++
			}
		}
		s.Close()
	}
	b.ReportMetric(float64(got)/b.Elapsed().Seconds(), "messages/s")
}
