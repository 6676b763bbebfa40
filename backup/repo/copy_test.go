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
	"sync"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// history is a repository with everything that one can have: several writers, one
// of them ended, several authorities, a snapshot that is forgotten and half
// pruned, litter, and something that is nothing of chatkeep's.
type history struct {
	*scene
	foreign   string
	condemned []string // that are still there
	pruned    string   // that is not
}

func newHistory(t *testing.T) *history {
	t.Helper()
	s := newScene(t)
	s.commit(t, before...)
	gone := s.commit(t, text(40, 50<<10), text(41, 50<<10), text(42, 50<<10))
	s.commit(t, after...)
	other := s.enrol(t, "other")
	last := s.commitBy(t, other, text(20, 40<<10), text(21, 40<<10))
	pruner := s.enrolPruner(t)
	v := s.load(t, nil)
	live, err := v.Chains[s.key.ID].Live(gone)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[format.Hash]bool{}
	for _, h := range v.Chains[s.key.ID].Heads {
		if set, err := v.Chains[s.key.ID].Live(h); err == nil && h.Hash != gone.Hash {
			for _, ref := range set.Packs {
				kept[ref.SHA256] = true
			}
		}
	}
	var dead []format.Hash
	for _, ref := range live.Packs {
		if !kept[ref.SHA256] {
			dead = append(dead, ref.SHA256)
		}
	}
	o := s.owner(t)
	if err := o.EndWriter(other.key.ID, last); err != nil {
		t.Fatal(err)
	}
	o.Authority().Forgotten = []format.HeadRef{{Writer: gone.Writer, Seq: gone.Seq, SHA256: gone.Hash}}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.condemn(pruner, dead, nil)
	delete(s.want, gone.Hash)
	h := &history{scene: s, foreign: "desktop.ini"}
	for i, pack := range dead {
		if i == 0 {
			h.pruned = format.PackName(pack)
			s.store.Tamper(h.pruned, nil)
		} else {
			h.condemned = append(h.condemned, format.PackName(pack))
		}
	}
	if len(h.condemned) == 0 {
		t.Fatal("nothing that is condemned is there")
	}
	plant(s.store, func(h format.Hash) string { return format.NoteName(s.key.ID, h) }, aged("a note"))
	plant(s.store, func(h format.Hash) string { return format.NewsName(s.key.ID, 1, h) }, aged("news"))
	plant(s.store, format.PackName, aged("litter of an interrupted run"))
	s.store.Tamper(h.foreign, []byte("of something else"))
	return h
}

// aged is something that looks like an age file.
func aged(text string) []byte { return []byte("age-encryption.org/v1\n" + text) }

func (h *history) fork(t *testing.T) *history {
	c := *h
	c.scene = h.scene.fork(t)
	return &c
}

// keys are what belongs into a copy.
func (h *history) keys() []string {
	return slices.DeleteFunc(h.store.Keys(""), func(key string) bool {
		return key == h.foreign || slices.Contains(h.condemned, key)
	})
}

func (h *history) copy(t *testing.T, from storage.Reader, to storage.Store, o repo.CopyOptions) (*repo.CopyReport, error) {
	return repo.Copy(t.Context(), repo.Origin{Store: from, ID: h.master.Repository, Place: "here"}, to, o)
}

// equal asks that a target is a whole copy, object for object. While a tombstone
// could not be read, what it condemns may have come along.
func (h *history) equal(t *testing.T, target *storagetest.Memory) {
	t.Helper()
	want := h.keys()
	got := slices.DeleteFunc(target.Keys(""), func(key string) bool { return slices.Contains(h.condemned, key) })
	if !slices.Equal(got, want) {
		t.Errorf("the copy has %d objects, and should have %d", len(got), len(want))
	}
	for _, key := range want {
		if !bytes.Equal(target.Bytes(key), h.store.Bytes(key)) {
			t.Errorf("%s differs", key)
		}
	}
}

// calm copies without trouble, after whatever happened before, and wants the copy
// to be whole.
func (h *history) calm(t *testing.T, target *storagetest.Memory) {
	t.Helper()
	r, err := h.copy(t, h.store, target, repo.CopyOptions{Verify: true})
	if err != nil || len(r.Problems) > 0 {
		t.Fatalf("a copy in peace: %v %v", err, r.Problems)
	}
	h.equal(t, target)
}

// sound reads a copy as if it were the repository.
func (h *history) sound(t *testing.T, target *storagetest.Memory) {
	t.Helper()
	c := *h.scene
	c.store = target
	c.sound(t)
}

func TestCopy(t *testing.T) {
	h := newHistory(t)
	target := storagetest.NewMemory()
	police := storagetest.NewPolice(target, t.Errorf)
	police.ForbidDelete(true)
	police.References = func(string, []byte) ([]string, error) { return nil, nil } // some of a forgotten head's are pruned
	dry, err := h.copy(t, h.store, target, repo.CopyOptions{DryRun: true})
	if err != nil || len(target.Keys("")) > 0 {
		t.Fatalf("a dry run put %d objects: %v", len(target.Keys("")), err)
	}
	r, err := h.copy(t, h.store, police, repo.CopyOptions{})
	if err != nil || len(r.Problems) > 0 {
		t.Fatalf("%v %v", err, r.Problems)
	}
	h.equal(t, target)
	h.sound(t, target)
	if r.Foreign != 1 || r.Condemned != len(h.condemned) || r.Uncounted != 0 || r.Objects != len(h.keys()) || r.Moved != r.Objects {
		t.Errorf("%+v", r)
	}
	if dry.Moved != r.Moved || dry.MovedBytes != r.MovedBytes || dry.Objects != r.Objects || dry.Bytes != r.Bytes || dry.Condemned != r.Condemned {
		t.Errorf("a dry run says %+v, and the run %+v", dry, r)
	}

	// Again, nothing moves: no content is read, nothing is put.
	from, to := storagetest.NewCounting(h.store), storagetest.NewCounting(police)
	r, err = h.copy(t, from, to, repo.CopyOptions{})
	if err != nil || r.Moved != 0 || r.Present != r.Objects {
		t.Errorf("%v %+v", err, r)
	}
	if n := to.Count("", "").Requests; n != 1 {
		t.Errorf("%d requests to the copy, not one listing", n)
	}
	for _, dir := range []string{"packs", "index", "manifests", "keys", "keyring", "notes", "writers"} {
		if n := from.Count(storagetest.OpGet, dir).Requests; n > 0 {
			t.Errorf("%d objects of %s are read again", n, dir)
		}
	}
	// What is new moves, and no more.
	h.commit(t, append(slices.Clone(after), text(9, 30<<10))...)
	r, err = h.copy(t, h.store, police, repo.CopyOptions{})
	if err != nil || r.Moved == 0 || r.Moved > 8 {
		t.Errorf("%v %+v", err, r)
	}
	h.calm(t, target)
	// A copy in the other direction, and one of the copy.
	back := storagetest.NewMemory()
	if _, err := h.copy(t, target, back, repo.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	h.equal(t, back)
	if r, err = h.copy(t, target, h.store, repo.CopyOptions{}); err != nil || r.Moved != 0 {
		t.Errorf("back to where it came from: %v %+v", err, r)
	}
}

// TestCopyDamagedSource damages each object of the source in turn: it is named,
// it does not arrive, and the rest does. Put right again, the next copy is whole.
func TestCopyDamagedSource(t *testing.T) {
	base := newHistory(t)
	newest := base.store.Keys(format.AuthorityDir)[len(base.store.Keys(format.AuthorityDir))-1]
	for _, key := range fewPacks(base.keys()) {
		name, _ := format.ParseName(key)
		whole := base.store.Bytes(key)
		for how, data := range map[string][]byte{"flipped": flipped(whole), "cut": whole[:len(whole)-1], "longer": append(bytes.Clone(whole), 0), "empty": {}} {
			if how != "flipped" && !long() && name.Type == format.ObjectPack {
				continue
			}
			t.Run(key[:min(24, len(key))]+" "+how, func(t *testing.T) {
				h, target := base.fork(t), storagetest.NewMemory()
				h.store.Tamper(key, data)
				r, err := h.copy(t, h.store, target, repo.CopyOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if !naming(r.Problems, key) {
					t.Errorf("not named: %v", r.Problems)
				}
				for _, other := range h.keys() {
					arrived, statement := target.Bytes(other) != nil, isStatement(other)
					switch {
					case other == key && arrived:
						t.Error("it was copied all the same")
					case key == newest && statement && arrived:
						t.Errorf("nothing tells whether %s counts, and it was copied", other)
					case other != key && !arrived && (key != newest || !statement):
						t.Errorf("%s did not arrive", other)
					}
				}
				h.store.Tamper(key, whole)
				h.calm(t, target)
			})
		}
	}
}

// fewPacks leaves out most packs in a short run: one is like the other.
func fewPacks(keys []string) []string {
	packs := 0
	return slices.DeleteFunc(keys, func(key string) bool {
		if strings.HasPrefix(key, format.PacksDir) {
			packs++
		}
		return strings.HasPrefix(key, format.PacksDir) && packs > 4 && !long()
	})
}

func flipped(data []byte) []byte {
	data = bytes.Clone(data)
	data[len(data)/2] ^= 1
	return data
}

func isStatement(key string) bool {
	return strings.HasPrefix(key, format.AuthorityDir) || strings.HasPrefix(key, format.SnapshotsDir) || strings.HasPrefix(key, format.PruneDir)
}

func naming(problems []error, key string) bool {
	return slices.ContainsFunc(problems, func(p error) bool { return strings.Contains(p.Error(), key) && format.ClassOf(p) != "" })
}

// TestCopyMissing: what a snapshot needs and the source does not have is named.
func TestCopyMissing(t *testing.T) {
	base := newHistory(t)
	for _, dir := range []string{format.PacksDir, format.IndexDir, format.ManifestsDir, format.KeyringDir} {
		h, target := base.fork(t), storagetest.NewMemory()
		named := 0
		for _, key := range h.store.Keys(dir) {
			h.store.Tamper(key, nil)
		}
		r, err := h.copy(t, h.store, target, repo.CopyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Problems {
			if format.ClassOf(p) == format.Missing && strings.Contains(p.Error(), dir) {
				named++
			}
		}
		if named == 0 {
			t.Errorf("%s are gone, and the copy says %v", dir, r.Problems)
		}
		for _, head := range h.store.Keys(format.SnapshotsDir) {
			if target.Bytes(head) == nil {
				t.Errorf("%s did not arrive", head)
			}
		}
	}
}

// TestCopyDamagedTarget: nothing at the target is replaced, and what is wrong
// there is named.
func TestCopyDamagedTarget(t *testing.T) {
	h := newHistory(t)
	whole := storagetest.NewMemory()
	h.calm(t, whole)
	for _, key := range fewPacks(h.keys()) {
		for how, data := range map[string][]byte{"cut": whole.Bytes(key)[1:], "flipped": flipped(whole.Bytes(key))} {
			target := whole.Clone()
			target.Tamper(key, data)
			r, err := h.copy(t, h.store, target, repo.CopyOptions{Verify: how == "flipped"})
			if err != nil || !naming(r.Problems, key) || r.Moved != 0 {
				t.Errorf("%s %s: %v %+v", key, how, err, r)
			}
			if !bytes.Equal(target.Bytes(key), data) {
				t.Errorf("%s was replaced", key)
			}
			dry, err := h.copy(t, h.store, target, repo.CopyOptions{Verify: how == "flipped", DryRun: true})
			if err != nil || !naming(dry.Problems, key) || dry.Moved != r.Moved || dry.Verified != r.Verified {
				t.Errorf("a dry run, %s %s: %v %+v", key, how, err, dry)
			}
			target.Tamper(key, nil)
			h.calm(t, target)
		}
	}
}

// TestCopyBadSpot: an object that a disk cannot give is named, at either end, and
// the rest arrives.
func TestCopyBadSpot(t *testing.T) {
	h, target := newHistory(t), storagetest.NewMemory()
	keys := h.keys() // without the packs that are condemned, which no copy reads
	key := keys[slices.IndexFunc(keys, func(k string) bool { return strings.HasPrefix(k, format.PacksDir) })]
	spot := storagetest.Rule{Op: storagetest.OpGet, Prefix: key, Do: storagetest.GetBroken, Err: errors.New("input/output error")}
	r, err := h.copy(t, storagetest.NewFault(h.store, spot), target, repo.CopyOptions{})
	if err != nil || len(r.Problems) == 0 || !naming(r.Problems[:1], key) || len(target.Keys("")) != len(h.keys())-1 {
		t.Errorf("%v %v, and %d objects", err, r.Problems, len(target.Keys("")))
	}
	h.calm(t, target)
	r, err = h.copy(t, h.store, storagetest.NewFault(target, spot), repo.CopyOptions{Verify: true})
	if err != nil || len(r.Problems) != 1 || !naming(r.Problems, key) || r.Verified != r.Objects {
		t.Errorf("%v %+v", err, r)
	}
}

// TestCopyToAnother: a place with another repository is left as it is.
func TestCopyToAnother(t *testing.T) {
	h, other := newHistory(t), newScene(t)
	keys := other.store.Keys("")
	_, err := h.copy(t, h.store, other.store, repo.CopyOptions{})
	if format.ClassOf(err) != format.WrongRepository {
		t.Errorf("%v", err)
	}
	if got := other.store.Keys(""); !slices.Equal(got, keys) {
		t.Errorf("it put %d objects", len(got)-len(keys))
	}
	if _, err := h.copy(t, storagetest.NewMemory(), storagetest.NewMemory(), repo.CopyOptions{}); err == nil {
		t.Error("an empty place was copied")
	}
	// Nor is another repository than the one that is meant copied anywhere.
	empty := storagetest.NewMemory()
	_, err = h.copy(t, other.store, empty, repo.CopyOptions{})
	if format.ClassOf(err) != format.WrongRepository || len(empty.Keys("")) > 0 {
		t.Errorf("%v, and %d objects", err, len(empty.Keys("")))
	}
}

// TestCopyFaults lets every request of a copy, at both ends, go wrong in every
// way. The copy after it is whole.
func TestCopyFaults(t *testing.T) {
	base := newHistory(t)
	old := storagetest.NewMemory()
	base.calm(t, old)
	base.commit(t, append(slices.Clone(after), text(9, 30<<10))...)
	base.enrol(t, "third")
	targets := map[string]*storagetest.Memory{"old": old, "empty": storagetest.NewMemory()}
	o := repo.CopyOptions{Verify: true, Parallel: 1}
	for name, target := range targets {
		for _, end := range []string{"source", "target"} {
			over := func(target *storagetest.Memory, rules ...storagetest.Rule) (from storage.Reader, to storage.Store, fault *storagetest.Fault) {
				if end == "source" {
					fault = storagetest.NewFault(base.store, rules...)
					return fault, target, fault
				}
				fault = storagetest.NewFault(target, rules...)
				return base.store, fault, fault
			}
			from, to, calm := over(target.Clone())
			if _, err := base.copy(t, from, to, o); err != nil {
				t.Fatal(err)
			}
			for n, call := range calm.Calls() {
				if !long() && strings.HasPrefix(call.Key, format.PacksDir) && n%4 > 0 {
					continue // one pack is like the other
				}
				for _, trouble := range troubles(call.Op) {
					t.Run(fmt.Sprintf("%s %s %d %s %v", name, end, n+1, call.Op, trouble), func(t *testing.T) {
						t.Parallel()
						target := target.Clone()
						from, to, _ := over(target, storagetest.Rule{
							Nth: n + 1, Do: trouble, Entry: n % 7, Stale: []byte("stale"),
							Info: storage.Info{Key: format.PackName(format.Sum([]byte("never was"))), Size: 10},
						})
						r, err := base.copy(t, from, to, o)
						if err == nil && len(r.Problems) == 0 {
							base.equal(t, target)
						}
						base.calm(t, target)
					})
				}
			}
		}
	}
}

// TestCopyCrash ends a copy at every request to the target. What is there then is
// no repository, or one with which nothing is wrong.
func TestCopyCrash(t *testing.T) {
	base := newHistory(t)
	old := storagetest.NewMemory()
	base.calm(t, old)
	grown := base.fork(t)
	grown.commit(t, append(slices.Clone(after), text(9, 30<<10))...)
	third := grown.enrol(t, "third")
	grown.commitBy(t, third, text(30, 40<<10))
	for name, c := range map[string]struct {
		h      *history
		target *storagetest.Memory
	}{"empty": {base, storagetest.NewMemory()}, "old": {grown, old}} {
		calm := storagetest.NewFault(c.target.Clone())
		if _, err := c.h.copy(t, c.h.store, calm, repo.CopyOptions{Parallel: 1}); err != nil {
			t.Fatal(err)
		}
		valid := 0
		for n := range calm.Calls() {
			for _, how := range []end{crashBefore, crashAfter} {
				target := c.target.Clone()
				b := &breaker{Store: target, nth: n + 1, how: how}
				if _, err := c.h.copy(t, c.h.store, b, repo.CopyOptions{Parallel: 1}); err == nil {
					t.Errorf("%s: the copy died at %q, and says that it is done", name, b.at)
				}
				if c.h.valid(t, target, b.at) {
					valid++
				}
				c.h.calm(t, target)
			}
		}
		if name == "old" && valid != 2*len(calm.Calls()) || valid == 0 {
			t.Errorf("%s: a repository after %d of %d deaths", name, valid, 2*len(calm.Calls()))
		}
	}
}

// valid reports whether a target is a repository. If it is, it must be in order,
// but that a snapshot is still there which the owner forgot, and whose packs were
// pruned, as long as the target has not heard of that: a writer was ended then,
// too, and its last head has seen that snapshot. No order serves both.
func (h *history) valid(t *testing.T, target *storagetest.Memory, at string) bool {
	t.Helper()
	if len(target.Keys(format.AuthorityDir)) == 0 {
		return false
	}
	v, err := repo.Load(t.Context(), target, h.master.Repository, "copy", nil)
	if err != nil {
		t.Fatalf("died at %q: %v", at, err)
	}
	r, err := repo.NewReader(t.Context(), target, v, h.master, nil)
	if err != nil {
		t.Fatalf("died at %q: %v", at, err)
	}
	report, err := repo.Check(t.Context(), target, v, r, repo.CheckOptions{ReadData: true})
	older := v.Authority.N < h.load(t, nil).Authority.N
	for _, p := range report.Problems {
		pruned := slices.ContainsFunc(append(h.condemned, h.pruned), func(key string) bool { return naming([]error{p}, key) })
		if !older || !pruned {
			t.Errorf("died at %q: %v", at, p)
		}
	}
	if p := v.Problems; err != nil || len(p) > 0 {
		t.Errorf("died at %q: %v %v", at, err, p)
	}
	for _, head := range r.Heads() {
		if h.want[head.Hash] == nil && older {
			continue
		}
		if err := same(t.Context(), r, head, h.want[head.Hash]); err != nil {
			t.Errorf("died at %q: %v", at, err)
		}
	}
	return true
}

// TestCopiesAtOnce runs several copies into one place side by side.
func TestCopiesAtOnce(t *testing.T) {
	h, target := newHistory(t), storagetest.NewMemory()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if r, err := h.copy(t, h.store, target, repo.CopyOptions{Verify: true}); err != nil || len(r.Problems) > 0 {
				t.Errorf("%v %v", err, r.Problems)
			}
		})
	}
	group.Wait()
	h.equal(t, target)
}

// hooked is a store that does something before its nth request.
type hooked struct {
	storage.Store
	mu  sync.Mutex
	n   int
	nth int
	do  func()
}

func (s *hooked) step() {
	s.mu.Lock()
	s.n++
	due := s.n == s.nth
	s.mu.Unlock()
	if due {
		s.do()
	}
}

func (s *hooked) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	s.step()
	return s.Store.Get(ctx, key, offset, length)
}

func (s *hooked) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		s.step()
		s.Store.List(ctx, prefix)(yield)
	}
}

// TestCopyMeanwhile lets a writer, the owner and a pruner work at the source while
// it is copied, at every moment. The target is in order, and catches up.
func TestCopyMeanwhile(t *testing.T) {
	base := newHistory(t)
	count := &hooked{Store: base.store}
	if _, err := base.copy(t, count, storagetest.NewMemory(), repo.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	for nth := 1; nth <= count.n; nth++ {
		if !long() && nth > 8 && nth%6 > 0 {
			continue // one pack is like the other
		}
		t.Run(fmt.Sprint(nth), func(t *testing.T) {
			t.Parallel()
			h, target := base.fork(t), storagetest.NewMemory()
			from := &hooked{Store: h.store, nth: nth, do: func() {
				h.commit(t, append(slices.Clone(after), text(50, 30<<10))...)
				new := h.enrol(t, "meanwhile")
				h.commitBy(t, new, text(51, 30<<10))
				for _, key := range h.condemned {
					h.store.Tamper(key, nil)
				}
			}}
			r, err := h.copy(t, from, target, repo.CopyOptions{})
			if err != nil || len(r.Problems) > 0 {
				t.Fatalf("%v %v", err, r.Problems)
			}
			if !h.valid(t, target, "none") {
				t.Error("no repository")
			}
			h.condemned = nil
			h.calm(t, target)
		})
	}
}

// weighed counts the bytes of objects between the request for them and the end of
// their put.
type weighed struct {
	storage.Store
	mu         sync.Mutex
	now, most  int64
	count, max int
}

func (w *weighed) add(n int64, count int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.count = w.now+n, w.count+count
	w.most, w.max = max(w.most, w.now), max(w.max, w.count)
}

func (w *weighed) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	info, err := w.Stat(ctx, key)
	if err == nil && strings.HasPrefix(key, format.PacksDir) {
		w.add(info.Size, 1)
	}
	return w.Store.Get(ctx, key, offset, length)
}

type put struct {
	storage.Store
	w *weighed
}

func (p put) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	time.Sleep(time.Millisecond) // so that others come to their turn
	info, err := p.Store.Put(ctx, key, data)
	if strings.HasPrefix(key, format.PacksDir) {
		p.w.add(-int64(len(data)), -1)
	}
	return info, err
}

// TestCopyMemory: however large objects are, few bytes are under way at once, and
// one that is larger than all of the allowance goes alone.
func TestCopyMemory(t *testing.T) {
	h := newHistory(t)
	for i := range 40 {
		plant(h.store, format.PackName, noise(uint64(100+i), 10<<10+i*3<<10))
	}
	huge := noise(99, 400<<10)
	plant(h.store, format.PackName, huge)
	for _, parallel := range []int{1, 3, 50} {
		w := &weighed{Store: h.store}
		target := storagetest.NewMemory()
		if _, err := h.copy(t, w, put{target, w}, repo.CopyOptions{Parallel: parallel, Memory: 300 << 10}); err != nil {
			t.Fatal(err)
		}
		h.equal(t, target)
		if w.most != int64(len(huge)) || w.max > parallel || parallel > 1 && w.max < 2 {
			t.Errorf("%d at once: %d objects, %d bytes under way", parallel, w.max, w.most)
		}
	}
}

// TestCopyGivenUp: a copy whose store hangs ends with its context.
func TestCopyGivenUp(t *testing.T) {
	h := newHistory(t)
	for _, op := range []storagetest.Op{storagetest.OpGet, storagetest.OpPut, storagetest.OpList} {
		for _, end := range []string{"source", "target"} {
			ctx, cancel := context.WithCancel(t.Context())
			target := storagetest.NewMemory()
			rule := storagetest.Rule{Op: op, Nth: 1, Do: storagetest.HangBefore}
			from, to := storagetest.NewFault(h.store), storagetest.NewFault(target)
			hung := map[string]*storagetest.Fault{"source": from, "target": to}[end]
			hung.Script(rule)
			go func() {
				for !slices.ContainsFunc(hung.Calls(), func(c storagetest.Call) bool { return c.Op == op }) && ctx.Err() == nil {
					time.Sleep(time.Millisecond)
				}
				cancel()
			}()
			_, err := repo.Copy(ctx, repo.Origin{Store: from, ID: h.master.Repository, Place: "here"}, to, repo.CopyOptions{})
			cancel()
			asks := op == storagetest.OpList || (op == storagetest.OpPut) == (end == "target")
			if asks != errors.Is(err, context.Canceled) {
				t.Errorf("%s of %s hangs: %v", op, end, err)
			}
			h.calm(t, target)
		}
	}
}

// TestCopyDiverged: what went to the copy alone stays, and the union of both is in
// order.
func TestCopyDiverged(t *testing.T) {
	h, target := newHistory(t), storagetest.NewMemory()
	h.calm(t, target)
	there := h.fork(t)
	there.store = target
	mine := there.commit(t, text(60, 30<<10))
	h.commit(t, text(61, 30<<10))
	r, err := h.copy(t, h.store, target, repo.CopyOptions{Verify: true})
	if err != nil || len(r.Problems) > 0 || len(r.Notes) == 0 {
		t.Fatalf("%v %v %v", err, r.Problems, r.Notes)
	}
	c := *h.scene
	c.store, c.want = target, map[format.Hash][][]byte{mine.Hash: {text(60, 30<<10)}}
	for hash, contents := range h.want {
		c.want[hash] = contents
	}
	c.sound(t)
}
