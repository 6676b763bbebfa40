package backup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage/storagetest"
)

// TestConversationsApart: small as they are, messages of two conversations never stand
// in one frame, where a text in the one would tell by its compression what is in the
// other.
func TestConversationsApart(t *testing.T) {
	store := storagetest.NewMemory()
	p := &patient{world: newWorld(t, store), memory: store, dir: t.TempDir()}
	p.world.memory = p.machine(p.dir)
	src := t.TempDir()
	for _, name := range []string{"Anna", "Ben", "Carla", "Dora"} {
		must(t, os.WriteFile(filepath.Join(src, "WhatsApp Chat with "+name+".txt"), []byte(whatsappText(uint64(len(name)), 5)), 0o600))
	}
	p.backup(src)
	r, err := repo.NewReader(p.ctx, p.store, p.view(), p.master, p.world.memory)
	must(t, err)
	s, err := r.Open(p.ctx, r.Heads()[0])
	must(t, err)
	whose := map[repo.Place]string{} // by frame
	conversations := 0
	for e, err := range s.Entries(p.ctx) {
		must(t, err)
		if !strings.HasPrefix(e.Path, format.MessagesDir) || e.Type != format.EntryFile {
			continue
		}
		conversations++
		for id := range e.AllChunks() {
			at, ok := s.Index().Find(id)
			if !ok {
				t.Fatalf("chunk %s of %s is nowhere", id, e.Path)
			}
			at.Member = 0
			if other := whose[at]; other != "" && other != e.Path {
				t.Errorf("%s and %s share a frame", other, e.Path)
			}
			whose[at] = e.Path
		}
	}
	if conversations != 4 {
		t.Errorf("%d conversations", conversations)
	}
}
