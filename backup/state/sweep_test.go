package state

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSweep leaves everything but old temporary files.
func TestSweep(t *testing.T) {
	d := t.TempDir()
	r := Dirs{Data: d + "/d", State: d + "/s", Cache: d + "/c"}.Repository([32]byte{1})
	old, fresh := time.Now().Add(-25*time.Hour), time.Now()
	stays := map[string]bool{}
	for _, f := range []struct {
		path string
		time time.Time
		goes bool
	}{
		{r.state(".intent.123"), old, true}, {r.cache(".table.9"), old, true}, {r.cache("objects/ab/.abcd.77"), old, true},
		{r.dirs.placesPath() + ".5", old, false}, {filepath.Join(r.dirs.State, ".places.json.5"), old, true},
		{r.state(".memory.json.5"), fresh, false}, {r.data("writer.key"), old, false}, {r.state("journal"), old, false},
		{r.cache(".hidden"), old, false},
	} {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(f.path, f.time, f.time); err != nil {
			t.Fatal(err)
		}
		stays[f.path] = !f.goes
	}
	release, err := r.Lock()
	if err != nil {
		t.Fatal(err)
	}
	release()
	for path, want := range stays {
		if _, err := os.Lstat(path); (err == nil) != want {
			t.Errorf("%s: there %t, want %t", path, err == nil, want)
		}
	}
}
