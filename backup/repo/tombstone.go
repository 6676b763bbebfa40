package repo

import (
	"context"
	"errors"
	"slices"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// tombstone is one that is in the store.
type tombstone struct {
	*format.Tombstone
	// since is when it was there for certain: the later of what the store says
	// now and what its signer saw then. Zero where the store tells no time.
	since time.Time
}

// readTombstones opens all tombstones. One that nobody entitled has signed makes
// prune refuse, as any other problem does.
func (p *pruner) readTombstones(ctx context.Context, infos []storage.Info) error {
	p.condemned = map[format.Hash]bool{}
	source := &objects{store: p.store}
	for _, info := range infos {
		name, _ := format.ParseName(info.Key)
		t, err := openSigned(ctx, source, name, func(object []byte) (*format.Tombstone, error) {
			return p.view.openTombstone(name, object)
		})
		var s *stray
		if errors.As(err, &s) {
			err = s.problem()
		}
		if format.ClassOf(err) != "" {
			return refused(err)
		}
		if err != nil {
			return err
		}
		p.tombstones = append(p.tombstones, tombstone{t, p.since(info.Time, t)})
		for _, h := range slices.Concat(t.Packs, t.Index, t.Manifests) {
			p.condemned[h] = true
		}
	}
	return nil
}

func (p *pruner) since(stored time.Time, t *format.Tombstone) time.Time {
	if stored.IsZero() && p.o.MachineClock == nil {
		return time.Time{}
	}
	if t.Time.After(stored) {
		return t.Time
	}
	return stored
}

// putTombstones condemns, in as many tombstones as the lists need.
func (p *pruner) putTombstones(ctx context.Context, dead *format.Tombstone) error {
	packs, index, manifests := inOrder(dead.Packs), inOrder(dead.Index), inOrder(dead.Manifests)
	for {
		t := &format.Tombstone{Time: p.now, Packs: cut(&packs), Index: cut(&index), Manifests: cut(&manifests)}
		if err := p.putTombstone(ctx, t); err != nil {
			return err
		}
		if len(packs)+len(index)+len(manifests) == 0 {
			return nil
		}
	}
}

// cut takes as many hashes off a list as one tombstone may have.
func cut(list *[]format.Hash) []format.Hash {
	n := min(len(*list), format.MaxLive)
	head := (*list)[:n:n]
	*list = (*list)[n:]
	return head
}

// putTombstone signs and puts a tombstone and reads it back. When the store took
// it tells what the store's clock has reached.
func (p *pruner) putTombstone(ctx context.Context, t *format.Tombstone) error {
	t.Repository, t.Requires, t.Signer, t.Authority = p.view.Label(), []string{}, p.key.ID, p.view.AuthorityHash
	if t.Time.IsZero() {
		if p.o.MachineClock == nil {
			return noTime()
		}
		t.Time = p.o.MachineClock()
	}
	t.Time = t.Time.UTC().Truncate(time.Second)
	object := keys.SignTombstone(p.key.Signer(), t)
	name := format.TombstoneName(format.Sum(object))
	if _, err := keys.OpenTombstone(name, object, p.view.Label(), p.key.Signer().Public()); err != nil {
		return err // what readers refuse would stop every writer for ever
	}
	info, err := p.store.Put(ctx, name, object)
	if exists(err) {
		info, err = p.store.Stat(ctx, name)
	}
	if err != nil {
		return err
	}
	p.reached(info.Time)
	return readBack(ctx, p.store, name, object)
}

// noTime is the error of a store that tells no time.
func noTime() error {
	return &Refused{errNoTime}
}

var errNoTime = errors.New("the store does not tell the time, and how long ago something was condemned cannot be known; --machine-clock goes by this machine's clock")
