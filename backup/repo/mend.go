package repo

import (
	"context"
	"fmt"
	"time"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// Mirror is another place that has the repository, or had.
type Mirror struct {
	Name  string // for people
	Store storage.Reader
}

// MendOptions say where good bytes may come from, and how thoroughly to look for
// bad ones.
type MendOptions struct {
	Place   string
	Memory  Memory
	Mirrors []Mirror
	// Quick looks at the names and sizes of packs alone.
	Quick bool
	// DryRun changes nothing. What comes to light only once a statement is back
	// is not in its report.
	DryRun   bool
	Progress func(done, total int64)
	// Told, if set, is called for everything that was put back.
	Told func(Mended)
}

// Mended is an object that was put back.
type Mended struct {
	Key  string
	Was  format.Class // Missing, or how it was damaged
	From string       // for people
	Size int64
}

// MendReport is what was put back and what could not be.
type MendReport struct {
	Mended []Mended
	// Left is what is still wrong.
	Left []error
	// Headless says that there are manifests that no head names.
	Headless bool
	// Notes are for people.
	Notes []string
}

// mender is one run of Mend.
type mender struct {
	store   storage.Store
	id      format.Hash
	o       MendOptions
	sources []source
	parity  *healer
	report  *MendReport
	done    map[string]bool // what was put back
}

// source may have an object.
type source struct {
	name string
	get  func(ctx context.Context, name format.Name) ([]byte, error)
}

// maxRounds bounds how often what was put back is looked at anew: a head can
// lead to one before it, and that to another.
const maxRounds = 64

// Mend puts back what is missing or damaged and that this program itself, this
// machine's cache or a mirror has, or that parity gives. No key is needed: an object's name proves it.
// What is put back is what signed statements name, of the repository or of a
// mirror, and what no tombstone condemns.
//
// A damaged object stands under the name of the good one, and stores create and
// never overwrite. So it is removed first, once the good bytes are in memory,
// verified, and on this machine's disk: whatever happens then, the next run has
// them.
func Mend(ctx context.Context, store storage.Store, id format.Hash, o MendOptions) (*MendReport, error) {
	m := &mender{store: store, id: id, o: o, parity: newHealer(store, id), report: &MendReport{}, done: map[string]bool{}}
	m.sources = append(m.sources, source{"chatkeep", builtIn})
	if o.Memory != nil {
		m.sources = append(m.sources,
			source{"this machine, which had rescued it", remembered(o.Memory.Rescued)},
			source{"this machine's cache", remembered(o.Memory.CachedObject)})
	}
	for _, mirror := range o.Mirrors {
		from := &objects{store: mirror.Store}
		m.sources = append(m.sources, source{mirror.Name, func(ctx context.Context, name format.Name) ([]byte, error) {
			return from.get(ctx, name, format.MaxObject)
		}})
	}
	m.sources = append(m.sources, source{"parity", m.parity.get})
	for range maxRounds {
		again, err := m.round(ctx)
		if err != nil {
			return m.report, err
		}
		if !again {
			break
		}
	}
	if o.Memory != nil && !o.DryRun && len(m.report.Left) == 0 {
		return m.report, o.Memory.DropAllRescued()
	}
	return m.report, nil
}

func builtIn(_ context.Context, name format.Name) ([]byte, error) {
	if name.Type == format.ObjectText {
		return []byte(Text), nil
	}
	return nil, nil
}

func remembered(get func(format.Hash) []byte) func(context.Context, format.Name) ([]byte, error) {
	return func(_ context.Context, name format.Name) ([]byte, error) { return get(name.Hash), nil }
}

// round looks and mends. It reports whether what it put back may show more.
func (m *mender) round(ctx context.Context) (again bool, err error) {
	d, err := m.diagnose(ctx)
	if err != nil {
		return false, err
	}
	m.report.Left, m.report.Notes, m.report.Headless = nil, d.notes, d.headless
	for _, name := range d.sorted() {
		failure := d.bad[name.String()]
		if m.done[name.String()] {
			// The store took it, and does not show it: to put it again changes nothing.
			m.report.Left = append(m.report.Left, failure)
			continue
		}
		data, from, err := m.find(ctx, name)
		if err != nil {
			return false, err
		}
		if data == nil {
			m.report.Left = append(m.report.Left, failure)
			continue
		}
		if !m.o.DryRun {
			if err := m.put(ctx, name, data, format.ClassOf(failure) != format.Missing); err != nil {
				return false, err
			}
		}
		m.done[name.String()] = true
		done := Mended{Key: name.String(), Was: format.ClassOf(failure), From: from, Size: int64(len(data))}
		m.report.Mended = append(m.report.Mended, done)
		if m.o.Told != nil {
			m.o.Told(done)
		}
		again = again || isStatement(name.Type)
	}
	m.report.Left = append(m.report.Left, d.others...)
	return again && !m.o.DryRun, nil
}

func isStatement(t format.ObjectType) bool {
	return t == format.ObjectAuthority || t == format.ObjectHead || t == format.ObjectTombstone
}

// find asks the sources for an object. A mirror that does not have it is none,
// and one that cannot be reached ends the run.
func (m *mender) find(ctx context.Context, name format.Name) ([]byte, string, error) {
	for _, s := range m.sources {
		data, err := s.get(ctx, name)
		if ctx.Err() != nil {
			return nil, "", context.Cause(ctx)
		}
		if err != nil && format.ClassOf(err) == "" && storage.ClassOf(err) != storage.Other && storage.ClassOf(err) != storage.Archived {
			return nil, "", err
		}
		if err == nil && data != nil && format.CheckHash(name, data) == nil {
			return data, s.name, nil
		}
	}
	return nil, "", nil
}

// put puts an object back. Where a damaged one is in its place, that goes first.
func (m *mender) put(ctx context.Context, name format.Name, data []byte, replace bool) error {
	key := name.String()
	if replace {
		return m.replace(ctx, name, data)
	}
	if _, err := m.store.Put(ctx, key, data); err != nil && !exists(err) {
		return err
	}
	if m.o.Memory != nil {
		// A run before may have been cut off between the two steps of replace.
		if err := m.o.Memory.DropRescued(name.Hash); err != nil {
			return err
		}
	}
	return readBack(ctx, m.store, key, data)
}

const (
	putTries    = 3
	putDeadline = 2 * time.Minute
)

// replace takes a damaged object away and puts the good one there.
func (m *mender) replace(ctx context.Context, name format.Name, data []byte) error {
	key := name.String()
	if err := m.rescue(name, data); err != nil {
		return fmt.Errorf("keeping %s while it is replaced: %w", key, err)
	}
	if err := m.store.Delete(ctx, key); err != nil {
		return err
	}
	// From here to the end of the put the store has less than before. An
	// interruption waits for it; a failure is tried again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putDeadline)
	defer cancel()
	var err error
	for range putTries {
		if _, err = m.store.Put(ctx, key, data); err == nil || exists(err) {
			err = nil
			break
		}
	}
	if err == nil {
		err = readBack(ctx, m.store, key, data)
	}
	if err != nil || m.o.Memory == nil {
		return err
	}
	return m.o.Memory.DropRescued(name.Hash)
}

func (m *mender) rescue(name format.Name, data []byte) error {
	if m.o.Memory == nil || name.Type == format.ObjectText {
		return nil
	}
	return m.o.Memory.Rescue(name.Hash, data)
}
