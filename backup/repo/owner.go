package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// Owner changes who may open a repository and who may write to it. It needs the
// root key, which an unlocked slot gives. Each change is a new authority; what
// was before stays in the store and counts no more.
type Owner struct {
	store     storage.Store
	master    *keys.Master
	ring      *keys.Keyring
	authority *format.Authority // the one in the making
	was       *format.Authority // the one before; nil before the first
	done      bool              // it was committed, or that was tried

	// Where the root ends: the last statement that it signs, and its key.
	last    *format.Authority
	lastKey keys.SigningKey
}

// NewOwner begins a change of the repository that the view shows.
func NewOwner(ctx context.Context, store storage.Store, view *View, master *keys.Master, memory Memory) (*Owner, error) {
	r, err := NewReader(ctx, store, view, master, memory)
	if err != nil {
		return nil, err
	}
	if len(view.newest) > 1 {
		return nil, view.forked()
	}
	if err := view.Ended(); err != nil {
		return nil, err
	}
	next := *view.Authority
	next.N++
	next.Successor = format.Hash{} // of a change that was cut off
	next.Previous = []format.Hash{view.AuthorityHash}
	next.Slots = slices.Clone(next.Slots)
	next.Writers = slices.Clone(next.Writers)
	return &Owner{store: store, master: master, ring: r.ring, authority: &next, was: view.Authority}, nil
}

// Changed is the error of a change of a repository that somebody else has changed
// meanwhile: both on top of one state would be a fork.
type Changed struct{}

func (*Changed) Error() string {
	return "the repository's owner changed it while this ran, and this change was not made"
}

// Hint tells what to do.
func (*Changed) Hint() string { return "run it again" }

// Authority returns the statement in the making.
func (o *Owner) Authority() *format.Authority { return o.authority }

// AddSlot adds a way to unlock the master.
func (o *Owner) AddSlot(ctx context.Context, slot NewSlot) error {
	for _, s := range o.authority.Slots {
		if s.Name == slot.Name {
			return fmt.Errorf("there is a key named %q already", slot.Name)
		}
	}
	if len(o.authority.Slots) >= format.MaxSlots {
		return fmt.Errorf("a repository has at most %d keys: remove one first", format.MaxSlots)
	}
	return o.putSlot(ctx, slot)
}

// RemoveSlot takes a way to unlock the master away. The last one stays. Whoever
// copied the slot's file and knows its secret can still open the master.
func (o *Owner) RemoveSlot(name string) error {
	i := slices.IndexFunc(o.authority.Slots, func(s format.Slot) bool { return s.Name == name })
	if i < 0 {
		return fmt.Errorf("there is no key named %q", name)
	}
	if len(o.authority.Slots) == 1 {
		return errors.New("the last key stays: without one nobody could open the repository")
	}
	o.authority.Slots = slices.Delete(o.authority.Slots, i, i+1)
	return nil
}

// AddWriter enrols a writer and returns its key. With inherit, it takes over
// the secrets of the writer with that id, and so finds its chunks again.
func (o *Owner) AddWriter(label string, inherit *format.Hash) (*keys.Writer, error) {
	key, err := o.newWriter(label, inherit)
	if err != nil {
		return nil, err
	}
	return key, o.enter(writerEntry(key))
}

// AddPruner enrols a key that may condemn what no snapshot needs.
func (o *Owner) AddPruner(label string) (*keys.Pruner, error) {
	key, err := keys.NewPruner(o.ring, o.master.Root, label)
	if err != nil {
		return nil, err
	}
	return key, o.enter(format.AuthorityWriter{
		ID: key.ID, Key: key.Signer().Public().String(), Role: format.RolePrune,
		Dedup: key.ID, News: []format.NewsRef{},
	})
}

// enter puts a new writer where it belongs among the others.
func (o *Owner) enter(w format.AuthorityWriter) error {
	if len(o.authority.Writers) >= format.MaxWriters {
		return fmt.Errorf("a repository has at most %d writers, those that were ended among them", format.MaxWriters)
	}
	o.authority.Writers = append(o.authority.Writers, w)
	slices.SortFunc(o.authority.Writers, func(a, b format.AuthorityWriter) int { return a.ID.Compare(b.ID) })
	return nil
}

func (o *Owner) newWriter(label string, inherit *format.Hash) (*keys.Writer, error) {
	if inherit == nil {
		return keys.NewWriter(o.ring, o.master.Root, label)
	}
	for _, w := range o.authority.Writers {
		if w.ID == *inherit {
			return keys.InheritWriter(o.ring, o.master.Root, label, w.ID, w.Dedup)
		}
	}
	return nil, fmt.Errorf("the authority names no writer %s", inherit)
}

// writerEntry is what an authority says of a new writer.
func writerEntry(key *keys.Writer) format.AuthorityWriter {
	return format.AuthorityWriter{
		ID: key.ID, Key: key.Signer().Public().String(), Role: format.RoleWriter,
		Dedup: key.Dedup, News: []format.NewsRef{},
	}
}

// EndWriter says that nothing a writer signs from now on counts.
func (o *Owner) EndWriter(id format.Hash, last *Head) error {
	for i := range o.authority.Writers {
		w := &o.authority.Writers[i]
		if w.ID != id {
			continue
		}
		w.Ended = &format.End{}
		if last != nil {
			w.Ended = &format.End{Seq: last.Seq, SHA256: last.Hash}
		}
		return nil
	}
	return fmt.Errorf("the authority names no writer %s", id)
}

// Forget says that these snapshots are no more. Their heads stay, and what they
// alone hold, until somebody prunes. Nothing takes it back: what the snapshots
// name may be gone soon.
func (o *Owner) Forget(heads []*Head) error {
	forgotten := slices.Clone(o.authority.Forgotten)
	for _, h := range heads {
		if h.Manifest == nil {
			return fmt.Errorf("head %s is no snapshot", h.Hash)
		}
		forgotten = append(forgotten, h.Ref())
	}
	slices.SortFunc(forgotten, format.HeadRef.Compare)
	forgotten = slices.Compact(forgotten)
	if len(forgotten) > format.MaxForgotten {
		return fmt.Errorf("a repository can forget %d snapshots in its life, and these would make it %d", format.MaxForgotten, len(forgotten))
	}
	o.authority.Forgotten = forgotten
	return nil
}

// Commit puts the keyring and the new authority. Before the authority nothing
// has changed, after it all has. It may be called once, whatever it returns: a
// second authority with the same number would be a fork.
func (o *Owner) Commit(ctx context.Context) error { return o.putAuthority(ctx) }

func (o *Owner) putSlot(ctx context.Context, slot NewSlot) error {
	switch {
	case !format.ValidSlotName(slot.Name):
		return fmt.Errorf("%q cannot name a key: lower-case letters, digits and dashes can, from a letter on", slot.Name)
	case len(slot.Object) > format.MaxSlotFile:
		return fmt.Errorf("the key %q has %d bytes, and %d is the limit", slot.Name, len(slot.Object), format.MaxSlotFile)
	}
	s := format.Slot{Name: slot.Name, Kind: slot.Kind, SHA256: format.Sum(slot.Object), Size: int64(len(slot.Object))}
	if err := o.put(ctx, format.SlotName(s.Name, s.SHA256), slot.Object); err != nil {
		return err
	}
	o.authority.Slots = append(o.authority.Slots, s)
	slices.SortFunc(o.authority.Slots, func(a, b format.Slot) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// putAuthority puts nothing that readers would refuse: what is signed stays for
// ever, and nobody could load the repository any more.
func (o *Owner) putAuthority(ctx context.Context) error {
	if o.done {
		return errors.New("this change of the repository was committed already, or that was tried: begin another")
	}
	o.done = true
	ring, err := o.ring.Seal(o.master.Recipient())
	if err != nil {
		return err
	}
	lastName, last, err := o.signLast()
	if err != nil {
		return err
	}
	ref := format.KeyringRef{N: o.authority.Keyring.N + 1, SHA256: format.Sum(ring), Size: int64(len(ring))}
	ringName := format.KeyringName(ref.N, ref.SHA256)
	if _, err := keys.OpenKeyring(ringName, ring, o.master); err != nil {
		return err
	}
	o.authority.Keyring = ref
	object := keys.SignAuthority(o.master.RootKey, o.authority)
	name := format.AuthorityName(o.authority.N, format.Sum(object))
	if _, err := keys.OpenAuthority(name, object, o.authority.Repository); err != nil {
		return err
	}
	if err := o.put(ctx, ringName, ring); err != nil {
		return err
	}
	if err := o.putLast(ctx, lastName, last); err != nil {
		return err
	}
	return o.put(ctx, name, object)
}

// put creates an object and reads it back: without it nobody could open the
// repository.
func (o *Owner) put(ctx context.Context, name string, object []byte) error {
	if _, err := o.store.Put(ctx, name, object); err != nil && !exists(err) {
		return err
	}
	return readBack(ctx, o.store, name, object)
}

// readBack asks that the store gives the bytes that it took.
func readBack(ctx context.Context, store storage.Reader, name string, object []byte) error {
	back, err := readAll(ctx, store, name, int64(len(object))+1)
	if err == nil && !bytes.Equal(back, object) {
		err = format.Fail(format.Flipped, name, "the store gives back other bytes than it took")
	}
	return err
}

func exists(err error) bool { return errors.Is(err, fs.ErrExist) }
