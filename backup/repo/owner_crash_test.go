package repo_test

import (
	"context"
	"fmt"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// owned is a scene with a second writer, a slot that a known secret opens, and one
// that another is to open.
type owned struct {
	*scene
	other     *machine
	old, anew keys.RecoveryKey
}

func (o *owned) slot(t *testing.T, secret keys.RecoveryKey) repo.NewSlot {
	t.Helper()
	object, err := keys.SealRecovery(o.master, secret)
	if err != nil {
		t.Fatal(err)
	}
	return repo.NewSlot{Name: "known", Kind: format.SlotRecovery, Object: object}
}

// opensBy reports whether a secret opens the repository.
func (o *owned) opensBy(t *testing.T, secret keys.RecoveryKey) bool {
	t.Helper()
	m, _, err := repo.Unlock(t.Context(), o.store, o.load(t, nil), format.Hash{}, repo.Through{Kind: format.SlotRecovery}, secret.Identity())
	if err != nil && !repo.WrongKey(err) {
		t.Errorf("another error than that of a wrong key: %v", err)
	}
	return err == nil && o.opens(t, m)
}

// counts reports how many writers may write.
func (o *owned) counts(t *testing.T) (n int) {
	t.Helper()
	for _, w := range o.load(t, nil).Authority.Writers {
		if w.Ended == nil {
			n++
		}
	}
	return n
}

// state is what can be told of the repository from outside.
type ownedState struct {
	old, anew bool
	writers   int
}

func (o *owned) state(t *testing.T) ownedState {
	return ownedState{o.opensBy(t, o.old), o.opensBy(t, o.anew), o.counts(t)}
}

// ownerChanges are what an owner does besides rotations, and what is true then.
var ownerChanges = map[string]struct {
	change func(ctx context.Context, t *testing.T, s *owned, o *repo.Owner) error
	after  ownedState
}{
	"change the secret of a slot": {func(ctx context.Context, t *testing.T, s *owned, o *repo.Owner) error {
		if err := o.RemoveSlot("known"); err != nil {
			return err
		}
		return o.AddSlot(ctx, s.slot(t, s.anew))
	}, ownedState{false, true, 2}},
	"add a slot": {func(ctx context.Context, t *testing.T, s *owned, o *repo.Owner) error {
		slot := s.slot(t, s.anew)
		slot.Name = "another"
		return o.AddSlot(ctx, slot)
	}, ownedState{true, true, 2}},
	"remove a slot": {func(_ context.Context, _ *testing.T, _ *owned, o *repo.Owner) error {
		return o.RemoveSlot("known")
	}, ownedState{false, false, 2}},
	"enrol a writer": {func(_ context.Context, _ *testing.T, _ *owned, o *repo.Owner) error {
		_, err := o.AddWriter("third", nil)
		return err
	}, ownedState{true, false, 3}},
	"end a writer": {func(_ context.Context, t *testing.T, s *owned, o *repo.Owner) error {
		return o.EndWriter(s.other.key.ID, s.load(t, nil).Chains[s.other.key.ID].Tip())
	}, ownedState{true, false, 1}},
}

// TestOwnerDies ends each change of the owner's at each of its requests: the repository
// is then as it was or as it was to be, opens, and can be changed and written to.
func TestOwnerDies(t *testing.T) {
	base := &owned{scene: oneSnapshot(t), old: keys.NewRecoveryKey(), anew: keys.NewRecoveryKey()}
	base.other = base.enrol(t, "other")
	base.commitBy(t, base.other, before[:1]...)
	o := base.owner(t)
	if err := o.AddSlot(t.Context(), base.slot(t, base.old)); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	was := base.state(t)
	ends := []end{hangAfter, crashBefore}
	if long() {
		ends = append(ends, hangBefore, crashAfter)
	}
	for name, c := range ownerChanges {
		change := func(t *testing.T, s *owned, ctx context.Context, store storage.Store) error {
			return s.change(ctx, store, func(o *repo.Owner) error { return c.change(ctx, t, s, o) })
		}
		fork := func(t *testing.T) *owned {
			s := *base
			s.scene = base.scene.fork(t)
			return &s
		}
		whole := fork(t)
		counted := storagetest.NewFault(whole.store)
		if err := change(t, whole, t.Context(), counted); err != nil {
			t.Fatal(err)
		}
		if got := whole.state(t); got != c.after {
			t.Fatalf("%s: %+v, want %+v", name, got, c.after)
		}
		for n := 1; n <= len(counted.Calls()); n++ {
			for _, how := range ends {
				t.Run(fmt.Sprintf("%s/%d %v", name, n, how), func(t *testing.T) {
					s := fork(t)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					err := change(t, s, ctx, &breaker{Store: s.police(t), nth: n, how: how, cancel: cancel})
					got := s.state(t)
					if got != was && got != c.after || err == nil && got != c.after {
						t.Fatalf("%v: %+v", err, got)
					}
					s.commit(t, after[2:]...)
					s.sound(t)
					if got == was {
						if err := change(t, s, t.Context(), s.store); err != nil {
							t.Fatalf("once more: %v", err)
						}
						if got := s.state(t); got != c.after {
							t.Errorf("once more: %+v, want %+v", got, c.after)
						}
						s.sound(t)
					}
				})
			}
		}
	}
}
