package repo

import (
	"context"
	"errors"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// A repository gets another root where somebody else may have the one it has. The
// old root signs one statement more, which names the successor, and the new one
// signs from the next statement on. A repository's id is the hash of its root, so
// it has another id from then on. Every machine and person must be told it by the
// owner: whoever stole the old root can name a successor as well.
//
// Objects go on carrying the first id, the label, so that nothing has to be
// written anew. It tells repositories apart, and proves nothing.

// Label is the id that objects carry as their repository's.
func (v *View) Label() format.Hash { return v.Authority.Label() }

// succeed notes that this root has ended: any of its statements has named a
// successor, which has signed one with a higher number. To go by the newest alone
// would not do: whoever stole the root can sign newer ones. A successor that has
// signed nothing is a change that was cut off, and counts for nothing.
func (v *View) succeed(ctx context.Context, source *objects, newest []*format.Authority, names []format.Name) error {
	since, err := source.looked(v.Place)
	if err != nil {
		return err
	}
	statements := slices.Clone(newest)
	for _, name := range names {
		if name.N < since || name.N >= newest[0].N {
			continue
		}
		a, err := openAuthority(ctx, source, name, v.ID)
		if err != nil && format.ClassOf(err) == "" {
			return err
		}
		if err == nil {
			statements = append(statements, a)
		}
	}
	for _, a := range statements {
		if err := v.follow(ctx, source, a, names); err != nil {
			return err
		}
	}
	return nil
}

// looked is the number of the authority up to which this machine has looked at all of
// them before, 0 where it remembers none of the place.
func (o *objects) looked(place string) (uint64, error) {
	if o.cache == nil {
		return 0, nil
	}
	all, err := o.cache.Memories()
	return all[place].Authority.N, err
}

// follow looks for statements of the successor that a statement names.
func (v *View) follow(ctx context.Context, source *objects, a *format.Authority, names []format.Name) error {
	if a.Successor.IsZero() {
		return nil
	}
	for _, name := range names {
		if name.N <= a.N {
			continue
		}
		_, err := openAuthority(ctx, source, name, a.Successor)
		if err != nil && format.ClassOf(err) == "" {
			return err
		}
		if err == nil {
			v.end(name)
		}
	}
	return nil
}

// end notes the statement of a successor, which is no stranger's.
func (v *View) end(next format.Name) {
	v.Problems = slices.DeleteFunc(v.Problems, func(p error) bool { return keyOf(p) == next.String() })
	if v.ended == nil {
		v.ended = format.Fail(format.WrongRepository, next.String(), "the owner has given the repository another root, and with it another id")
		v.ended.Cure = "its owner has the new id, and the newest recovery kit: chatkeep writer accept --id ID where backups are made, " +
			"chatkeep open PLACE --id ID where they are read"
		v.Problems = append(v.Problems, v.ended)
	}
}

// Ended returns an error where another root has followed. Nobody writes by a root that
// has ended, whatever --accept says: what is written by its rules is open to whom the
// owner means to lock out.
func (v *View) Ended() error {
	if v.ended != nil {
		return v.ended
	}
	return nil
}

// Endorsed returns former ids of the repository, the newest first, as far as the root
// of each has named the next one. What the present root says alone would not do: any
// repository can say that it was another one before.
func (v *View) Endorsed(ctx context.Context, store storage.Reader) (ids []format.Hash, err error) {
	names, err := listAuthorities(ctx, store, v.Place)
	if err != nil {
		return nil, err
	}
	next := v.ID
	for _, id := range slices.Backward(v.Authority.Former) {
		ok, err := v.named(ctx, &objects{store: store}, names, id, next)
		if err != nil || !ok {
			return ids, err
		}
		ids, next = append(ids, id), id
	}
	return ids, nil
}

// named reports whether a root has named its successor.
func (v *View) named(ctx context.Context, source *objects, names []format.Name, root, next format.Hash) (bool, error) {
	for _, name := range slices.Backward(names) {
		if name.N >= v.Authority.N {
			continue
		}
		a, err := openAuthority(ctx, source, name, root)
		if err != nil && format.ClassOf(err) == "" {
			return false, err
		}
		if err == nil && a.Successor == next {
			return true, nil
		}
	}
	return false, nil
}

// openEarlier opens an authority of this root, or of one of those before it.
func (v *View) openEarlier(ctx context.Context, source *objects, name format.Name) (*format.Authority, error) {
	a, err := openAuthority(ctx, source, name, v.ID)
	var s *stray
	if !errors.As(err, &s) || name.N >= v.Authority.N {
		return a, err
	}
	for _, id := range v.Authority.Former {
		if a, former := openAuthority(ctx, source, name, id); former == nil {
			return a, nil
		}
	}
	return nil, err
}

// succession is what the authorities at a place say of one another's roots.
type succession struct {
	ids   []format.Hash                 // that have signed, the newest first
	after map[format.Hash][]format.Hash // successors that a root has named
	since map[format.Hash][]format.Hash // former ids that a root says it had
}

// add takes in a statement.
func (s *succession) add(a *format.Authority) {
	if !slices.Contains(s.ids, a.Repository) {
		s.ids = append(s.ids, a.Repository)
	}
	if !a.Successor.IsZero() {
		s.after[a.Repository] = append(s.after[a.Repository], a.Successor)
	}
	s.since[a.Repository] = append(s.since[a.Repository], a.Former...)
}

// standing are the ids that no other here has followed, with the word of both.
func (s *succession) standing() []format.Hash {
	return slices.DeleteFunc(slices.Clone(s.ids), func(id format.Hash) bool {
		return slices.ContainsFunc(s.after[id], func(next format.Hash) bool { return slices.Contains(s.since[next], id) })
	})
}

// Succeed is Rotate behind a master with a root of its own: what is signed with the
// old root counts no more, and the repository has another id. What the old root
// signs last is the state as it was.
func (o *Owner) Succeed(ctx context.Context, master *keys.Master, slots []NewSlot) (err error) {
	defer func() { o.done = o.done || err != nil }()
	a := o.authority
	switch {
	case master.Repository == a.Repository:
		return errors.New("the successor of a root is another one")
	case len(a.Former) == format.MaxFormer:
		return format.Fail(format.Oversized, "the authority", "a repository has at most %d roots in its life", format.MaxFormer)
	}
	last := *o.was
	last.N, last.Previous, last.Successor = a.N, a.Previous, master.Repository
	o.last, o.lastKey = &last, o.master.RootKey
	a.N++
	a.Former = append(slices.Clone(a.Former), a.Repository)
	a.Repository, a.Root = master.Repository, master.Root.String()
	o.ring.Repository = master.Repository
	return o.rotate(ctx, master, slots)
}

// Repository is the id that the repository has once the change is committed.
func (o *Owner) Repository() format.Hash { return o.authority.Repository }

// signLast signs the last statement of a root that ends, and names it as the one
// before the change.
func (o *Owner) signLast() (name string, object []byte, err error) {
	if o.last == nil {
		return "", nil, nil
	}
	object = keys.SignAuthority(o.lastKey, o.last)
	name = format.AuthorityName(o.last.N, format.Sum(object))
	_, err = keys.OpenAuthority(name, object, o.last.Repository)
	o.authority.Previous = []format.Hash{format.Sum(object)}
	return name, object, err
}

// putLast puts it. Until the successor's first statement is there, it says nothing. What
// another owner has signed meanwhile would be lost with the root, and nobody would know.
func (o *Owner) putLast(ctx context.Context, name string, object []byte) error {
	if object == nil {
		return nil
	}
	if err := o.put(ctx, name, object); err != nil {
		return err
	}
	names, err := list(ctx, o.store, format.AuthorityDir)
	if err != nil {
		return err
	}
	for _, other := range names {
		if other.N < o.last.N || other.String() == name {
			continue
		}
		if _, err := openAuthority(ctx, &objects{store: o.store}, other, o.last.Repository); err == nil {
			return &Changed{} // and this change, cut off, counts for nothing
		}
	}
	return nil
}
