package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// unread is a store that gives out no pack, as one does that has all of them in
// an archive.
type unread struct {
	*storagetest.Cold
	asked []string
}

func (s *unread) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if strings.HasPrefix(key, "packs/") {
		s.asked = append(s.asked, key)
		return nil, errors.New("packs are not to be read")
	}
	return s.Cold.Get(ctx, key, offset, length)
}

// exported writes an export of a chat with some media, of as many messages.
func exported(t *testing.T, dir string, messages int) {
	t.Helper()
	var chat strings.Builder
	for i := range messages {
		fmt.Fprintf(&chat, "%d/03/2024, 10:%02d - Anna: message %d of some length\n", i/60%28+1, i%60, i)
	}
	for i := range 3 {
		name := fmt.Sprintf("IMG-20240301-WA%04d.jpg", i)
		fmt.Fprintf(&chat, "29/03/2024, 11:%02d - Anna: %s (file attached)\n", i, name)
		picture := append([]byte{0xff, 0xd8, 0xff, 0xe0}, strings.Repeat(fmt.Sprint("picture ", i), 9000)...)
		must(t, os.WriteFile(filepath.Join(dir, name), picture, 0o600))
	}
	must(t, os.WriteFile(filepath.Join(dir, "WhatsApp Chat with Anna.txt"), []byte(chat.String()), 0o600))
}

// coldRun backs a folder up with classes.
func coldRun(w *world, dir string, classes [format.Kinds]string) (*backup.Report, error) {
	w.t.Helper()
	s, err := repo.Begin(w.ctx, w.store, w.view(), w.key, w.memory, repo.SessionOptions{Classes: classes})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	table := w.memory.Table("files "+dir, w.key.IndexIdentity(), w.key.IndexRecipient())
	return backup.Run(w.ctx, backup.Source{Path: dir, Providers: []chat.Provider{whatsapp.Provider}}, s, backup.Options{Files: table, Program: "test"})
}

// TestBackupReadsNoPack makes backups, the first, one of the same, and ones of
// what grew, at a store that gives out no pack; and then one by a machine that
// lost all it knew.
func TestBackupReadsNoPack(t *testing.T) {
	store := &unread{Cold: storagetest.NewCold(storagetest.NewMemory())}
	w := newWorld(t, store)
	dir := t.TempDir()
	classes := [format.Kinds]string{format.Messages: storagetest.ClassCold, format.Media: storagetest.ClassFrozen, format.Originals: storagetest.ClassCold}
	for day, messages := range []int{300, 300, 500, 501} {
		exported(t, dir, messages)
		report, err := coldRun(w, dir, classes)
		must(t, err)
		if report.Messages < int64(messages) {
			t.Fatalf("day %d: %d messages", day, report.Messages)
		}
		if day == 1 && report.Stats.Chunks > 1 { // the files' new times
			t.Errorf("%d new chunks of what is there already", report.Stats.Chunks)
		}
	}
	// Deduplication goes by index objects, which are in no archive.
	w.memory = newWorld(t, storagetest.NewMemory()).memory
	report, err := coldRun(w, dir, classes)
	must(t, err)
	if report.Stats.Chunks != 0 {
		t.Errorf("a machine without memory stored %d chunks anew", report.Stats.Chunks)
	}
	if len(store.asked) > 0 {
		t.Errorf("backups read packs: %q", store.asked)
	}
}

// TestClasses looks at where packs of each kind go, and at what check makes of
// it: without reading data it needs nothing from an archive.
func TestClasses(t *testing.T) {
	store := storagetest.NewCold(storagetest.NewPolice(storagetest.NewMemory(), t.Errorf))
	w := newWorld(t, store)
	dir := t.TempDir()
	exported(t, dir, 400)
	classes := [format.Kinds]string{format.Messages: storagetest.ClassWarm, format.Media: storagetest.ClassFrozen, format.Originals: storagetest.ClassCold}
	_, err := coldRun(w, dir, classes)
	must(t, err)
	kinds := map[string]format.Kind{}
	frozen, frozenBytes := 0, int64(0)
	for _, p := range w.latest().Index().Packs() {
		kinds[format.PackName(p.Pack)] = p.Kind
		if p.Kind == format.Media || p.Kind == format.Originals {
			frozen++
			frozenBytes += p.Size
		}
	}
	seen := map[format.Kind]bool{}
	for info, err := range store.List(w.ctx, "") {
		must(t, err)
		want := storagetest.ClassWarm
		if kind, isPack := kinds[info.Key]; isPack && classes[kind] != "" {
			want = classes[kind]
			seen[kind] = true
		}
		if info.Class != want {
			t.Errorf("%s is in %q, want %q", info.Key, info.Class, want)
		}
	}
	if len(seen) != 3 {
		t.Errorf("only packs of %v", seen)
	}
	check := func(reader *repo.Reader, o repo.CheckOptions) *repo.CheckReport {
		t.Helper()
		r, err := repo.Check(w.ctx, store, w.view(), reader, o)
		must(t, err)
		if len(r.Problems) > 0 {
			t.Errorf("problems: %v", r.Problems)
		}
		return r
	}
	all := int64(0)
	for _, reader := range []*repo.Reader{nil, w.latest().Reader} {
		if r := check(reader, repo.CheckOptions{}); r.Archived != 0 {
			t.Errorf("a check that reads no data wanted %d objects from archives", r.Archived)
		}
		r := check(reader, repo.CheckOptions{ReadData: true})
		if r.Archived != frozen || r.ArchivedBytes != frozenBytes || r.BytesRead == 0 {
			t.Errorf("%d archived of %d bytes, want %d of %d", r.Archived, r.ArchivedBytes, frozen, frozenBytes)
		}
		all = r.BytesRead + r.ArchivedBytes
	}
	// What was thawed is read like the rest, and damage is damage in any class.
	for key := range kinds {
		info, err := store.Stat(w.ctx, key)
		must(t, err)
		_, err = store.Thaw(w.ctx, info, storage.Thaw{Tier: storage.Bulk, Days: 1})
		must(t, err)
	}
	store.Ripen()
	if r := check(w.latest().Reader, repo.CheckOptions{ReadData: true}); r.Archived != 0 || r.BytesRead != all {
		t.Errorf("after the thaw %d are archived and %d bytes were read, want %d", r.Archived, r.BytesRead, all)
	}
}

// TestNoClasses backs up into a class that the store does not have: nothing
// counts as stored.
func TestNoClasses(t *testing.T) {
	for name, store := range map[string]storage.Store{"no classes": storagetest.NewMemory(), "no such class": storagetest.NewCold(storagetest.NewMemory())} {
		w := newWorld(t, store)
		dir := t.TempDir()
		exported(t, dir, 10)
		if _, err := coldRun(w, dir, [format.Kinds]string{format.Media: "ICE"}); err == nil {
			t.Errorf("%s: a backup into a class that is not there succeeds", name)
		}
		for _, chain := range w.view().Chains {
			if len(chain.Heads) > 0 {
				t.Errorf("%s: it is a snapshot all the same", name)
			}
		}
	}
}
