package repo

import (
	"context"
	"maps"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// Remains knows what can still be read: every pack that the store has, whatever
// names it, and of damaged ones the chunks that are whole. It keeps the
// directories of all packs in memory, and a table of their chunks.
type Remains struct {
	*Reader
	state packStates
	// records are directories of packs, also of those that are gone.
	records map[format.Hash]*format.IndexPack
	// lost are the chunks of damaged packs that cannot be read.
	lost  map[format.Hash]map[format.ID]bool
	index *Index
	// covered are the packs that index objects which are there speak of.
	covered map[format.Hash]bool
	named   []format.IndexPack // packs of heads, there, that no index object covers
	// disputed are packs of which index objects contradict each other: what counts
	// is in the packs themselves. Any writer could sign for a false one.
	disputed map[format.Hash]bool
}

// packStates says how the objects of a store are.
type packStates struct {
	there     map[string]int64 // with sizes
	named     map[string]int64 // by heads and the authority
	bad       map[string]error // missing, or there and damaged
	condemned map[format.Hash]bool
}

// newRemains reads every index object, and of packs that none covers the
// directories.
func newRemains(ctx context.Context, r *Reader, state packStates) (*Remains, error) {
	x := &Remains{Reader: r, state: state, records: map[format.Hash]*format.IndexPack{},
		lost: map[format.Hash]map[format.ID]bool{}, covered: map[format.Hash]bool{}, disputed: map[format.Hash]bool{}}
	if err := x.readIndexes(ctx); err != nil {
		return nil, err
	}
	if err := x.readDirectories(ctx); err != nil {
		return nil, err
	}
	x.index = &Index{broken: map[format.Hash]bool{}}
	var condemned, damaged []*format.IndexPack
	for _, hash := range slices.SortedFunc(maps.Keys(x.records), format.Hash.Compare) {
		p := x.records[hash]
		size, there := state.there[format.PackName(hash)]
		switch {
		case !there:
		case size != p.Size || state.bad[format.PackName(hash)] != nil:
			damaged = append(damaged, p)
		case state.condemned[hash]:
			condemned = append(condemned, p)
		default:
			x.index.add(*p)
		}
	}
	for _, p := range condemned {
		x.index.add(*p)
	}
	for _, p := range damaged {
		x.index.broken[p.Pack] = true
	}
	for _, p := range damaged {
		if err := x.probe(ctx, p); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// readIndexes learns from all index objects, those that heads name first: what
// they say counts where others contradict.
func (x *Remains) readIndexes(ctx context.Context) error {
	var named, others []format.Name
	seen := map[string]bool{}
	for _, keys := range [][]string{slices.Sorted(maps.Keys(x.state.named)), slices.Sorted(maps.Keys(x.state.there))} {
		for _, key := range keys {
			name, ok := format.ParseName(key)
			if !ok || name.Type != format.ObjectIndex || seen[key] {
				continue
			}
			seen[key] = true
			if _, ok := x.state.named[key]; ok {
				named = append(named, name)
			} else {
				others = append(others, name)
			}
		}
	}
	for _, name := range slices.Concat(named, others) {
		packs, err := readIndex(ctx, x.source, name, x.view.Label(), x.identities()...)
		if ends(err) {
			return err
		}
		_, there := x.state.there[name.String()]
		for _, p := range packs {
			switch before := x.records[p.Pack]; {
			case before == nil:
				x.records[p.Pack] = &p
			case !sameRecord(before, &p):
				x.disputed[p.Pack] = true
			}
			// What only this machine's cache has helps here, and nobody else.
			if there && x.state.bad[name.String()] == nil {
				x.covered[p.Pack] = true
			}
		}
	}
	return nil
}

// ends reports whether an error is more than the loss of one object: what is in
// an archive of the store cannot be read now, and is there.
func ends(err error) bool {
	return err != nil && format.ClassOf(err) == "" && storage.ClassOf(err) != storage.Archived
}

// readDirectories learns from packs that no index object in the store covers, or
// that several speak of in different ways.
func (x *Remains) readDirectories(ctx context.Context) error {
	for _, key := range slices.Sorted(maps.Keys(x.state.there)) {
		name, _ := format.ParseName(key)
		disputed := x.disputed[name.Hash]
		if name.Type != format.ObjectPack || x.covered[name.Hash] && !disputed {
			continue
		}
		p := x.records[name.Hash]
		if p == nil || disputed {
			read, err := x.readDirectory(ctx, format.Ref{SHA256: name.Hash, Size: x.state.there[key]})
			if ends(err) {
				return err
			}
			if err != nil {
				continue // its loss is told of where it is named
			}
			p = &read
			x.records[name.Hash] = p
		}
		if _, named := x.state.named[key]; named && !x.covered[name.Hash] && !x.state.condemned[name.Hash] && x.state.bad[key] == nil {
			x.named = append(x.named, *p)
		}
	}
	return nil
}

// probe finds out what of a damaged pack can be read, and adds that.
func (x *Remains) probe(ctx context.Context, p *format.IndexPack) error {
	number := len(x.index.packs)
	x.index.packs = append(x.index.packs, *p)
	lost := map[format.ID]bool{}
	x.lost[p.Pack] = lost
	s := &Snapshot{Reader: x.Reader, index: x.index}
	c := s.NewChunkReader()
	for f := range p.Frames {
		good, err := c.probe(ctx, number, f)
		if ends(err) {
			return err
		}
		for m, member := range p.Frames[f].Members {
			if err == nil && good[m] {
				x.index.table.put(member.ID, place{uint32(number), uint32(f), uint32(m)})
			} else {
				lost[member.ID] = true
			}
		}
	}
	return nil
}

// probe reports which members of a frame have the bytes that their ids say.
func (c *ChunkReader) probe(ctx context.Context, number, f int) ([]bool, error) {
	pack := &c.s.index.packs[number]
	o, err := c.pack(ctx, number, pack)
	if err != nil {
		return nil, err
	}
	frame, err := c.frame(ctx, o, framePlace{number, f}, &pack.Frames[f], format.PackName(pack.Pack))
	if err != nil {
		return nil, err
	}
	good := make([]bool, len(frame.chunks))
	for m, data := range frame.chunks {
		good[m] = checkID(o.hasher, pack.Frames[f].Members[m].ID, data)
	}
	return good, nil
}

// Has reports whether a chunk can be read, from whichever pack.
func (x *Remains) Has(id format.ID) bool {
	_, ok := x.index.Find(id)
	return ok
}

// Size is how long a chunk is, 0 where nothing tells.
func (x *Remains) Size(id format.ID) int64 {
	if at, ok := x.index.Find(id); ok {
		return int64(x.index.packs[at.Pack].Frames[at.Frame].Members[at.Member].Size)
	}
	return 0
}

// own is the index of a live set with all its packs, readable or not: the whole
// ones first.
func (x *Remains) own(live format.LiveSet) *Index {
	own := &Index{}
	for _, whole := range []bool{true, false} {
		for _, ref := range live.Packs {
			p := x.records[ref.SHA256]
			if p != nil && whole == (x.state.bad[format.PackName(ref.SHA256)] == nil) {
				own.add(*p)
			}
		}
	}
	return own
}

// missing tells which object the loss of a chunk comes from; "" where it is not
// lost. Where neither its pack nor what says in which it was is there, it is the
// chunk itself.
func (x *Remains) missing(own *Index, id format.ID) string {
	at, ok := own.Find(id)
	if !ok {
		return "chunk " + id.String()
	}
	pack := own.packs[at.Pack].Pack
	key := format.PackName(pack)
	if x.state.bad[key] == nil {
		return ""
	}
	if lost, probed := x.lost[pack]; probed && !lost[id] {
		return ""
	}
	return key
}
