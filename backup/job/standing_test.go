package job

import (
	"testing"
	"time"

	"chatkeep/backup/config"
)

// TestStanding looks at a job before, between, in and after runs.
func TestStanding(t *testing.T) {
	j := daily()
	j.Repositories = []string{"home", "cloud"}
	w := newWorld(t, map[string]config.Job{"nightly": j})
	asked := false
	look := func(most time.Duration, running bool) Standing {
		asked = false
		return Stand("nightly", j, j.Repositories, w.memory.Of("nightly", w.now), w.now, most, func() bool { asked = true; return running })
	}
	if s := look(0, false); !s.Tried.IsZero() || !s.Next.Equal(w.now) || s.Stale || s.CutOff || asked {
		t.Errorf("before the first run: %+v", s)
	}
	w.answers["backup"] = []Ended{{Summary: []byte(`{"bytes_stored":7}`)}, {Summary: []byte(`{"bytes_stored":5}`)}}
	began := w.now
	w.call()
	s := look(0, false)
	if !s.Good.Equal(began) || s.Growth != 12 || !s.Next.Equal(time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)) || s.Failures != 0 || asked {
		t.Errorf("after it: %+v", s)
	}
	w.memory.Of("nightly", w.now).Repo("home").Checked = w.now
	if s := look(0, false); !s.Checked.IsZero() {
		t.Errorf("checked at %v, and one of two repositories never was", s.Checked)
	}
	w.now = w.now.Add(3 * time.Hour)
	if s := look(2*time.Hour, false); !s.Stale {
		t.Errorf("three hours later, with two allowed: %+v", s)
	}
	if s := look(0, false); s.Stale {
		t.Errorf("three hours later: %+v", s)
	}
	w.memory.Of("nightly", w.now).Began = w.now
	if s := look(0, true); !s.Running || s.CutOff {
		t.Errorf("in a run: %+v", s)
	}
	if s := look(0, false); s.Running || !s.CutOff {
		t.Errorf("after a power cut: %+v", s)
	}
	w.now = w.now.AddDate(0, 0, 40)
	if s := look(0, false); s.Growth != 0 || !s.Stale {
		t.Errorf("forty days later: %+v", s)
	}
}
