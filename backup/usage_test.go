package backup_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp"
	"chatkeep/providers/storage/storagetest"
)

// usedWorld has snapshots of two sources that share some bytes, one of them with
// two conversations.
func usedWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, storagetest.NewMemory())
	lot := rand.New(rand.NewPCG(3, 4))
	noise := func(n int) []byte {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(lot.Uint32())
		}
		return data
	}
	dir := t.TempDir()
	chats, files := filepath.Join(dir, "chats"), filepath.Join(dir, "files")
	save := func(path string, data []byte) {
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, data, 0o644))
	}
	photo := append([]byte("\xff\xd8\xff\xe0"), noise(50_000)...)
	anna, cara := filepath.Join(chats, "WhatsApp Chat with Anna"), filepath.Join(chats, "WhatsApp Chat with Cara")
	save(filepath.Join(anna, "WhatsApp Chat with Anna.txt"), []byte(annaChat))
	save(filepath.Join(anna, "IMG-20190313-WA0001.jpg"), photo)
	save(filepath.Join(cara, "WhatsApp Chat with Cara.txt"), []byte(strings.ReplaceAll(annaChat, "Anna", "Cara")))
	save(filepath.Join(chats, "aside.bin"), noise(9000))
	run := func(path, name string) {
		_, err := w.run(backup.Source{Path: path, Name: name, Providers: []chat.Provider{whatsapp.Provider}})
		must(t, err)
	}
	run(chats, "chats")
	save(filepath.Join(files, "a.txt"), bytes.Repeat([]byte("all work and no play\n"), 20_000))
	save(filepath.Join(files, "b.bin"), noise(300_000))
	save(filepath.Join(files, "photo.jpg"), photo)
	run(files, "files")
	run(files, "files")
	save(filepath.Join(files, "c.bin"), noise(100_000))
	must(t, os.Remove(filepath.Join(files, "a.txt")))
	run(files, "files")
	return w
}

// counted is what a plain count finds of one source: it reads every chunk of
// every file of every snapshot, and tells them apart by their bytes.
type counted struct{ files, bytes, messages, content, unique, snapshots int64 }

func countSources(t *testing.T, w *world, r *repo.Reader) map[string]*counted {
	t.Helper()
	all, seen := map[string]*counted{}, map[string]bool{}
	for _, h := range r.Heads() {
		s, err := r.Open(w.ctx, h)
		must(t, err)
		name := s.Manifest.Source.Name
		c := all[name]
		if c == nil {
			c = &counted{}
			all[name] = c
		}
		c.snapshots++
		c.files, c.bytes, c.messages = 0, 0, s.Manifest.Totals.Messages
		chunks := s.NewChunkReader()
		for e, err := range s.Entries(w.ctx) {
			must(t, err)
			c.bytes += e.Size
			if e.Type == format.EntryFile && strings.HasPrefix(e.Path, "originals/") {
				c.files++
			}
			for id := range e.AllChunks() {
				data, err := chunks.Chunk(w.ctx, id)
				must(t, err)
				at, _ := s.Index().Find(id)
				key := fmt.Sprint(s.Index().Packs()[at.Pack].Kind, format.Sum(data))
				c.content += int64(len(data))
				if !seen[key] {
					seen[key] = true
					c.unique += int64(len(data))
				}
			}
		}
	}
	return all
}

// storedBytes is the size of all that the store has below a prefix.
func storedBytes(t *testing.T, w *world, prefix string) (n int64) {
	t.Helper()
	for info, err := range w.store.List(w.ctx, prefix) {
		must(t, err)
		n += info.Size
	}
	return n
}

// TestUsageBySource holds the statistics against the plain count.
func TestUsageBySource(t *testing.T) {
	w := usedWorld(t)
	r, err := repo.NewReader(w.ctx, w.store, w.view(), w.master, nil)
	must(t, err)
	want := countSources(t, w, r)
	usage := usageOf(t, w, r, "source")
	if len(usage.Rows) != len(want) || len(want) != 2 {
		t.Fatalf("%d rows, %d sources", len(usage.Rows), len(want))
	}
	for _, row := range usage.Rows {
		got := counted{row.Files, row.Bytes, row.Messages, row.Content, row.Unique, row.Snapshots}
		if got != *want[row.ID] {
			t.Errorf("%s: %+v, want %+v", row.ID, got, *want[row.ID])
		}
	}
}

func usageOf(t *testing.T, w *world, r *repo.Reader, by string) *backup.Usage {
	t.Helper()
	usage, err := backup.UsageOf(w.ctx, r, by, func(int64, int64) {})
	must(t, err)
	sum := usage.Lists + usage.Unused
	for _, row := range usage.Rows {
		sum += row.Stored
		if row.Stored < 0 || row.Unique > row.Content {
			t.Errorf("by %s: %+v", by, row)
		}
	}
	packs := storedBytes(t, w, format.PacksDir)
	if off := sum - packs; usage.Packs != packs || off > int64(len(usage.Rows))+1 || off < -int64(len(usage.Rows))-1 {
		t.Errorf("by %s: the rows add up to %d bytes, the packs to %d, and the store has %d", by, sum, usage.Packs, packs)
	}
	return usage
}

// TestUsageByKindAndChat looks at what must be the same however it is told apart.
func TestUsageByKindAndChat(t *testing.T) {
	w := usedWorld(t)
	r, err := repo.NewReader(w.ctx, w.store, w.view(), w.master, nil)
	must(t, err)
	var content, unique, messages int64
	for _, c := range countSources(t, w, r) {
		content, unique, messages = content+c.content, unique+c.unique, messages+c.messages
	}
	for _, row := range usageOf(t, w, r, "kind").Rows {
		content, unique, messages = content-row.Content, unique-row.Unique, messages-row.Messages
		if row.ID != "messages" && row.ID != "originals" && row.ID != "media" {
			t.Errorf("a kind %q", row.ID)
		}
	}
	if content != 0 || unique != 0 || messages != 0 {
		t.Errorf("by kind %d bytes, %d unique ones and %d messages are not counted", content, unique, messages)
	}
	names := map[string]*backup.Use{}
	for _, row := range usageOf(t, w, r, "chat").Rows {
		names[row.Name] = row
	}
	anna, cara, other := names["whatsapp: Anna"], names["whatsapp: Cara"], names["(other files)"]
	if len(names) != 3 || anna == nil || cara == nil || other == nil {
		t.Fatalf("the rows are %v", names)
	}
	if anna.Messages != 4 || cara.Messages != 4 || anna.Files != 2 || cara.Files != 1 || other.Files != 4 {
		t.Errorf("Anna %+v, Cara %+v, others %+v", anna, cara, other)
	}
	if anna.Unique < 50_000 || other.Unique < 409_000 || cara.Unique > 10_000 {
		t.Errorf("Anna %+v, Cara %+v, others %+v", anna, cara, other)
	}
}

// TestGrowth: what the months have added is what the store has.
func TestGrowth(t *testing.T) {
	w := usedWorld(t)
	var bytes, packs, snapshots int64
	for _, g := range backup.GrowthOf(w.view()) {
		bytes, packs, snapshots = bytes+g.Bytes, packs+g.Packs, snapshots+g.Snapshots
	}
	want := storedBytes(t, w, format.PacksDir) + storedBytes(t, w, format.IndexDir) + storedBytes(t, w, format.ManifestsDir)
	if bytes != want || snapshots != 4 || packs == 0 {
		t.Errorf("%d bytes, %d packs, %d snapshots; the store has %d bytes", bytes, packs, snapshots, want)
	}
}
