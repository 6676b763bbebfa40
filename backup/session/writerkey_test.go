package session_test

import (
	"os"
	"strings"
	"testing"

	"chatkeep/backup/keys"
)

// TestUnreadKeyIsKept makes a key for a machine whose key file nobody can read:
// the file may be all that is left of another key.
func TestUnreadKeyIsKept(t *testing.T) {
	w := newWorld(t)
	place, id := w.cheap("r")
	file := w.place(".local/share/chatkeep/" + id + "/writer.key")
	w.wantCode(w.does(enrolHere, "-r", place), 0)
	if w.err.Len() > 0 {
		t.Errorf("stderr: %s", &w.err)
	}
	for n, text := range []string{"the first unreadable key", "the second"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.wantCode(w.does(enrolHere, "-r", place), 0)
		aside := file + "." + string(rune('1'+n))
		if got, err := os.ReadFile(aside); err != nil || string(got) != text {
			t.Errorf("%s has %q, %v", aside, got, err)
		}
		if !strings.Contains(w.err.String(), "warning: ") || !strings.Contains(w.err.String(), aside) || strings.Contains(w.err.String(), text) {
			t.Errorf("stderr: %s", &w.err)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.ParseWriter(data); err != nil {
			t.Errorf("the new key: %v", err)
		}
	}
	// One that cannot be moved is not overwritten.
	if err := os.WriteFile(file, []byte("the third"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(w.place(".local/share/chatkeep/"+id), 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(w.place(".local/share/chatkeep/"+id), 0o700)
	if os.Geteuid() == 0 {
		return // nothing is in root's way
	}
	if code := w.does(enrolHere, "-r", place); code == 0 {
		t.Error("a key was saved to a folder that takes no writes")
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "the third" {
		t.Errorf("%q, %v", got, err)
	}
}
