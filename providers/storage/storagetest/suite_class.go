package storagetest

import (
	"io/fs"
	"testing"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/conform"
)

// ClassedStore is a store that a test of classes needs.
type ClassedStore interface {
	storage.Store
	storage.Classed
	storage.Thawer
}

// Classes proves that a store keeps objects in classes, and gives back those of
// a cold one once they were thawed. The functions get the store; ripen lets the
// time of a thaw pass.
func Classes[S ClassedStore](t *testing.T, s S, warm, cold string, ripen func(S)) {
	t.Helper()
	ctx := t.Context()
	if s.Archives(warm) || !s.Archives(cold) {
		t.Fatal("which class archives and which does not is the wrong way round")
	}
	data := map[string][]byte{"packs/warm": conform.Random("warm", 70_000), "packs/cold": conform.Random("cold", 70_000), "plain": conform.Random("plain", 10)}
	for key, class := range map[string]string{"packs/warm": warm, "packs/cold": cold} {
		if info, err := s.PutClass(ctx, key, data[key], class); err != nil || info.Size != int64(len(data[key])) {
			t.Fatalf("put of %s into %s: %+v, %v", key, class, info, err)
		}
		_, err := s.PutClass(ctx, key, []byte("other"), class)
		conform.WantError(t, "put of what is there", err, fs.ErrExist)
	}
	conform.Put(t, s, "plain", data["plain"])
	listed := map[string]storage.Info{}
	for info, err := range s.List(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		listed[info.Key] = info
	}
	wantState := func(key string, want storage.State) {
		t.Helper()
		if got, err := s.State(ctx, listed[key]); err != nil || got != want {
			t.Errorf("%s is in state %d (%v), want %d", key, got, err, want)
		}
		got, err := conform.Read(ctx, s, key, 0, -1)
		switch {
		case want == storage.Ready:
			if err != nil || string(got) != string(data[key]) {
				t.Errorf("%s: %d bytes, %v", key, len(got), err)
			}
		case storage.ClassOf(err) != storage.Archived:
			t.Errorf("get of %s: %v, want an error of class Archived", key, err)
		}
		if info, err := s.Stat(ctx, key); err != nil || info.Size != int64(len(data[key])) {
			t.Errorf("stat of %s: %+v, %v", key, info, err)
		}
	}
	wantState("packs/warm", storage.Ready)
	wantState("plain", storage.Ready)
	wantState("packs/cold", storage.Frozen)
	for range 2 { // asking again does no harm
		if state, err := s.Thaw(ctx, listed["packs/cold"], storage.Thaw{Tier: storage.Bulk, Days: 3}); err != nil || state != storage.Thawing {
			t.Fatalf("thaw: %d, %v", state, err)
		}
		wantState("packs/cold", storage.Thawing)
	}
	ripen(s)
	wantState("packs/cold", storage.Ready)
	for _, key := range []string{"packs/cold", "packs/warm"} {
		if state, err := s.Thaw(ctx, listed[key], storage.Thaw{Tier: storage.Bulk, Days: 3}); err != nil || state != storage.Ready {
			t.Errorf("thaw of %s, which can be read: %d, %v", key, state, err)
		}
	}
	if _, err := s.Thaw(ctx, storage.Info{Key: "packs/none", Class: cold}, storage.Thaw{Tier: storage.Bulk, Days: 3}); err == nil {
		t.Error("a thaw of what is not there succeeds")
	}
}
