package repo_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chatkeep/backup/format"
)

// The simulation runs the real code of writers, pruners and owners against one
// store. Each of their requests waits until a seeded scheduler lets it through,
// one at a time; between two of them the clock may jump, the actor may fall asleep
// for longer than any grace, or die. A seed is one schedule.

// The times of the simulated repository, and how late its listings may be.
const (
	simGrace = 100 * time.Second
	simStale = 40 * time.Second
	simSteps = 600
)

// sim is one schedule at work.
type sim struct {
	r      *rand.Rand
	store  *timeline
	rules  rules
	actors []*actor

	mu      sync.Mutex
	waiting []*request
	over    bool

	lives     map[format.Hash]format.LiveSet // of every head ever put
	manifests map[format.Hash]format.Hash
	promised  map[format.Hash]*promise // heads that were reported as stored
	dropped   map[format.Hash]bool     // by the owner, which may be before that
	lost      []string
	count     map[string]int
}

// rules are what a variant of the protocol, or of the store, changes.
type rules struct {
	stale bool // listings may be late
	// lie, if set, changes what a listing of everything shows to a writer.
	lie  func(a *actor, honest time.Time) glance
	more []act // further actors
}

// promise is a snapshot that somebody was told is stored.
type promise struct {
	by    string
	needs map[string]bool
}

func (s *sim) ask(r *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, r)
}

// run lets requests through until everybody is done or the steps are up.
func (s *sim) run() {
	for step := 0; ; step++ {
		synctest.Wait()
		s.mu.Lock()
		if len(s.waiting) == 0 {
			s.mu.Unlock()
			return
		}
		if step == simSteps {
			s.over = true
		}
		r := s.choose()
		s.mu.Unlock()
		s.serve(r)
	}
}

// choose takes a request of somebody who is awake off the line. It must not
// depend on the order in which requests came.
func (s *sim) choose() *request {
	slices.SortFunc(s.waiting, func(a, b *request) int {
		return cmp.Or(cmp.Compare(a.actor.number, b.actor.number), cmp.Compare(a.op, b.op), cmp.Compare(a.key, b.key))
	})
	for {
		var awake []int
		first := time.Time{}
		for i, r := range s.waiting {
			until := r.actor.asleep
			if s.over || !until.After(s.store.now) {
				awake = append(awake, i)
			} else if first.IsZero() || until.Before(first) {
				first = until
			}
		}
		if len(awake) == 0 {
			s.store.now = first
			continue
		}
		i := awake[s.r.IntN(len(awake))]
		r := s.waiting[i]
		s.waiting = slices.Delete(s.waiting, i, i+1)
		return r
	}
}

// serve carries a request out, or lets its actor fall asleep or die before it or
// after.
func (s *sim) serve(r *request) {
	s.pass()
	a := r.actor
	dead := s.over || r.life != a.life
	if !dead && !r.stalled && r.decisive() && s.r.IntN(5) == 0 {
		r.stalled = true
		s.sleep(a)
		s.ask(r)
		return
	}
	switch n := s.r.IntN(1000); {
	case dead:
	case n < 3:
		a.life++
		dead = true
		s.count["killed"]++
	case n < 6:
		a.life++
		s.count["killed"]++
		r.do()
		dead = true
	case n < 16:
		s.sleep(a)
		r.do()
	default:
		r.do()
	}
	if dead {
		r.done <- errNoLife
		return
	}
	r.done <- nil
}

// sleep stops an actor, sometimes for longer than any grace.
func (s *sim) sleep(a *actor) {
	a.asleep = s.store.now.Add(time.Duration(s.r.Int64N(int64(3 * simGrace))))
}

// pass lets time go by: most often little.
func (s *sim) pass() {
	most := 2 * time.Second
	switch n := s.r.IntN(1000); {
	case n < 5:
		most = 2 * simGrace
	case n < 50:
		most = simGrace / 4
	}
	s.store.now = s.store.now.Add(time.Duration(s.r.Int64N(int64(most))))
}

// shown is what a listing shows.
func (s *sim) shown(a *actor, prefix string) glance {
	at := s.store.now
	if s.rules.stale && s.r.IntN(2) == 0 {
		at = at.Add(-time.Duration(s.r.Int64N(int64(simStale))))
	}
	if s.rules.lie != nil && prefix == "" && a.writes {
		return s.rules.lie(a, at)
	}
	return glance{at, at, at}
}

// stored watches for heads and authorities.
func (s *sim) stored(a *actor, key string, data []byte) {
	name, _ := format.ParseName(key)
	switch name.Type {
	case format.ObjectHead:
		a.committed = true
		s.noteHead(name.Hash, data)
	case format.ObjectAuthority:
		body := mustBody(data)
		a, err := format.ParseAuthority(body)
		if err != nil {
			panic(err)
		}
		for _, ref := range a.Forgotten {
			delete(s.promised, ref.SHA256)
			s.dropped[ref.SHA256] = true
		}
	}
}

func mustBody(data []byte) []byte {
	e, err := format.ParseEnvelope(data, format.MaxSigned)
	if err != nil {
		panic(err)
	}
	return []byte(e.Body)
}

func (s *sim) noteHead(hash format.Hash, data []byte) {
	h, err := format.ParseHead(mustBody(data))
	if err != nil {
		panic(err)
	}
	live := h.Live
	if live == nil {
		set, err := s.lives[*h.Base].Apply(*h.Add, *h.Drop)
		if err != nil {
			panic(err)
		}
		live = &set
	}
	s.lives[hash] = *live
	if h.Manifest != nil {
		s.manifests[hash] = h.Manifest.SHA256
	}
}

// report notes that an actor was told that its snapshot is stored.
func (s *sim) report(a *actor, head format.Hash) {
	if s.dropped[head] {
		return
	}
	p := &promise{by: a.name, needs: map[string]bool{format.ManifestName(s.manifests[head]): true}}
	for _, ref := range s.lives[head].Packs {
		p.needs[format.PackName(ref.SHA256)] = true
	}
	for _, ref := range s.lives[head].Index {
		p.needs[format.IndexName(ref.SHA256)] = true
	}
	s.promised[head] = p
	for key := range p.needs {
		if !s.store.has(key) {
			s.lose(head, p, key)
		}
	}
}

// deleted asks that nothing was promised of what went away.
func (s *sim) deleted(key string) {
	s.count["deleted"]++
	for head, p := range s.promised {
		if p.needs[key] {
			s.lose(head, p, key)
		}
	}
}

func (s *sim) lose(head format.Hash, p *promise, key string) {
	s.lost = append(s.lost, fmt.Sprintf("snapshot %s, which %s was told is stored, lacks %s", head.String()[:8], p.by, key))
}

// simulate runs one schedule and returns what was lost in it.
func simulate(t *testing.T, base *simBase, seed uint64, rules rules) *sim {
	r := rand.New(rand.NewPCG(seed, 77))
	s := &sim{r: r, store: base.store.clone(), rules: rules,
		lives: map[format.Hash]format.LiveSet{}, manifests: map[format.Hash]format.Hash{},
		promised: map[format.Hash]*promise{}, dropped: map[format.Hash]bool{}, count: map[string]int{}}
	for _, key := range s.store.order {
		if strings.HasPrefix(key, format.SnapshotsDir) {
			name, _ := format.ParseName(key)
			s.noteHead(name.Hash, s.store.objects[key].data)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for head := range s.manifests {
			s.report(&actor{name: "the first writer"}, head)
		}
		var group sync.WaitGroup
		for _, act := range base.cast(r, rules) {
			a := &actor{sim: s, base: base, number: len(s.actors), r: rand.New(rand.NewPCG(seed, uint64(len(s.actors))))}
			s.actors = append(s.actors, a)
			group.Go(func() { act(ctx, a) })
		}
		s.run()
		group.Wait()
	})
	return s
}
