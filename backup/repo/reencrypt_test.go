package repo_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/storage"
)

// leaked is a repository of two machines whose old secret somebody has, after a
// rotation.
type leaked struct {
	*prunable
	other  *machine
	master *keys.Master  // the old one
	ring   *keys.Keyring // as it was
	times  []time.Time   // of the snapshots
}

func newLeaked(t *testing.T) *leaked {
	t.Helper()
	l := &leaked{prunable: newPrunable(t)}
	l.other = l.enrol(t, "other")
	for n := range 3 {
		l.store.Advance(day)
		l.commit(t, text(1, 9<<10), text(uint64(10+n), 30<<10))
		l.store.Advance(time.Hour)
		l.commitBy(t, l.other, text(2, 9<<10), text(uint64(20+n), 30<<10))
	}
	l.master, l.ring = l.prunable.master, l.reader(t).Keyring()
	to := newRotation(t, l.master)
	must(t, l.rotate(t.Context(), l.store, to))
	l.prunable.master = to.master
	l.store.Advance(time.Hour)
	l.commit(t, text(1, 9<<10), text(19, 20<<10)) // of the new epoch, and on old packs
	l.times = l.now(t)
	return l
}

// now are the times of the snapshots that are there, in order.
func (l *leaked) now(t *testing.T) (times []time.Time) {
	t.Helper()
	for _, h := range l.reader(t).Heads() {
		times = append(times, h.At())
	}
	return times
}

// fork is the same repository in a store of its own.
func (l *leaked) fork(t *testing.T) *leaked {
	t.Helper()
	c := *l
	c.prunable = &prunable{scene: l.scene.fork(t), pruner: l.pruner}
	c.other = l.other.clone(t)
	return &c
}

// reencrypt runs a re-encryption by a machine, over a store.
func (l *leaked) reencrypt(ctx context.Context, t *testing.T, store storage.Store, m *machine) error {
	t.Helper()
	defer l.settle(t)
	l.store.Advance(time.Hour)
	o, clock := smallPacks, time.Now()
	o.Now = func() time.Time { // a checkpoint is due with every pack
		clock = clock.Add(time.Hour)
		return clock
	}
	j := &repo.Reencryption{
		Store: store, Master: l.prunable.master, Session: o,
		Look: func(ctx context.Context) (*repo.View, error) {
			v, err := repo.Load(ctx, store, l.prunable.master.Repository, "here", nil)
			if err == nil {
				err = v.Trust(nil)
			}
			return v, err
		},
		Temporary: func() (repo.Memory, func(), error) {
			d := tempDir(t)
			return state.Dirs{Data: d + "/d", State: d + "/s", Cache: d + "/x"}.Repository(l.prunable.master.Repository), func() {}, nil
		},
	}
	if m != nil {
		j.Own, j.Memory = m.key, m.memory
	}
	return j.Run(ctx)
}

// settle has the snapshots keep the promises of those that they stand for.
func (l *leaked) settle(t *testing.T) {
	t.Helper()
	v := l.load(t, nil)
	for again := true; again; {
		again = false
		for _, c := range v.Chains {
			for _, h := range c.Heads {
				if h.Replaces != nil && l.want[*h.Replaces] != nil && l.want[h.Hash] == nil {
					l.want[h.Hash], again = l.want[*h.Replaces], true
				}
			}
		}
	}
	for _, c := range v.Chains {
		for _, h := range c.Heads {
			if v.Forgotten(h) {
				delete(l.want, h.Hash)
			}
		}
	}
}

// outdated counts what is left to do.
func (l *leaked) outdated(t *testing.T) (heads, replaced int) {
	t.Helper()
	r := l.reader(t)
	all, err := repo.FindOutdated(r, r.View().Authority.Epoch)
	must(t, err)
	for _, o := range all {
		heads, replaced = heads+len(o.Heads), replaced+len(o.Replaced)
	}
	return heads, replaced
}

// open lists the objects that open to whoever has what leaked.
func (l *leaked) open(t *testing.T) (open []string) {
	t.Helper()
	ids := append(l.ring.Identities(), l.master.Identity())
	for _, key := range l.store.Keys("") {
		if !strings.HasSuffix(key, ".age") {
			continue
		}
		if _, err := age.Decrypt(bytes.NewReader(l.store.Bytes(key)), ids...); err == nil {
			open = append(open, key)
		}
	}
	return open
}

// gone has prunes take away what no snapshot needs.
func (l *leaked) gone(t *testing.T) {
	t.Helper()
	for range 2 {
		l.mustPrune(t)
		l.store.Advance(3 * day)
	}
}

// sameTimes wants that the snapshots have the times that they had.
func (l *leaked) sameTimes(t *testing.T) {
	t.Helper()
	if now := l.now(t); !slices.Equal(now, l.times) {
		t.Errorf("the snapshots were of %s, and are of %s", l.times, now)
	}
}

// tight wants that nothing but what snapshots need is left after a while.
func (l *leaked) tight(t *testing.T) {
	t.Helper()
	l.store.Advance(40 * day)
	for _, m := range []*machine{l.machine, l.other} {
		l.commitBy(t, m, text(1, 9<<10))
	}
	l.gone(t)
	needed := map[string]bool{}
	r := l.reader(t)
	for _, h := range r.Heads() {
		live, err := r.View().Chains[h.Writer].Live(h)
		must(t, err)
		for _, ref := range live.Packs {
			needed[format.PackName(ref.SHA256)] = true
		}
	}
	for _, key := range l.store.Keys(format.PacksDir) {
		if !needed[key] {
			t.Errorf("%s stays for ever, and no snapshot needs it", key)
		}
	}
}

// nothingNew wants that a backup of what is stored already stores no pack.
func (l *leaked) nothingNew(t *testing.T, m *machine, contents ...[]byte) {
	t.Helper()
	packs := len(l.store.Keys(format.PacksDir))
	h := l.commitBy(t, m, contents...)
	if now := len(l.store.Keys(format.PacksDir)); now != packs {
		t.Errorf("a backup of what is there stored %d packs", now-packs)
	}
	l.forget(t, h)
}

// TestReencrypt: after a rotation, a re-encryption and the grace, nothing in the store
// opens to whoever has the old keys, but the old keyring itself; everything restores,
// and both machines go on. A machine without a key of its own does it as well.
func TestReencrypt(t *testing.T) {
	for name, own := range map[string]func(*leaked) *machine{
		"one of the machines": func(l *leaked) *machine { return l.machine },
		"no machine":          func(*leaked) *machine { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLeaked(t)
			if len(l.open(t)) < 10 {
				t.Fatal("next to nothing opens: this proves nothing")
			}
			l.forget(t, l.reader(t).Heads()[0])
			l.times = l.times[1:]
			must(t, l.reencrypt(t.Context(), t, l.store, own(l)))
			l.whole(t)
			l.sameTimes(t)
			if heads, replaced := l.outdated(t); heads+replaced > 0 {
				t.Errorf("%d snapshots are left to do, %d to forget", heads, replaced)
			}
			// While the old packs are there, nobody refers to them any more, not even
			// for what only a forgotten snapshot had.
			back := l.commit(t, text(10, 30<<10))
			if heads, _ := l.outdated(t); heads > 0 {
				t.Error("what comes back is referred to in packs that are open to whom was locked out")
			}
			l.forget(t, back)
			l.nothingNew(t, l.machine, text(1, 9<<10), text(11, 30<<10))
			l.nothingNew(t, l.other, text(2, 9<<10), text(21, 30<<10))
			if heads, _ := l.outdated(t); heads > 0 {
				t.Error("a backup refers to packs that are open to whom was locked out")
			}
			l.gone(t)
			for _, key := range l.open(t) {
				if !strings.HasPrefix(key, format.KeyringDir) {
					t.Errorf("%s opens with what leaked", key)
				}
			}
			if l.opens(t, l.master) {
				t.Error("the old master opens the newest keyring")
			}
			l.whole(t)
			l.sameTimes(t)
			l.nothingNew(t, l.machine, text(1, 9<<10), text(11, 30<<10))
			l.nothingNew(t, l.other, text(2, 9<<10), text(21, 30<<10))
			for _, w := range l.load(t, nil).Authority.Writers {
				kept, _ := l.reader(t).Keyring().Writer(w.ID)
				if kept.Label == repo.ReencryptLabel && w.Ended == nil {
					t.Error("a writer that was there for this alone was not ended")
				}
			}
			// With nothing to do it does nothing.
			n := len(l.store.Keys(""))
			must(t, l.reencrypt(t.Context(), t, l.store, own(l)))
			if now := len(l.store.Keys("")); now != n {
				t.Errorf("a second one put %d objects", now-n)
			}
		})
	}
}

// TestReencryptTwice: what was re-encrypted in one epoch is so in the next, and keeps
// its time over both, whichever writers stand for whom.
func TestReencryptTwice(t *testing.T) {
	l := newLeaked(t)
	for range 2 {
		must(t, l.reencrypt(t.Context(), t, l.store, nil))
		l.whole(t)
		l.sameTimes(t)
		l.master, l.ring = l.prunable.master, l.reader(t).Keyring()
		to := newRotation(t, l.master)
		must(t, l.rotate(t.Context(), l.store, to))
		l.prunable.master = to.master
	}
	must(t, l.reencrypt(t.Context(), t, l.store, l.machine))
	l.gone(t)
	l.whole(t)
	l.sameTimes(t)
	for _, key := range l.open(t) {
		if !strings.HasPrefix(key, format.KeyringDir) {
			t.Errorf("%s opens with what leaked", key)
		}
	}
}

// TestReencryptInterrupted fails a re-encryption at its requests: nothing is lost, the
// next one goes on, and then nothing opens to whoever has the old keys.
func TestReencryptInterrupted(t *testing.T) {
	base := newLeaked(t)
	step := 1
	if !long() {
		step = 17
	}
	for at := 0; ; at += step {
		l := base.fork(t)
		failing := &failAt{Store: l.store, at: at, after: at%2 == 1}
		err := l.reencrypt(t.Context(), t, failing, l.machine)
		if !failing.struck {
			must(t, err)
			if at < 4*step {
				t.Errorf("%d requests: this proves little", at)
			}
			return
		}
		l.kept(t)
		must(t, l.reencrypt(t.Context(), t, l.store, l.machine))
		l.whole(t)
		l.sameTimes(t)
		l.gone(t)
		l.whole(t)
		for _, key := range l.open(t) {
			if !strings.HasPrefix(key, format.KeyringDir) {
				t.Errorf("request %d: %s opens with what leaked", at, key)
			}
		}
		l.tight(t)
		l.whole(t)
	}
}

// kept wants that what every snapshot of before had is in one that counts.
func (l *leaked) kept(t *testing.T) {
	t.Helper()
	l.whole(t)
	now := l.now(t)
	for _, at := range l.times {
		if !slices.ContainsFunc(now, at.Equal) {
			t.Errorf("the snapshot of %s is gone", at)
		}
	}
}

// TestReencryptBeforeForget: a backup between a new snapshot and the owner's statement
// that the old one is forgotten refers to the new packs, where a chunk is in both.
func TestReencryptBeforeForget(t *testing.T) {
	l := newLeaked(t)
	store := &unforgetting{Store: l.store, l: l, heads: len(l.store.Keys(format.SnapshotsDir))}
	if err := l.reencrypt(t.Context(), t, store, l.machine); err == nil {
		t.Fatal("the owner's statement was put: this proves nothing")
	}
	l.whole(t)
	made := map[format.Hash]bool{
		l.commit(t, text(1, 9<<10), text(11, 30<<10)).Hash:                  true,
		l.commitBy(t, l.other, text(2, 9<<10), text(21, 30<<10)).Hash:       true,
		l.commit(t, text(1, 9<<10), text(11, 30<<10), text(99, 9<<10)).Hash: true,
	}
	done := 0
	r := l.reader(t)
	all, err := repo.FindOutdated(r, 2)
	must(t, err)
	for _, o := range all {
		if len(o.Replaced) == 0 {
			continue // its turn did not come
		}
		done++
		for _, h := range o.Heads {
			if made[h.Hash] {
				t.Error("a backup refers to an old pack of which there is a new one")
			}
		}
	}
	if done == 0 {
		t.Error("nothing was replaced: this proves nothing")
	}
	must(t, l.reencrypt(t.Context(), t, l.store, l.machine))
	l.whole(t)
}

// unforgetting takes no authority once there are more heads than at first.
type unforgetting struct {
	storage.Store
	l     *leaked
	heads int
}

func (u *unforgetting) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if strings.HasPrefix(key, format.AuthorityDir) && len(u.l.store.Keys(format.SnapshotsDir)) > u.heads {
		return storage.Info{}, &storage.Error{Class: storage.Unreachable, Op: "put", Key: key, Err: errors.New("cut off")}
	}
	return u.Store.Put(ctx, key, data)
}

// TestReencryptEndedMeanwhile: a helper that somebody else ends at its work has
// committed nothing that counts; what it meant to replace is not forgotten.
func TestReencryptEndedMeanwhile(t *testing.T) {
	l := newLeaked(t)
	store := &ending{Store: l.store, l: l, t: t}
	if err := l.reencrypt(t.Context(), t, store, l.machine); err == nil && !store.done {
		t.Fatal("nobody ended it: this proves nothing")
	}
	l.kept(t)
	must(t, l.reencrypt(t.Context(), t, l.store, l.machine))
	l.whole(t)
	l.sameTimes(t)
}

// ending ends every writer that re-encrypts with the first head that it puts.
type ending struct {
	storage.Store
	l    *leaked
	t    *testing.T
	done bool
}

func (e *ending) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	info, err := e.Store.Put(ctx, key, data)
	if e.done || !strings.HasPrefix(key, format.SnapshotsDir) {
		return info, err
	}
	r := e.l.reader(e.t)
	for _, w := range r.View().Authority.Writers {
		if kept, _ := r.Keyring().Writer(w.ID); kept.Label == repo.ReencryptLabel && w.Ended == nil {
			e.done = true
			o := e.l.owner(e.t)
			must(e.t, o.EndWriter(w.ID, nil))
			must(e.t, o.Commit(ctx))
		}
	}
	return info, err
}
