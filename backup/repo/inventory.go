package repo

import (
	"context"
	"errors"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// inventory is which of some objects the store has and no tombstone condemns,
// with sizes.
type inventory struct {
	packs, index, manifests map[format.Hash]int64
	condemned               map[format.Hash]bool
}

// inventory looks for the objects that are wanted. It lists the store, all of it
// at once: one request where there are no more than a page of objects.
// Tombstones come after what they condemn, in the listing as in time.
func (s *Session) inventory(ctx context.Context, want map[format.Hash]bool) (*inventory, error) {
	there := &inventory{packs: map[format.Hash]int64{}, index: map[format.Hash]int64{}, manifests: map[format.Hash]int64{}}
	var tombstones []format.Name
	for info, err := range listed(ctx, s.store, "") {
		if err != nil {
			return nil, err
		}
		name, _ := format.ParseName(info.Key)
		switch {
		case name.Type == format.ObjectTombstone:
			tombstones = append(tombstones, name)
		case want[name.Hash]:
			there.note(name, info.Size)
		}
	}
	condemned, strays, err := s.view.readTombstones(ctx, &objects{s.store, s.memory}, tombstones)
	if err != nil {
		return nil, err
	}
	if err := s.view.untrusted(strays); err != nil {
		return nil, err
	}
	there.condemned = condemned
	for h := range condemned {
		delete(there.packs, h)
		delete(there.index, h)
		delete(there.manifests, h)
	}
	return there, nil
}

func (i *inventory) note(name format.Name, size int64) {
	switch name.Type {
	case format.ObjectPack:
		i.packs[name.Hash] = size
	case format.ObjectIndex:
		i.index[name.Hash] = size
	case format.ObjectManifest:
		i.manifests[name.Hash] = size
	}
}

// condemned reads the tombstones: the hashes of packs, index objects and
// manifests, and the problems of what is no tombstone.
func (v *View) condemned(ctx context.Context, source *objects) (map[format.Hash]bool, []error, error) {
	names, err := list(ctx, source.store, format.PruneDir)
	if err != nil {
		return nil, nil, err
	}
	return v.readTombstones(ctx, source, names)
}

// readTombstones passes over what nobody entitled has signed. One that is
// damaged, or cannot be read, is an error: what it condemned must not be
// referred to.
func (v *View) readTombstones(ctx context.Context, source *objects, names []format.Name) (dead map[format.Hash]bool, strays []error, err error) {
	dead = map[format.Hash]bool{}
	for _, name := range names {
		t, err := openSigned(ctx, source, name, func(object []byte) (*format.Tombstone, error) {
			return v.openTombstone(name, object)
		})
		var s *stray
		switch {
		case errors.As(err, &s):
			strays = append(strays, s.problem())
			continue
		case err != nil:
			return nil, nil, err
		}
		for _, h := range slices.Concat(t.Packs, t.Index, t.Manifests) {
			dead[h] = true
		}
	}
	return dead, strays, nil
}

// openTombstone tries the keys that may have signed it. Only one of them can say
// anything but that it did not.
func (v *View) openTombstone(name format.Name, data []byte) (*format.Tombstone, error) {
	for _, w := range v.Authority.Writers {
		if w.Role != format.RolePrune {
			continue
		}
		key, err := keys.ParsePublicKey(w.Key)
		if err != nil {
			continue
		}
		t, err := keys.OpenTombstone(name.String(), data, v.Label(), key)
		if format.ClassOf(err) != format.WrongWriter {
			return t, err
		}
	}
	return nil, format.Fail(format.WrongWriter, name.String(), "no key with the role prune signed it")
}
