package repo_test

import (
	"bytes"
	"context"
	"fmt"
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

// TestLongHistory makes more backups than heads may stand on bases in a row, and
// more index objects than one live set should hold, with something new each time.
func TestLongHistory(t *testing.T) {
	s := newScene(t)
	var contents [][]byte
	rounds := 70
	if long() {
		rounds = 200
	}
	for i := range rounds {
		contents = append(contents, []byte(fmt.Sprintf("message %d\n", i)))
		if i%50 == 49 {
			contents = contents[10:] // what is dropped, and stays in the older ones
		}
		if h := s.commit(t, slices.Clone(contents)...); i%9 > 0 && i < rounds-1 {
			delete(s.want, h.Hash) // the check looks at all of them
		}
	}
	s.sound(t)
	chain := s.load(t, nil).Chains[s.key.ID]
	row, indexes, consolidated := 0, 0, 0
	for _, h := range chain.Heads {
		row++
		if h.Base == nil {
			row = 0
		}
		if row > format.MaxDeltas {
			t.Fatalf("head %d is the %dth on a base in a row", h.Seq, row)
		}
		depth := 0
		for b := h; b.Base != nil; b = chain.Find(*b.Base) {
			depth++
		}
		if depth > format.MaxDeltas {
			t.Fatalf("head %d stands on %d bases", h.Seq, depth)
		}
		live, err := chain.Live(h)
		if err != nil {
			t.Fatal(err)
		}
		if len(live.Index) > 33 {
			t.Errorf("head %d needs %d index objects", h.Seq, len(live.Index))
		}
		if len(live.Index) < indexes-8 {
			consolidated++
		}
		indexes = len(live.Index)
	}
	if consolidated < rounds/70 || consolidated > rounds/16 {
		t.Errorf("index objects were put together %d times in %d backups", consolidated, len(chain.Heads))
	}
}

// TestUnchanged: what does not change for long gets a whole live set now and
// then, however short the way from its base is.
func TestUnchanged(t *testing.T) {
	s := newScene(t)
	for range 2*format.MaxDeltas + 4 {
		s.commit(t, []byte("always the same"))
	}
	row, longest := 0, 0
	for _, h := range s.load(t, nil).Chains[s.key.ID].Heads {
		row++
		if h.Base == nil {
			row = 0
		}
		longest = max(longest, row)
	}
	if longest > format.MaxDeltas || longest < 2 {
		t.Errorf("%d heads on bases in a row", longest)
	}
	report, err := repo.Check(t.Context(), s.store, s.load(t, nil), s.reader(t), repo.CheckOptions{})
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("%v, %v", err, report.Problems)
	}
}

// TestTwoSources: the backups of two sources take turns, and each stands on a
// head of its own source.
func TestTwoSources(t *testing.T) {
	s := newScene(t)
	a, b := before, [][]byte{text(10, 60<<10), text(11, 60<<10), text(12, 60<<10)}
	for range 3 {
		s.commit(t, a...)
		s.commit(t, b...)
	}
	s.sound(t)
	chain := s.load(t, nil).Chains[s.key.ID]
	if tip := chain.Tip(); tip.Base == nil || tip.Add.Len()+len(tip.Drop.Packs)+len(tip.Drop.Index) > 0 {
		t.Errorf("an unchanged source changes the live set: %+v %+v", tip.Add, tip.Drop)
	}
}

// TestManyPacks closes packs in all the ways there are: between frames, within
// the making of one, by stored chunks, and poured together. Nothing may fall
// between two packs.
func TestManyPacks(t *testing.T) {
	for _, size := range []int{1, 16 << 10, 300 << 10, 3 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			w := newWorld(t, storagetest.NewMemory())
			want := [][]byte{text(1, 5<<20), noise(2, 3<<20), text(3, 700<<10), noise(4, 100<<10), text(5, 2<<20), noise(6, 600<<10), text(1, 5<<20)}
			h, err := w.backupWith(repo.SessionOptions{PackSize: size}, want...)
			if err != nil {
				t.Fatal(err)
			}
			for i, got := range w.contents(h) {
				if !bytes.Equal(got, want[i]) {
					t.Errorf("file %d differs", i)
				}
			}
		})
	}
}

// TestOneUpload: where one pack may be under way at a time, nobody must wait for
// a second turn while having the first.
func TestOneUpload(t *testing.T) {
	s := newScene(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o := smallPacks
	o.Uploads = 1
	var contents [][]byte
	for i := range 8 {
		contents = append(contents, text(uint64(i), 100), noise(uint64(i), 30<<10))
	}
	h, err := s.run(ctx, s.store, o, contents...)
	if err != nil {
		t.Fatal(err)
	}
	s.note(h, contents)
	s.sound(t)
}

// TestWorkers: several packers side by side that meet the same chunks, poured
// together at the end.
func TestWorkers(t *testing.T) {
	for _, size := range []int{16 << 10, 0} {
		s := newScene(t)
		run, err := repo.Begin(t.Context(), s.store, s.load(t, s.memory), s.key, s.memory, repo.SessionOptions{PackSize: size})
		if err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		packers := make([]*repo.Packer, 5)
		want, ids := make([][]byte, 60), make([][]format.ID, 60)
		for i := range want {
			want[i] = text(uint64(i%40), 30<<10)
		}
		var group sync.WaitGroup
		for w := range packers {
			packers[w] = run.NewPacker()
			group.Go(func() {
				for i := w; i < len(want); i += len(packers) {
					id, err := packers[w].Add(t.Context(), format.Media, want[i], repo.Hint{Group: fmt.Sprint(i)})
					if err != nil {
						t.Error(err)
					}
					ids[i] = []format.ID{id}
				}
			})
		}
		group.Wait()
		p := run.NewPacker()
		list, stats := p.NewList(t.Context(), "c"), p.NewList(t.Context(), "s")
		for i := range want {
			e := &format.Entry{Path: fmt.Sprintf("media/%03d", i), Type: format.EntryFile, Size: int64(len(want[i])), Chunks: ids[i]}
			if err := list.Append(format.AppendEntry(nil, e)); err != nil {
				t.Fatal(err)
			}
			if err := stats.Append(format.AppendStat(nil, &format.Stat{})); err != nil {
				t.Fatal(err)
			}
		}
		m := manifest()
		if m.Contents, err = list.Close(); err != nil {
			t.Fatal(err)
		}
		if m.Stats, err = stats.Close(); err != nil {
			t.Fatal(err)
		}
		if err := run.Flush(t.Context(), append(packers, p)...); err != nil {
			t.Fatal(err)
		}
		h, err := run.Commit(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		s.note(h, want)
		s.sound(t)
		if stray := s.strayPacks(t); stray > 0 {
			t.Errorf("%d packs that the snapshot does not need", stray)
		}
	}
}

// TestCheckpoints: a run of many packs commits on its way, and what it committed
// is found by the run after its death.
func TestCheckpoints(t *testing.T) {
	base := oneSnapshot(t)
	clock := time.Unix(1700000000, 0)
	var mu sync.Mutex
	o := repo.SessionOptions{PackSize: 1, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		clock = clock.Add(5 * time.Minute) // each look at it
		return clock
	}}
	var contents [][]byte
	for i := range 24 {
		contents = append(contents, text(uint64(100+i), 4<<10))
	}
	s := base.fork(t)
	h, err := s.run(t.Context(), s.police(t), o, contents...)
	if err != nil {
		t.Fatal(err)
	}
	if h.Seq < 4 {
		t.Errorf("only %d heads: there were no checkpoints", h.Seq)
	}
	s.note(h, contents)
	s.commit(t, contents...)
	s.sound(t)
	for n := 10; n < 60; n += 7 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s := base.fork(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			dir, alive := tempDir(t), s.machine
			b := &breaker{Store: s.police(t), nth: n, how: crashAfter, cancel: cancel}
			b.died = func() { s.machine = alive.cloneTo(t, dir) }
			if h, err := alive.run(ctx, b, o, contents...); err == nil {
				s.note(h, contents)
			}
			s.recover(t, 4, contents...)
		})
	}
}

// TestRequests counts what an unchanged backup costs.
func TestRequests(t *testing.T) {
	s := oneSnapshot(t)
	count := storagetest.NewCounting(s.store)
	h, err := s.run(t.Context(), count, repo.SessionOptions{}, before...)
	if err != nil {
		t.Fatal(err)
	}
	s.note(h, before)
	if all := count.Count("", ""); all.Requests > 10 {
		t.Errorf("%d requests for a backup of what did not change", all.Requests)
	}
	if put := count.Count(storagetest.OpPut, ""); put.Bytes >= 100<<10 {
		t.Errorf("%d bytes stored for a backup of what did not change", put.Bytes)
	}
	if packs := count.Count(storagetest.OpPut, "packs"); packs.Requests > 0 {
		t.Errorf("%d new packs for a backup of what did not change", packs.Requests)
	}
	s.sound(t)
}

// slowHeads is a store whose listing of heads lets others commit meanwhile.
type slowHeads struct {
	storage.Store
	once      sync.Once
	meanwhile func()
}

func (s *slowHeads) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for info, err := range s.Store.List(ctx, prefix) {
			if prefix == format.SnapshotsDir {
				s.once.Do(s.meanwhile)
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

// pages is a store that lists folder by folder: a later one is read later.
type pages struct {
	storage.Store
	folders []string
}

func (p pages) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if prefix != format.SnapshotsDir {
			p.Store.List(ctx, prefix)(yield)
			return
		}
		for _, folder := range p.folders {
			for info, err := range p.Store.List(ctx, folder) {
				if !yield(info, err) {
					return
				}
			}
		}
	}
}

// TestListingWhileOthersCommit: the first writer commits after its folder was
// listed, the second one sees that and commits before its own is. To the reader
// it looks as if a head that was witnessed is gone.
func TestListingWhileOthersCommit(t *testing.T) {
	s := oneSnapshot(t)
	other := s.enrol(t, "other")
	s.commitBy(t, other, after...)
	machines := []*machine{s.machine, other}
	slices.SortFunc(machines, func(a, b *machine) int { return a.key.ID.Compare(b.key.ID) })
	var folders []string
	for _, m := range machines {
		folders = append(folders, format.SnapshotsDir+m.key.ID.String())
	}
	store := &slowHeads{Store: pages{s.store, folders}}
	seen := 0
	store.meanwhile = func() {
		seen++
		s.commitBy(t, machines[0], after...)
		s.commitBy(t, machines[1], before...)
	}
	v, err := repo.Load(t.Context(), store, s.master.Repository, "here", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Trust(nil); err != nil || seen != 1 {
		t.Errorf("%v", err)
	}
}

// TestSideBySide: two writers back up at once, a reader reads all the time.
func TestSideBySide(t *testing.T) {
	s := oneSnapshot(t)
	other := s.enrol(t, "other")
	rounds := 4
	if long() {
		rounds = 60
	}
	type done struct {
		h        *repo.Head
		contents [][]byte
	}
	results := make(chan done, 2*rounds)
	stop := make(chan struct{})
	var writers, readers sync.WaitGroup
	for w, m := range []*machine{s.machine, other} {
		writers.Go(func() {
			for i := range rounds {
				contents := [][]byte{text(7, 40<<10), text(uint64(100*w+i), 20<<10)}
				h, err := m.run(t.Context(), s.police(t), smallPacks, contents...)
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				results <- done{h, contents}
			}
		})
	}
	readers.Go(func() {
		for {
			r := s.reader(t)
			if err := r.View().Trust(nil); err != nil {
				t.Error(err)
			}
			for _, h := range r.Heads() {
				if _, err := r.Open(t.Context(), h); err != nil {
					t.Error(err)
				}
			}
			if err := r.View().RememberSeen(s.memory, s.key.ID); err != nil {
				t.Error(err)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	writers.Wait()
	close(stop)
	readers.Wait()
	close(results)
	for d := range results {
		s.note(d.h, d.contents)
	}
	s.sound(t)
}

// TestGoneMeanwhile: a pack that is condemned or lost while a head is on its way
// makes the run fail, and the next one mends it.
func TestGoneMeanwhile(t *testing.T) {
	for _, folder := range []string{format.PacksDir, format.IndexDir, format.ManifestsDir} {
		t.Run(folder, func(t *testing.T) {
			s := newScene(t)
			store := &losing{Store: s.store, memory: s.store, folder: folder}
			if _, err := s.run(t.Context(), store, smallPacks, before...); format.ClassOf(err) != format.Missing {
				t.Errorf("the run ends with %v", err)
			}
			h := s.commit(t, before...)
			if err := same(t.Context(), s.reader(t), h, before); err != nil {
				t.Error(err)
			}
		})
	}
}

// losing loses an object of a folder when a head is put.
type losing struct {
	storage.Store
	memory *storagetest.Memory
	folder string
}

func (l *losing) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if strings.HasPrefix(key, format.SnapshotsDir) {
		l.memory.Tamper(l.memory.Keys(l.folder)[0], nil)
	}
	return l.Store.Put(ctx, key, data)
}
