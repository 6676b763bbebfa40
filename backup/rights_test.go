package backup_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"chatkeep/backup"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// TestPackOfALostAnswer has the answer to the put of a pack be lost, so that the next
// try finds it there, and credentials that may not look at packs.
func TestPackOfALostAnswer(t *testing.T) {
	memory := storagetest.NewMemory()
	w := newWorld(t, storagetest.NewPolice(memory, t.Errorf))
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "a"), []byte("the kettle is on"), 0o600))
	w.store = storagetest.NewFault(w.store,
		storagetest.Rule{Op: storagetest.OpPut, Prefix: "packs/", Do: storagetest.FailAfter, Err: fs.ErrExist},
		storagetest.Rule{Op: storagetest.OpStat, Prefix: "packs/", Do: storagetest.FailBefore, Err: &storage.Error{Class: storage.Login, Err: fs.ErrPermission}},
		storagetest.Rule{Op: storagetest.OpGet, Prefix: "packs/", Do: storagetest.FailBefore, Err: &storage.Error{Class: storage.Login, Err: fs.ErrPermission}})
	if _, err := w.run(backup.Source{Path: dir, App: "files"}); err != nil {
		t.Fatal(err)
	}
	w.store = memory
	n := 0
	s := w.latest()
	for _, err := range s.Entries(w.ctx) {
		must(t, err)
		n++
	}
	if n != 2 {
		t.Errorf("%d entries come back", n)
	}
}
