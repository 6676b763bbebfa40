package keys

import (
	"testing"

	"chatkeep/backup/format"
)

// TestMerge: what two keyrings of one repository have, and no identity twice.
func TestMerge(t *testing.T) {
	master, err := NewMaster(true)
	if err != nil {
		t.Fatal(err)
	}
	first, err := NewKeyring(master.Repository, true)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ParseKeyring(first.File())
	if err != nil {
		t.Fatal(err)
	}
	writers := map[format.Hash]bool{}
	for _, k := range []*Keyring{first, second} {
		w, err := NewWriter(k, master.Root, "one")
		if err == nil {
			_, err = k.AddEpoch(true)
		}
		if err != nil {
			t.Fatal(err)
		}
		writers[w.ID] = true
	}
	own, _ := first.epoch(2)
	other, _ := second.epoch(2)
	for _, fresh := range []bool{true, false} {
		got, err := first.Merge(second)
		if err != nil || got != fresh {
			t.Errorf("new epochs: %t, %v", got, err)
		}
	}
	if len(first.Writers) != 2 || !writers[first.Writers[0].ID] || !writers[first.Writers[1].ID] {
		t.Errorf("%d writers", len(first.Writers))
	}
	two, _ := first.epoch(2)
	three, _ := first.epoch(3)
	if len(first.Epochs) != 3 || two.identity.text() != own.identity.text() || three.identity.text() != other.identity.text() {
		t.Errorf("%d epochs, or others than there were", len(first.Epochs))
	}
	if _, err := ParseKeyring(first.File()); err != nil {
		t.Error(err)
	}

	stranger, err := NewKeyring(master.Repository, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Merge(stranger); format.ClassOf(err) != format.Malformed {
		t.Errorf("one with other secrets: %v", err)
	}
	foreign, err := NewMaster(true)
	if err != nil {
		t.Fatal(err)
	}
	if stranger, err = NewKeyring(foreign.Repository, true); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Merge(stranger); format.ClassOf(err) != format.WrongRepository {
		t.Errorf("another repository's: %v", err)
	}
}
