package repo_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/storage/storagetest"
)

// actor is somebody who works on the simulated repository. It is used by its own
// goroutine, and by the scheduler while that waits.
type actor struct {
	sim    *sim
	base   *simBase
	number int
	name   string
	r      *rand.Rand
	life   int       // counts deaths
	asleep time.Time // until then
	// What the variants of the protocol need to know of a writer's run.
	writes    bool
	committed bool
	looked    time.Time
}

// up reports whether the simulation goes on; a dead actor lives again.
func (a *actor) up() bool {
	a.sim.mu.Lock()
	defer a.sim.mu.Unlock()
	return !a.sim.over
}

// line is a new process's line to the store.
func (a *actor) line() line {
	a.sim.mu.Lock()
	defer a.sim.mu.Unlock()
	return line{a.sim, a, a.life}
}

// act is what an actor does until its schedule is over.
type act func(context.Context, *actor)

// simBase is what every schedule begins with: a repository with a few snapshots
// and the keys of those who work on it.
type simBase struct {
	store   *timeline
	master  *keys.Master
	writers []*machine
	pruners []*keys.Pruner
	scratch string
	serial  int
}

// universe are the contents that writers choose from: with few of them, chunks
// are needed, dropped and needed again.
var universe = [][]byte{text(101, 3000), text(102, 2500), text(103, 4000), text(104, 1500), text(105, 3500)}

func newSimBase(t *testing.T, grace time.Duration) *simBase {
	t.Helper()
	store := storagetest.NewMemory()
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	store.SetTime(start)
	master, err := keys.NewMaster(true) // X25519 alone is quicker
	if err != nil {
		t.Fatal(err)
	}
	slot, err := keys.SealRecovery(master, keys.NewRecoveryKey())
	if err != nil {
		t.Fatal(err)
	}
	key, err := repo.CreateWithGrace(t.Context(), store, "here", master,
		[]repo.NewSlot{{Name: "recovery", Kind: format.SlotRecovery, Object: slot}}, "first", grace)
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{store: store, master: master, machine: newMachine(t, key), want: map[format.Hash][][]byte{}}
	b := &simBase{master: master, scratch: tempDir(t)}
	b.writers = append(b.writers, s.machine)
	for range 2 {
		b.writers = append(b.writers, s.enrol(t, "another"))
		o := s.owner(t)
		pruner, err := o.AddPruner("pruner")
		if err == nil {
			err = o.Commit(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		b.pruners = append(b.pruners, pruner)
	}
	s.commit(t, universe[0], universe[1])
	s.commit(t, universe[1], universe[2])
	b.store = newTimeline(start, store)
	return b
}

// cast chooses who takes part: two to eight actors.
func (b *simBase) cast(r *rand.Rand, rules rules) []act {
	cast := []act{b.writer(0), b.pruner(0), b.owner()}
	if r.IntN(2) == 0 {
		cast = append(cast, b.pruner(1))
	}
	if r.IntN(3) == 0 {
		cast = append(cast, b.writer(1))
	}
	if r.IntN(4) == 0 {
		cast = append(cast, b.writer(2), b.reader())
	}
	if r.IntN(8) == 0 {
		cast = cast[:2]
	}
	return append(cast, rules.more...)
}

// memory is an actor's own, as the base's machine left it.
func (b *simBase) memory(m *machine, a *actor) *state.Repository {
	dir := filepath.Join(b.scratch, strconv.Itoa(b.serial), strconv.Itoa(a.number))
	dirs := state.Dirs{Config: dir + "/c", Data: dir + "/d", State: dir + "/s", Cache: dir + "/x"}
	if m != nil {
		if err := copyTree(dir, m.dir); err != nil {
			panic(err)
		}
	}
	return dirs.Repository(b.master.Repository)
}

// clean removes what a schedule's actors remembered.
func (b *simBase) clean() {
	if err := os.RemoveAll(filepath.Join(b.scratch, strconv.Itoa(b.serial))); err != nil {
		panic(err)
	}
	b.serial++
}

// writer makes snapshots of some of the contents, again and again, on a machine
// whose clock may be years off.
func (b *simBase) writer(n int) act {
	return func(ctx context.Context, a *actor) {
		a.name = "writer " + strconv.Itoa(n)
		m := &machine{key: b.writers[n].key, memory: b.memory(b.writers[n], a)}
		off := time.Duration(a.r.Int64N(int64(20*365*24*time.Hour))) - 10*365*24*time.Hour
		o := repo.SessionOptions{PackSize: 4 << 10, Best: -1, Now: func() time.Time { return a.sim.store.now.Add(off) }}
		for range 1 + a.r.IntN(3) {
			if !a.up() {
				return
			}
			var contents [][]byte
			for _, c := range universe {
				if a.r.IntN(2) == 0 {
					contents = append(contents, c)
				}
			}
			l := a.line()
			a.writes, a.committed, a.looked = true, false, time.Time{}
			head, err := m.run(ctx, l, o, contents...)
			a.sim.tell(a, l, func() {
				var gone *repo.Unsettled
				switch {
				case err == nil:
					a.sim.count["stored"]++
					a.sim.report(a, head.Hash)
				case errors.As(err, &gone):
					a.sim.count["unsettled"]++
				default:
					a.sim.count["failed"]++
				}
			})
		}
	}
}

// tell runs what an actor does when a command has ended, unless it died before.
func (s *sim) tell(a *actor, l line, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.life == a.life && !s.over {
		do()
	}
}

// pruner prunes again and again.
func (b *simBase) pruner(n int) act {
	return func(ctx context.Context, a *actor) {
		a.name = "pruner " + strconv.Itoa(n)
		memory := b.memory(nil, a)
		for range 2 + a.r.IntN(4) {
			if !a.up() {
				return
			}
			l := a.line()
			look := func(ctx context.Context) (*repo.View, error) {
				v, err := repo.Load(ctx, l, b.master.Repository, "here", memory)
				if err == nil && len(v.Problems) == 0 {
					err = v.Remember(memory)
				}
				return v, err
			}
			_, err := repo.Prune(ctx, l, look, b.pruners[n], repo.PruneOptions{Now: func() time.Time { return a.sim.store.now }})
			a.sim.tell(a, l, func() {
				if err == nil {
					a.sim.count["pruned"]++
				} else {
					a.sim.count["not pruned"]++
				}
			})
		}
	}
}

// owner forgets snapshots now and then.
func (b *simBase) owner() act {
	return func(ctx context.Context, a *actor) {
		a.name = "owner"
		for range 1 + a.r.IntN(2) {
			if !a.up() {
				return
			}
			l := a.line()
			if b.forget(ctx, a, l) == nil {
				a.sim.tell(a, l, func() { a.sim.count["forgot"]++ })
			}
		}
	}
}

func (b *simBase) forget(ctx context.Context, a *actor, l line) error {
	v, err := repo.Load(ctx, l, b.master.Repository, "here", nil)
	if err != nil {
		return err
	}
	o, err := repo.NewOwner(ctx, l, v, b.master, nil)
	if err != nil {
		return err
	}
	var some []*repo.Head
	for _, w := range v.Authority.Writers {
		if chain := v.Chains[w.ID]; chain != nil {
			for _, h := range chain.Heads {
				if h.Manifest != nil && !v.Forgotten(h) && a.r.IntN(2) == 0 {
					some = append(some, h)
				}
			}
		}
	}
	if err := o.Forget(some); err != nil {
		return err
	}
	return o.Commit(ctx)
}

// reader checks the repository without a key.
func (b *simBase) reader() act {
	return func(ctx context.Context, a *actor) {
		a.name = "reader"
		for range 2 {
			if !a.up() {
				return
			}
			l := a.line()
			v, err := repo.Load(ctx, l, b.master.Repository, "here", nil)
			if err == nil {
				_, err = repo.Check(ctx, l, v, nil, repo.CheckOptions{})
			}
			a.sim.tell(a, l, func() {
				if err == nil {
					a.sim.count["checked"]++
				}
			})
		}
	}
}
