package repo

import (
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
}

// NewOwner begins a change of the repository that the view shows.
func NewOwner(ctx context.Context, store storage.Store, view *View, master *keys.Master, memory Memory) (*Owner, error) {
	r, err := NewReader(ctx, store, view, master, memory)
	if err != nil {
		return nil, err
	}
	for _, p := range view.Problems {
		if f := format.ClassOf(p); f == format.Fork {
			// Nobody but the owner may say which side of a fork was meant, and
			// there is no command for it yet.
			return nil, p
		}
	}
	next := *view.Authority
	next.N++
	next.Previous = []format.Hash{view.AuthorityHash}
	next.Slots = slices.Clone(next.Slots)
	next.Writers = slices.Clone(next.Writers)
	return &Owner{store, master, r.ring, &next}, nil
}

// Authority returns the statement in the making.
func (o *Owner) Authority() *format.Authority { return o.authority }

// AddSlot adds a way to unlock the master.
func (o *Owner) AddSlot(ctx context.Context, slot NewSlot) error {
	for _, s := range o.authority.Slots {
		if s.Name == slot.Name {
			return fmt.Errorf("there is a slot named %q already", slot.Name)
		}
	}
	return o.putSlot(ctx, slot)
}

// RemoveSlot takes a way to unlock the master away. The last one stays. Whoever
// copied the slot's file and knows its secret can still open the master.
func (o *Owner) RemoveSlot(name string) error {
	i := slices.IndexFunc(o.authority.Slots, func(s format.Slot) bool { return s.Name == name })
	if i < 0 {
		return fmt.Errorf("there is no slot named %q", name)
	}
	if len(o.authority.Slots) == 1 {
		return errors.New("the last slot stays: without one nobody could open the repository")
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
	o.authority.Writers = append(o.authority.Writers, writerEntry(key))
	slices.SortFunc(o.authority.Writers, func(a, b format.AuthorityWriter) int { return a.ID.Compare(b.ID) })
	return key, nil
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

// Commit puts the keyring and the new authority. Before the authority nothing
// has changed, after it all has.
func (o *Owner) Commit(ctx context.Context) error { return o.putAuthority(ctx) }

func (o *Owner) putSlot(ctx context.Context, slot NewSlot) error {
	s := format.Slot{Name: slot.Name, Kind: slot.Kind, SHA256: format.Sum(slot.Object), Size: int64(len(slot.Object))}
	if err := o.put(ctx, format.SlotName(s.Name, s.SHA256), slot.Object); err != nil {
		return err
	}
	o.authority.Slots = append(o.authority.Slots, s)
	slices.SortFunc(o.authority.Slots, func(a, b format.Slot) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func (o *Owner) putAuthority(ctx context.Context) error {
	ring, err := o.ring.Seal(o.master.Recipient())
	if err != nil {
		return err
	}
	n := o.authority.Keyring.N + 1
	hash := format.Sum(ring)
	if err := o.put(ctx, format.KeyringName(n, hash), ring); err != nil {
		return err
	}
	o.authority.Keyring = format.KeyringRef{N: n, SHA256: hash, Size: int64(len(ring))}
	object := keys.SignAuthority(o.master.RootKey, o.authority)
	return o.put(ctx, format.AuthorityName(o.authority.N, format.Sum(object)), object)
}

func (o *Owner) put(ctx context.Context, name string, object []byte) error {
	_, err := o.store.Put(ctx, name, object)
	if exists(err) {
		err = nil // under the hash of these bytes there is nothing else
	}
	return err
}

func exists(err error) bool { return errors.Is(err, fs.ErrExist) }
