package repo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// NewSlot is a slot in the making: its name, kind, and the sealed master.
type NewSlot struct {
	Name   string
	Kind   string
	Object []byte
}

// DefaultGrace is how long what was condemned stays.
const DefaultGrace = 48 * time.Hour

// Create writes a new repository: slots that open master, a keyring with this
// first writer in it, and the first authority, which is what makes it one. The
// place must hold no repository. It returns the writer's key.
func Create(ctx context.Context, store storage.Store, place string, master *keys.Master, slots []NewSlot, label string) (*keys.Writer, error) {
	return CreateWithGrace(ctx, store, place, master, slots, label, DefaultGrace)
}

// CreateWithGrace is Create of a repository in which pruning waits for another
// time than DefaultGrace, of seconds at least, and with what with says. A run may last half of that before
// the packs that it put are taken for the litter of one that was cut off.
func CreateWithGrace(ctx context.Context, store storage.Store, place string, master *keys.Master, slots []NewSlot, label string, grace time.Duration, with ...func(*format.Authority)) (*keys.Writer, error) {
	if _, err := listAuthorities(ctx, store, place); err == nil {
		return nil, fmt.Errorf("%s holds a repository already", place)
	} else if none := (*NoRepository)(nil); !errors.As(err, &none) {
		return nil, err
	}
	if _, err := store.Put(ctx, format.TextName, []byte(Text)); err != nil && !exists(err) {
		return nil, err
	}
	ring, err := keys.NewKeyring(master.Repository, master.Classic())
	if err != nil {
		return nil, err
	}
	key, err := keys.NewWriter(ring, master.Root, label)
	if err != nil {
		return nil, err
	}
	a := &format.Authority{
		Repository: master.Repository, Requires: []string{}, N: 1, Previous: []format.Hash{},
		Root: master.Root.String(), Classic: master.Classic(), Epoch: ring.Newest(),
		Writers:   []format.AuthorityWriter{writerEntry(key)},
		Forgotten: []format.HeadRef{}, Grace: int64(grace / time.Second), Session: int64(grace / 2 / time.Second),
	}
	for _, set := range with {
		set(a)
	}
	o := &Owner{store: store, master: master, ring: ring, authority: a}
	for _, slot := range slots {
		if err := o.putSlot(ctx, slot); err != nil {
			return nil, err
		}
	}
	return key, o.putAuthority(ctx)
}
