package storagetest

import (
	"testing"
	"time"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/conform"
)

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) storage.Store { return NewMemory() })
	t.Run("exclusive", func(t *testing.T) { conform.Exclusive(t, NewMemory(), 20) })
}

func TestMemoryClock(t *testing.T) {
	m := NewMemory()
	start := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	m.SetTime(start)
	conform.Put(t, m, "a", nil)
	before := m.Clone()
	m.Advance(time.Hour)
	conform.Put(t, m, "b", []byte("b"))
	m.Tamper("a", []byte("x"))
	for key, want := range map[string]time.Time{"a": start, "b": start.Add(time.Hour)} {
		if info, err := m.Stat(t.Context(), key); err != nil || !info.Time.Equal(want) {
			t.Errorf("%s is of %v, want %v, %v", key, info.Time, want, err)
		}
	}
	conform.WantKeys(t, before, "", "a")
	conform.WantObject(t, before, "a", nil)
	conform.WantObject(t, m, "a", []byte("x"))
	m.Tamper("a", nil)
	conform.WantKeys(t, m, "", "b")
}
