package state

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"chatkeep/backup/format"
)

// TestFollow takes over what is remembered under another id, and brings it together
// with what is there.
func TestFollow(t *testing.T) {
	root := t.TempDir()
	dirs := Dirs{Config: root + "/c", Data: root + "/d", State: root + "/s", Cache: root + "/x"}
	hash := func(s string) format.Hash { return format.Sum([]byte(s)) }
	own, other := hash("own"), hash("other")
	from, to := dirs.Repository(hash("from")), dirs.Repository(hash("to"))
	remember := func(r *Repository, place string, m Memory) {
		if err := r.Remember(place, func(Memory) Memory { return m }); err != nil {
			t.Fatal(err)
		}
	}
	seen := func(n uint64, s string) []Seen { return []Seen{{n, hash(s)}} }
	remember(from, "here", Memory{Seen{3, hash("3")}, map[format.Hash][]Seen{own: seen(5, "mine"), other: seen(7, "7")}})
	remember(from, "there", Memory{Seen{2, hash("2")}, map[format.Hash][]Seen{other: seen(1, "1")}})
	// Somebody who did not know the key has seen what another signed with it.
	remember(to, "here", Memory{Seen{5, hash("5")}, map[format.Hash][]Seen{own: seen(6, "not mine"), other: seen(8, "8")}})
	if err := os.WriteFile(from.state("journal"), []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !from.Known() {
		t.Error("what is remembered is not known")
	}

	release, err := from.Lock()
	if err != nil {
		t.Fatal(err)
	}
	var busy *Busy
	if err := to.Follow(from, own); !errors.As(err, &busy) {
		t.Errorf("while the machine writes: %v", err)
	}
	release()
	for range 2 { // the second finds nothing to do
		if err := to.Follow(from, own); err != nil {
			t.Fatal(err)
		}
	}
	got, err := to.Memories()
	if err != nil {
		t.Fatal(err)
	}
	want := Memories{
		"here":  {Seen{5, hash("5")}, map[format.Hash][]Seen{own: seen(5, "mine"), other: seen(8, "8")}},
		"there": {Seen{2, hash("2")}, map[format.Hash][]Seen{other: seen(1, "1")}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if data, err := os.ReadFile(to.state("journal")); err != nil || string(data) != "kept" {
		t.Errorf("the journal: %q, %v", data, err)
	}
	if _, err := os.Lstat(filepath.Join(dirs.State, hash("from").String())); err == nil || from.Known() {
		t.Error("something is left under the other id")
	}
}
