package repo_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// model drives a repository through a random life.
type model struct {
	*scene
	t        *testing.T
	r        *rand.Rand
	machines []*machine
	last     []*repo.Head // what each machine saw committed last
	old      []*storagetest.Memory
	log      []string
}

// TestModel lets two writers live through backups, deaths, faults, lost caches,
// lost state and rollbacks, in an order that a seed decides. Whatever was
// committed must stay. CHATKEEP_SEED runs one seed again.
func TestModel(t *testing.T) {
	seeds, steps := 6, 24
	if long() {
		seeds, steps = 150, 60
	}
	first := 1
	if s := os.Getenv("CHATKEEP_SEED"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		first, seeds = n, 1
	}
	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			m := &model{scene: s, t: t, r: rand.New(rand.NewPCG(uint64(seed), 7))}
			m.machines = []*machine{s.machine, s.enrol(t, "second")}
			m.last = make([]*repo.Head, 2)
			for range steps {
				m.step()
				if t.Failed() {
					t.Fatalf("after %v", m.log)
				}
			}
			m.peace()
			m.sound(t)
			if t.Failed() {
				t.Fatalf("after %v", m.log)
			}
		})
	}
}

func (m *model) step() {
	who := m.r.IntN(2)
	switch m.r.IntN(10) {
	case 0, 1, 2:
		m.note("backup", who)
		m.backup(who, m.police(m.t), true)
	case 3, 4:
		m.die(who)
	case 5, 6:
		m.fault(who)
	case 7:
		m.note("cache lost", who)
		m.machines[who].chill(m.t)
	case 8:
		if m.r.IntN(3) == 0 {
			m.note("state lost", who)
			if err := os.RemoveAll(m.machines[who].dir + "/s"); err != nil {
				m.t.Fatal(err)
			}
			m.last[who] = nil
		} else {
			m.old = append(m.old, m.store.Clone())
		}
	case 9:
		m.rollback(who)
	}
}

func (m *model) note(what string, who int) { m.log = append(m.log, fmt.Sprintf("%s %d", what, who)) }

func (m *model) contents() [][]byte {
	var all [][]byte
	for range 1 + m.r.IntN(4) {
		all = append(all, text(uint64(m.r.IntN(12)), 1+m.r.IntN(3)*25<<10))
	}
	return all
}

// backup runs one, which must succeed over a store in order. When it says that
// it did, what it stored must come back at once.
func (m *model) backup(who int, store storage.Store, must bool) {
	m.backupCtx(m.t.Context(), who, store, must)
}

func (m *model) backupCtx(ctx context.Context, who int, store storage.Store, must bool) {
	contents := m.contents()
	h, err := m.machines[who].run(ctx, store, smallPacks, contents...)
	switch {
	case err == nil:
		m.scene.note(h, contents)
		m.last[who] = h
		if err := same(m.t.Context(), m.reader(m.t), h, contents); err != nil {
			m.t.Errorf("a backup that said it is done: %v", err)
		}
	case must:
		m.t.Errorf("a backup in peace: %v", err)
	}
}

func (m *model) die(who int) {
	ctx, cancel := context.WithCancel(m.t.Context())
	defer cancel()
	b := &breaker{Store: m.police(m.t), nth: 1 + m.r.IntN(14), how: end(1 + m.r.IntN(4)), cancel: cancel}
	m.note(fmt.Sprintf("%v request %d", b.how, b.nth), who)
	alive := m.machines[who]
	dir := tempDir(m.t)
	b.died = func() { m.machines[who] = alive.cloneTo(m.t, dir) }
	contents := m.contents()
	h, err := alive.run(ctx, b, smallPacks, contents...)
	if err == nil {
		m.scene.note(h, contents)
		m.last[who] = h
	}
}

func (m *model) fault(who int) {
	rule := storagetest.Rule{
		Nth: 1 + m.r.IntN(14), Entry: m.r.IntN(20),
		Info: storage.Info{Key: format.PackName(format.Sum([]byte("none"))), Size: 100},
	}
	do := []storagetest.Trouble{
		storagetest.FailBefore, storagetest.FailAfter, storagetest.GetBroken, storagetest.GetTruncated, storagetest.GetFlipped,
		storagetest.ListOmit, storagetest.ListAdd, storagetest.ListRepeat, storagetest.ListReorder, storagetest.ListBroken,
	}
	rule.Do = do[m.r.IntN(len(do))]
	if rule.Do >= storagetest.ListOmit {
		rule.Op, rule.Nth = storagetest.OpList, 1+m.r.IntN(5)
	}
	m.note(fmt.Sprintf("%v at %d/%d", rule.Do, rule.Nth, rule.Entry), who)
	m.backup(who, storagetest.NewFault(m.police(m.t), rule), false)
}

// rollback serves an older state to a machine. It must refuse where that lacks
// what it saw committed. Then the newer state comes back.
func (m *model) rollback(who int) {
	if len(m.old) == 0 {
		return
	}
	old := m.old[m.r.IntN(len(m.old))].Clone()
	if m.last[who] == nil || old.Bytes(headKey(m.last[who])) != nil {
		return
	}
	m.note("rollback", who)
	_, err := m.machines[who].run(m.t.Context(), old, smallPacks, m.contents()...)
	if class := format.ClassOf(err); class != format.Rollback {
		m.t.Errorf("an older state is met with %v", err)
	}
}

// peace lets both writers finish.
func (m *model) peace() {
	for who := range m.machines {
		m.backup(who, m.police(m.t), true)
	}
}
