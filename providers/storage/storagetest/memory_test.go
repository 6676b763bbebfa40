package storagetest

import (
	"testing"
	"time"

	"chatkeep/providers/storage"
)

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) storage.Store { return NewMemory() })
	t.Run("exclusive", func(t *testing.T) { Exclusive(t, NewMemory(), 20) })
}

func TestMemoryClock(t *testing.T) {
	m := NewMemory()
	start := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	m.SetTime(start)
	put(t, m, "a", nil)
	before := m.Clone()
	m.Advance(time.Hour)
	put(t, m, "b", []byte("b"))
	m.Tamper("a", []byte("x"))
	for key, want := range map[string]time.Time{"a": start, "b": start.Add(time.Hour)} {
		if info, err := m.Stat(t.Context(), key); err != nil || !info.Time.Equal(want) {
			t.Errorf("%s is of %v, want %v, %v", key, info.Time, want, err)
		}
	}
	wantKeys(t, before, "", "a")
	wantObject(t, before, "a", nil)
	wantObject(t, m, "a", []byte("x"))
	m.Tamper("a", nil)
	wantKeys(t, m, "", "b")
}
