package repo_test

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
)

// schedules returns the seeds to run: thousands, or with CHATKEEP_SCHEDULES the
// first N, or those FROM-TO, the last not included.
func schedules(t *testing.T) (from, to uint64) {
	t.Helper()
	switch text := os.Getenv("CHATKEEP_SCHEDULES"); {
	case text != "":
		first, last, ok := strings.Cut(text, "-")
		if !ok {
			first, last = "0", text
		}
		var errs [2]error
		from, errs[0] = strconv.ParseUint(first, 10, 64)
		to, errs[1] = strconv.ParseUint(last, 10, 64)
		if err := errors.Join(errs[:]...); err != nil {
			t.Fatal(err)
		}
		return from, to
	case long():
		return 0, 1_000_000
	case testing.Short():
		return 0, 20
	}
	return 0, 3000
}

// TestSchedules runs the protocol through many schedules and wants that in none
// of them a snapshot that somebody was told is stored, and nobody forgot, loses
// anything.
func TestSchedules(t *testing.T) {
	// Nearly all that a schedule allocates is garbage when it is over.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	from, to := schedules(t)
	total := map[string]int{}
	cryptotest.SetGlobalRandom(t, 0) // the same keys in every run
	base := newSimBase(t, simGrace)
	for seed := from; seed < to; seed++ {
		cryptotest.SetGlobalRandom(t, seed)
		s := simulate(t, base, seed, rules{stale: seed%2 == 1})
		base.clean()
		for what, n := range s.count {
			total[what] += n
		}
		for _, lost := range s.lost {
			t.Errorf("seed %d: %s", seed, lost)
		}
		if t.Failed() {
			break
		}
		if done := seed + 1; done%10_000 == 0 || done == to {
			t.Logf("schedules %d to %d: %v", from, done, total)
		}
	}
	for _, what := range []string{"stored", "deleted", "killed", "unsettled", "pruned", "forgot", "checked"} {
		if total[what] == 0 && to-from >= 400 {
			t.Errorf("nothing was %s in all of it: the schedules prove little", what)
		}
	}
}

// blind hides from a writer the tombstones and the deletions since it looked.
func blind(a *actor, honest time.Time) glance { return glance{honest, a.looked, a.looked} }

// variants are protocols that lose data. Each is made of the real code by what
// the store shows, or by somebody who does what none of ours does.
var variants = map[string]struct {
	grace time.Duration
	rules func(*simBase) rules
}{
	// A writer that does not look again after its commit.
	"no confirm": {simGrace, func(*simBase) rules {
		return rules{lie: func(a *actor, honest time.Time) glance {
			if a.committed {
				return blind(a, honest)
			}
			a.looked = honest
			return glance{honest, honest, honest}
		}}
	}},
	// One that looks when it begins, and trusts that it is quicker than the grace.
	"grace only": {simGrace, func(*simBase) rules {
		return rules{lie: func(a *actor, honest time.Time) glance {
			if a.looked.IsZero() {
				a.looked = honest
			}
			return blind(a, honest)
		}}
	}},
	// A pruner that does not wait, where listings are late.
	"instant delete": {0, func(*simBase) rules { return rules{stale: true} }},
	// Somebody who takes back the condemnation of what is needed again.
	"un-condemning": {simGrace, func(b *simBase) rules { return rules{stale: true, more: []act{b.pardoner, b.pardoner}} }},
}

// pardoner deletes tombstones of what a snapshot needs.
func (b *simBase) pardoner(ctx context.Context, a *actor) {
	a.name = "pardoner"
	for range 12 {
		if !a.up() {
			return
		}
		l := a.line()
		v, err := repo.Load(ctx, l, b.master.Repository, "here", nil)
		if err != nil {
			continue
		}
		needs, err := v.Needs()
		if err != nil {
			continue
		}
		for info, err := range l.List(ctx, format.PruneDir) {
			if err != nil {
				break
			}
			if b.needed(needs, a.sim.store.objects[info.Key].data) {
				_ = l.Delete(ctx, info.Key)
			}
		}
	}
}

func (b *simBase) needed(needs *repo.Needs, object []byte) bool {
	t, err := format.ParseTombstone(mustBody(object))
	if err != nil {
		panic(err)
	}
	for _, h := range t.Packs {
		if _, ok := needs.Packs[h]; ok {
			return true
		}
	}
	return false
}

// TestVariantsLose switches on what each of the protocol's rules forbids, and
// wants that the schedules show the loss: that they could find one in the real
// protocol, if it had any.
func TestVariantsLose(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	const most = 20_000
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, 0)
			base := newSimBase(t, v.grace)
			for seed := range uint64(most) {
				cryptotest.SetGlobalRandom(t, seed)
				s := simulate(t, base, seed, v.rules(base))
				base.clean()
				if len(s.lost) > 0 {
					t.Logf("seed %d: %s", seed, s.lost[0])
					return
				}
			}
			t.Errorf("nothing was lost in %d schedules", most)
		})
	}
}
