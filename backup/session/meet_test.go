package session_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// meet opens a place as the command open does, and tells what became of it.
func (w *world) meet(name string, args ...string) (session.Adopted, int) {
	w.t.Helper()
	var kept session.Adopted
	code := w.does(func(ctx context.Context, c *session.Call) error {
		a, r, err := c.Meet(ctx)
		if err != nil {
			return err
		}
		if !a.Vouched() || r.Keyring() == nil {
			w.t.Error("it is met, and not known or not unlocked")
		}
		kept, err = a.Adopt(name)
		return err
	}, args...)
	return kept, code
}

// files are those below the home of a machine.
func (w *world) files() (names []string) {
	w.t.Helper()
	err := filepath.WalkDir(w.home, func(path string, d fs.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return names
}

func (w *world) config() string {
	data, _ := os.ReadFile(w.place(".config/chatkeep/config.toml"))
	return string(data)
}

// TestMeet opens a repository on a machine that knows nothing: what does not open it
// leaves no trace, and what does is remembered.
func TestMeet(t *testing.T) {
	far := newWorld(t)
	place, id := far.cheap("r")
	w := newWorld(t)
	for _, c := range []struct {
		secret string
		args   []string
		code   int
	}{
		{"not-the-right-words-at-all", nil, session.ExitWrongKey},
		{"not-the-right-words-at-all", []string{"--id", id}, session.ExitWrongKey},
		{far.vars["CHATKEEP_PASSPHRASE"], []string{"--id", strings.Repeat("0", 64)}, session.ExitDamaged},
		{"", nil, session.ExitWrongKey},
		{far.vars["CHATKEEP_PASSPHRASE"], []string{"--dry-run"}, 0},
	} {
		w.vars["CHATKEEP_PASSPHRASE"] = c.secret
		_, code := w.meet("", append(c.args, "-r", place)...)
		w.wantCode(code, c.code)
		if names := w.files(); len(names) > 1 {
			t.Fatalf("%q left %q", c.args, names)
		}
	}
	groups := strings.ToUpper(id[:8] + " " + id[8:40] + "-" + id[40:])
	kept, code := w.meet("", "-r", place, "--id", groups)
	w.wantCode(code, 0)
	if kept.Name != "archive" || !kept.Default || kept.File == "" || !strings.Contains(w.config(), id) {
		t.Errorf("%+v, %s", kept, w.config())
	}
	w.wantCode(w.does(read), 0)

	// Again is as once.
	before := w.config()
	kept, code = w.meet("", "-r", place)
	w.wantCode(code, 0)
	if kept.Name != "archive" || !kept.Default || kept.File != "" || w.config() != before {
		t.Errorf("%+v, %s", kept, w.config())
	}
}

// TestMeetRollback keeps an older state from one who has seen a newer one, secret or
// not.
func TestMeetRollback(t *testing.T) {
	w := newWorld(t)
	place, id := w.cheap("r")
	before := w.place("before")
	if err := os.CopyFS(before, os.DirFS(place)); err != nil {
		t.Fatal(err)
	}
	_, code := w.meet("", "-r", place)
	w.wantCode(code, 0)
	w.wantCode(w.does(enrolAnother, "-r", place), 0)
	if err := os.RemoveAll(place); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(before, place); err != nil {
		t.Fatal(err)
	}
	_, code = w.meet("", "-r", place, "--id", id)
	w.wantCode(code, session.ExitDamaged)
	if !strings.Contains(w.err.String(), "rollback") {
		t.Errorf("stderr: %s", &w.err)
	}
}

// TestMeetByForgeableSlot demands the id where anybody could have made the slot.
func TestMeetByForgeableSlot(t *testing.T) {
	far := newWorld(t)
	master, err := keys.NewMaster(true)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	object, err := keys.SealRecipient(master, identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	slots := []repo.NewSlot{{Name: "laptop", Kind: format.SlotRecipient, Object: object}}
	if _, err := repo.Create(t.Context(), far.store("r"), "r", master, slots, "elsewhere"); err != nil {
		t.Fatal(err)
	}
	w, place := newWorld(t), far.place("r")
	file := w.write("identity.txt", identity.String()+"\n")
	_, code := w.meet("", "-r", place, "-i", file)
	w.wantCode(code, session.ExitDamaged)
	if names := w.files(); len(names) != 2 || !strings.Contains(w.err.String(), "hint: ") {
		t.Errorf("left %q; stderr: %s", names, &w.err)
	}
	kept, code := w.meet("", "-r", place, "-i", file, "--id", master.Repository.String())
	w.wantCode(code, 0)
	if !kept.Default {
		t.Errorf("%+v", kept)
	}
}

// TestAdopt names a repository beside what the machine has already.
func TestAdopt(t *testing.T) {
	far := newWorld(t)
	place, id := far.cheap("r")
	secret := far.vars["CHATKEEP_PASSPHRASE"]
	machine := func(config string) *world {
		w := newWorld(t)
		w.vars["CHATKEEP_PASSPHRASE"] = secret
		if config != "" {
			if err := os.MkdirAll(w.place(".config/chatkeep"), 0o700); err != nil {
				t.Fatal(err)
			}
			w.write(".config/chatkeep/config.toml", config)
		}
		return w
	}
	other := "[repositories.archive]\nplace = \"/media/other\"\n"
	for name, c := range map[string]struct {
		config, name string
		want         session.Adopted // with any text for File where there is to be one
	}{
		"another default":     {"repository = \"archive\"\n" + other, "", session.Adopted{Other: "archive"}},
		"a place as default":  {"repository = \"/media/other\"\n", "", session.Adopted{Other: "/media/other"}},
		"this place":          {"repository = \"" + place + "\"\n", "", session.Adopted{Default: true}},
		"known without an id": {"[repositories.usb]\nplace = \"" + place + "\"\n", "", session.Adopted{Name: "usb"}},
		"another id there": {"[repositories.usb]\nplace = \"" + place + "\"\nid = \"" + strings.Repeat("0", 64) + "\"\n", "",
			session.Adopted{Name: "archive", Default: true, File: "x"}},
		"no default":          {other, "", session.Adopted{Name: "archive-2", Default: true, File: "x"}},
		"a name":              {"", "home", session.Adopted{Name: "home", Default: true, File: "x"}},
		"a name, and default": {"repository = \"archive\"\n" + other, "home", session.Adopted{Name: "home", Other: "archive", File: "x"}},
	} {
		w := machine(c.config)
		kept, code := w.meet(c.name, "-r", place)
		w.wantCode(code, 0)
		written := kept.File != ""
		if written {
			kept.File = "x"
		}
		if kept != c.want || written != strings.Contains(w.config(), id) || !written && w.config() != c.config {
			t.Errorf("%s: %+v, want %+v; %s", name, kept, c.want, w.config())
		}
	}
	w := machine(other)
	_, code := w.meet("archive", "-r", place)
	w.wantCode(code, session.ExitUsage)
	if w.config() != other {
		t.Errorf("the file is now %s", w.config())
	}
}

// TestAdoptBesideTheEmbedded leaves the default be that a machine has without a file.
func TestAdoptBesideTheEmbedded(t *testing.T) {
	far := newWorld(t)
	place, _ := far.cheap("r")
	w := newWorld(t)
	w.vars["CHATKEEP_PASSPHRASE"] = strong
	w.wantCode(w.does(openOrCreate, "--classic", "--yes"), 0)
	w.vars["CHATKEEP_PASSPHRASE"] = far.vars["CHATKEEP_PASSPHRASE"]
	kept, code := w.meet("", "-r", place)
	w.wantCode(code, 0)
	embedded := w.place(".local/share/chatkeep/repository")
	if kept != (session.Adopted{Other: embedded}) || w.config() != "" {
		t.Errorf("%+v, %s", kept, w.config())
	}
	w.vars["CHATKEEP_PASSPHRASE"] = strong
	if kept, code = w.meet("", "-r", embedded); code != 0 || kept != (session.Adopted{Default: true}) {
		t.Errorf("%d, %+v", code, kept)
	}
	if !slices.Contains(w.files(), embedded) {
		t.Error("the embedded repository is gone")
	}
}
