package repo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// Side is what one of several owners made of the repository who changed it at once.
type Side struct {
	*format.Authority
	Hash format.Hash
}

// Object is the name of the side's authority.
func (s Side) Object() string { return format.AuthorityName(s.N, s.Hash) }

// Sides are the authorities with the highest number where there are several, that
// with the highest epoch first, whose keyring counts; none where there is one
// authority.
func (v *View) Sides() []Side {
	if len(v.newest) < 2 {
		return nil
	}
	var sides []Side
	for i, a := range v.statements {
		sides = append(sides, Side{a, v.newest[i]})
	}
	slices.SortStableFunc(sides, func(a, b Side) int { return cmp.Compare(b.Epoch, a.Epoch) })
	return sides
}

// Of is the view as one side of a fork has it: what opens the repository is what
// opens that side.
func (v *View) Of(side Side) *View {
	alone := *v
	alone.Authority, alone.AuthorityHash = side.Authority, side.Hash
	return &alone
}

// SameAuthority reports whether two views go by the same authority, in a fork by the
// same ones.
func (v *View) SameAuthority(other *View) bool {
	return slices.Equal(slices.SortedFunc(slices.Values(v.newest), format.Hash.Compare),
		slices.SortedFunc(slices.Values(other.newest), format.Hash.Compare))
}

// forked is the error of whoever needs one authority.
func (v *View) forked() error {
	e := format.Fail(format.Fork, format.AuthorityName(v.Authority.N, v.newest[0]), "there are %d authorities with this number", len(v.newest))
	e.Cure = "two owners changed the repository at once: chatkeep key join makes one of both"
	return e
}

// Join is a fork of authorities that is about to become one again. See PlanJoin.
type Join struct {
	// Renamed are keys whose name another side's key has: From is the old name.
	Renamed []RenamedSlot
	// Gone are keys that open nothing any more: they are of a side that another
	// one, with its own keys, has gone past.
	Gone []format.Slot

	store  storage.Store
	view   *View
	sides  []Side
	master *keys.Master
	ring   *keys.Keyring
	slots  []format.Slot // that stay as they are
	apart  bool          // two sides began an epoch each
}

// RenamedSlot is a slot that gets another name.
type RenamedSlot struct {
	From string
	Slot format.Slot // with the new name
}

// Locked is the error of a side of a fork whose keyring none of the masters opens:
// it was rotated to keys of its own, or the other side was.
type Locked struct{ Side Side }

func (e *Locked) Error() string {
	var names []string
	for _, s := range e.Side.Slots {
		names = append(names, s.Name)
	}
	return fmt.Sprintf("%s: this side of the fork has keys of its own (%s), and none of what was given opens it", e.Side.Object(), strings.Join(names, ", "))
}

// ExitCode is 12.
func (e *Locked) ExitCode() int { return 12 }

// PlanJoin finds out how the authorities of a fork become one. Nothing is put: that
// is for [Join.Owner]. What counts of each side is what readers go by in a fork: the
// endings of all, what any keeps, and the master and the slots of the highest epoch.
// The keyring gets the writers and the epochs of all sides, for which each side's has
// to be opened. A side that the masters do not open, and that has something that no
// other has, is an error of type [Locked].
func PlanJoin(ctx context.Context, store storage.Store, view *View, memory Memory, masters ...*keys.Master) (*Join, error) {
	if err := view.Ended(); err != nil {
		return nil, err
	}
	j := &Join{store: store, view: view, sides: view.Sides()}
	if len(j.sides) == 0 {
		return nil, errors.New("there is one newest authority, and nothing to join")
	}
	names := map[string]bool{}
	for i, side := range j.sides {
		ring, master, err := openSide(ctx, &objects{store, memory}, side, masters)
		if err != nil {
			return nil, err
		}
		switch {
		case ring == nil && (i == 0 || !j.spares(side)):
			return nil, &Locked{side}
		case i == 0:
			j.ring, j.master = ring, master
		case ring != nil:
			fresh, err := j.ring.Merge(ring)
			if err != nil {
				return nil, err
			}
			j.apart = j.apart || fresh
		}
		j.addSlots(side, master, names)
	}
	return j, nil
}

// openSide opens the keyring of a side; nil where none of the masters does.
func openSide(ctx context.Context, source *objects, side Side, masters []*keys.Master) (*keys.Keyring, *keys.Master, error) {
	name := format.Name{Type: format.ObjectKeyring, N: side.Keyring.N, Hash: side.Keyring.SHA256}
	for _, m := range masters {
		ring, err := cached(ctx, source, name, format.MaxKeyring, func(object []byte) (*keys.Keyring, error) {
			return keys.OpenKeyring(name.String(), object, m)
		})
		if format.ClassOf(err) != format.WrongKey {
			return ring, m, err
		}
	}
	return nil, nil, nil
}

// spares reports whether a side's keyring can have nothing that the first one's lacks:
// the first began an epoch on top of what both had before, and knows the side's
// writers.
func (j *Join) spares(side Side) bool {
	first := j.sides[0]
	return side.Epoch < first.Epoch && slices.Equal(side.Previous, first.Previous) &&
		!slices.ContainsFunc(side.Writers, func(w format.AuthorityWriter) bool {
			_, ok := j.ring.Writer(w.ID)
			return !ok
		})
}

// addSlots takes over a side's slots, if they open the master that stays.
func (j *Join) addSlots(side Side, master *keys.Master, names map[string]bool) {
	for _, slot := range side.Slots {
		switch {
		case slices.Contains(j.slots, slot) || slices.ContainsFunc(j.Renamed, func(r RenamedSlot) bool { return r.Slot.SHA256 == slot.SHA256 }):
		case master != j.master:
			j.Gone = append(j.Gone, slot)
		case names[slot.Name]:
			from := slot.Name
			slot.Name = freeName(from, names)
			names[slot.Name] = true
			j.Renamed = append(j.Renamed, RenamedSlot{from, slot})
		default:
			names[slot.Name] = true
			j.slots = append(j.slots, slot)
		}
	}
}

// maxSlotName is how long a slot's name may be.
const maxSlotName = 32

// freeName is a name like this one that no slot has.
func freeName(name string, taken map[string]bool) string {
	for n := 2; ; n++ {
		end := fmt.Sprintf("-%d", n)
		if free := name[:min(len(name), maxSlotName-len(end))] + end; !taken[free] {
			return free
		}
	}
}

// Sides are the authorities that are joined.
func (j *Join) Sides() []Side { return j.sides }

// Keyring has what the keyrings of all sides have.
func (j *Join) Keyring() *keys.Keyring { return j.ring }

// Epoch is the epoch of what will be written from then on.
func (j *Join) Epoch() uint64 {
	if j.apart {
		return j.ring.Newest() + 1
	}
	return j.sides[0].Epoch
}

// Slots are the keys that will open the repository, in order of their names.
func (j *Join) Slots() []format.Slot {
	slots := slices.Clone(j.slots)
	for _, r := range j.Renamed {
		slots = append(slots, r.Slot)
	}
	slices.SortFunc(slots, func(a, b format.Slot) int { return strings.Compare(a.Name, b.Name) })
	return slots
}

// Owner begins the change that joins the sides, and puts what has to be there before
// its authority. It is called once; nothing has changed before [Owner.Commit].
func (j *Join) Owner(ctx context.Context) (*Owner, error) {
	next := *j.view.Authority
	next.N++
	next.Successor = format.Hash{} // of a change that was cut off
	next.Previous, next.Slots, next.Writers = nil, slices.Clone(j.slots), slices.Clone(next.Writers)
	for _, side := range j.sides {
		next.Previous = append(next.Previous, side.Hash)
		next.Keyring.N = max(next.Keyring.N, side.Keyring.N)
	}
	slices.SortFunc(next.Previous, format.Hash.Compare)
	o := &Owner{store: j.store, master: j.master, ring: j.ring, authority: &next, was: j.view.Authority}
	if err := j.rename(ctx, o); err != nil {
		return nil, err
	}
	return o, j.tell(ctx, o)
}

// rename puts slots once more, under their new names.
func (j *Join) rename(ctx context.Context, o *Owner) error {
	source := &objects{store: j.store}
	for _, r := range j.Renamed {
		object, err := source.get(ctx, format.Name{Type: format.ObjectSlot, Slot: r.From, Hash: r.Slot.SHA256}, format.MaxSlotFile)
		if err != nil {
			return err
		}
		if err := o.putSlot(ctx, NewSlot{Name: r.Slot.Name, Kind: r.Slot.Kind, Object: object}); err != nil {
			return err
		}
	}
	slices.SortFunc(o.authority.Slots, func(a, b format.Slot) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// tell puts news for the writers that know of no epoch that goes on. Where two sides
// began one each, machines write to the one or the other, and a third begins for all.
func (j *Join) tell(ctx context.Context, o *Owner) error {
	knows := map[format.Hash]bool{}
	if j.apart {
		epoch, err := o.ring.AddEpoch(o.authority.Classic)
		if err != nil {
			return err
		}
		o.authority.Epoch = epoch
	} else {
		for _, side := range j.sides {
			for _, w := range side.Writers {
				knows[w.ID] = knows[w.ID] || side.Epoch == o.authority.Epoch
			}
		}
	}
	for i := range o.authority.Writers {
		w := &o.authority.Writers[i]
		if knows[w.ID] {
			continue
		}
		if err := o.tell(ctx, w, o.authority.Epoch); err != nil {
			return err
		}
	}
	return nil
}
