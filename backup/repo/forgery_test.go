package repo_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage/storagetest"
)

// swap exchanges the bytes of two objects.
func swap(s *storagetest.Memory, a, b string) {
	x, y := s.Bytes(a), s.Bytes(b)
	s.Tamper(a, y)
	s.Tamper(b, x)
}

// put plants an object.
func plant(s *storagetest.Memory, name func(format.Hash) string, object []byte) string {
	key := name(format.Sum(object))
	s.Tamper(key, object)
	return key
}

func headKey(h *repo.Head) string { return format.HeadName(h.Writer, h.Seq, h.Hash) }

// refused asks that loading, and trusting, fails with a class, and that the
// failure names what it is about.
func refused(t *testing.T, s *scene, memory repo.Memory, want format.Class, names ...string) {
	t.Helper()
	v, err := repo.Load(t.Context(), s.store, s.master.Repository, "here", memory)
	var all []error
	if err != nil {
		all = append(all, err)
	} else {
		all = v.Problems
	}
	for _, name := range append(names, "") {
		if !slices.ContainsFunc(all, func(err error) bool {
			return format.ClassOf(err) == want && strings.Contains(err.Error(), name)
		}) {
			t.Errorf("want class %s about %q, got %v", want, name, all)
		}
	}
	if err == nil && v.Trust(nil) == nil {
		t.Error("and it is trusted")
	}
	s.chill(t) // what this machine kept is as good as ever
	if _, err := s.run(t.Context(), s.store, smallPacks, before...); err == nil {
		t.Error("and a backup into it succeeds")
	}
}

// TestRollbacks takes away what must not go.
func TestRollbacks(t *testing.T) {
	base := oneSnapshot(t)
	old := base.store.Clone()
	second := base.commit(t, after...)
	third := base.commit(t, before...)
	for _, test := range []struct {
		name   string
		memory bool
		want   format.Class
		do     func(s *scene)
		about  string
	}{
		{"older state", true, format.Rollback, func(s *scene) { s.store = old.Clone() }, headKey(third)},
		{"tip gone", true, format.Rollback, func(s *scene) { s.store.Tamper(headKey(third), nil) }, headKey(third)},
		{"middle gone", false, format.Gap, func(s *scene) { s.store.Tamper(headKey(second), nil) }, headKey(third)},
		{"two swapped", false, format.Flipped, func(s *scene) { swap(s.store, headKey(second), headKey(third)) }, headKey(second)},
		{"renamed to a later number", false, format.WrongPlace, func(s *scene) {
			s.store.Tamper(format.HeadName(third.Writer, 4, third.Hash), s.store.Bytes(headKey(third)))
		}, "0000000004"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := base.fork(t)
			test.do(s)
			memory := s.memory
			if !test.memory {
				memory = nil
			}
			refused(t, s, memory, test.want, test.about)
		})
	}
	t.Run("authority gone", func(t *testing.T) {
		s := base.fork(t)
		s.enrol(t, "second")
		s.commit(t, after...)
		names := s.store.Keys(format.AuthorityDir)
		s.store.Tamper(names[1], nil)
		refused(t, s, s.memory, format.Rollback, names[1])
	})
	t.Run("first authority gone", func(t *testing.T) {
		s := base.fork(t)
		s.enrol(t, "second")
		s.store.Tamper(s.store.Keys(format.AuthorityDir)[0], nil)
		refused(t, s, nil, format.Gap, "authority")
	})
	t.Run("no authority", func(t *testing.T) {
		s := base.fork(t)
		s.store.Tamper(s.store.Keys(format.AuthorityDir)[0], nil)
		_, err := repo.Load(t.Context(), s.store, s.master.Repository, "here", s.memory)
		if none := (*repo.NoRepository)(nil); !errors.As(err, &none) {
			t.Errorf("%v", err)
		}
	})
	t.Run("witnessed", func(t *testing.T) {
		s := base.fork(t)
		other := s.enrol(t, "witness")
		s.commitBy(t, other, before...)
		s.store.Tamper(headKey(third), nil)
		refused(t, s, nil, format.Rollback, headKey(third))
	})
}

// signedHead makes a head on top of prev with what a thief of key could sign.
func signedHead(key keys.SigningKey, s *scene, seq uint64, prev []format.Hash, manifest *format.Ref, live format.LiveSet) (string, []byte) {
	authority, _ := format.ParseName(s.store.Keys(format.AuthorityDir)[0])
	h := &format.Head{
		Repository: s.master.Repository, Requires: []string{}, Writer: key.Public().ID(), Seq: seq, Prev: prev,
		Time: time.Unix(1700000000, 0).UTC(), Epoch: 1, Manifest: manifest, Live: &live,
		Authority: authority.Hash, Seen: []format.HeadRef{},
	}
	object := keys.SignHead(key, h)
	return format.HeadName(h.Writer, seq, format.Sum(object)), object
}

func noLive() format.LiveSet { return format.LiveSet{Packs: []format.Ref{}, Index: []format.Ref{}} }

// TestForeignHeads: a key that no authority names signs a head.
func TestForeignHeads(t *testing.T) {
	base := oneSnapshot(t)
	thief := keys.GenerateSigningKey()
	own, object := signedHead(thief, base, 1, []format.Hash{}, nil, noLive())
	t.Run("in its own folder", func(t *testing.T) {
		s := base.fork(t)
		s.store.Tamper(own, object)
		refused(t, s, nil, format.WrongWriter, own)
	})
	t.Run("in the writer's folder", func(t *testing.T) {
		s := base.fork(t)
		ours := format.HeadName(s.key.ID, 2, format.Sum(object))
		s.store.Tamper(ours, object)
		refused(t, s, nil, format.WrongWriter, ours)
	})
	t.Run("altered", func(t *testing.T) {
		s := base.fork(t)
		head := s.store.Bytes(s.store.Keys(format.SnapshotsDir)[0])
		forged := []byte(strings.Replace(string(head), `\"seq\":1`, `\"seq\":2`, 1))
		key := plant(s.store, func(h format.Hash) string { return format.HeadName(s.key.ID, 2, h) }, forged)
		refused(t, s, nil, format.BadSignature, key)
	})
}

// TestForgedAuthority: another root signs an authority with a higher number.
func TestForgedAuthority(t *testing.T) {
	base := oneSnapshot(t)
	thief, err := keys.NewMaster(false)
	if err != nil {
		t.Fatal(err)
	}
	forge := func(s *scene, repository format.Hash, root string) []byte {
		a := *s.load(t, nil).Authority
		a.N, a.Previous, a.Repository, a.Root = 2, []format.Hash{format.Sum([]byte("x"))}, repository, root
		return keys.SignAuthority(thief.RootKey, &a)
	}
	for _, test := range []struct {
		name       string
		repository format.Hash
		root       string
		want       format.Class
	}{
		{"of its own repository", thief.Repository, thief.Root.String(), format.WrongRepository},
		{"in the name of ours", base.master.Repository, base.master.Root.String(), format.WrongWriter},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := base.fork(t)
			key := plant(s.store, func(h format.Hash) string { return format.AuthorityName(2, h) }, forge(s, test.repository, test.root))
			refused(t, s, nil, test.want, key)
		})
	}
}

// TestForgedSlot: a thief seals a master of their own to the owner's public
// key, with a repository to match, and waits to be believed.
func TestForgedSlot(t *testing.T) {
	victim, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	thief, err := keys.NewMaster(true)
	if err != nil {
		t.Fatal(err)
	}
	object, err := keys.SealRecipient(thief, victim.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	store := storagetest.NewMemory()
	slots := []repo.NewSlot{{Name: "recipient", Kind: format.SlotRecipient, Object: object}}
	if _, err := repo.Create(t.Context(), store, "here", thief, slots, "x"); err != nil {
		t.Fatal(err)
	}
	id, err := repo.Identify(t.Context(), store, "here")
	if err != nil {
		t.Fatal(err)
	}
	v, err := repo.Load(t.Context(), store, id, "here", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, told := range []format.Hash{{}, format.Sum([]byte("the repository that the owner means"))} {
		if _, _, err := repo.Unlock(t.Context(), store, v, told, repo.Through{Kind: format.SlotRecipient}, victim); format.ClassOf(err) != format.WrongRepository {
			t.Errorf("told %s: %v", told, err)
		}
	}
	ours := oneSnapshot(t)
	if _, err := repo.NewReader(t.Context(), ours.store, ours.load(t, nil), thief, nil); format.ClassOf(err) != format.WrongRepository {
		t.Errorf("reading with the master of another: %v", err)
	}
}

// TestForgedKeyring: whoever knows the master's recipient can make a keyring,
// but not name it.
func TestForgedKeyring(t *testing.T) {
	s := oneSnapshot(t)
	ring, err := keys.NewKeyring(s.master.Repository, false)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := ring.Seal(s.master.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	named := s.store.Keys(format.KeyringDir)[0]
	plant(s.store, func(h format.Hash) string { return format.KeyringName(9, h) }, forged)
	s.sound(t) // what nobody names does not count
	s.store.Tamper(named, forged)
	if _, err := repo.NewReader(t.Context(), s.store, s.load(t, nil), s.master, nil); format.ClassOf(err) != format.Flipped || !strings.Contains(err.Error(), named) {
		t.Errorf("%v", err)
	}
}

// TestFork: two machines with one key commit at once, as clones do.
func TestFork(t *testing.T) {
	s := oneSnapshot(t)
	clone := s.fork(t)
	mine := s.commit(t, after...)
	theirs := clone.commit(t, after[1:]...)
	for _, key := range clone.store.Keys("") {
		s.store.Tamper(key, clone.store.Bytes(key))
	}
	s.note(theirs, after[1:])
	var strange *repo.Strange
	if _, err := s.run(t.Context(), s.store, smallPacks, before...); !errors.As(err, &strange) || strange.Head != theirs.Hash {
		t.Fatalf("a head of a clone is met with %v", err)
	}
	v := s.load(t, s.memory)
	if err := v.Trust(nil); err != nil {
		t.Fatalf("a fork is no reason not to read: %v", err)
	}
	// Looking must not accept what the key's owner did not.
	if err := v.RememberSeen(s.memory, s.key.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.run(t.Context(), s.store, smallPacks, before...); !errors.As(err, &strange) {
		t.Fatalf("after a look, a head of a clone is met with %v", err)
	}
	if err := v.Remember(s.memory); err != nil {
		t.Fatal(err)
	}
	joined := s.commit(t, before...)
	if want := []format.Hash{mine.Hash, theirs.Hash}; len(joined.Prev) != 2 || !slices.Contains(joined.Prev, want[0]) || !slices.Contains(joined.Prev, want[1]) {
		t.Errorf("the next head continues %v", joined.Prev)
	}
	s.commit(t, after...)
	s.sound(t)
	// Either side of a fork that goes is missed, whichever is the last by name.
	for _, gone := range []*repo.Head{mine, theirs} {
		f := s.fork(t)
		f.store.Tamper(headKey(gone), nil)
		refused(t, f, f.memory, format.Gap, gone.Hash.String())
	}
}

// TestForkTipGone: of a fork that nobody joined yet, each side is remembered.
func TestForkTipGone(t *testing.T) {
	s := oneSnapshot(t)
	clone := s.fork(t)
	mine, theirs := s.commit(t, after...), clone.commit(t, before...)
	for _, key := range clone.store.Keys("") {
		s.store.Tamper(key, clone.store.Bytes(key))
	}
	if err := s.load(t, s.memory).Remember(s.memory); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []*repo.Head{mine, theirs} {
		f := s.fork(t)
		f.store.Tamper(headKey(gone), nil)
		refused(t, f, f.memory, format.Rollback, headKey(gone))
	}
}

// TestCopyThatLags: this machine backs up to two copies of a repository in
// turn. None of its own heads is strange to it.
func TestCopyThatLags(t *testing.T) {
	s := oneSnapshot(t)
	copied := s.store.Clone()
	s.commit(t, after...)
	if _, err := s.runAt(t.Context(), copied, "there", smallPacks, before...); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for key, from := range map[string]*storagetest.Memory{"there": copied, "here": s.store} {
			if _, err := s.runAt(t.Context(), from, key, smallPacks, after...); err != nil {
				t.Fatalf("%s: %v", key, err)
			}
		}
	}
	for _, key := range copied.Keys("") {
		s.store.Tamper(key, copied.Bytes(key))
	}
	s.commit(t, before...)
	s.sound(t)
}

// TestEndedWriter: what a thief signs with an ended key does not count, neither
// later heads nor earlier ones, nor does it disturb anybody.
func TestEndedWriter(t *testing.T) {
	s := oneSnapshot(t)
	first := s.heads[0]
	other := s.enrol(t, "other")
	last := s.commit(t, after...)
	thief := s.key.Signer()
	later, object := signedHead(thief, s, 3, []format.Hash{last.Hash}, nil, noLive())
	s.store.Tamper(later, object)
	s.commitBy(t, other, before...) // a witness of the thief's head
	witness := newMachine(t, s.key)
	if err := s.load(t, witness.memory).Remember(witness.memory); err != nil {
		t.Fatal(err)
	}

	o := s.owner(t)
	if err := o.EndWriter(s.key.ID, last); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	sibling, object := signedHead(thief, s, 2, []format.Hash{first}, nil, noLive())
	s.store.Tamper(sibling, object)
	plant(s.store, func(h format.Hash) string { return format.HeadName(s.key.ID, 9, h) }, []byte("rubbish"))
	s.sound(t)
	chain := s.load(t, nil).Chains[s.key.ID]
	if len(chain.Heads) != 2 || chain.Tip().Hash != last.Hash {
		t.Errorf("%d heads count, and the last is %d", len(chain.Heads), chain.Last())
	}
	if err := s.load(t, witness.memory).Trust(nil); err != nil {
		t.Errorf("one who saw the thief's head: %v", err)
	}
	if _, err := s.run(t.Context(), s.store, smallPacks, before...); format.ClassOf(err) != format.WrongWriter {
		t.Errorf("the ended writer goes on: %v", err)
	}
	s.commitBy(t, other, after...)
	// The last good head itself must not be exchanged.
	s.store.Tamper(headKey(last), nil)
	v := s.load(t, nil)
	if !slices.ContainsFunc(v.Problems, func(err error) bool { return format.ClassOf(err) == format.Gap }) {
		t.Errorf("the last good head is gone: %v", v.Problems)
	}
}

// TestManifestOfAnother: no manifest, signed with the right key, can be paired
// with another head.
func TestManifestOfAnother(t *testing.T) {
	s := oneSnapshot(t)
	v := s.load(t, nil)
	chain := v.Chains[s.key.ID]
	live, err := chain.Live(chain.Tip())
	if err != nil {
		t.Fatal(err)
	}
	key, object := signedHead(s.key.Signer(), s, 2, []format.Hash{chain.Tip().Hash}, chain.Tip().Manifest, live)
	s.store.Tamper(key, object)
	r := s.reader(t)
	for _, h := range r.Heads() {
		_, err := r.Open(t.Context(), h)
		if (h.Seq == 2) != (format.ClassOf(err) == format.WrongPlace) || h.Seq == 1 && err != nil {
			t.Errorf("head %d: %v", h.Seq, err)
		}
	}
}

// enrolPruner adds a key that may condemn.
func (s *scene) enrolPruner(t *testing.T) keys.SigningKey {
	t.Helper()
	pruner := keys.GenerateSigningKey()
	o := s.owner(t)
	a := o.Authority()
	a.Writers = append(a.Writers, format.AuthorityWriter{
		ID: pruner.Public().ID(), Key: pruner.Public().String(), Role: format.RolePrune,
		Dedup: pruner.Public().ID(), News: []format.NewsRef{},
	})
	slices.SortFunc(a.Writers, func(a, b format.AuthorityWriter) int { return a.ID.Compare(b.ID) })
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return pruner
}

// condemn plants a tombstone.
func (s *scene) condemn(signer keys.SigningKey, packs, index []format.Hash) string {
	authority, _ := format.ParseName(s.store.Keys(format.AuthorityDir)[0])
	return plant(s.store, format.TombstoneName, keys.SignTombstone(signer, &format.Tombstone{
		Repository: s.master.Repository, Requires: []string{}, Signer: signer.Public().ID(),
		Time: time.Unix(1700000000, 0), Authority: authority.Hash, Packs: packs, Index: index, Manifests: []format.Hash{},
	}))
}

// TestTombstones: a condemned pack counts as absent, and is stored again.
func TestTombstones(t *testing.T) {
	s := oneSnapshot(t)
	pruner := s.enrolPruner(t)
	v := s.load(t, nil)
	live, err := v.Chains[s.key.ID].Live(v.Chains[s.key.ID].Tip())
	if err != nil {
		t.Fatal(err)
	}
	for _, thief := range []keys.SigningKey{keys.GenerateSigningKey(), s.key.Signer()} {
		forged := s.condemn(thief, []format.Hash{live.Packs[0].SHA256}, nil)
		if _, err := s.run(t.Context(), s.store, smallPacks, before...); format.ClassOf(err) != format.WrongWriter {
			t.Errorf("a tombstone by a key that may not: %v", err)
		}
		s.store.Tamper(forged, nil)
	}
	s.condemn(pruner, []format.Hash{live.Packs[0].SHA256}, nil)
	s.condemn(pruner, nil, []format.Hash{live.Index[0].SHA256})
	h := s.commit(t, before...)
	next, err := s.load(t, nil).Chains[s.key.ID].Live(s.load(t, nil).Chains[s.key.ID].Tip())
	if err != nil {
		t.Fatal(err)
	}
	if next.HasPack(live.Packs[0].SHA256) || next.HasIndex(live.Index[0].SHA256) {
		t.Error("the new snapshot refers to what is condemned")
	}
	if err := same(t.Context(), s.reader(t), h, before); err != nil {
		t.Error(err)
	}
	report, err := repo.Check(t.Context(), s.store, s.load(t, nil), s.reader(t), repo.CheckOptions{})
	if err != nil || len(report.Problems) > 0 || len(report.Notes) == 0 {
		t.Errorf("what is condemned and there and needed is no problem, and worth a note: %v, %v, %v", report.Problems, report.Notes, err)
	}
	s.store.Tamper(format.PackName(live.Packs[0].SHA256), nil)
	report, err = repo.Check(t.Context(), s.store, s.load(t, nil), s.reader(t), repo.CheckOptions{})
	if err != nil || len(report.Problems) == 0 {
		t.Errorf("a check does not miss what is condemned, needed and gone: %v, %v", report.Problems, err)
	}
}
