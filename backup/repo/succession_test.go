package repo_test

import (
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

// newRoot is a rotation to a master with a root of its own.
func newRoot(t *testing.T, classic bool) *rotation {
	t.Helper()
	master, err := keys.NewMaster(classic)
	if err != nil {
		t.Fatal(err)
	}
	return sealed(t, master)
}

// succeed gives the repository another root over a store.
func (s *scene) succeed(ctx context.Context, store storage.Store, to *rotation) error {
	return s.change(ctx, store, func(o *repo.Owner) error { return o.Succeed(ctx, to.master, []repo.NewSlot{to.slot}) })
}

// follow tells a machine the id under the present root, as a person does.
func (m *machine) follow(t *testing.T, to *keys.Master) {
	t.Helper()
	before := m.memory
	m.key.Follow(to.Root)
	m.open()
	if err := m.memory.Follow(before, m.key.ID); err != nil {
		t.Fatal(err)
	}
}

// succeeded is a scene with two writers whose root has ended, the old master, and
// the rotation.
func succeeded(t *testing.T) (s *scene, other *machine, old *keys.Master) {
	t.Helper()
	s = oneSnapshot(t)
	other, old = s.enrol(t, "other"), s.master
	s.commitBy(t, other, before[:1]...)
	to := newRoot(t, false)
	if err := s.succeed(t.Context(), s.store, to); err != nil {
		t.Fatal(err)
	}
	s.master = to.master
	return s, other, old
}

// TestNewRoot: what was written stays readable under the new root, writers go on once
// they were told of it and not before, and what the old one signs counts no more.
func TestNewRoot(t *testing.T) {
	s, other, old := succeeded(t)
	s.sound(t)
	for name, m := range map[string]*machine{"the first": s.machine, "another": other} {
		if _, err := m.run(t.Context(), s.store, smallPacks, after...); format.ClassOf(err) != format.WrongRepository {
			t.Errorf("%s writer backs up to a root that has ended: %v", name, err)
		}
		m.follow(t, s.master)
		h := s.commitBy(t, m, after...)
		if h.Epoch != 2 {
			t.Errorf("%s writer backs up in epoch %d", name, h.Epoch)
		}
		if h.Repository != old.Repository {
			t.Errorf("%s writer's head has another label than the objects before", name)
		}
	}
	s.sound(t)
	if id, err := repo.Identify(t.Context(), s.store, "here"); err != nil || id != s.master.Repository {
		t.Errorf("the place claims to be %s, %v", id, err)
	}

	// Once more, so that there is more than one former id.
	third := newRoot(t, false)
	if err := s.succeed(t.Context(), s.store, third); err != nil {
		t.Fatal(err)
	}
	second := s.master
	s.master = third.master
	if f := s.load(t, nil).Authority.Former; !slices.Equal(f, []format.Hash{old.Repository, second.Repository}) {
		t.Errorf("former ids: %v", f)
	}
	s.machine.follow(t, s.master)
	s.commit(t, before[:1]...)
	s.sound(t)
}

// TestNewRootAccepted: who insists reads by a root that has ended, and writes nothing.
func TestNewRootAccepted(t *testing.T) {
	s, _, old := succeeded(t)
	v, err := repo.Load(t.Context(), s.store, old.Repository, "here", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Trust(nil); format.ClassOf(err) != format.WrongRepository {
		t.Errorf("a root that has ended is trusted: %v", err)
	}
	if err := v.Trust(map[format.Class]bool{format.WrongRepository: true}); err != nil {
		t.Errorf("what is accepted: %v", err)
	}
	if _, err := repo.NewReader(t.Context(), s.store, v, old, nil); err != nil {
		t.Errorf("to read what was there: %v", err)
	}
	if _, err := repo.NewOwner(t.Context(), s.store, v, old, nil); format.ClassOf(err) != format.WrongRepository {
		t.Errorf("an owner changes what has ended: %v", err)
	}
	if _, err := repo.Begin(t.Context(), s.store, v, s.key, s.memory, smallPacks); format.ClassOf(err) != format.WrongRepository {
		t.Errorf("a run begins in what has ended: %v", err)
	}
}

// sign plants an authority that a master's root signs, made of the repository's newest.
func (s *scene) sign(t *testing.T, m *keys.Master, change func(*format.Authority)) {
	t.Helper()
	names := s.store.Keys(format.AuthorityDir)
	newest, _ := format.ParseName(names[len(names)-1])
	a := *s.load(t, nil).Authority
	a.N, a.Previous, a.Successor, a.Former = newest.N+1, []format.Hash{newest.Hash}, format.Hash{}, nil
	a.Repository, a.Root = m.Repository, m.Root.String()
	change(&a)
	plant(s.store, func(h format.Hash) string { return format.AuthorityName(a.N, h) }, keys.SignAuthority(m.RootKey, &a))
}

func fresh(t *testing.T) *keys.Master {
	t.Helper()
	m, err := keys.NewMaster(false)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestNewRootThief: whoever has the old root signs what he likes. Under the new one it
// is told of and counts for nothing; he can name a successor of his own, and then a
// newcomer is asked which is meant.
func TestNewRootThief(t *testing.T) {
	s, _, old := succeeded(t)
	mine := fresh(t)
	s.sign(t, old, func(a *format.Authority) { a.Successor = mine.Repository })
	s.sign(t, mine, func(a *format.Authority) { a.Former = []format.Hash{old.Repository} })

	v := s.load(t, nil)
	if v.Authority.Repository != s.master.Repository || v.Authority.N != 4 {
		t.Fatalf("what the old root signs counts under the new one: authority %d", v.Authority.N)
	}
	if err := v.Trust(nil); format.ClassOf(err) != format.WrongRepository && format.ClassOf(err) != format.WrongWriter {
		t.Errorf("a strange statement is not told of: %v", err)
	}
	if err := v.Trust(map[format.Class]bool{format.WrongRepository: true, format.WrongWriter: true}); err != nil {
		t.Errorf("what is accepted: %v", err)
	}
	if _, err := repo.NewReader(t.Context(), s.store, v, s.master, nil); err != nil {
		t.Error(err)
	}
	if id, err := repo.Identify(t.Context(), s.store, "here"); format.ClassOf(err) != format.WrongRepository {
		t.Errorf("a place with two successors claims to be %s: %v", id, err)
	}
	if ids, err := v.Endorsed(t.Context(), s.store); err != nil || !slices.Equal(ids, []format.Hash{old.Repository}) {
		t.Errorf("endorsed: %v, %v", ids, err)
	}
}

// TestNewRootOutnumbered: a root that has ended stays so, whatever is signed with it
// later, for machines that were there before and for those that were not.
func TestNewRootOutnumbered(t *testing.T) {
	for _, skip := range []uint64{0, 1} { // it takes the number of the successor's statement, or a higher one
		s, other, old := succeeded(t)
		newest := s.load(t, nil).Authority.N
		for n := range uint64(3) {
			s.sign(t, old, func(a *format.Authority) { a.N = newest + skip + n })
		}
		for name, memory := range map[string]repo.Memory{"a newcomer": nil, "the first machine": s.memory, "another": other.memory} {
			v, err := repo.Load(t.Context(), s.store, old.Repository, "here", memory)
			if err != nil {
				t.Fatal(err)
			}
			if v.Ended() == nil || v.Trust(nil) == nil {
				t.Errorf("%s goes on by a root that has ended, number %d", name, v.Authority.N)
			}
		}
		if _, err := other.run(t.Context(), s.store, smallPacks, after...); format.ClassOf(err) != format.WrongRepository {
			t.Errorf("a machine that was not told backs up: %v", err)
		}
	}
}

// TestNewRootStrangers: roots that nobody knows follow one another, in a line that hides
// the true one or in a circle.
func TestNewRootStrangers(t *testing.T) {
	for _, circle := range []bool{false, true} {
		s := oneSnapshot(t)
		var all []*keys.Master
		for range 9 {
			all = append(all, fresh(t))
		}
		for i, m := range all {
			s.sign(t, m, func(a *format.Authority) {
				if i > 0 {
					a.Former = []format.Hash{all[i-1].Repository}
				} else if circle {
					a.Former = []format.Hash{all[len(all)-1].Repository}
				}
				if i+1 < len(all) {
					a.Successor = all[i+1].Repository
				} else if circle {
					a.Successor = all[0].Repository
				}
			})
		}
		if circle {
			_ = s.store.Delete(t.Context(), s.store.Keys(format.AuthorityDir)[0]) // and nobody else is there
		}
		if id, err := repo.Identify(t.Context(), s.store, "here"); format.ClassOf(err) != format.WrongRepository {
			t.Errorf("circle %t: the place claims to be %s: %v", circle, id, err)
		}
	}
}

// TestNewRootClaimed: a repository says that it was another one before, which knows
// nothing of it.
func TestNewRootClaimed(t *testing.T) {
	victim, s := fresh(t), oneSnapshot(t)
	s.sign(t, s.master, func(a *format.Authority) { a.Former = []format.Hash{victim.Repository} })
	v := s.load(t, nil)
	if len(v.Authority.Former) != 1 {
		t.Fatal("it does not say so: this proves nothing")
	}
	if ids, err := v.Endorsed(t.Context(), s.store); err != nil || len(ids) > 0 {
		t.Errorf("endorsed: %v, %v", ids, err)
	}
}

// TestNewRootOvertaken: somebody else changes the repository while its root ends. His
// change stays, and the root does.
func TestNewRootOvertaken(t *testing.T) {
	s := oneSnapshot(t)
	to, mine, his := newRoot(t, false), s.owner(t), s.owner(t)
	if err := mine.Succeed(t.Context(), to.master, []repo.NewSlot{to.slot}); err != nil {
		t.Fatal(err)
	}
	if err := his.EndWriter(s.key.ID, nil); err != nil {
		t.Fatal(err)
	}
	if err := his.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	var changed *repo.Changed
	if err := mine.Commit(t.Context()); !errors.As(err, &changed) {
		t.Errorf("a change over another: %v", err)
	}
	v := s.load(t, nil)
	if v.Ended() != nil || v.Authority.Writers[0].Ended == nil {
		t.Errorf("ended: %v, writer: %+v", v.Ended(), v.Authority.Writers[0])
	}
}

// TestNewRootDies ends the change at each of its requests: the repository goes on under
// the old root or under the new one, whole, and the change can be made again.
func TestNewRootDies(t *testing.T) {
	base := oneSnapshot(t)
	counted := storagetest.NewFault(base.fork(t).store)
	if err := base.succeed(t.Context(), counted, newRoot(t, false)); err != nil {
		t.Fatal(err)
	}
	ended := 0
	for n := 1; n <= len(counted.Calls()); n++ {
		for _, how := range []end{hangBefore, hangAfter, crashBefore, crashAfter} {
			t.Run(fmt.Sprintf("%d %v", n, how), func(t *testing.T) {
				s, to := base.fork(t), newRoot(t, false)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				err := s.succeed(ctx, &breaker{Store: s.police(t), nth: n, how: how, cancel: cancel}, to)
				v, loadErr := repo.Load(t.Context(), s.store, to.master.Repository, "here", nil)
				if anew := loadErr == nil; anew {
					ended++
					key := *s.key // forks share it
					s.master, s.machine.key = to.master, &key
					s.machine.follow(t, s.master)
				} else if err == nil {
					t.Fatalf("it is done, and cannot be loaded: %v %v", v, loadErr)
				}
				s.commit(t, after[2:]...)
				s.sound(t)
				again := newRoot(t, false)
				if err := s.succeed(t.Context(), s.store, again); err != nil {
					t.Fatalf("a second change: %v", err)
				}
				key := *s.key
				s.master, s.machine.key = again.master, &key
				s.machine.follow(t, s.master)
				s.commit(t, before[:1]...)
				s.sound(t)
			})
		}
	}
	if ended == 0 {
		t.Error("no change came to its end: this proves nothing")
	}
}

// TestNewRootMoves: a copy without a key has the roots of all times, and parity, notes
// and tombstones of earlier ones count.
func TestNewRootMoves(t *testing.T) {
	s, _, _ := succeeded(t)
	s.machine.follow(t, s.master)
	s.commit(t, after...)
	to := storagetest.NewMemory()
	for range 2 {
		report, err := repo.Copy(t.Context(), repo.Origin{Store: s.store, ID: s.master.Repository, Place: "here"}, to, repo.CopyOptions{})
		if err != nil || len(report.Problems) > 0 {
			t.Fatalf("a copy: %v %v", err, report)
		}
	}
	if want, got := s.store.Keys(""), to.Keys(""); !slices.Equal(want, got) {
		t.Errorf("the copy has %d objects of %d", len(got), len(want))
	}
}

// TestNewRootRefuses: a root that the repository has or had.
func TestNewRootRefuses(t *testing.T) {
	s, _, old := succeeded(t)
	same, err := s.master.Renew(false)
	if err != nil {
		t.Fatal(err)
	}
	back, err := old.Renew(false)
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*keys.Master{"the present one": same, "a former one": back} {
		if err := s.succeed(t.Context(), s.store, sealed(t, m)); err == nil {
			t.Errorf("%s is taken for a new root", name)
		}
	}
	s.machine.follow(t, s.master)
	s.commit(t, after...)
	s.sound(t)
}
