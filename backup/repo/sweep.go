package repo

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// sweep deletes what was condemned a grace ago and is still needed by none.
func (p *pruner) sweep(ctx context.Context) error {
	due, err := p.due(ctx)
	if err != nil || len(due) == 0 {
		return err
	}
	// The second look. It begins after the store's clock has passed the grace, so
	// that it shows every head of a run that did not know of the tombstone.
	view, err := p.looked(ctx)
	if err != nil {
		return err
	}
	needs, err := view.Needs()
	if err != nil {
		return refused(err)
	}
	var dead []storage.Info
	for _, info := range due {
		name, _ := format.ParseName(info.Key)
		if needs.has(name) {
			p.report.Kept.add(info.Size)
		} else {
			dead = append(dead, info)
		}
	}
	if err := p.deleteAll(ctx, dead); err != nil || p.o.DryRun || len(p.parity) == 0 {
		return err
	}
	return p.sweepParity(ctx)
}

// sweepParity deletes the parity over packs none of which is left: those that were
// condemned and are deleted never come back.
func (p *pruner) sweepParity(ctx context.Context) error {
	var names []format.Name
	sizes := map[format.Hash]storage.Info{}
	for _, info := range p.parity {
		name, _ := format.ParseName(info.Key)
		names, sizes[name.Hash] = append(names, name), info
	}
	dead, err := DeadParity(ctx, p.store, names, func(pack format.Hash) bool {
		_, there := p.there[format.PackName(pack)]
		return p.condemned[pack] && !there
	})
	if err != nil {
		return err
	}
	var infos []storage.Info
	for _, name := range dead {
		infos = append(infos, sizes[name.Hash])
	}
	return p.deleteAll(ctx, infos)
}

// due returns the objects in the store that were condemned a grace ago, and
// counts those whose time has not come.
func (p *pruner) due(ctx context.Context) ([]storage.Info, error) {
	waiting := map[format.Hash]time.Time{}
	for _, t := range p.tombstones {
		for _, h := range slices.Concat(t.Packs, t.Index, t.Manifests) {
			if since, ok := waiting[h]; !ok || t.since.Before(since) {
				waiting[h] = t.since
			}
		}
	}
	var objects []storage.Info
	first := time.Time{} // of those that are in the store
	for _, key := range slices.Sorted(maps.Keys(p.there)) {
		name, _ := format.ParseName(key)
		since, ok := waiting[name.Hash]
		if !ok {
			continue
		}
		if since.IsZero() {
			return nil, noTime()
		}
		objects = append(objects, p.there[key])
		if first.IsZero() || since.Before(first) {
			first = since
		}
	}
	if len(objects) == 0 {
		return nil, nil
	}
	if err := p.askTime(ctx, first); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(objects, func(info storage.Info) bool {
		name, _ := format.ParseName(info.Key)
		over := waiting[name.Hash].Add(p.grace())
		if !p.now.Before(over) {
			return false
		}
		p.report.Waiting.add(info.Size)
		if p.report.Due.IsZero() || over.Before(p.report.Due) {
			p.report.Due = over
		}
		return true
	}), nil
}

func (p *pruner) grace() time.Duration { return time.Duration(p.view.Authority.Grace) * time.Second }

// askTime makes sure that the store's clock is known well enough to tell whether
// the first of what waits is due. Where nothing in the store is new enough to
// prove it, a tombstone that condemns nothing asks: to put it is the one way to
// learn the time.
func (p *pruner) askTime(ctx context.Context, first time.Time) error {
	over := first.Add(p.grace())
	switch {
	case !p.now.Before(over):
		return nil
	case p.now.IsZero(): // then since came from the machine's clock as well
		p.reached(p.o.MachineClock())
		return nil
	case p.o.Now().Before(over):
		return nil // not even this machine believes it
	case p.o.DryRun:
		p.reached(p.o.Now())
		return nil
	}
	// With the store's time as last seen it could be the very question that was
	// asked before.
	question := &format.Tombstone{Time: p.o.Now(), Packs: []format.Hash{}, Index: []format.Hash{}, Manifests: []format.Hash{}}
	return p.putTombstone(ctx, question)
}

// deletes is how many objects are deleted at once.
const deletes = 8

// deleteAll deletes objects side by side. What the store refuses to delete stays
// condemned, for a later run; where it refuses everything, that is the error.
func (p *pruner) deleteAll(ctx context.Context, dead []storage.Info) error {
	var (
		mu      sync.Mutex
		group   sync.WaitGroup
		tickets = make(chan struct{}, deletes)
		failed  error
		locked  error
	)
	var total int64
	for _, info := range dead {
		total += info.Size
	}
	for _, info := range dead {
		tickets <- struct{}{}
		mu.Lock()
		stop := failed != nil
		mu.Unlock()
		if stop {
			break
		}
		group.Go(func() {
			defer func() { <-tickets }()
			err := p.delete(ctx, info)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, fs.ErrPermission):
				p.report.Locked.add(info.Size)
				locked = err
			case err != nil:
				failed = err
			default:
				p.report.Deleted.add(info.Size)
				if !p.o.DryRun {
					delete(p.there, info.Key)
				}
			}
			if p.o.Progress != nil {
				p.o.Progress(p.report.Deleted.Bytes+p.report.Locked.Bytes, total)
			}
		})
	}
	group.Wait()
	if failed == nil && p.report.Deleted.Objects == 0 {
		failed = locked
	}
	return failed
}

func (p *pruner) delete(ctx context.Context, info storage.Info) error {
	if p.o.DryRun {
		return nil
	}
	return p.store.Delete(ctx, info.Key)
}
