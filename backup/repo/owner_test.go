package repo_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
)

// TestOwnerLimits: an authority that readers refuse would be there for ever, and
// nobody could load the repository any more.
func TestOwnerLimits(t *testing.T) {
	s := newScene(t)
	object := s.store.Bytes(s.store.Keys(format.KeysDir)[0])
	slot := func(name string) repo.NewSlot {
		return repo.NewSlot{Name: name, Kind: format.SlotRecovery, Object: object}
	}
	o := s.owner(t)
	for n := 1; n < format.MaxSlots; n++ {
		if err := o.AddSlot(t.Context(), slot(fmt.Sprintf("s%02d", n))); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.AddSlot(t.Context(), slot("last")); err == nil || !strings.Contains(err.Error(), "at most 100 keys") {
		t.Errorf("one slot too many: %v", err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.load(t, nil)

	o = s.owner(t)
	if err := o.RemoveSlot("s01"); err != nil {
		t.Fatal(err)
	}
	if err := o.AddSlot(t.Context(), slot("No Name")); err == nil {
		t.Error("a slot with a name that is none")
	}
	if err := o.AddSlot(t.Context(), repo.NewSlot{Name: "big", Kind: format.SlotRecovery, Object: make([]byte, format.MaxSlotFile+1)}); err == nil {
		t.Error("a slot that nobody reads")
	}
	for n, writers := 0, o.Authority().Writers; len(writers) < format.MaxWriters; n++ {
		writers = append(writers, format.AuthorityWriter{ID: format.Sum(fmt.Append(nil, n))})
		o.Authority().Writers = writers
	}
	if _, err := o.AddWriter("one more", nil); err == nil || !strings.Contains(err.Error(), "10000 writers") {
		t.Errorf("one writer too many: %v", err)
	}
}

// TestRefusedAuthority: whatever went into it, what readers refuse is not put.
func TestRefusedAuthority(t *testing.T) {
	for name, spoil := range map[string]func(a *format.Authority){
		"two slots of a name":   func(a *format.Authority) { a.Slots = slices.Repeat(a.Slots, 2) },
		"too many slots":        func(a *format.Authority) { a.Slots = slices.Repeat(a.Slots, format.MaxSlots+1) },
		"a feature of tomorrow": func(a *format.Authority) { a.Requires = []string{"tomorrow"} },
		"another root":          func(a *format.Authority) { a.Root = keys.GenerateSigningKey().Public().String() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			o := s.owner(t)
			spoil(o.Authority())
			if err := o.Commit(t.Context()); format.ClassOf(err) == "" {
				t.Errorf("committed: %v", err)
			}
			s.commit(t, before...)
			s.sound(t)
		})
	}
}

// TestCommitOnce: an owner's change is one authority.
func TestCommitOnce(t *testing.T) {
	s := newScene(t)
	o := s.owner(t)
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err == nil {
		t.Error("a second commit")
	}
	if names := s.store.Keys(format.AuthorityDir); len(names) != 2 {
		t.Errorf("%q", names)
	}
	s.commit(t, before...)
}

// forgetful takes objects of a folder and has others.
type forgetful struct {
	storage.Store
	folder string // "" for none
	bytes  []byte // what it gives back; nil for what it took
}

func (f *forgetful) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if f.folder != "" && strings.HasPrefix(key, f.folder) && f.bytes == nil {
		return storage.Info{Key: key, Size: int64(len(data))}, nil
	}
	return f.Store.Put(ctx, key, data)
}

func (f *forgetful) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if f.folder != "" && strings.HasPrefix(key, f.folder) && f.bytes != nil {
		return io.NopCloser(bytes.NewReader(f.bytes)), nil
	}
	return f.Store.Get(ctx, key, offset, length)
}

// TestOwnerReadsBack: a change is done when the store gives back what it took.
func TestOwnerReadsBack(t *testing.T) {
	for _, folder := range []string{format.AuthorityDir, format.KeyringDir} {
		for class, gives := range map[format.Class][]byte{format.Missing: nil, format.Flipped: []byte("other bytes")} {
			s := newScene(t)
			store := &forgetful{Store: s.store}
			o, err := repo.NewOwner(t.Context(), store, s.load(t, nil), s.master, nil)
			if err != nil {
				t.Fatal(err)
			}
			store.folder, store.bytes = folder, gives
			if err := o.Commit(t.Context()); format.ClassOf(err) != class {
				t.Errorf("%s: want %s, got %v", folder, class, err)
			}
		}
	}
}

// TestAuthorityFork: two owners change a repository at once. Readers and writers
// go on, by the endings of both and with the writers of both; the next change
// waits for a person.
func TestAuthorityFork(t *testing.T) {
	s := oneSnapshot(t)
	third := s.enrol(t, "third")
	twin := s.fork(t)
	a := s.enrol(t, "a")
	if err := s.load(t, s.memory).Remember(s.memory); err != nil {
		t.Fatal(err)
	}
	o := twin.owner(t)
	if err := o.EndWriter(third.key.ID, nil); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := twin.load(t, twin.memory).Remember(twin.memory); err != nil {
		t.Fatal(err)
	}
	for _, key := range twin.store.Keys("") {
		s.store.Tamper(key, twin.store.Bytes(key))
	}
	for _, memory := range []repo.Memory{nil, s.memory, twin.memory} {
		v := s.load(t, memory)
		if err := v.Trust(nil); err != nil {
			t.Errorf("a fork of authorities: %v", err)
		}
		if !slices.ContainsFunc(v.Notes, func(note string) bool { return strings.Contains(note, "at once") }) {
			t.Errorf("nobody is told: %q", v.Notes)
		}
	}
	s.commit(t, after...)
	s.commitBy(t, a, after...)
	if _, err := third.run(t.Context(), s.store, smallPacks, before...); format.ClassOf(err) != format.WrongWriter {
		t.Errorf("a writer that one side ended: %v", err)
	}
	s.sound(t)
	if _, err := repo.NewOwner(t.Context(), s.store, s.load(t, nil), s.master, nil); format.ClassOf(err) != format.Fork {
		t.Errorf("a change on top of a fork: %v", err)
	}
}

// TestForget: what is forgotten is no more, its head stays, and the writer goes
// on. What readers would refuse is not put.
func TestForget(t *testing.T) {
	s := oneSnapshot(t)
	first := s.reader(t).Heads()[0]
	second := s.commit(t, after...)
	o := s.owner(t)
	if err := o.Forget([]*repo.Head{first, first}); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.store.Bytes(headKey(first)) == nil {
		t.Error("the head of a forgotten snapshot is gone")
	}
	heads := s.reader(t).Heads()
	if len(heads) != 1 || heads[0].Hash != second.Hash {
		t.Errorf("%d snapshots", len(heads))
	}
	delete(s.want, first.Hash)
	third := s.commit(t, before...)
	s.sound(t)

	o = s.owner(t)
	if err := o.Forget([]*repo.Head{third}); err != nil {
		t.Fatal(err)
	}
	if n := len(o.Authority().Forgotten); n != 2 {
		t.Errorf("%d forgotten: what was once is no longer", n)
	}
	checkpoint := *third
	statement := *third.Head
	statement.Manifest = nil
	checkpoint.Head = &statement
	if err := o.Forget([]*repo.Head{&checkpoint}); err == nil {
		t.Error("a checkpoint is forgotten, which is no snapshot")
	}
	for n := len(o.Authority().Forgotten); n < format.MaxForgotten; n++ {
		o.Authority().Forgotten = append(o.Authority().Forgotten, format.HeadRef{Writer: s.key.ID, Seq: uint64(n + 10), SHA256: format.Sum(fmt.Append(nil, n))})
	}
	if err := o.Forget([]*repo.Head{second}); err == nil || !strings.Contains(err.Error(), "100000 snapshots") {
		t.Errorf("one too many: %v", err)
	}
	// Full as it is, it is an authority that readers take.
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.load(t, nil)
}
