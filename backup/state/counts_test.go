package state_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"chatkeep/backup/state"
)

func TestCounts(t *testing.T) {
	r, dir := newRepository(t)
	if c, err := r.Counts("phone"); err != nil || c != (state.Counts{}) {
		t.Errorf("at first %v, %v", c, err)
	}
	var group sync.WaitGroup
	for i := range 10 {
		group.Go(func() {
			if err := r.SetCounts(fmt.Sprintf("phone/%d.zip", i), state.Counts{Files: int64(i), Messages: 7, Bytes: 1 << 40}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for i := range 10 {
		if c, err := r.Counts(fmt.Sprintf("phone/%d.zip", i)); err != nil || c != (state.Counts{Files: int64(i), Messages: 7, Bytes: 1 << 40}) {
			t.Errorf("%d: %v, %v", i, c, err)
		}
	}
	// What cannot be read is told, and written anew.
	found, _ := filepath.Glob(filepath.Join(dir, "*", "*", "sources.json"))
	for _, torn := range []string{"{", "[]", ""} {
		for _, path := range found {
			if err := os.WriteFile(path, []byte(torn), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Counts("phone"); err == nil || len(found) != 1 {
			t.Errorf("torn to %q, it reads as %v in %q", torn, err, found)
		}
		if err := r.SetCounts("phone", state.Counts{Files: 3}); err != nil {
			t.Error(err)
		}
		if c, err := r.Counts("phone"); err != nil || c.Files != 3 {
			t.Errorf("written anew: %v, %v", c, err)
		}
	}
}
