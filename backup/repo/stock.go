package repo

import (
	"context"
	"time"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// Stock is what one listing of the store showed, for those who decide what may
// go.
type Stock struct {
	// Newest is the time of the newest object, which is the store's own time as
	// last seen; zero where it tells none.
	Newest time.Time
	// Foreign are the first of the things that are no objects.
	Foreign []string

	packs    map[format.Hash]int64
	arrivals map[format.Hash]time.Time
}

// Stock lists the store. What is condemned counts as absent.
func (r *Reader) Stock(ctx context.Context) (*Stock, error) {
	s := &Stock{packs: map[format.Hash]int64{}, arrivals: map[format.Hash]time.Time{}}
	for info, err := range listed(ctx, r.store, "") {
		if err != nil {
			return nil, err
		}
		s.note(info)
	}
	// Tombstones after packs: one that was put in between is seen.
	dead, strays, err := r.view.condemned(ctx, r.source)
	if err != nil {
		return nil, err
	}
	if err := r.view.untrusted(strays); err != nil {
		return nil, err
	}
	for hash := range dead {
		delete(s.packs, hash)
	}
	return s, nil
}

func (s *Stock) note(info storage.Info) {
	name, ok := format.ParseName(info.Key)
	switch {
	case !ok:
		if len(s.Foreign) < maxForeign {
			s.Foreign = append(s.Foreign, info.Key)
		}
		return
	case name.Type == format.ObjectPack:
		s.packs[name.Hash] = info.Size
	case name.Type == format.ObjectHead:
		s.arrivals[name.Hash] = info.Time
	}
	if info.Time.After(s.Newest) {
		s.Newest = info.Time
	}
}

// Arrived is when the store got a head, by its own clock; zero where it does not
// tell. In a copy it is the time of the copying.
func (s *Stock) Arrived(h *Head) time.Time { return s.arrivals[h.Hash] }

// Holds reports whether the stock has these chunks of a snapshot, as far as a
// listing can tell: their packs are there, whole.
func (s *Stock) Holds(from *Snapshot, ids []format.ID) bool {
	for _, id := range ids {
		at, ok := from.index.Find(id)
		if !ok {
			return false
		}
		pack := &from.index.packs[at.Pack]
		if size, ok := s.packs[pack.Pack]; !ok || size != pack.Size {
			return false
		}
	}
	return true
}
