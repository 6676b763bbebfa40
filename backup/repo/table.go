package repo

import (
	"encoding/binary"

	"chatkeep/backup/format"
)

// place is where a chunk is: the pack by its number in some list, and the frame
// and member within.
type place struct {
	pack   uint32
	frame  uint32
	member uint32
}

// table maps chunk ids to places: an open-addressing hash table, for ids are
// already uniform. It takes 28 bytes an entry and is at most two thirds full, so
// that a million chunks take 28 to 84 MB, half of what a Go map takes.
type table struct {
	slots []tableSlot
	n     int
}

type tableSlot struct {
	id    format.ID
	place place // pack is one more than the number; 0 is an empty slot
}

// find returns the slot of an id, or the empty slot where it belongs.
func (t *table) find(id format.ID) *tableSlot {
	mask := uint64(len(t.slots) - 1)
	for i := binary.LittleEndian.Uint64(id[:]) & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.place.pack == 0 || s.id == id {
			return s
		}
	}
}

// get returns where a chunk is.
func (t *table) get(id format.ID) (place, bool) {
	if t.n == 0 {
		return place{}, false
	}
	p := t.find(id).place
	if p.pack == 0 {
		return p, false
	}
	p.pack--
	return p, true
}

// put notes where a chunk is, and returns false where it was known already;
// what was known stays.
func (t *table) put(id format.ID, p place) bool {
	if 3*(t.n+1) > 2*len(t.slots) {
		t.grow()
	}
	s := t.find(id)
	if s.place.pack != 0 {
		return false
	}
	p.pack++
	*s = tableSlot{id, p}
	t.n++
	return true
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]tableSlot, max(1024, 2*len(old)))
	for _, s := range old {
		if s.place.pack != 0 {
			*t.find(s.id) = s
		}
	}
}
