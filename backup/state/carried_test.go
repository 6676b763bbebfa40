package state_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"chatkeep/backup/state"
)

func TestCarried(t *testing.T) {
	r, dir := newRepository(t)
	if all, err := r.Carried(); err != nil || len(all) != 0 {
		t.Errorf("at first %v, %v", all, err)
	}
	var group sync.WaitGroup
	for i := range 10 {
		group.Go(func() {
			if err := r.AddCarried(hash(i), state.Carried{Head: hash(i + 100), Lost: int64(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	all, err := r.Carried()
	if err != nil || len(all) != 10 || all[hash(3)] != (state.Carried{Head: hash(103), Lost: 3}) {
		t.Errorf("%v, %v", all, err)
	}
	// What cannot be read is no reason to carry everything again.
	found, _ := filepath.Glob(filepath.Join(dir, "*", "*", "carried.json"))
	for _, path := range found {
		if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Carried(); err == nil || len(found) != 1 {
		t.Errorf("torn, it reads as %v in %q", err, found)
	}
}
