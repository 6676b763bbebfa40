package forget_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"chatkeep/backup/forget"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/retention"
	"chatkeep/providers/storage"
)

// lying is a store whose puts tell another time than it has: what a thief's
// program would sign.
type lying struct {
	storage.Store
	now time.Time
}

func (l lying) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	info, err := l.Store.Put(ctx, key, data)
	info.Time = l.now
	return info, err
}

// steal signs a snapshot with a machine's key, dated as the thief likes, by a
// thief who knows the heads that the store showed at some moment.
func (w *world) steal(t *testing.T, m *machine, then storage.Store, at time.Time, x *export) {
	t.Helper()
	ctx := t.Context()
	thief := newMachine(t, m.key)
	v, err := load(ctx, then, w.master.Repository, thief.memory)
	if err != nil {
		t.Fatal(err)
	}
	s, err := repo.Begin(ctx, lying{w.store, at}, v, m.key, thief.memory, repo.SessionOptions{PackSize: 64 << 10, Now: func() time.Time { return w.here }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := commit(ctx, s, x); err != nil {
		t.Fatal(err)
	}
}

// policies are what people use.
var policies = map[string]retention.Policy{
	"last":   {Last: 3},
	"daily":  {Daily: 7},
	"mixed":  {Daily: 7, Weekly: 5, Monthly: 12, Yearly: retention.Unlimited},
	"hourly": {Hourly: 24, Daily: 2},
	"within": {Within: retention.Duration{Days: 30}, WithinMonthly: retention.Duration{Years: 1}},
}

// goodOnes forgets nothing and tells which of the good ones a policy would keep.
func (w *world) goodOnes(t *testing.T, p retention.Policy, good map[format.Hash]bool) map[format.Hash]bool {
	t.Helper()
	q := forget.Request{Policy: p, Grace: retention.DefaultGrace, Here: w.here, Zone: time.UTC, Own: w.machines[0].key.ID}
	q.GroupBy, _ = forget.GroupBy([]string{"source", "host"})
	plan, err := forget.Make(t.Context(), w.reader(t), q)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[format.Hash]bool{}
	for _, s := range plan.Snapshots {
		if good[s.Head.Hash] && !s.Forgotten() {
			kept[s.Head.Hash] = true
		}
	}
	return kept
}

// TestThief: whoever has stolen a writer's key, and signs what he likes, pushes
// no good snapshot out for as long as the grace: not by many, not by dates in the
// future or the past, not in a fork, not under another source's name.
func TestThief(t *testing.T) {
	garbage := func() *export {
		return &export{name: "phone", host: "pocket", messages: []message{{chat: "zz", id: "1", text: "garbage"}}}
	}
	for name, strike := range map[string]func(t *testing.T, w *world, m *machine, old storage.Store){
		"flood": func(t *testing.T, w *world, m *machine, _ storage.Store) {
			for range 8 {
				w.steal(t, m, w.store, w.here, garbage())
			}
		},
		"future": func(t *testing.T, w *world, m *machine, _ storage.Store) {
			for i := range 5 {
				w.steal(t, m, w.store, w.here.AddDate(i, 0, 1), garbage())
			}
		},
		"past": func(t *testing.T, w *world, m *machine, _ storage.Store) {
			for i := range 8 {
				w.steal(t, m, w.store, w.here.AddDate(0, 0, 4*i-36).Add(6*time.Hour), garbage())
			}
			w.steal(t, m, w.store, time.Unix(0, 0), garbage())
		},
		"fork": func(t *testing.T, w *world, m *machine, old storage.Store) {
			w.steal(t, m, old, w.here.AddDate(0, 0, -20), garbage())
			w.steal(t, m, old, w.here.AddDate(0, 0, -12), garbage())
		},
		"another's source": func(t *testing.T, w *world, _ *machine, _ storage.Store) {
			for range 5 {
				w.steal(t, w.machines[1], w.store, w.here, garbage())
			}
		},
		"carried": func(t *testing.T, w *world, m *machine, _ storage.Store) {
			x := garbage()
			x.tags = []string{format.TagCarried}
			w.steal(t, m, w.store, w.here, x)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m := w.machines[0]
			w.enrol(t, nil)
			good := map[format.Hash]bool{}
			var old storage.Store
			for i := range 12 {
				good[w.backup(t, m, w.saying("good", fmt.Sprint("day ", i))).Hash] = true
				if i == 5 {
					old = w.store.Clone()
				}
				w.pass(3)
			}
			// The same world, in which nothing is stolen.
			spared := *w
			spared.store = w.store.Clone()
			strike(t, w, m, old)
			for _, days := range []int{0, 6} {
				for _, one := range []*world{w, &spared} {
					one.pass(days)
					// Somebody backs up, and so the store tells the time.
					x := one.saying("else")
					x.host = "elsewhere"
					one.backup(t, newMachine(t, w.machines[1].key), x)
				}
				for p := range policies {
					after := w.goodOnes(t, policies[p], good)
					for hash := range spared.goodOnes(t, policies[p], good) {
						if !after[hash] {
							t.Errorf("%s: %d days after the theft a good snapshot goes that would stay", p, days)
						}
					}
				}
			}
			w.robbed(t, m, good)
		})
	}
}

// robbed lets the policy run while the thief is not noticed, and then the owner
// end the key: all that was good is there.
func (w *world) robbed(t *testing.T, m *machine, good map[format.Hash]bool) {
	t.Helper()
	var last *repo.Head
	for _, h := range w.reader(t).Heads() {
		if good[h.Hash] {
			last = h
		}
	}
	owner := w.machines[1]
	if _, err := w.forget(t, owner, w.store, forget.Request{Policy: policies["last"], Grace: retention.DefaultGrace}); err != nil {
		t.Fatal(err)
	}
	o, err := repo.NewOwner(t.Context(), w.store, w.view(t, nil), w.master, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.EndWriter(m.key.ID, last); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.nothingLost(t)
}

// TestThiefWhoCopies: he has the exports, and signs snapshots with everything in
// them. They stand for none of the good ones: when the owner ends the key, what
// was good is there still.
func TestThiefWhoCopies(t *testing.T) {
	w := newWorld(t)
	m := w.machines[0]
	w.enrol(t, nil)
	good := map[format.Hash]bool{}
	for i := range 8 {
		good[w.backup(t, m, w.saying("good pic a.jpg", fmt.Sprint("day ", i))).Hash] = true
		w.pass(3)
	}
	w.pass(7)
	var all []string
	for i := range 8 {
		all = append(all, fmt.Sprint("day ", i))
	}
	w.steal(t, m, w.store, w.here, w.saying(append(all, "good pic a.jpg")...))
	w.robbed(t, m, good)
}

// TestWritersApart: even without a grace a stolen key is in the way of its own
// snapshots alone. An heir's are those of whom it inherited from.
func TestWritersApart(t *testing.T) {
	w := newWorld(t)
	m := w.machines[0]
	other, heir := w.enrol(t, nil), w.enrol(t, &m.key.ID)
	good := map[format.Hash]bool{}
	for i := range 4 {
		good[w.backup(t, m, w.saying(fmt.Sprint("day ", i))).Hash] = true
		w.pass(1)
	}
	for range 3 {
		w.steal(t, other, w.store, w.here, w.saying("garbage"))
	}
	w.must(t, m, last(4))
	left := func() (n int) {
		for _, h := range w.reader(t).Heads() {
			if good[h.Hash] {
				n++
			}
		}
		return n
	}
	if n := left(); n != 4 {
		t.Errorf("%d of 4 good ones stay", n)
	}
	w.backup(t, heir, w.saying("day 5"))
	w.must(t, m, last(4))
	if n := left(); n != 3 {
		t.Errorf("%d of 4 stay beside the heir's", n)
	}
	w.nothingLost(t)
}
