package repo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// timeline is a store that remembers what was there when, so that a listing can
// show it as it was a while ago. Its clock is the simulation's. It is used by one
// goroutine at a time.
type timeline struct {
	now     time.Time
	objects map[string]*lifetime
	order   []string // all keys ever, sorted
}

// lifetime is an object from its put to its deletion.
type lifetime struct {
	data       []byte
	born, died time.Time // died is zero while it lives
}

func (l *lifetime) at(t time.Time) bool { return l.between(t, t) }

// between reports whether the object was there at born, and not yet deleted at
// died.
func (l *lifetime) between(born, died time.Time) bool {
	return l != nil && !l.born.After(born) && (l.died.IsZero() || l.died.After(died))
}

// glance is what a listing shows: objects that were put by a time, tombstones
// that were put by another, and of what was deleted that which was there at a
// third. In an honest listing the three are one.
type glance struct{ objects, tombstones, deleted time.Time }

func (g glance) shows(key string, l *lifetime) bool {
	if strings.HasPrefix(key, format.PruneDir) {
		return l.between(g.tombstones, g.deleted)
	}
	return l.between(g.objects, g.deleted)
}

// newTimeline begins with what another store has.
func newTimeline(now time.Time, from *storagetest.Memory) *timeline {
	s := &timeline{now: now, objects: map[string]*lifetime{}, order: from.Keys("")}
	for _, key := range s.order {
		s.objects[key] = &lifetime{data: from.Bytes(key), born: now.Add(-365 * 24 * time.Hour)}
	}
	return s
}

// clone is the same store for another simulation.
func (s *timeline) clone() *timeline {
	c := &timeline{now: s.now, objects: make(map[string]*lifetime, len(s.objects)), order: slices.Clone(s.order)}
	for key, l := range s.objects {
		copied := *l
		c.objects[key] = &copied
	}
	return c
}

func (s *timeline) has(key string) bool { return s.objects[key].at(s.now) }

func (s *timeline) put(key string, data []byte) (storage.Info, error) {
	if s.has(key) {
		return storage.Info{}, fmt.Errorf("put %s: %w", key, fs.ErrExist)
	}
	if s.objects[key] == nil {
		at, _ := slices.BinarySearch(s.order, key)
		s.order = slices.Insert(s.order, at, key)
	}
	s.objects[key] = &lifetime{data: bytes.Clone(data), born: s.now}
	return storage.Info{Key: key, Size: int64(len(data)), Time: s.now.Truncate(time.Second)}, nil
}

func (s *timeline) delete(key string) {
	if l := s.objects[key]; l != nil && l.died.IsZero() {
		l.died = s.now
	}
}

func (s *timeline) get(key string) ([]byte, error) {
	if !s.has(key) {
		return nil, fmt.Errorf("get %s: %w", key, fs.ErrNotExist)
	}
	return s.objects[key].data, nil
}

// page lists up to n objects behind a key that a glance shows, and reports
// whether that was all.
func (s *timeline) page(prefix, after string, n int, at glance) (infos []storage.Info, last bool) {
	from, found := slices.BinarySearch(s.order, max(prefix, after))
	if found && after != "" && s.order[from] == after {
		from++
	}
	for _, key := range s.order[from:] {
		if !strings.HasPrefix(key, prefix) {
			break
		}
		if len(infos) == n {
			return infos, false
		}
		if l := s.objects[key]; at.shows(key, l) {
			infos = append(infos, storage.Info{Key: key, Size: int64(len(l.data)), Time: l.born.Truncate(time.Second)})
		}
	}
	return infos, true
}

// request is what an actor asks of the store. It waits until the simulation lets
// it through.
type request struct {
	actor *actor
	life  int // of the actor: a dead one's requests have no effect
	op    string
	key   string
	do    func() // what it does when its turn comes
	done  chan error
	// stalled says that its actor fell asleep over it.
	stalled bool
}

// decisive reports whether the request does what was decided on by what a listing
// showed before: a stall between the two is what a protocol has to survive.
func (r *request) decisive() bool {
	return r.op == "delete" || r.op == "put" && strings.HasPrefix(r.key, format.SnapshotsDir)
}

// line is an actor's line to the store: every request waits for its turn.
type line struct {
	sim  *sim
	a    *actor
	life int
}

var (
	errNoLife    = errors.New("the process is dead")
	_            = storage.Store(line{})
	pageOfTheSim = 12
)

func (l line) wait(ctx context.Context, op, key string, do func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{actor: l.a, life: l.life, op: op, key: key, do: do, done: make(chan error, 1)}
	l.sim.ask(r)
	return <-r.done
}

func (l line) Put(ctx context.Context, key string, data []byte) (info storage.Info, err error) {
	if e := l.wait(ctx, "put", key, func() {
		info, err = l.sim.store.put(key, data)
		l.sim.stored(l.a, key, data)
	}); e != nil {
		return storage.Info{}, e
	}
	return info, err
}

func (l line) Delete(ctx context.Context, key string) error {
	return l.wait(ctx, "delete", key, func() {
		l.sim.store.delete(key)
		l.sim.deleted(key)
	})
}

func (l line) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	var data []byte
	var err error
	if e := l.wait(ctx, "get", key, func() { data, err = l.sim.store.get(key) }); e != nil {
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	if length < 0 {
		length = int64(len(data)) - offset
	}
	return io.NopCloser(bytes.NewReader(data[offset : offset+length])), nil
}

func (l line) Stat(ctx context.Context, key string) (info storage.Info, err error) {
	if e := l.wait(ctx, "stat", key, func() {
		var data []byte
		data, err = l.sim.store.get(key)
		info = storage.Info{Key: key, Size: int64(len(data))}
	}); e != nil {
		return info, e
	}
	return info, err
}

// List shows pages, each as it is when it is asked for, or a little before.
func (l line) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		after, last := "", false
		for !last {
			var infos []storage.Info
			if err := l.wait(ctx, "list", prefix, func() {
				infos, last = l.sim.store.page(prefix, after, pageOfTheSim, l.sim.shown(l.a, prefix))
			}); err != nil {
				yield(storage.Info{}, err)
				return
			}
			for _, info := range infos {
				if !yield(info, nil) {
					return
				}
				after = info.Key
			}
		}
	}
}
