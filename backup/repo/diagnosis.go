package repo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"chatkeep/backup/format"
)

// diagnosis is what is wrong with the objects of a store.
type diagnosis struct {
	bad    map[string]error // of those that something names, by key
	others []error          // what no object put back would mend
	notes  []string
	// headless says that there are manifests that no head names.
	headless bool
}

// rank is the order in which objects are put back: a pruner's word first, then
// what is named before what names it.
var rank = map[format.ObjectType]int{
	format.ObjectText: 0, format.ObjectTombstone: 1, format.ObjectPack: 2, format.ObjectIndex: 3, format.ObjectManifest: 4,
	format.ObjectNote: 5, format.ObjectParity: 5, format.ObjectSlot: 6, format.ObjectNews: 7, format.ObjectKeyring: 8, format.ObjectAuthority: 9, format.ObjectHead: 10,
}

func (d *diagnosis) sorted() []format.Name {
	var names []format.Name
	for _, key := range slices.Sorted(maps.Keys(d.bad)) {
		if name, ok := format.ParseName(key); ok {
			names = append(names, name)
		}
	}
	slices.SortStableFunc(names, func(a, b format.Name) int { return rank[a.Type] - rank[b.Type] })
	return names
}

// diagnose looks at the store, and at what mirrors and memory say should be
// there.
func (m *mender) diagnose(ctx context.Context) (*diagnosis, error) {
	d := &diagnosis{bad: map[string]error{}}
	here, err := m.examine(ctx, d)
	if err != nil {
		return nil, err
	}
	dead := here.dead
	d.headless = here.headless()
	wanted := maps.Clone(here.named)
	for _, mirror := range m.o.Mirrors {
		there, err := m.look(ctx, mirror)
		if err != nil {
			return nil, err
		}
		if there == nil {
			d.notes = append(d.notes, fmt.Sprintf("%s shows no readable state of the repository: it gives objects alone", mirror.Name))
			continue
		}
		for h := range there.dead {
			dead[h] = true
		}
		for key := range there.named {
			wanted[key] = -1
		}
	}
	m.recall(here.view, wanted)
	for key := range here.there {
		if name, _ := format.ParseName(key); isStatement(name.Type) || name.Type == format.ObjectKeyring || name.Type == format.ObjectSlot {
			wanted[key] = -1 // a damaged one may be what nothing else names any more
		}
	}
	for key := range wanted {
		name, ok := format.ParseName(key)
		if !ok || dead[name.Hash] && name.Type != format.ObjectTombstone {
			continue
		}
		failure := here.bad[key]
		switch _, there := here.there[key]; {
		case !there:
			d.bad[key] = format.Fail(format.Missing, key, "the store does not have it")
		case isLoss(failure) && format.ClassOf(failure) != format.Missing:
			d.bad[key] = failure
		}
	}
	for _, p := range here.report.Problems {
		var f *format.Error
		if !errors.As(p, &f) || d.bad[f.What] == nil {
			d.others = append(d.others, p)
		}
	}
	return d, nil
}

// examine reads the objects of the store. Where there is no authority to go by,
// it still tells which bytes are not what their names say.
func (m *mender) examine(ctx context.Context, d *diagnosis) (*checker, error) {
	c := &checker{store: m.store, report: &CheckReport{}, there: map[string]int64{}, named: map[string]int64{}, bad: map[string]error{},
		frozen: map[string]bool{}, o: CheckOptions{ReadData: !m.o.Quick, Progress: m.o.Progress}, dead: map[format.Hash]bool{}}
	if err := c.list(ctx); err != nil {
		return nil, err
	}
	view, err := Survey(ctx, m.store, m.id, m.o.Place, m.o.Memory)
	var none *NoRepository
	switch {
	case errors.As(err, &none) || isLoss(err):
		c.problem(err)
		c.named[format.TextName] = int64(len(Text))
	case err != nil:
		return nil, err
	default:
		c.view = view
		m.parity.of(view.Label())
		for _, p := range view.Problems {
			c.problem(p)
		}
		if err := c.name(ctx); err != nil {
			return nil, err
		}
		if err := c.compare(ctx); err != nil {
			return nil, err
		}
	}
	if c.dead == nil {
		c.dead = map[format.Hash]bool{}
	}
	return c, c.readData(ctx)
}

// headless reports whether there are manifests that no head names.
func (c *checker) headless() bool {
	named := map[format.Hash]bool{}
	if c.view != nil {
		for _, chain := range c.view.Chains {
			for _, h := range chain.Heads {
				if h.Manifest != nil {
					named[h.Manifest.SHA256] = true
				}
			}
		}
	}
	for key := range c.there {
		name, _ := format.ParseName(key)
		if name.Type == format.ObjectManifest && !named[name.Hash] && !c.dead[name.Hash] && c.bad[key] == nil {
			return true
		}
	}
	return false
}

// look reads what a mirror's signed statements name; nil where they cannot be
// read.
func (m *mender) look(ctx context.Context, mirror Mirror) (*checker, error) {
	view, err := Survey(ctx, mirror.Store, m.id, mirror.Name, nil)
	var none *NoRepository
	if errors.As(err, &none) || format.ClassOf(err) != "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c := &checker{store: mirror.Store, view: view, report: &CheckReport{}, there: map[string]int64{}, named: map[string]int64{},
		bad: map[string]error{}, frozen: map[string]bool{}}
	if err := c.name(ctx); err != nil {
		return nil, err
	}
	for _, chain := range view.Chains {
		for hash := range chain.listed {
			if h := chain.Find(hash); h != nil {
				c.named[format.HeadName(h.Writer, h.Seq, h.Hash)] = -1
			}
		}
	}
	names, err := list(ctx, mirror.Store, "")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if name.Type == format.ObjectTombstone || name.Type == format.ObjectAuthority && name.N <= view.Authority.N {
			c.named[name.String()] = -1
		}
	}
	return c, nil
}

// recall adds the statements that this machine saw or that others name, as far
// as its cache has them.
func (m *mender) recall(view *View, wanted map[string]int64) {
	if m.o.Memory == nil {
		return
	}
	var todo []format.Hash
	if all, err := m.o.Memory.Memories(); err == nil {
		seen := all[m.o.Place]
		todo = append(todo, seen.Authority.SHA256)
		for _, heads := range seen.Heads {
			for _, h := range heads {
				todo = append(todo, h.SHA256)
			}
		}
	}
	if view != nil {
		todo = append(todo, view.Authority.Previous...)
		for _, chain := range view.Chains {
			for _, h := range chain.Heads {
				todo = append(todo, references(h.Head)...)
			}
		}
	}
	known := map[format.Hash]bool{}
	for len(todo) > 0 {
		hash := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if known[hash] {
			continue
		}
		known[hash] = true
		name, more, ok := statementOf(hash, m.o.Memory.CachedObject(hash))
		if ok {
			wanted[name] = -1
			todo = append(todo, more...)
		}
	}
}

// references are the statements that a head names.
func references(h *format.Head) []format.Hash {
	all := append(slices.Clone(h.Prev), h.Authority)
	if h.Base != nil {
		all = append(all, *h.Base)
	}
	for _, seen := range h.Seen {
		all = append(all, seen.SHA256)
	}
	return all
}

// statementOf takes a cached statement apart: its name and what it names. Its
// signature was checked before it was cached, or its hash is in a signed one.
func statementOf(hash format.Hash, object []byte) (name string, more []format.Hash, ok bool) {
	if object == nil {
		return "", nil, false
	}
	e, err := format.ParseEnvelope(object, format.MaxSigned)
	if err != nil {
		return "", nil, false
	}
	if h, err := format.ParseHead([]byte(e.Body)); err == nil {
		return format.HeadName(h.Writer, h.Seq, hash), references(h), true
	}
	if a, err := format.ParseAuthority([]byte(e.Body)); err == nil {
		return format.AuthorityName(a.N, hash), a.Previous, true
	}
	return "", nil, false
}
