package repo_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
)

// accepting is one class that a person decided to live with.
func accepting(class format.Class) map[format.Class]bool { return map[format.Class]bool{class: true} }

// authorityOf is an authority with number n by the root of master, in the name
// of repository.
func authorityOf(t *testing.T, s *scene, master *keys.Master, n uint64, repository format.Hash, root string) []byte {
	t.Helper()
	a := *s.load(t, nil).Authority
	a.N, a.Previous, a.Repository, a.Root = n, []format.Hash{format.Sum([]byte("x"))}, repository, root
	return keys.SignAuthority(master.RootKey, &a)
}

func newMaster(t *testing.T) *keys.Master {
	t.Helper()
	m, err := keys.NewMaster(false)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func authority(n uint64) func(format.Hash) string {
	return func(h format.Hash) string { return format.AuthorityName(n, h) }
}

// TestStrayAuthority: an object with the name of a newer authority that nobody
// entitled made is a problem, and one that can be lived with.
func TestStrayAuthority(t *testing.T) {
	base := oneSnapshot(t)
	thief := newMaster(t)
	first := base.store.Bytes(base.store.Keys(format.AuthorityDir)[0])
	ours := base.master.Root.String()
	for name, test := range map[string]struct {
		want   format.Class
		object []byte
	}{
		"of another repository": {format.WrongRepository, authorityOf(t, base, thief, 7, thief.Repository, thief.Root.String())},
		"by another root":       {format.WrongWriter, authorityOf(t, base, thief, 7, base.master.Repository, ours)},
		"by a writer":           {format.WrongWriter, keys.SignStatement(base.key.Signer(), format.NamespaceAuthority, []byte("{}\n"))},
		"altered":               {format.BadSignature, []byte(strings.Replace(string(first), `\"n\":1`, `\"n\":7`, 1))},
		"of a lower number":     {format.WrongPlace, first},
		"rubbish":               {format.Malformed, []byte("rubbish")},
		"nothing":               {format.Truncated, []byte{}},
		"half":                  {format.Truncated, first[:len(first)/2]},
		"too long":              {format.Oversized, make([]byte, format.MaxSigned+1)},
	} {
		t.Run(name, func(t *testing.T) {
			s := base.fork(t)
			key := plant(s.store, authority(7), test.object)
			refused(t, s, nil, test.want, key)
			v := s.load(t, s.memory)
			if err := v.Trust(accepting(test.want)); err != nil {
				t.Fatal(err)
			}
			if v.Authority.N != 1 {
				t.Errorf("authority %d counts", v.Authority.N)
			}
			var hint interface{ Hint() string }
			if err := v.Trust(nil); !errors.As(err, &hint) || !strings.Contains(hint.Hint(), "--accept "+string(test.want)) {
				t.Errorf("no way on is told: %v", err)
			}
			if err := readAllOf(t, s, s.store); err == nil {
				t.Error("it is read without a word")
			}
			r := s.reader(t)
			for _, h := range r.Heads() {
				if err := same(t.Context(), r, h, before); err != nil {
					t.Error(err)
				}
			}
			if test.want != format.WrongPlace && s.memory.CachedObject(format.Sum(test.object)) != nil {
				t.Error("it is kept in the cache")
			}
		})
	}
}

// TestNewestAuthorityStops: what may be the owner's newest decision is never
// passed over.
func TestNewestAuthorityStops(t *testing.T) {
	base := oneSnapshot(t)
	base.enrol(t, "second")
	newest := base.store.Keys(format.AuthorityDir)[1]
	object := base.store.Bytes(newest)
	for name, test := range map[string]struct {
		want format.Class
		do   func(s *scene)
	}{
		"flipped":   {format.Flipped, func(s *scene) { s.store.Tamper(newest, append([]byte("x"), object[1:]...)) }},
		"truncated": {format.Flipped, func(s *scene) { s.store.Tamper(newest, object[:100]) }},
		"of a newer format": {format.NewerFormat, func(s *scene) {
			body := strings.Replace(string(s.load(t, nil).Authority.Encode()), `"format":1`, `"format":2`, 1)
			plant(s.store, authority(3), keys.SignStatement(s.master.RootKey, format.NamespaceAuthority, []byte(body)))
		}},
		"that is malformed": {format.Malformed, func(s *scene) {
			a := *s.load(t, nil).Authority
			a.N, a.Slots = 3, slices.Repeat(a.Slots, format.MaxSlots+1)
			plant(s.store, authority(3), keys.SignAuthority(s.master.RootKey, &a))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := base.fork(t)
			test.do(s)
			if _, err := repo.Load(t.Context(), s.store, s.master.Repository, "here", nil); format.ClassOf(err) != test.want {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestStrayTombstone: what is no tombstone is a problem of backups, for as long
// as nobody accepts it, and of a check. Restoring has nothing to do with it.
func TestStrayTombstone(t *testing.T) {
	base := oneSnapshot(t)
	pruner := base.enrolPruner(t)
	other := newScene(t) // another repository with the same pruner
	foreign := other.store.Bytes(other.condemn(pruner, nil, nil))
	for name, test := range map[string]struct {
		want   format.Class
		object []byte
	}{
		"rubbish":            {format.Malformed, []byte("rubbish")},
		"by a thief":         {format.WrongWriter, base.store.Bytes(base.condemn(keys.GenerateSigningKey(), nil, nil))},
		"of another":         {format.WrongRepository, foreign},
		"a head":             {format.BadSignature, base.store.Bytes(base.store.Keys(format.SnapshotsDir)[0])},
		"signed as no prune": {format.BadSignature, keys.SignStatement(pruner, format.NamespaceHead, []byte("{}\n"))},
	} {
		t.Run(name, func(t *testing.T) {
			s := base.fork(t)
			for _, key := range s.store.Keys(format.PruneDir) {
				s.store.Tamper(key, nil)
			}
			key := plant(s.store, format.TombstoneName, test.object)
			if _, err := s.run(t.Context(), s.store, smallPacks, after...); format.ClassOf(err) != test.want || !strings.Contains(err.Error(), key) {
				t.Errorf("a backup: %v", err)
			}
			if err := readAllOf(t, s, s.store); err != nil {
				t.Errorf("a restore: %v", err)
			}
			wantProblem(t, s.problems(t), test.want, key)
			v := s.load(t, s.memory)
			if err := v.Trust(accepting(test.want)); err != nil {
				t.Fatal(err)
			}
			run, err := repo.Begin(t.Context(), s.store, v, s.key, s.memory, smallPacks)
			if err != nil {
				t.Fatal(err)
			}
			defer run.Close()
			if _, err := commitFiles(t.Context(), run, after); err != nil {
				t.Errorf("a backup that accepts it: %v", err)
			}
		})
	}
	t.Run("damaged", func(t *testing.T) {
		s := base.fork(t)
		key := s.condemn(pruner, nil, nil)
		s.store.Tamper(key, s.store.Bytes(key)[1:])
		v := s.load(t, s.memory)
		if err := v.Trust(accepting(format.Flipped)); err != nil {
			t.Fatal(err)
		}
		if _, err := repo.Begin(t.Context(), s.store, v, s.key, s.memory, smallPacks); format.ClassOf(err) != format.Flipped {
			t.Errorf("what a damaged tombstone condemned may be referred to: %v", err)
		}
	})
}

// TestIdentify: a planted authority with a high number must not decide which
// repository a place is.
func TestIdentify(t *testing.T) {
	s := oneSnapshot(t)
	s.enrol(t, "second")
	plant(s.store, authority(50), []byte("rubbish"))
	id, err := repo.Identify(t.Context(), s.store, "here")
	if err != nil || id != s.master.Repository {
		t.Errorf("%s, %v", id, err)
	}
	thief := newMaster(t)
	plant(s.store, authority(9_999_999_999), authorityOf(t, s, thief, 9_999_999_999, thief.Repository, thief.Root.String()))
	_, err = repo.Identify(t.Context(), s.store, "here")
	var hint interface{ Hint() string }
	if format.ClassOf(err) != format.WrongRepository || !strings.Contains(err.Error(), s.master.Repository.String()) ||
		!strings.Contains(err.Error(), thief.Repository.String()) || !errors.As(err, &hint) || !strings.Contains(hint.Hint(), "--id") {
		t.Errorf("%v", err)
	}
}

// TestAuthorityGaps: however many numbers are missing, they are told of in a
// few words.
func TestAuthorityGaps(t *testing.T) {
	s := oneSnapshot(t)
	first := s.store.Keys(format.AuthorityDir)[0]
	a := *s.load(t, nil).Authority
	a.N, a.Previous = format.MaxN, []format.Hash{format.Sum([]byte("x"))}
	plant(s.store, authority(a.N), keys.SignAuthority(s.master.RootKey, &a))
	v := s.load(t, nil)
	if len(v.Problems) != 2 { // the numbers between, and the one before
		t.Errorf("%d problems: %v", len(v.Problems), v.Problems)
	}
	wantProblem(t, v.Problems, format.Gap, format.AuthorityDir)
	s.store.Tamper(first, nil)
	wantProblem(t, s.load(t, nil).Problems, format.Rollback, "authority")
}

// TestWithheldAuthority: a head names the authority that its writer knew. One
// that is hidden, to undo the ending of a stolen writer, is missed even by those
// who remember nothing.
func TestWithheldAuthority(t *testing.T) {
	s := oneSnapshot(t)
	other := s.enrol(t, "other")
	s.commitBy(t, other, after...)
	last := s.load(t, nil).Chains[s.key.ID].Tip()
	o := s.owner(t)
	if err := o.EndWriter(s.key.ID, last); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	newest := s.store.Keys(format.AuthorityDir)[2]
	unseen := s.fork(t)
	unseen.store.Tamper(newest, nil)
	if err := unseen.load(t, nil).Trust(nil); err != nil {
		t.Errorf("nothing tells of an authority that no head names: %v", err)
	}
	s.commitBy(t, other, before...)
	s.sound(t)
	name, _ := format.ParseName(newest)
	s.store.Tamper(newest, nil)
	refused(t, s, nil, format.Rollback, name.Hash.String())
}

// TestShortCache: a damaged head is not kept, so that the next look sees what
// the store has.
func TestShortCache(t *testing.T) {
	s := oneSnapshot(t)
	key := plant(s.store, func(h format.Hash) string { return format.HeadName(s.key.ID, 2, h) }, []byte("rubbish"))
	name, _ := format.ParseName(key)
	s.load(t, s.memory)
	if s.memory.CachedObject(name.Hash) != nil {
		t.Error("rubbish is kept in the cache")
	}
	good, _ := format.ParseName(s.store.Keys(format.SnapshotsDir)[0])
	s.chill(t)
	s.load(t, s.memory)
	if s.memory.CachedObject(good.Hash) == nil {
		t.Error("a head is not kept in the cache")
	}
}

// TestMissingEnd: without the last good head of an ended writer nothing tells
// its own heads from a thief's, and none counts.
func TestMissingEnd(t *testing.T) {
	s := oneSnapshot(t)
	last := s.commit(t, after...)
	o := s.owner(t)
	if err := o.EndWriter(s.key.ID, last); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.store.Tamper(headKey(last), nil)
	sibling, object := signedHead(s.key.Signer(), s, 2, []format.Hash{s.heads[0]}, nil, noLive())
	s.store.Tamper(sibling, object)
	v := s.load(t, nil)
	wantProblem(t, v.Problems, format.Gap, headKey(last))
	if chain := v.Chains[s.key.ID]; len(chain.Heads) != 0 || chain.Find(s.heads[0]) != nil {
		t.Errorf("%d heads count", len(chain.Heads))
	}
}

// TestStrangeToNewcomer: a machine that knows the repository and has made no
// backup yet did not make the heads that are there under its key. One that knows
// nothing at all has lost its state.
func TestStrangeToNewcomer(t *testing.T) {
	s := oneSnapshot(t)
	clone := s.enrol(t, "new")
	fresh := newMachine(t, clone.key)
	v := s.load(t, fresh.memory)
	if err := v.RememberSeen(fresh.memory, fresh.key.ID); err != nil { // as the command does that enrols
		t.Fatal(err)
	}
	s.commitBy(t, clone, after...)
	var strange *repo.Strange
	if _, err := fresh.run(t.Context(), s.store, smallPacks, before...); !errors.As(err, &strange) {
		t.Errorf("heads of a thief are met with %v", err)
	}
	if err := os.RemoveAll(fresh.dir + "/s"); err != nil {
		t.Fatal(err)
	}
	// Commands look before they write.
	v = s.load(t, fresh.memory)
	for range 2 {
		if err := v.RememberSeen(fresh.memory, fresh.key.ID); err != nil {
			t.Fatal(err)
		}
	}
	h, err := fresh.run(t.Context(), s.store, smallPacks, before...)
	if err != nil {
		t.Fatalf("a machine that lost its state: %v", err)
	}
	s.note(h, before)
	s.sound(t)
}
