package repo_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
)

// bent is a store in which one object has other bytes.
type bent struct {
	storage.Reader
	key  string
	data *storagetest.Memory // the object alone
}

func bend(s *scene, key string, data []byte) *bent {
	b := &bent{Reader: s.store, key: key, data: storagetest.NewMemory()}
	b.data.Tamper(key, data)
	return b
}

func (b *bent) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if key == b.key {
		return b.data.Get(ctx, key, offset, length)
	}
	return b.Reader.Get(ctx, key, offset, length)
}

// reading is everything that reads objects, prepared as far as nothing damaged
// was needed for it.
type reading struct {
	s      *scene
	secret age.Identity
	view   *repo.View
	wants  map[format.Hash][][]byte
}

// names reports whether an error has a class and names the object.
func names(err error, key string) bool {
	return format.ClassOf(err) != "" && strings.Contains(err.Error(), key)
}

// meets reads an object through the code that reads its kind, straight to where
// it is needed, and returns what that says: an error, or nil where what came out
// is right. Reader reads from store, too.
func (r *reading) meets(ctx context.Context, store storage.Reader, reader *repo.Reader, key string) error {
	name, _ := format.ParseName(key)
	switch name.Type {
	case format.ObjectAuthority, format.ObjectHead:
		v, err := repo.Load(ctx, store, r.view.ID, "here", nil)
		if err == nil {
			err = v.Trust(nil)
		}
		return err
	case format.ObjectSlot:
		_, _, err := repo.Unlock(ctx, store, r.view, r.view.ID, repo.Through{Kind: format.SlotRecipient}, r.secret)
		return err
	case format.ObjectKeyring:
		_, err := repo.NewReader(ctx, store, r.view, r.s.master, nil)
		return err
	}
	for _, h := range reader.Heads() {
		if err := same(ctx, reader, h, r.wants[h.Hash]); err != nil {
			return err
		}
	}
	return nil
}

// recipientSlot seals the master to a key.
func recipientSlot(t *testing.T, s *scene) (age.Identity, []byte) {
	t.Helper()
	secret, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	object, err := keys.SealRecipient(s.master, secret.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	return secret, object
}

// smallScene has one snapshot in a few packs, and a slot that is cheap to open.
func smallScene(t *testing.T) *reading {
	t.Helper()
	s := newScene(t)
	s.commit(t, text(1, 3000), text(2, 2000))
	secret, object := recipientSlot(t, s)
	o := s.owner(t)
	if err := o.AddSlot(t.Context(), repo.NewSlot{Name: "ssh", Kind: format.SlotRecipient, Object: object}); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &reading{s: s, secret: secret, view: s.load(t, nil), wants: s.want}
}

// TestFlip flips every byte of every object, one at a time. Whoever reads it
// says so and names the object, and never gives out wrong bytes.
func TestFlip(t *testing.T) {
	r := smallScene(t)
	for _, key := range r.s.store.Keys("") {
		name, _ := format.ParseName(key)
		counts := r.counts(name)
		object := r.s.store.Bytes(key)
		step := 1
		switch {
		case long():
		case name.Type == format.ObjectPack:
			step = 97 // beyond the beginning it is one stream, authenticated by the piece
		case name.Type == format.ObjectIndex:
			step = 3
		}
		if testing.Short() {
			step = 211
		}
		r.inParallel(t, key, len(object), func(store *bent, reader *repo.Reader, i int) {
			if i%step != 0 && i > 300 && i < len(object)-40 {
				return
			}
			bad := append([]byte{}, object...)
			bad[i] ^= [...]byte{1, 0x80}[i&1]
			store.data.Tamper(key, bad)
			err := r.meets(t.Context(), store, reader, key)
			switch {
			case err != nil && (!names(err, key) || strings.Contains(err.Error(), "WRONG BYTES")):
				t.Errorf("%s: byte %d flipped: %v", key, i, err)
			case err == nil && counts && name.Type != format.ObjectPack:
				t.Errorf("%s: byte %d flipped, and nobody notices", key, i)
			}
		})
	}
}

// counts reports whether somebody who reads the snapshots needs an object.
func (r *reading) counts(name format.Name) bool {
	switch name.Type {
	case format.ObjectText:
		return false
	case format.ObjectAuthority:
		return name.Hash == r.view.AuthorityHash
	case format.ObjectKeyring:
		return name.Hash == r.view.Authority.Keyring.SHA256
	case format.ObjectSlot:
		return name.Slot == "ssh"
	}
	return true
}

// inParallel calls fn for each number below n, from two goroutines, each with a
// store that can bend the object and a reader of it.
func (r *reading) inParallel(t *testing.T, key string, n int, fn func(store *bent, reader *repo.Reader, i int)) {
	t.Helper()
	var group sync.WaitGroup
	for part := range 2 {
		store := bend(r.s, key, r.s.store.Bytes(key))
		reader, err := repo.NewReader(t.Context(), store, r.view, r.s.master, nil)
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			for i := part; i < n; i += 2 {
				fn(store, reader, i)
			}
		})
	}
	group.Wait()
}

// TestCheckFindsDamage damages every object in many ways; a check that reads all
// names each, and one that reads little what it needs.
func TestCheckFindsDamage(t *testing.T) {
	r := smallScene(t)
	for _, key := range r.s.store.Keys("") {
		object := r.s.store.Bytes(key)
		damages := map[string][]byte{
			"empty": {}, "one byte": object[:1], "half": object[:len(object)/2], "last byte gone": object[:len(object)-1],
			"one byte more": append(append([]byte{}, object...), 0), "twice": append(append([]byte{}, object...), object...),
			"gone": nil,
		}
		at := []int{0, 1, 50, 300, len(object) / 3, len(object) / 2, len(object) - 20, len(object) - 1}
		for n, i := range at {
			bad := append([]byte{}, object...)
			bad[i%len(bad)] ^= 1 << n
			damages["flip "+string(rune('a'+n))] = bad
		}
		for _, other := range r.s.store.Keys("") {
			x, _ := format.ParseName(key)
			y, _ := format.ParseName(other)
			if x.Type == y.Type && key != other {
				damages["replaced by "+other] = r.s.store.Bytes(other)
			}
		}
		for how, bad := range damages {
			c := r.s.fork(t)
			c.store.Tamper(key, bad)
			r.found(t, c, key, how)
		}
	}
}

// found asks that a check of a damaged repository, or what comes before it,
// names the object.
func (r *reading) found(t *testing.T, c *scene, key, how string) {
	t.Helper()
	name, _ := format.ParseName(key)
	if how == "gone" && !r.counts(name) {
		return // nothing depends on it
	}
	v, err := repo.Load(t.Context(), c.store, r.view.ID, "here", nil)
	if err != nil {
		if how == "gone" && name.Type == format.ObjectAuthority {
			return // the one before it, a rollback that only memory can tell
		}
		if !names(err, key) {
			t.Errorf("%s %s: %v", key, how, err)
		}
		return
	}
	reader, err := repo.NewReader(t.Context(), c.store, v, c.master, nil)
	if err != nil {
		if !names(err, key) {
			t.Errorf("%s %s: %v", key, how, err)
		}
		return
	}
	if how == "gone" && (name.Type == format.ObjectAuthority || name.Type == format.ObjectHead) {
		return // a state of before, see TestRollbacks
	}
	report, err := repo.Check(t.Context(), c.store, v, reader, repo.CheckOptions{ReadData: true})
	if err != nil {
		t.Errorf("%s %s: the check ends with %v", key, how, err)
	}
	var f *format.Error
	for _, p := range report.Problems {
		if errors.As(p, &f) && f.What == key {
			return
		}
	}
	t.Errorf("%s %s: the check does not name it: %v", key, how, report.Problems)
}

// TestSwappedPairs exchanges two objects of one kind.
func TestSwappedPairs(t *testing.T) {
	r := smallScene(t)
	r.s.commit(t, text(3, 3000), text(4, 2000))
	all := r.s.store.Keys("")
	for i, a := range all {
		for _, b := range all[i+1:] {
			x, _ := format.ParseName(a)
			y, _ := format.ParseName(b)
			if x.Type != y.Type || x.Type == format.ObjectAuthority || x.Type == format.ObjectKeyring {
				continue
			}
			c := r.s.fork(t)
			swap(c.store, a, b)
			r.found(t, c, a, "swapped")
			r.found(t, c, b, "swapped")
		}
	}
}

// TestShortReads: a store that breaks its promise and ends a read early, even
// before the first byte, must not make a restored file shorter.
func TestShortReads(t *testing.T) {
	s := oneSnapshot(t)
	gets := storagetest.NewFault(s.store)
	if err := readAllOf(t, s, gets); err != nil {
		t.Fatal(err)
	}
	for n, call := range gets.Calls() {
		if call.Op != storagetest.OpGet {
			continue
		}
		for _, do := range []storagetest.Trouble{storagetest.GetTruncated, storagetest.GetStale, storagetest.GetBroken} {
			f := storagetest.NewFault(s.store, storagetest.Rule{Nth: n + 1, Do: do})
			if err := readAllOf(t, s, f); !names(err, call.Key) || strings.Contains(err.Error(), "WRONG") {
				t.Errorf("get %s %v: %v", call.Key, do, err)
			}
		}
	}
}

func readAllOf(t *testing.T, s *scene, store storage.Reader) error {
	v, err := repo.Load(t.Context(), store, s.master.Repository, "here", nil)
	if err != nil {
		return err
	}
	if err := v.Trust(nil); err != nil {
		return err
	}
	r, err := repo.NewReader(t.Context(), store, v, s.master, nil)
	if err != nil {
		return err
	}
	for _, h := range r.Heads() {
		if err := same(t.Context(), r, h, s.want[h.Hash]); err != nil {
			return err
		}
	}
	return nil
}
