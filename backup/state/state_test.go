package state_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/state"
)

func newRepository(t *testing.T) (*state.Repository, string) {
	t.Helper()
	d := t.TempDir()
	dirs := state.Dirs{Config: d + "/c", Data: d + "/d", State: d + "/s", Cache: d + "/x"}
	return dirs.Repository(format.Sum([]byte("repository"))), d
}

func hash(i int) format.Hash { return format.Sum([]byte(fmt.Sprint(i))) }

func TestIntents(t *testing.T) {
	r, _ := newRepository(t)
	want := func(hashes ...format.Hash) {
		t.Helper()
		if got, err := r.Intents(); err != nil || !slices.Equal(got, hashes) {
			t.Fatalf("%v, %v; want %v", got, err, hashes)
		}
	}
	want()
	for i := range 3 {
		if err := r.AddIntent(hash(i)); err != nil {
			t.Fatal(err)
		}
	}
	want(hash(0), hash(1), hash(2))
	if err := r.DropIntents(func(h format.Hash) bool { return h == hash(1) }); err != nil {
		t.Fatal(err)
	}
	want(hash(0), hash(2))
	if err := r.DropIntents(func(format.Hash) bool { return true }); err != nil {
		t.Fatal(err)
	}
	want()
	for i := range 300 {
		if err := r.AddIntent(hash(i)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.Intents()
	if err != nil || len(got) > 100 || got[len(got)-1] != hash(299) {
		t.Errorf("%d intents, %v", len(got), err)
	}
}

// TestRememberTakesTurns: what one remembers of its place is not overwritten by
// another who read before.
func TestRememberTakesTurns(t *testing.T) {
	r, _ := newRepository(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				err := r.Remember("here", func(before state.Memory) state.Memory {
					before.Authority.N++
					return before
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	all, err := r.Memories()
	if err != nil || all["here"].Authority.N != 40 {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestPlacesTakeTurns lets many see repositories at places of their own: none
// is forgotten.
func TestPlacesTakeTurns(t *testing.T) {
	d := t.TempDir()
	dirs := state.Dirs{Config: d + "/c", Data: d + "/d", State: d + "/s", Cache: d + "/x"}
	var group sync.WaitGroup
	const each, many = 10, 4
	for one := range many {
		group.Go(func() {
			for i := range each {
				if err := dirs.SetPlace(fmt.Sprint(one, "/", i), hash(one)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for one := range many {
		for i := range each {
			if id, ok, err := dirs.Place(fmt.Sprint(one, "/", i)); err != nil || !ok || id != hash(one) {
				t.Errorf("place %d of %d: %s, %v, %v", i, one, id, ok, err)
			}
		}
	}
}

func TestLock(t *testing.T) {
	r, _ := newRepository(t)
	release, err := r.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Lock(); err == nil {
		t.Error("locked twice")
	}
	release()
	release, err = r.Lock()
	if err != nil {
		t.Fatal(err)
	}
	release()
}

func TestCacheCannotLie(t *testing.T) {
	r, dir := newRepository(t)
	data := []byte("an object")
	r.CacheObject(format.Sum(data), data)
	if got := r.CachedObject(format.Sum(data)); string(got) != string(data) {
		t.Fatalf("%q", got)
	}
	files, err := filepath.Glob(dir + "/x/*/objects/*/*")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte("an0bject"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := r.CachedObject(format.Sum(data)); got != nil {
		t.Errorf("%q", got)
	}
}

func TestJournal(t *testing.T) {
	r, dir := newRepository(t)
	j := r.Journal()
	records := []string{"", "one", "two\nlines\n", string(make([]byte, 5000))}
	for _, rec := range records {
		if err := j.Append([]byte(rec)); err != nil {
			t.Fatal(err)
		}
	}
	files, _ := filepath.Glob(dir + "/s/*/journal")
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n <= len(whole); n += 7 {
		if err := os.WriteFile(files[0], whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		before, err := j.Records()
		if err != nil {
			t.Fatal(err)
		}
		for i, rec := range before {
			if string(rec) != records[i] {
				t.Fatalf("cut at %d: record %d is %q", n, i, rec)
			}
		}
		if err := j.Append([]byte("next")); err != nil {
			t.Fatal(err)
		}
		if all, err := j.Records(); err != nil || len(all) != len(before)+1 || string(all[len(before)]) != "next" {
			t.Fatalf("cut at %d: %d records, then %d, %v", n, len(before), len(all), err)
		}
	}
	if err := j.Clear(); err != nil {
		t.Fatal(err)
	}
	if all, err := j.Records(); err != nil || len(all) > 0 {
		t.Errorf("%d records, %v", len(all), err)
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte("3 x\nabc"))
	f.Add([]byte("-1 \n"))
	f.Add([]byte("99999999999999999999 " + format.Sum(nil).String() + "\n"))
	f.Add([]byte("0 " + format.Sum(nil).String() + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, dir := newRepository(t)
		j := r.Journal()
		if err := j.Append([]byte("x")); err != nil {
			t.Fatal(err)
		}
		files, _ := filepath.Glob(dir + "/s/*/journal")
		if err := os.WriteFile(files[0], data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := j.Records(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestStill has somebody who only looks keep nothing, and read what is kept.
func TestStill(t *testing.T) {
	d := t.TempDir()
	dirs := state.Dirs{Config: d + "/c", Data: d + "/d", State: d + "/s", Cache: d + "/x"}
	data := []byte("as stored")
	hash := format.Sum(data)
	still := dirs.Still().Repository(format.Sum(nil))
	still.CacheObject(hash, data)
	if entries, err := os.ReadDir(d); err != nil || len(entries) != 0 {
		t.Errorf("%v was made, %v", entries, err)
	}
	dirs.Repository(format.Sum(nil)).CacheObject(hash, data)
	if got := still.CachedObject(hash); string(got) != string(data) {
		t.Errorf("%q is read", got)
	}
}

// TestJournalLeft asks when the last record came, before and after a commit.
func TestJournalLeft(t *testing.T) {
	d := t.TempDir()
	j := state.Dirs{State: d}.Repository(format.Sum(nil)).Journal()
	if at, left := j.Left(); left {
		t.Errorf("a journal that is not there has records of %v", at)
	}
	if err := j.Append([]byte("record")); err != nil {
		t.Fatal(err)
	}
	if at, left := j.Left(); !left || time.Since(at).Abs() > time.Hour {
		t.Errorf("the record is of %v, %v", at, left)
	}
	if err := j.Clear(); err != nil {
		t.Fatal(err)
	}
	if _, left := j.Left(); left {
		t.Error("records are left after a commit")
	}
}
