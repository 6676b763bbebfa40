package restore

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// freezer is a store with archives that counts reads of what is in one.
type freezer struct {
	*storagetest.Cold
	refused atomic.Int64
}

func (f *freezer) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	body, err := f.Cold.Get(ctx, key, offset, length)
	if storage.ClassOf(err) == storage.Archived {
		f.refused.Add(1)
	}
	return body, err
}

// linked is many with hard links, a zip, and a symbolic link among them.
func linked(t *testing.T) (*world, *repo.Snapshot, []thing) {
	w := newWorld(t)
	w.packSize = 512 << 10
	things := []thing{directory(""), directory("d")}
	for i := range 20 {
		name := "originals/d/f" + string(rune('a'+i))
		things = append(things, thing{path: name, content: noise(uint64(i), 90<<10), chunk: 30 << 10, mode: 0o600})
		if i%4 == 0 {
			things = append(things, thing{path: "originals/link" + string(rune('a'+i)), typ: format.EntryHardlink, target: name})
		}
	}
	things = append(things,
		thing{path: "originals/z.zip", typ: format.EntryZip, mode: 0o600, pieces: []piece{{content: noise(50, 40<<10)}, {content: noise(51, 300<<10), member: true}}},
		thing{path: "originals/sym", typ: format.EntrySymlink, target: "d/fa"},
		thing{path: "originals/empty", mode: 0o600},
		thing{path: "messages/m.jsonl", content: noise(60, 9000)})
	return w, w.backup(things...), things
}

// frozenThings are the files of which some pack is frozen, by path.
func frozenThings(t *testing.T, s *repo.Snapshot, frozen map[int]bool) map[string]bool {
	t.Helper()
	waits := map[string]bool{}
	for e, err := range s.Entries(t.Context()) {
		must(t, err)
		for id := range e.AllChunks() {
			if p, ok := s.Index().Find(id); ok && frozen[p.Pack] {
				waits[e.Path] = true
			}
		}
		if e.Type == format.EntryHardlink && waits[e.Target] {
			waits[e.Path] = true
		}
	}
	return waits
}

// TestThaw freezes any packs of a snapshot: what needs none of them comes at
// once, nothing is read in vain, and after the thaw comes the rest and no more.
func TestThaw(t *testing.T) {
	w, s, things := linked(t)
	whole := newTarget(t)
	all, err := Run(t.Context(), s, whole, Options{Messages: true})
	must(t, err)
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		random := rand.New(rand.NewPCG(uint64(round), 1))
		store := &freezer{Cold: storagetest.NewCold(w.store)}
		frozen, share := map[int]bool{}, random.IntN(4)
		for i, p := range s.Index().Packs() {
			if p.Kind != format.Meta && random.IntN(4) <= share {
				frozen[i] = true
				store.Move(format.PackName(p.Pack), []string{storagetest.ClassCold, storagetest.ClassFrozen}[random.IntN(2)])
			}
		}
		target := newTarget(t)
		o := Options{Messages: true, Workers: 1 + random.IntN(3)}
		if files := thawed(t, store, w.open(store, s.Head), frozen, target, o); files != all.Files {
			t.Errorf("round %d: %d files in two parts, want %d", round, files, all.Files)
		}
		if store.refused.Load() > 0 {
			t.Errorf("round %d: %d reads of what is in archives", round, store.refused.Load())
		}
		wantLeft(t, target, left(t, whole)...)
		wantThings(t, target, things)
	}
}

// thawed restores in two parts, before and after a thaw, and returns how many
// files came back.
func thawed(t *testing.T, store *freezer, s *repo.Snapshot, frozen map[int]bool, target string, o Options) int64 {
	t.Helper()
	waits := frozenThings(t, s, frozen)
	c, err := surveyCold(t.Context(), store, store, s)
	must(t, err)
	need, err := c.needs(t.Context(), o)
	must(t, err)
	must(t, c.look(t.Context(), need))
	if got := c.pending(need); len(got) != len(frozen) {
		t.Fatalf("%d packs are frozen, and %d of them are said to be", len(frozen), len(got))
	}
	o.Unready = c.unready
	first, err := Run(t.Context(), s, target, o)
	var waiting *Waiting
	if (len(waits) > 0) != errors.As(err, &waiting) || len(waits) == 0 && err != nil || waiting != nil && waiting.ExitCode() != 13 {
		t.Fatalf("%v, and %d wait", err, len(waits))
	}
	for _, l := range first.Waiting {
		if !waits[l.Path] {
			t.Errorf("%s waits, and all it needs is there", l.Path)
		}
		delete(waits, l.Path)
	}
	if len(waits) > 0 || len(first.Lost) > 0 {
		t.Errorf("%v do not wait; lost are %v", waits, first.Lost)
	}
	must(t, c.ask(t.Context(), need, storage.Thaw{Tier: storage.Bulk, Days: 2}))
	if asked := len(store.Asked()); asked != len(frozen) || len(c.in(need, storage.Thawing)) != asked {
		t.Errorf("%d asked for, want %d", asked, len(frozen))
	}
	store.Ripen()
	must(t, c.look(t.Context(), need))
	o.Overwrite = true
	o.There, err = inTarget(target)
	must(t, err)
	second, err := Run(t.Context(), s, target, o)
	must(t, err)
	return first.Files + second.Files
}

// wantThings fails unless files are as they were, and hard links are some.
func wantThings(t *testing.T, target string, things []thing) {
	t.Helper()
	for _, th := range things {
		path := filepath.Join(target, onDisk(th.path))
		switch {
		case th.typ == 0 && th.content != nil:
			wantFile(t, path, th.content)
		case th.typ == format.EntryHardlink:
			a, err := os.Stat(path)
			must(t, err)
			b, err := os.Stat(filepath.Join(target, onDisk(th.target)))
			must(t, err)
			if !os.SameFile(a, b) {
				t.Errorf("%s is no hard link any more", th.path)
			}
		}
	}
}

// TestThawOnlyWhatIsNeeded restores a part: nothing else is asked about.
func TestThawOnlyWhatIsNeeded(t *testing.T) {
	w, s, _ := linked(t)
	store := &freezer{Cold: storagetest.NewCold(w.store)}
	for _, p := range s.Index().Packs() {
		if p.Kind != format.Meta {
			store.Move(format.PackName(p.Pack), storagetest.ClassCold)
		}
	}
	s = w.open(store, s.Head)
	c, err := surveyCold(t.Context(), store, store, s)
	must(t, err)
	for _, test := range []struct {
		paths []string
		like  string // an entry that has the same packs
	}{
		{[]string{"originals/d/fc"}, "originals/d/fc"},
		{[]string{"originals/linke"}, "originals/d/fe"}, // a hard link brings its file
		{[]string{"originals/sym", "originals/empty"}, ""},
		{[]string{"originals/z.zip"}, "originals/z.zip"},
	} {
		need, err := c.needs(t.Context(), Options{Paths: test.paths})
		must(t, err)
		want := map[int]bool{}
		for e, err := range s.Entries(t.Context()) {
			must(t, err)
			for id := range e.AllChunks() {
				if p, ok := s.Index().Find(id); ok && e.Path == test.like {
					want[p.Pack] = true
				}
			}
		}
		if len(need) != len(want) || slices.ContainsFunc(need, func(n int) bool { return !want[n] }) {
			t.Errorf("%q needs %v, want %v", test.paths, need, want)
		}
	}
	if none, err := surveyCold(t.Context(), store, nil, s); err != nil || len(none.packs) > 0 {
		t.Errorf("a store without archives has %d packs in some (%v)", len(none.packs), err)
	}
}

// unknowing is a store that does not know which of its classes are cold.
type unknowing struct{ *freezer }

func (u unknowing) State(context.Context, storage.Info) (storage.State, error) {
	return storage.Ready, nil
}

// TestThawUnknownClass learns from the first refusal that a class is an archive's.
func TestThawUnknownClass(t *testing.T) {
	w, s, _ := linked(t)
	store := unknowing{&freezer{Cold: storagetest.NewCold(w.store)}}
	many := 0
	for _, p := range s.Index().Packs() {
		if p.Kind == format.Originals {
			many++
			store.Move(format.PackName(p.Pack), storagetest.ClassCold)
		}
	}
	s = w.open(store, s.Head)
	c, err := surveyCold(t.Context(), store, store, s)
	must(t, err)
	need, err := c.needs(t.Context(), Options{})
	must(t, err)
	must(t, c.look(t.Context(), need))
	report, err := Run(t.Context(), s, newTarget(t), Options{Unready: c.unready})
	var waiting *Waiting
	if !errors.As(err, &waiting) || len(report.Lost) > 0 || storage.ClassOf(err) == storage.Unreachable {
		t.Fatalf("%v, lost %v", err, report.Lost)
	}
	need, learnt := c.learn(report.Waiting, need)
	if frozen := len(c.in(need, storage.Frozen)); !learnt || frozen != many {
		t.Errorf("%d packs are known to be frozen, want %d", frozen, many)
	}
	if again, learnt := c.learn(report.Waiting, need); learnt || len(again) != len(need) {
		t.Error("the same is learnt again")
	}
	// A store that tells of no class at all: what was met is known.
	silent := &cold{snapshot: s, thawer: store, packs: map[int]storage.Info{}, states: map[int]storage.State{}}
	found, learnt := silent.learn(report.Waiting, nil)
	if sum := silent.amount(silent.in(found, storage.Frozen), storage.Bulk); !learnt || sum.objects == 0 || sum.bytes == 0 {
		t.Errorf("%+v of what was met", sum)
	}
}

// TestThawFails has the store refuse a thaw, and its states.
func TestThawFails(t *testing.T) {
	w, s, _ := linked(t)
	store := storagetest.NewCold(w.store)
	for _, p := range s.Index().Packs() {
		store.Move(format.PackName(p.Pack), storagetest.ClassCold)
	}
	c, err := surveyCold(t.Context(), store, store, s)
	must(t, err)
	all := c.those(func(format.Kind) bool { return true })
	must(t, c.look(t.Context(), all))
	if len(c.pending(c.lists())) == 0 {
		t.Error("the lists are frozen too")
	}
	refusal := &storage.Error{Class: storage.Login, Op: "thaw", Err: errors.New("no")}
	store.Refuse(refusal)
	if err := c.ask(t.Context(), all, storage.Thaw{Tier: storage.Bulk, Days: 1}); !errors.Is(err, refusal) {
		t.Errorf("asking gives %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.look(ctx, all); !errors.Is(err, context.Canceled) {
		t.Errorf("looking without time gives %v", err)
	}
	// A pack that went away is not one that can be thawed.
	w.store.Tamper(c.packs[all[0]].Key, nil)
	must(t, c.look(t.Context(), all))
	if len(c.pending(all)) != len(all)-1 {
		t.Errorf("%d of %d are pending", len(c.pending(all)), len(all))
	}
}

// TestWaitingFile reads what may stand in a target under its name.
func TestWaitingFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, waitingName)
	for _, stranger := range []string{"", "{", "[]", `{"type":"else"}`, `{"type":"waiting","snapshot":"short"}`, strings.Repeat(`{"type":"waiting"}`, 1<<17)} {
		must(t, os.WriteFile(path, []byte(stranger), 0o600))
		if w, there, err := readWaiting(dir); there || err != nil {
			t.Errorf("%.40q: %+v, %v", stranger, w, err)
		}
	}
	must(t, os.Remove(path))
	before, err := os.Stat(dir)
	must(t, err)
	mine := waiting{"waiting", format.Sum([]byte("a")), []string{"originals/a"}, nil}
	other := waiting{"waiting", format.Sum([]byte("a")), nil, []string{"messages"}}
	must(t, writeWaiting(dir, mine))
	must(t, writeWaiting(dir, other)) // the first one counts
	must(t, removeWaiting(dir, other))
	if w, there, err := readWaiting(dir); !there || err != nil || !w.same(mine) {
		t.Errorf("%+v, %t, %v", w, there, err)
	}
	must(t, removeWaiting(dir, mine))
	wantLeft(t, dir)
	if after, err := os.Stat(dir); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the folder's time changed: %v", err)
	}
}

// TestQuoted writes words that a shell must read as they are.
func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{
		"": "''", "/a/b-c_d.e": "/a/b-c_d.e", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'", "a\nb": "'a\nb'", "ä": "'ä'", "~": "'~'",
	} {
		if got := quoted(word); got != want {
			t.Errorf("%q becomes %s, want %s", word, got, want)
		}
	}
}
