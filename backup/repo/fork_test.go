package repo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// forked is a scene of whose authority two owners make two at once.
type forked struct {
	*scene
	second  *machine // ended by a change
	masters []*keys.Master
	slots   []repo.NewSlot // that have to open it afterwards
	writers []*machine     // that have to back up afterwards
	ended   []*machine     // that must not
}

// change is what an owner does to the repository.
type change struct {
	name string
	do   func(t *testing.T, f *forked, o *repo.Owner)
}

var changes = []change{
	{"end", func(t *testing.T, f *forked, o *repo.Owner) {
		must(t, o.EndWriter(f.second.key.ID, f.load(t, nil).Chains[f.second.key.ID].Tip()))
		f.ended = append(f.ended, f.second)
	}},
	{"add slot", func(t *testing.T, f *forked, o *repo.Owner) {
		object, err := keys.SealRecovery(f.master, keys.NewRecoveryKey())
		must(t, err)
		slot := repo.NewSlot{Name: "added", Kind: format.SlotRecovery, Object: object}
		must(t, o.AddSlot(t.Context(), slot))
		f.slots = append(f.slots, slot)
	}},
	{"add writer", func(t *testing.T, f *forked, o *repo.Owner) {
		key, err := o.AddWriter("added", nil)
		must(t, err)
		f.writers = append(f.writers, newMachine(t, key))
	}},
	{"forget", func(t *testing.T, f *forked, o *repo.Owner) {
		must(t, o.Forget([]*repo.Head{f.load(t, nil).Chains[f.key.ID].Heads[0]}))
	}},
	{"rotate", func(t *testing.T, f *forked, o *repo.Owner) {
		to := newRotation(t, f.master)
		must(t, o.Rotate(t.Context(), to.master, []repo.NewSlot{to.slot}))
		f.masters = append(f.masters, to.master)
	}},
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newForked makes two changes at once, both on top of one state.
func newForked(t *testing.T, a, b change) *forked {
	t.Helper()
	f := &forked{scene: oneSnapshot(t)}
	f.second = f.enrol(t, "second")
	f.commitBy(t, f.second, before[:1]...)
	f.masters = []*keys.Master{f.master}
	owners := []*repo.Owner{f.owner(t), f.owner(t)}
	a.do(t, f, owners[0])
	b.do(t, f, owners[1])
	for _, o := range owners {
		must(t, o.Commit(t.Context()))
	}
	if a.name == "forget" && b.name == "forget" {
		delete(f.want, f.load(t, nil).Chains[f.key.ID].Heads[0].Hash) // neither keeps it
	}
	return f
}

// join ends the fork over a store.
func (f *forked) join(ctx context.Context, t *testing.T, store storage.Store) error {
	t.Helper()
	v, err := repo.Load(ctx, store, f.master.Repository, "here", nil)
	if err != nil {
		return err
	}
	j, err := repo.PlanJoin(ctx, store, v, nil, f.masters...)
	if err != nil {
		return err
	}
	o, err := j.Owner(ctx)
	if err != nil {
		return err
	}
	return o.Commit(ctx)
}

// opener is the master that opens the repository.
func (f *forked) opener(t *testing.T) *keys.Master {
	t.Helper()
	for _, m := range f.masters {
		if f.opens(t, m) {
			return m
		}
	}
	t.Fatal("none of the masters opens the repository")
	return nil
}

// whole wants that everything that either side did is there.
func (f *forked) whole(t *testing.T) {
	t.Helper()
	f.master = f.opener(t)
	for _, m := range append([]*machine{f.machine}, f.writers...) {
		f.commitBy(t, m, after...)
	}
	for _, m := range f.ended {
		if _, err := m.run(t.Context(), f.store, smallPacks, after...); format.ClassOf(err) != format.WrongWriter {
			t.Errorf("a writer that one side ended: %v", err)
		}
	}
	f.sound(t)
	ring, v := f.reader(t).Keyring(), f.load(t, nil)
	for _, w := range v.Authority.Writers {
		if _, ok := ring.Writer(w.ID); !ok {
			t.Errorf("the keyring lacks writer %s", w.ID)
		}
	}
	if v.Authority.Epoch > 1 {
		return // the slots of before count no more
	}
	for _, slot := range f.slots {
		if !slices.ContainsFunc(v.Authority.Slots, func(s format.Slot) bool { return s.SHA256 == format.Sum(slot.Object) }) {
			t.Error("a slot that one side added is gone")
		}
	}
}

// TestJoin: every pair of changes that two owners make at once becomes one state, in
// which both are, and the owner goes on.
func TestJoin(t *testing.T) {
	for _, a := range changes {
		for _, b := range changes {
			t.Run(a.name+" and "+b.name, func(t *testing.T) {
				t.Parallel()
				f := newForked(t, a, b)
				if sides := f.load(t, nil).Sides(); len(sides) != 2 {
					t.Fatalf("%d sides: this proves nothing", len(sides))
				}
				for _, m := range append([]*machine{f.machine}, f.writers...) {
					if a.name != "rotate" && b.name != "rotate" {
						f.commitBy(t, m, before[:1]...)
					}
				}
				must(t, f.join(t.Context(), t, f.police(t)))
				v := f.load(t, nil)
				if len(v.Sides()) != 0 || len(v.Authority.Previous) != 2 {
					t.Fatalf("%d sides are left, the newest continues %d", len(v.Sides()), len(v.Authority.Previous))
				}
				f.whole(t)
				f.enrol(t, "one more")
				f.sound(t)
			})
		}
	}
}

// TestJoinAfterBothRotated: where two owners have begun an epoch each, machines go on
// meanwhile, and what they write then is there afterwards.
func TestJoinAfterBothRotated(t *testing.T) {
	f := newForked(t, changes[4], changes[4])
	f.commit(t, after...)
	f.commitBy(t, f.second, after[:2]...)
	old := f.master
	f.master = f.opener(t)
	f.sound(t)
	f.master = old
	must(t, f.join(t.Context(), t, f.store))
	f.writers = append(f.writers, f.second)
	f.whole(t)
	if v := f.load(t, nil); v.Authority.Epoch != 4 || len(v.Authority.Slots) != 1 {
		t.Errorf("epoch %d, slots %+v", v.Authority.Epoch, v.Authority.Slots)
	}
}

// TestJoinLocked: a side that the given secrets do not open is named, and nothing is
// done, where it has what the other has not.
func TestJoinLocked(t *testing.T) {
	for _, c := range []struct {
		other  change
		locked bool
	}{{changes[0], false}, {changes[1], false}, {changes[2], true}, {changes[3], false}, {changes[4], true}} {
		t.Run(c.other.name, func(t *testing.T) {
			f := newForked(t, changes[4], c.other)
			first := f.load(t, nil).Sides()[0]
			all := f.masters
			f.masters = nil
			for _, m := range all {
				if _, err := keys.OpenKeyring(format.KeyringName(first.Keyring.N, first.Keyring.SHA256),
					f.store.Bytes(format.KeyringName(first.Keyring.N, first.Keyring.SHA256)), m); err == nil {
					f.masters = []*keys.Master{m}
				}
			}
			before := f.store.Keys("")
			err := f.join(t.Context(), t, f.store)
			var locked *repo.Locked
			if errors.As(err, &locked) != c.locked || !c.locked && err != nil {
				t.Fatalf("%v", err)
			}
			if !c.locked {
				f.whole(t)
				return
			}
			if locked.Side.Hash == first.Hash {
				t.Error("the wrong side is named")
			}
			if !slices.Equal(before, f.store.Keys("")) {
				t.Error("something was put")
			}
			f.masters = all
			must(t, f.join(t.Context(), t, f.store))
			f.whole(t)
		})
	}
}

// TestJoinSlots: two slots of one name stay two, and a third side is joined as well.
func TestJoinSlots(t *testing.T) {
	f := newForked(t, changes[1], changes[1])
	v := f.load(t, nil)
	j, err := repo.PlanJoin(t.Context(), f.store, v, nil, f.masters...)
	must(t, err)
	if len(j.Renamed) != 1 || j.Renamed[0].From != "added" || j.Renamed[0].Slot.Name != "added-2" {
		t.Errorf("%+v", j.Renamed)
	}
	must(t, f.join(t.Context(), t, f.store))
	f.whole(t)
	for _, s := range f.load(t, nil).Authority.Slots {
		object := f.store.Bytes(format.SlotName(s.Name, s.SHA256))
		if object == nil {
			t.Errorf("slot %s has no object", s.Name)
		}
		if s.Name == "added-2" && !slices.ContainsFunc(f.slots, func(n repo.NewSlot) bool { return bytes.Equal(n.Object, object) }) {
			t.Error("the slot that got another name is another one")
		}
	}

	f = &forked{scene: oneSnapshot(t)}
	f.masters = []*keys.Master{f.master}
	owners := []*repo.Owner{f.owner(t), f.owner(t), f.owner(t)}
	for i, o := range owners {
		changes[1+i%2].do(t, f, o)
	}
	for _, o := range owners {
		must(t, o.Commit(t.Context()))
	}
	must(t, f.join(t.Context(), t, f.store))
	if n := len(f.load(t, nil).Authority.Previous); n != 3 {
		t.Errorf("three sides, and the newest continues %d", n)
	}
	f.whole(t)
}

// TestJoinDies ends a join at each of its requests: the repository then opens, forked
// or joined, machines go on, and it can be joined.
func TestJoinDies(t *testing.T) {
	for _, pair := range [][2]change{{changes[1], changes[1]}, {changes[2], changes[4]}} {
		base := newForked(t, pair[0], pair[1])
		counted := storagetest.NewFault(base.scene.fork(t).store)
		must(t, base.join(t.Context(), t, counted))
		for n := 1; n <= len(counted.Calls()); n++ {
			for _, how := range []end{hangBefore, hangAfter, crashBefore, crashAfter} {
				t.Run(fmt.Sprintf("%s and %s %d %v", pair[0].name, pair[1].name, n, how), func(t *testing.T) {
					f := *base
					f.scene = base.scene.fork(t)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					err := f.join(ctx, t, &breaker{Store: f.police(t), nth: n, how: how, cancel: cancel})
					f.master = f.opener(t)
					f.commit(t, after...)
					f.sound(t)
					if len(f.load(t, nil).Sides()) > 0 {
						if err == nil {
							t.Error("it says that it joined, and there is a fork")
						}
						must(t, f.join(t.Context(), t, f.store))
					}
					f.writers = nil
					f.whole(t)
				})
			}
		}
	}
}

// TestJoinEnded: where one side gave the repository another root, nothing is joined under
// the old one.
func TestJoinEnded(t *testing.T) {
	s := oneSnapshot(t)
	owners := []*repo.Owner{s.owner(t), s.owner(t)}
	master, err := keys.NewMaster(s.master.Classic())
	must(t, err)
	object, err := keys.SealRecovery(master, keys.NewRecoveryKey())
	must(t, err)
	must(t, owners[0].Succeed(t.Context(), master, []repo.NewSlot{{Name: "recovery", Kind: format.SlotRecovery, Object: object}}))
	for _, o := range owners {
		must(t, o.Commit(t.Context()))
	}
	v := s.load(t, nil)
	if len(v.Sides()) != 2 {
		t.Fatalf("%d sides: this proves nothing", len(v.Sides()))
	}
	if _, err := repo.PlanJoin(t.Context(), s.store, v, nil, s.master); format.ClassOf(err) != format.WrongRepository {
		t.Errorf("a root that has ended is joined: %v", err)
	}
	v, err = repo.Load(t.Context(), s.store, master.Repository, "here", nil)
	must(t, err)
	if len(v.Sides()) != 0 {
		t.Error("the new root has a fork")
	}
}

// TestJoinNothing: without a fork there is nothing to join.
func TestJoinNothing(t *testing.T) {
	s := oneSnapshot(t)
	if _, err := repo.PlanJoin(t.Context(), s.store, s.load(t, nil), nil, s.master); err == nil {
		t.Error("one authority is joined with itself")
	}
}
