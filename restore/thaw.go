package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
)

// usualClass is what stores call the class that nobody asked for.
const usualClass = "STANDARD"

// cold is which of a snapshot's packs may be in archives of the store, and which
// are. It takes memory for each pack that is not in the usual class.
type cold struct {
	snapshot *repo.Snapshot
	thawer   storage.Thawer
	packs    map[int]storage.Info  // in another class than the usual, by number in the index
	states   map[int]storage.State // of those that were looked at and cannot be read
}

// surveyCold lists the packs of a snapshot that archives might have: it makes one
// request for a thousand packs in the store, and none where that has no archives.
func surveyCold(ctx context.Context, store storage.Reader, thawer storage.Thawer, s *repo.Snapshot) (*cold, error) {
	c := &cold{snapshot: s, thawer: thawer, packs: map[int]storage.Info{}, states: map[int]storage.State{}}
	if thawer == nil {
		return c, nil
	}
	numbers := map[string]int{}
	for i, p := range s.Index().Packs() {
		numbers[format.PackName(p.Pack)] = i
	}
	for info, err := range store.List(ctx, format.PacksDir) {
		if err != nil {
			return nil, err
		}
		if n, ours := numbers[info.Key]; ours && info.Class != "" && info.Class != usualClass {
			c.packs[n] = info
		}
	}
	return c, nil
}

// lists are the packs that hold the lists of the snapshot's files.
func (c *cold) lists() []int { return c.those(func(k format.Kind) bool { return k == format.Meta }) }

// those are the packs of some kinds, in order.
func (c *cold) those(want func(format.Kind) bool) []int {
	var some []int
	for n := range c.packs {
		if want(c.snapshot.Index().Packs()[n].Kind) {
			some = append(some, n)
		}
	}
	slices.Sort(some)
	return some
}

// needs are the packs that a restore with these options would read, as far as
// archives might have them. The snapshot's lists must be readable.
func (c *cold) needs(ctx context.Context, o Options) ([]int, error) {
	if len(c.packs) == 0 {
		return nil, nil
	}
	if err := seek(ctx, c.snapshot, o.Paths); err != nil {
		return nil, err // before anything is asked for that costs money
	}
	need := map[int]bool{}
	r := newRun(c.snapshot, o)
	left := func(path string) bool { return r.wanted(path) && (o.There == nil || !o.There(onDisk(path))) }
	targets := map[string]bool{} // of hard links that are wanted, which are not
	err := c.walk(ctx, need, func(e repo.Entry) bool {
		if e.Type == format.EntryHardlink && left(e.Path) && !r.wanted(e.Target) {
			targets[e.Target] = true
		}
		return left(e.Path)
	})
	if err == nil && len(targets) > 0 {
		err = c.walk(ctx, need, func(e repo.Entry) bool { return targets[e.Path] })
	}
	return slices.Sorted(maps.Keys(need)), err
}

// walk adds the packs of the entries that want picks. What is wrong with the list
// is for the restore to find.
func (c *cold) walk(ctx context.Context, need map[int]bool, want func(repo.Entry) bool) error {
	index := c.snapshot.Index()
	for e, err := range c.snapshot.Entries(ctx) {
		if format.ClassOf(err) != "" {
			return nil
		}
		if err != nil {
			return err
		}
		if !want(e) {
			continue
		}
		for id := range e.AllChunks() {
			if p, ok := index.Find(id); ok {
				if _, other := c.packs[p.Pack]; other {
					need[p.Pack] = true
				}
			}
		}
	}
	return nil
}

// look asks the store which of some packs can be read now. One that is missing is
// for the restore to find.
func (c *cold) look(ctx context.Context, packs []int) error {
	return c.each(ctx, packs, func(ctx context.Context, info storage.Info) (storage.State, error) {
		state, err := c.thawer.State(ctx, info)
		if errors.Is(err, fs.ErrNotExist) {
			return storage.Ready, nil
		}
		return state, err
	})
}

// ask asks the store to thaw those of some packs that are frozen.
func (c *cold) ask(ctx context.Context, packs []int, how storage.Thaw) error {
	return c.each(ctx, c.in(packs, storage.Frozen), func(ctx context.Context, info storage.Info) (storage.State, error) {
		return c.thawer.Thaw(ctx, info, how)
	})
}

// requestsAtOnce is how many packs are asked about at a time.
const requestsAtOnce = 16

// each notes the states that do finds, for some packs side by side.
func (c *cold) each(ctx context.Context, packs []int, do func(context.Context, storage.Info) (storage.State, error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range min(requestsAtOnce, len(packs)) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(packs)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				state, err := do(ctx, c.packs[packs[i]])
				if err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				if c.states[packs[i]] = state; state == storage.Ready {
					delete(c.states, packs[i])
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// in picks the packs that are in some state.
func (c *cold) in(packs []int, state storage.State) []int {
	return slices.DeleteFunc(slices.Clone(packs), func(n int) bool {
		is, unready := c.states[n]
		return !unready || is != state
	})
}

// pending picks the packs that cannot be read.
func (c *cold) pending(packs []int) []int {
	return append(c.in(packs, storage.Frozen), c.in(packs, storage.Thawing)...)
}

// errArchived says why nothing is fetched.
var errArchived = errors.New("it is in an archive of the store")

// unready is for Options.
func (c *cold) unready(pack int) error {
	if _, unready := c.states[pack]; !unready {
		return nil
	}
	return &storage.Error{Class: storage.Archived, Op: "get", Key: c.packs[pack].Key, Place: "the repository", Err: errArchived}
}

// learn notes what a restore found out the hard way: packs in archives that the
// listing did not tell of. With them all of the same class among packs are taken
// to be frozen. It returns packs with those that are new, and whether there was
// anything to learn.
func (c *cold) learn(waiting []Loss, packs []int) (all []int, learnt bool) {
	refused := map[string]bool{}
	for _, l := range waiting {
		var e *storage.Error
		if errors.As(l.Err, &e) {
			refused[e.Key] = true
		}
	}
	classes := map[string]bool{}
	for n, p := range c.snapshot.Index().Packs() {
		if len(refused) == 0 || !refused[format.PackName(p.Pack)] {
			continue
		}
		if _, listed := c.packs[n]; !listed {
			c.packs[n] = storage.Info{Key: format.PackName(p.Pack), Size: p.Size}
			packs = append(packs, n)
		}
		classes[c.packs[n].Class] = true
	}
	for _, n := range packs {
		if _, unready := c.states[n]; !unready && classes[c.packs[n].Class] {
			c.states[n] = storage.Frozen
			learnt = true
		}
	}
	return packs, learnt
}

// has fails where some packs are in a class that has no thaw of this tier.
func (c *cold) has(packs []int, tier storage.Tier) error {
	for _, n := range packs {
		if _, ok := c.thawer.ThawTime(c.packs[n].Class, tier); !ok {
			return fmt.Errorf("objects in %s have no thaw of the tier %s", c.packs[n].Class, tier)
		}
	}
	return nil
}

// amount sums packs up.
type amount struct {
	objects int
	bytes   int64
	longest time.Duration // that a thaw of them takes, 0 where nobody knows
}

func (c *cold) amount(packs []int, tier storage.Tier) (t amount) {
	for _, n := range packs {
		info := c.packs[n]
		took, _ := c.thawer.ThawTime(info.Class, tier)
		t.objects++
		t.bytes += info.Size
		t.longest = max(t.longest, took)
	}
	return t
}
