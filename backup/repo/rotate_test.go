package repo_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// rotation is a new master and the slot that opens it.
type rotation struct {
	master *keys.Master
	slot   repo.NewSlot
	secret keys.RecoveryKey
}

func newRotation(t *testing.T, old *keys.Master) *rotation {
	t.Helper()
	master, err := old.Renew(old.Classic())
	if err != nil {
		t.Fatal(err)
	}
	return sealed(t, master)
}

// sealed makes a slot for a new master.
func sealed(t *testing.T, master *keys.Master) *rotation {
	t.Helper()
	r := &rotation{master: master, secret: keys.NewRecoveryKey()}
	object, err := keys.SealRecovery(master, r.secret)
	if err != nil {
		t.Fatal(err)
	}
	r.slot = repo.NewSlot{Name: "anew", Kind: format.SlotRecovery, Object: object}
	return r
}

// change makes a change of the owner's over a store.
func (s *scene) change(ctx context.Context, store storage.Store, do func(*repo.Owner) error) error {
	v, err := repo.Load(ctx, store, s.master.Repository, "here", nil)
	if err != nil {
		return err
	}
	o, err := repo.NewOwner(ctx, store, v, s.master, nil)
	if err != nil {
		return err
	}
	if err := do(o); err != nil {
		return err
	}
	return o.Commit(ctx)
}

// rotate begins a new epoch over a store.
func (s *scene) rotate(ctx context.Context, store storage.Store, to *rotation) error {
	return s.change(ctx, store, func(o *repo.Owner) error { return o.Rotate(ctx, to.master, []repo.NewSlot{to.slot}) })
}

// opens reports whether a master opens the repository.
func (s *scene) opens(t *testing.T, m *keys.Master) bool {
	t.Helper()
	_, err := repo.NewReader(t.Context(), s.store, s.load(t, nil), m, nil)
	if err != nil && format.ClassOf(err) != format.WrongKey {
		t.Errorf("another error than that of a wrong key: %v", err)
	}
	return err == nil
}

// TestRotate: what was written stays readable through the new slot, what is written
// from then on is closed to whoever has the old master, and writers go on with the
// keys that they have.
func TestRotate(t *testing.T) {
	s := oneSnapshot(t)
	other, ended := s.enrol(t, "other"), s.enrol(t, "ended")
	s.commitBy(t, other, before[:1]...)
	o := s.owner(t)
	if err := o.EndWriter(ended.key.ID, nil); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	stolen := s.reader(t).Keyring() // as somebody copied it who had the old master

	for epoch := uint64(2); epoch <= 3; epoch++ {
		old, to := s.master, newRotation(t, s.master)
		packs := s.store.Keys(format.PacksDir)
		if err := s.rotate(t.Context(), s.store, to); err != nil {
			t.Fatal(err)
		}
		s.master = to.master
		if s.opens(t, old) {
			t.Errorf("epoch %d: the old master opens the new keyring", epoch)
		}
		a := s.load(t, nil).Authority
		if a.Epoch != epoch || len(a.Slots) != 1 || a.Slots[0].Name != "anew" {
			t.Errorf("epoch %d: the authority has epoch %d and slots %+v", epoch, a.Epoch, a.Slots)
		}
		for _, w := range a.Writers {
			if told := len(w.News) == int(epoch)-1; told != (w.ID != ended.key.ID) {
				t.Errorf("epoch %d: writer %s has %d news", epoch, w.ID, len(w.News))
			}
		}
		if h := s.commit(t, after...); h.Epoch != epoch {
			t.Errorf("a backup of epoch %d in epoch %d", h.Epoch, epoch)
		}
		fresh := slices.DeleteFunc(s.store.Keys(format.PacksDir), func(key string) bool { return slices.Contains(packs, key) })
		if len(fresh) == 0 && epoch == 2 {
			t.Fatal("nothing was written: this proves nothing")
		}
		for _, key := range fresh {
			if _, err := age.Decrypt(bytes.NewReader(s.store.Bytes(key)), stolen.Identities()...); err == nil {
				t.Errorf("epoch %d: %s opens with what was copied before", epoch, key)
			}
		}
		s.sound(t)
	}
	// One that slept over both.
	if h := s.commitBy(t, other, after...); h.Epoch != 3 {
		t.Errorf("a backup of epoch %d in epoch 3", h.Epoch)
	}
	s.sound(t)
}

// TestRotateDies ends a rotation at each of its requests: the repository then opens
// in the old way or in the new one, whole, and can be rotated again.
func TestRotateDies(t *testing.T) {
	base := oneSnapshot(t)
	counted := storagetest.NewFault(base.fork(t).store)
	if err := base.rotate(t.Context(), counted, newRotation(t, base.master)); err != nil {
		t.Fatal(err)
	}
	news := 0
	for n := 1; n <= len(counted.Calls()); n++ {
		for _, how := range []end{hangBefore, hangAfter, crashBefore, crashAfter} {
			t.Run(fmt.Sprintf("%d %v", n, how), func(t *testing.T) {
				s, to := base.fork(t), newRotation(t, base.master)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				err := s.rotate(ctx, &breaker{Store: s.police(t), nth: n, how: how, cancel: cancel}, to)
				still, anew := s.opens(t, s.master), s.opens(t, to.master)
				if still == anew || err == nil && still {
					t.Fatalf("%v: it opens in the old way: %t, in the new one: %t", err, still, anew)
				}
				if anew {
					news++
					s.master = to.master
				}
				s.commit(t, after[2:]...)
				s.sound(t)
				again := newRotation(t, s.master)
				if err := s.rotate(t.Context(), s.store, again); err != nil {
					t.Fatalf("a second rotation: %v", err)
				}
				s.master = again.master
				s.commit(t, before[:1]...)
				s.sound(t)
			})
		}
	}
	if news == 0 {
		t.Error("no rotation came to its end: this proves nothing")
	}
}

// TestRotateFork: somebody else changes the repository while it is rotated. The new
// way in counts, the old one does not, and backups go on, whichever of the two the
// listing has first.
func TestRotateFork(t *testing.T) {
	base := oneSnapshot(t)
	first := map[bool]bool{}
	for range 40 {
		s := base.fork(t)
		rotating, other := s.owner(t), s.owner(t)
		to := newRotation(t, s.master)
		if err := rotating.Rotate(t.Context(), to.master, []repo.NewSlot{to.slot}); err != nil {
			t.Fatal(err)
		}
		for _, o := range []*repo.Owner{other, rotating} {
			if err := o.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if s.opens(t, s.master) || !s.opens(t, to.master) {
			t.Fatal("a fork takes the rotation back")
		}
		s.master = to.master
		if h := s.commit(t, after...); h.Epoch != 2 {
			t.Errorf("a backup of epoch %d", h.Epoch)
		}
		s.sound(t)
		names := s.store.Keys(format.AuthorityDir)
		a, err := keys.OpenAuthority(names[len(names)-1], s.store.Bytes(names[len(names)-1]), s.master.Repository)
		if err != nil {
			t.Fatal(err)
		}
		if first[a.Epoch == 2] = true; len(first) == 2 {
			return
		}
	}
	t.Error("the two were always in one order: this proves too little")
}

// TestRotateRefuses: what would leave a repository that nobody opens, or another's.
func TestRotateRefuses(t *testing.T) {
	s := oneSnapshot(t)
	foreign, err := keys.NewMaster(false)
	if err != nil {
		t.Fatal(err)
	}
	classic, err := s.master.Renew(!s.master.Classic())
	if err != nil {
		t.Fatal(err)
	}
	good := newRotation(t, s.master)
	for name, c := range map[string]struct {
		master *keys.Master
		slots  []repo.NewSlot
	}{
		"another repository": {foreign, []repo.NewSlot{good.slot}},
		"another kind":       {classic, []repo.NewSlot{good.slot}},
		"no slot":            {good.master, nil},
		"two of one name":    {good.master, []repo.NewSlot{good.slot, good.slot}},
	} {
		o := s.owner(t)
		if err := o.Rotate(t.Context(), c.master, c.slots); err == nil {
			t.Errorf("%s is taken", name)
		}
		if err := o.Commit(t.Context()); err == nil {
			t.Errorf("%s is committed", name)
		}
	}
	if !s.opens(t, s.master) {
		t.Error("a refused rotation changed something")
	}
	s.sound(t)
}
