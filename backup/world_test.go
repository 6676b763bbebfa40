package backup_test

import (
	"context"
	"testing"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/storage"
)

// world is a repository, its owner's keys and one machine.
type world struct {
	t      testing.TB
	ctx    context.Context
	store  storage.Store
	master *keys.Master
	key    *keys.Writer
	memory *state.Repository
}

func newWorld(t testing.TB, store storage.Store) *world {
	t.Helper()
	ctx := context.Background()
	master, err := keys.NewMaster(false)
	if err != nil {
		t.Fatal(err)
	}
	// A recovery key's slot is cheap to make, and as real as any.
	object, err := keys.SealRecovery(master, keys.NewRecoveryKey())
	if err != nil {
		t.Fatal(err)
	}
	slots := []repo.NewSlot{{Name: "recovery", Kind: format.SlotRecovery, Object: object}}
	key, err := repo.Create(ctx, store, "here", master, slots, "test")
	if err != nil {
		t.Fatal(err)
	}
	d := t.TempDir()
	dirs := state.Dirs{Config: d + "/c", Data: d + "/d", State: d + "/s", Cache: d + "/x"}
	return &world{t, ctx, store, master, key, dirs.Repository(master.Repository)}
}

func (w *world) view() *repo.View {
	w.t.Helper()
	v, err := repo.Load(w.ctx, w.store, w.master.Repository, "here", w.memory)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := v.Trust(nil); err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) run(src backup.Source) (*backup.Report, error) {
	w.t.Helper()
	s, err := repo.Begin(w.ctx, w.store, w.view(), w.key, w.memory, repo.SessionOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	table := w.memory.Table("files "+src.Path, w.key.IndexIdentity(), w.key.IndexRecipient())
	return backup.Run(w.ctx, src, s, backup.Options{Files: table, Program: "test"})
}

// latest opens the newest snapshot.
func (w *world) latest() *repo.Snapshot {
	w.t.Helper()
	r, err := repo.NewReader(w.ctx, w.store, w.view(), w.master, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	heads := r.Heads()
	s, err := r.Open(w.ctx, heads[len(heads)-1])
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}
