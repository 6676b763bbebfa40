package repo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// soon is the patience of tests with a witness that hangs.
const soon = 100 * time.Millisecond

// witnessed is a scene with a witness.
type witnessed struct {
	*scene
	seen *storagetest.Memory
}

func newWitnessed(t *testing.T) *witnessed {
	t.Helper()
	return &witnessed{oneSnapshot(t), storagetest.NewMemory()}
}

func (s *witnessed) fork(t *testing.T) *witnessed {
	t.Helper()
	return &witnessed{s.scene.fork(t), s.seen.Clone()}
}

func witnessAt(store storage.Store) *repo.Witness {
	return &repo.Witness{Place: "elsewhere", Store: store}
}

// tell hands the witness what is in the repository.
func (s *witnessed) tell(t *testing.T, w *repo.Witness) error {
	t.Helper()
	v := s.load(t, nil)
	if err := v.Trust(nil); err != nil {
		t.Fatal(err)
	}
	return w.Tell(t.Context(), s.store, v, s.memory, nil)
}

// told is tell to the witness as it is, which must do.
func (s *witnessed) told(t *testing.T) {
	t.Helper()
	if err := s.tell(t, witnessAt(s.seen)); err != nil {
		t.Fatal(err)
	}
}

// open opens the repository and asks the witness, as a command does.
func (s *witnessed) open(t *testing.T, w *repo.Witness, memory repo.Memory) (*repo.View, error) {
	t.Helper()
	testimony, err := w.Ask(t.Context())
	v := s.load(t, memory)
	if err != nil {
		return v, err
	}
	return v, v.Hear(t.Context(), testimony, memory)
}

// fresh is a machine that has seen nothing.
func (s *witnessed) fresh(t *testing.T) repo.Memory { return newMachine(t, s.key).memory }

// missed are the objects of which a view says that the witness alone has them.
func missed(v *repo.View) (names []string) {
	for _, p := range v.Problems {
		var f *format.Error
		if errors.As(p, &f) && f.Class == format.Rollback && strings.Contains(p.Error(), "witness at elsewhere") && strings.Contains(f.Hint(), "--accept rollback") {
			names = append(names, f.What)
		}
	}
	slices.Sort(names)
	return names
}

// notices asks that a machine that has seen nothing refuses the repository since the
// witness alone has the objects with these names, that it may accept this, and that
// it is not told a second time.
func (s *witnessed) notices(t *testing.T, names ...string) []error {
	t.Helper()
	memory := s.fresh(t)
	v, err := s.open(t, witnessAt(s.seen), memory)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if found := missed(v); !slices.Equal(found, names) {
		t.Errorf("of %q a fresh machine notices %q: %v", names, found, v.Problems)
	}
	if len(names) == 0 {
		return v.Problems
	}
	if v.Trust(nil) == nil {
		t.Error("a fresh machine trusts it")
	}
	if err := v.Trust(map[format.Class]bool{format.Rollback: true, format.Gap: true, format.WrongWriter: true}); err != nil {
		t.Errorf("accepted, and refused: %v", err)
	}
	if err := v.RememberSeen(memory, format.Hash{}); err != nil {
		t.Fatal(err)
	}
	again, err := s.open(t, witnessAt(s.seen), memory)
	if err != nil || missed(again) != nil {
		t.Errorf("accepted once, and told again: %v, %v", again.Problems, err)
	}
	return v.Problems
}

// statements are what a witness has of a store.
func statements(s *storagetest.Memory) map[string][]byte {
	all := map[string][]byte{}
	for _, key := range append(s.Keys(format.AuthorityDir), s.Keys(format.SnapshotsDir)...) {
		all[key] = s.Bytes(key)
	}
	return all
}

// sameStatements asks that the witness has exactly the statements of the repository.
func (s *witnessed) sameStatements(t *testing.T) {
	t.Helper()
	want, has := statements(s.store), s.seen.Keys("")
	for _, key := range has {
		if !bytes.Equal(want[key], s.seen.Bytes(key)) {
			t.Errorf("the witness has %s, which is not what the repository has", key)
		}
	}
	if len(has) != len(want) {
		t.Errorf("the witness has %d statements, and the repository %d", len(has), len(want))
	}
}

// TestWitnessGetsStatements: signed statements and nothing else, also after it was
// away; then nobody notices anything, and a fresh machine is sure.
func TestWitnessGetsStatements(t *testing.T) {
	s := newWitnessed(t)
	s.told(t)
	s.sameStatements(t)
	s.commit(t, after...)
	other := s.enrol(t, "other")
	s.commitBy(t, other, before...)
	testimony, err := witnessAt(s.seen).Ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := testimony.Lacks(s.load(t, nil)); n != 3 {
		t.Errorf("it lacks a head, an authority and a head of another, and that is %d", n)
	}
	s.told(t)
	s.sameStatements(t)
	s.notices(t)
	v, err := s.open(t, witnessAt(s.seen), s.fresh(t))
	if err != nil || v.Unsure() || len(v.Notes) > 0 {
		t.Errorf("unsure: %v, %q, %v", v.Unsure(), v.Notes, err)
	}
	if v, err = s.open(t, witnessAt(storagetest.NewMemory()), s.fresh(t)); err != nil || !v.Unsure() {
		t.Errorf("sure after asking a witness that has seen nothing: %v", err)
	}
	// Another machine that hands on the same meanwhile is no trouble.
	behind := storagetest.NewFault(s.seen, storagetest.Rule{Op: storagetest.OpList, Prefix: format.SnapshotsDir, Do: storagetest.ListOmit})
	if err := s.tell(t, witnessAt(behind)); err != nil {
		t.Error(err)
	}
	counting := storagetest.NewCounting(s.seen)
	if err := s.tell(t, witnessAt(counting)); err != nil || counting.Count("", "").Requests != 2 {
		t.Errorf("with nothing to tell, %d requests go to the witness: %v", counting.Count("", "").Requests, err)
	}
}

// TestWitnessOfRollback shows an older state, less than all, or something else to a
// machine that has seen nothing.
func TestWitnessOfRollback(t *testing.T) {
	base := newWitnessed(t)
	first := base.store.Clone()
	second := base.commit(t, after...)
	third := base.commit(t, before...)
	other := base.enrol(t, "other")
	theirs := base.commitBy(t, other, after...)
	base.told(t)
	newer := base.store.Keys(format.AuthorityDir)[1]
	for name, c := range map[string]struct {
		do      func(s *witnessed)
		notices []string
	}{
		"an older copy":       {func(s *witnessed) { s.store = first }, []string{newer, headKey(third), headKey(theirs)}},
		"the newest head":     {func(s *witnessed) { s.store.Tamper(headKey(theirs), nil) }, []string{headKey(theirs)}},
		"the last of a chain": {func(s *witnessed) { s.store.Tamper(headKey(third), nil) }, []string{headKey(third)}},
		"one in the middle":   {func(s *witnessed) { s.store.Tamper(headKey(second), nil) }, []string{headKey(second)}},
		"an older authority":  {func(s *witnessed) { s.store.Tamper(newer, nil) }, []string{newer}},
	} {
		t.Run(name, func(t *testing.T) {
			s := base.fork(t)
			c.do(s)
			problems := s.notices(t, c.notices...)
			if name != "an older copy" {
				return
			}
			text := fmt.Sprint(problems)
			for _, fact := range []string{
				"backup 3 of writer " + third.Writer.String()[:8] + ", made " + third.Time.Format(time.RFC3339) + ", and 1 before it; the last one here is number 1",
				"has this authority, and the newest here is number 1",
			} {
				if !strings.Contains(text, fact) {
					t.Errorf("not told: %s\n%s", fact, text)
				}
			}
		})
	}
}

// TestWitnessOfAnEnding: an old authority would have a thief's heads count.
func TestWitnessOfAnEnding(t *testing.T) {
	s := newWitnessed(t)
	last := s.commit(t, after...)
	old := s.store.Clone()
	o := s.owner(t)
	if err := o.EndWriter(s.key.ID, last); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.told(t)
	key, object := signedHead(s.key.Signer(), s.scene, 3, []format.Hash{last.Hash}, nil, noLive())
	s.store = old
	s.store.Tamper(key, object)
	s.seen.Tamper(key, object) // the thief can put it there as well
	problems := s.notices(t, s.seen.Keys(format.AuthorityDir)[1])
	if text := fmt.Sprint(problems); !strings.Contains(text, "it ends writer "+s.key.ID.String()[:8]) {
		t.Errorf("the ending is not told: %s", text)
	}
	// With the newer authority in its place, nothing of it counts or is missed.
	newer := s.seen.Keys(format.AuthorityDir)[1]
	s.store.Tamper(newer, s.seen.Bytes(newer))
	s.store.Tamper(key, nil)
	s.notices(t)
}

// TestWitnessOfTwoHistories: the store shows one history to some and another to
// others, who all go on; and two authorities with one number.
func TestWitnessOfTwoHistories(t *testing.T) {
	s := newWitnessed(t)
	s.told(t)
	a, b := s.fork(t), s.fork(t)
	b.seen = a.seen
	one, two := a.commit(t, after...), b.commit(t, after[1:]...)
	a.told(t)
	problems := b.notices(t, headKey(one))
	if text := fmt.Sprint(problems); !strings.Contains(text, "where another has its number") {
		t.Errorf("the fork is not told: %s", text)
	}
	b.told(t) // it was accepted
	a.notices(t, headKey(two))

	a, b = s.fork(t), s.fork(t)
	b.seen = a.seen
	a.enrol(t, "here")
	b.enrol(t, "there")
	a.told(t)
	b.notices(t, a.store.Keys(format.AuthorityDir)[1])
}

// TestWitnessOfANewRoot: a witness has the statements of all roots, and tells one who
// is shown the repository as it was under the old one.
func TestWitnessOfANewRoot(t *testing.T) {
	scene, _, old := succeeded(t)
	s := &witnessed{scene, storagetest.NewMemory()}
	s.machine.follow(t, s.master)
	last := s.commit(t, after...)
	s.told(t)
	s.sameStatements(t)
	s.notices(t)
	names := s.store.Keys(format.AuthorityDir)
	first, final := names[len(names)-1], names[len(names)-2]

	f := s.fork(t)
	f.store.Tamper(headKey(last), nil)
	f.notices(t, headKey(last))

	f = s.fork(t)
	f.master = old
	f.store.Tamper(first, nil)
	if text := fmt.Sprint(f.notices(t, first)); !strings.Contains(text, "the repository has another root since") {
		t.Errorf("not told: %s", text)
	}
	f.store.Tamper(final, nil)
	f.notices(t, final)
}

// TestWitnessSeesNames: what is withheld is not there under another name. Of an older
// authority and of an ended writer's later heads nothing but the names is looked at.
func TestWitnessSeesNames(t *testing.T) {
	s := newWitnessed(t)
	other := s.enrol(t, "other")
	o := s.owner(t)
	if err := o.EndWriter(other.key.ID, nil); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := s.commit(t, after...)
	s.told(t)
	newest := s.store.Keys(format.AuthorityDir)[2]
	for key, as := range map[string]string{
		newest:        strings.Replace(newest, "0000000003", "0000000001", 1),
		headKey(last): format.HeadName(other.key.ID, 9, last.Hash),
	} {
		f := s.fork(t)
		f.store.Tamper(as, f.store.Bytes(key))
		f.store.Tamper(key, nil)
		f.notices(t, key)
		// And nobody keeps it from the witness by such a name.
		f = s.fork(t)
		f.seen.Tamper(as, f.seen.Bytes(key))
		f.seen.Tamper(key, nil)
		f.told(t)
		if f.seen.Bytes(key) == nil {
			t.Errorf("%s did not get to the witness", key)
		}
	}
}

// TestAcceptedUpTo: what was accepted as gone excuses nothing that came later.
func TestAcceptedUpTo(t *testing.T) {
	s := newWitnessed(t)
	old := s.store.Clone()
	s.commit(t, after...)
	s.told(t)
	s.store = old
	m := newMachine(t, s.key)
	accept := func() *repo.View {
		t.Helper()
		v, err := s.open(t, witnessAt(s.seen), m.memory)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Trust(map[format.Class]bool{format.Rollback: true}); err != nil {
			t.Fatal(err)
		}
		if err := v.Remember(m.memory); err != nil {
			t.Fatal(err)
		}
		return v
	}
	accept()
	s.scene.machine = m
	s.commit(t, before...)
	later := s.commit(t, after...)
	s.told(t)
	if v := accept(); missed(v) != nil {
		t.Errorf("accepted, and told again: %v", v.Problems)
	}
	s.store.Tamper(headKey(later), nil)
	if v := accept(); !slices.Equal(missed(v), []string{headKey(later)}) {
		t.Errorf("a later one is gone: %v", v.Problems)
	}
}

// TestWitnessThatLies has what nobody entitled has signed, in all of its places.
// None of it counts, and what is true stays so.
func TestWitnessThatLies(t *testing.T) {
	s := newWitnessed(t)
	stranger := newWitnessed(t)
	theirs := stranger.commit(t, after...)
	last := s.commit(t, after...)
	s.told(t)
	forged, object := signedHead(stranger.key.Signer(), s.scene, 9, []format.Hash{last.Hash}, nil, noLive())
	s.seen.Tamper(forged, object)
	plant(s.seen, func(h format.Hash) string { return format.HeadName(s.key.ID, 8, h) }, []byte("rubbish"))
	plant(s.seen, func(h format.Hash) string { return format.HeadName(s.key.ID, 7, h) }, stranger.store.Bytes(headKey(theirs)))
	plant(s.seen, func(h format.Hash) string { return format.AuthorityName(9, h) }, stranger.store.Bytes(stranger.store.Keys(format.AuthorityDir)[0]))
	s.seen.Tamper(headKey(theirs), stranger.store.Bytes(headKey(theirs)))
	s.seen.Tamper(format.HeadName(s.key.ID, 6, format.Sum(nil)), []byte("other bytes than its name says"))
	v, err := s.open(t, witnessAt(s.seen), s.fresh(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Trust(nil); err != nil {
		t.Errorf("a lie is believed: %v", err)
	}
	if notes := strings.Join(v.Notes, "\n"); !strings.Contains(notes, "has 6 statements that count for nothing") {
		t.Errorf("the lies are not told of: %s", notes)
	}
	s.notices(t)
	// Behind all of that, what is withheld is noticed.
	s.store.Tamper(headKey(last), nil)
	s.notices(t, headKey(last))

	// One that has nothing but what is another repository's.
	for _, w := range []*storagetest.Memory{stranger.store, stranger.seen} {
		if w == stranger.seen {
			stranger.told(t)
		}
		before := len(w.Keys(""))
		if v, err := s.open(t, witnessAt(w), s.fresh(t)); err == nil || !v.Unsure() {
			t.Errorf("the witness of another repository is heard: %v", err)
		}
		if err := s.tell(t, witnessAt(w)); err == nil || len(w.Keys("")) != before {
			t.Errorf("the witness of another repository is told: %v", err)
		}
	}
}

// TestWitnessDrownsTruth has more rubbish than anybody looks at. Then nothing is
// known, and nobody reads for ever.
func TestWitnessDrownsTruth(t *testing.T) {
	s := newWitnessed(t)
	s.told(t)
	for i := range 300 {
		plant(s.seen, func(h format.Hash) string { return format.HeadName(s.key.ID, uint64(9+i), h) }, fmt.Append(nil, i))
	}
	counting := storagetest.NewCounting(s.seen)
	if _, err := s.open(t, witnessAt(counting), s.fresh(t)); err == nil {
		t.Error("it is taken for a witness that tells all")
	}
	if n := counting.Count(storagetest.OpGet, "").Requests; n > 256 {
		t.Errorf("%d of its statements were read", n)
	}
}

// deaf is a store that heeds no context, as a server that is gone.
type deaf struct {
	storage.Store
	release chan struct{}
}

func (d deaf) List(context.Context, string) iter.Seq2[storage.Info, error] {
	return func(func(storage.Info, error) bool) { <-d.release }
}

func (d deaf) Get(context.Context, string, int64, int64) (io.ReadCloser, error) {
	<-d.release
	return nil, errDead
}

// TestWitnessThatIsSilent: nobody waits for it longer than its patience.
func TestWitnessThatIsSilent(t *testing.T) {
	s := newWitnessed(t)
	release := make(chan struct{})
	defer close(release)
	w := &repo.Witness{Place: "elsewhere", Store: deaf{s.seen, release}, Patience: soon}
	v, err := s.open(t, w, s.fresh(t))
	if err == nil || !strings.Contains(err.Error(), "no answer within") || !v.Unsure() || v.Trust(nil) != nil {
		t.Errorf("%v, problems %v", err, v.Problems)
	}
	if err := s.tell(t, w); err == nil {
		t.Error("it was told")
	}
}

// TestWitnessFails lets every request to the witness go wrong, one at a time. The
// repository is what it was, whoever reads can read and is told no lie, and the next
// one who tells makes up for it.
func TestWitnessFails(t *testing.T) {
	base := newWitnessed(t)
	base.told(t)
	base.commit(t, after...)
	base.enrol(t, "other")
	troubles := []storagetest.Trouble{
		storagetest.FailBefore, storagetest.FailAfter, storagetest.HangBefore, storagetest.HangAfter, storagetest.ListOmit, storagetest.ListRepeat, storagetest.ListBroken,
	}
	all := base.store.Keys("")
	var s *witnessed
	fresh := func() storage.Store {
		s = base.fork(t)
		return s.seen
	}
	storagetest.Sweep(t, fresh, troubles, func(t *testing.T, f *storagetest.Fault) {
		s := s
		w := &repo.Witness{Place: "elsewhere", Store: f, Patience: soon}
		v, err := s.open(t, w, s.fresh(t))
		if err := v.Trust(nil); err != nil {
			t.Errorf("a repository in order is refused: %v", err)
		}
		if err != nil && !v.Unsure() {
			t.Errorf("sure in spite of %v", err)
		}
		if err := s.tell(t, w); err == nil {
			s.sameStatements(t)
		}
		if !slices.Equal(s.store.Keys(""), all) {
			t.Error("the repository is another")
		}
		s.told(t)
		s.sameStatements(t)
	})
}

// TestWitnessFailsWhenAsked lets every request go wrong while the witness knows of a
// rollback: either that is noticed, or it is said that nothing is known.
func TestWitnessFailsWhenAsked(t *testing.T) {
	base := newWitnessed(t)
	old := base.store.Clone()
	base.commit(t, after...)
	base.told(t)
	base.store = old
	troubles := []storagetest.Trouble{
		storagetest.FailBefore, storagetest.FailAfter, storagetest.HangBefore, storagetest.GetBroken, storagetest.ListBroken,
	}
	storagetest.Sweep(t, func() storage.Store { return base.seen.Clone() }, troubles, func(t *testing.T, f *storagetest.Fault) {
		v, err := base.open(t, &repo.Witness{Place: "elsewhere", Store: f, Patience: soon}, base.fresh(t))
		if err == nil && v.Trust(nil) == nil && len(v.Notes) == 0 {
			t.Error("a rollback goes unnoticed, and nothing is said")
		}
	})
}

// TestMirrorAsWitness: a full copy is one, with all else that it has.
func TestMirrorAsWitness(t *testing.T) {
	s := newWitnessed(t)
	old := s.store.Clone()
	s.seen = s.store.Clone()
	last := s.commit(t, after...)
	s.told(t)
	s.notices(t)
	s.store = old
	s.notices(t, headKey(last))
}

// TestCopyHearsWitness: what is copied is held against its witness as well.
func TestCopyHearsWitness(t *testing.T) {
	s := newWitnessed(t)
	old := s.store.Clone()
	last := s.commit(t, after...)
	s.told(t)
	testimony, err := witnessAt(s.seen).Ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	from := repo.Origin{Store: old, ID: s.master.Repository, Place: "there", Testimony: testimony}
	for _, accept := range []bool{false, true} {
		r, err := repo.Copy(t.Context(), from, storagetest.NewMemory(), repo.CopyOptions{Accept: map[format.Class]bool{format.Rollback: accept}})
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(fmt.Sprint(r.Problems), headKey(last)); told == accept || len(r.Problems) > 1 {
			t.Errorf("accepted %v: %v", accept, r.Problems)
		}
	}
}
