package state

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"filippo.io/age"

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
	remember(from, "here", Memory{Authority: Seen{3, hash("3")}, Heads: map[format.Hash][]Seen{own: seen(5, "mine"), other: seen(7, "7")},
		Missed: Missed{Authority: Seen{4, hash("4")}, Heads: map[format.Hash]Seen{other: {9, hash("9")}}}})
	remember(from, "there", Memory{Authority: Seen{2, hash("2")}, Heads: map[format.Hash][]Seen{other: seen(1, "1")}})
	// Somebody who did not know the key has seen what another signed with it.
	remember(to, "here", Memory{Authority: Seen{5, hash("5")}, Heads: map[format.Hash][]Seen{own: seen(6, "not mine"), other: seen(8, "8")}})
	if err := os.WriteFile(from.state("journal"), []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	table := func(r *Repository) *Table { return r.Table("read", identity, identity.Recipient()) }
	w, err := table(from).Write()
	if err == nil {
		_, err = w.Write([]byte("a table"))
	}
	if err = errors.Join(err, w.Close()); err != nil {
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
		"here": {Authority: Seen{5, hash("5")}, Heads: map[format.Hash][]Seen{own: seen(5, "mine"), other: seen(8, "8")},
			Missed: Missed{Authority: Seen{4, hash("4")}, Heads: map[format.Hash]Seen{other: {9, hash("9")}}}},
		"there": {Authority: Seen{2, hash("2")}, Heads: map[format.Hash][]Seen{other: seen(1, "1")}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if data, err := os.ReadFile(to.state("journal")); err != nil || string(data) != "kept" {
		t.Errorf("the journal: %q, %v", data, err)
	}
	kept, err := table(to).Read()
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if data, err := io.ReadAll(kept); err != nil || string(data) != "a table" {
		t.Errorf("the table: %q, %v", data, err)
	}
	if _, err := os.Lstat(filepath.Join(dirs.State, hash("from").String())); err == nil || from.Known() {
		t.Error("something is left under the other id")
	}
}
