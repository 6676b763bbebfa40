package session_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// open, create and read are the three things that commands do at first.
func open(ctx context.Context, c *session.Call) error {
	_, err := c.Open(ctx)
	return err
}

func openOrCreate(ctx context.Context, c *session.Call) error {
	_, err := c.OpenOrCreate(ctx)
	return err
}

func create(ctx context.Context, c *session.Call) error {
	_, _, err := c.Create(ctx, "")
	return err
}

func read(ctx context.Context, c *session.Call) error {
	a, err := c.Open(ctx)
	if err != nil {
		return err
	}
	_, err = a.Reader(ctx)
	return err
}

// TestCreatedUnasked: at the default alone, and on a machine that never had one.
func TestCreatedUnasked(t *testing.T) {
	w := newWorld(t)
	w.wantCode(w.does(openOrCreate), session.ExitNoRepository) // nobody to ask for a passphrase
	w.vars["CHATKEEP_PASSPHRASE"] = strong
	w.wantCode(w.does(open), session.ExitNoRepository)
	w.wantCode(w.does(openOrCreate, "--repo", w.place("elsewhere")), session.ExitNoRepository)
	w.vars["CHATKEEP_REPOSITORY"] = w.place("elsewhere")
	w.wantCode(w.does(openOrCreate), session.ExitNoRepository)
	delete(w.vars, "CHATKEEP_REPOSITORY")
	if entries, _ := os.ReadDir(w.home); len(entries) > 0 {
		t.Fatalf("something was written: %v", entries)
	}

	w.wantCode(w.does(openOrCreate), 0)
	if !strings.Contains(w.err.String(), "warning: no recovery key was made") || strings.Contains(w.err.String(), strong) {
		t.Errorf("stderr: %s", &w.err)
	}
	w.wantCode(w.does(openOrCreate), 0)
	w.wantCode(w.does(create), 1)

	// The disk is gone: no new, empty archive may take its place.
	repository := w.place(".local/share/chatkeep/repository")
	if err := os.Rename(repository, w.place("unplugged")); err != nil {
		t.Fatal(err)
	}
	w.wantCode(w.does(openOrCreate), session.ExitNoRepository)
	// Not even when the memory of it is gone as well: a key is left.
	if err := os.RemoveAll(w.place(".local/state")); err != nil {
		t.Fatal(err)
	}
	w.wantCode(w.does(openOrCreate), session.ExitNoRepository)
	if _, err := os.Stat(repository); err == nil {
		t.Error("the repository was created again")
	}
	// At another place it is itself, and known by its key.
	w.wantCode(w.does(open, "-r", w.place("unplugged")), 0)
}

// TestSecretsOfCreate opens a new repository with each of its two secrets.
func TestSecretsOfCreate(t *testing.T) {
	w := newWorld(t)
	place, key := w.place("r"), w.place("recovery.txt")
	w.person = &person{answers: []string{""}}
	w.wantCode(w.does(create, "-r", place, "--classic", "--recovery-key-file", key), 0)
	made := strings.TrimSpace(strings.TrimPrefix(w.person.shown.String(), "your passphrase, write it down:"))
	w.person = &person{answers: []string{made}}
	w.wantCode(w.does(read, "-r", place), 0)
	w.person = nil
	w.vars["CHATKEEP_PASSPHRASE_FILE"] = key
	w.wantCode(w.does(read, "-r", place), 0)
	w.checkFiles()
}

// TestUnlock tries secrets of all shapes at a repository that one recovery key
// opens.
func TestUnlock(t *testing.T) {
	w := newWorld(t)
	place, _ := w.cheap("r")
	key := w.vars["CHATKEEP_PASSPHRASE"]
	typo := []byte(key)
	if typo[0]++; typo[0] == '9'+1 || typo[0] == 'f'+1 {
		typo[0] = '0' // another digit, whatever it was
	}
	for name, c := range map[string]struct {
		secret string
		code   int
		says   string
	}{
		"as printed":       {key, 0, ""},
		"as typed":         {strings.ToUpper(strings.ReplaceAll(key, "-", " ")), 0, ""},
		"a typo":           {string(typo), session.ExitWrongKey, "check digits"},
		"another key":      {string(keys.NewRecoveryKey()), session.ExitWrongKey, "nothing that CHATKEEP_PASSPHRASE could open"},
		"a passphrase":     {strong, session.ExitWrongKey, "--identity FILE"},
		"nothing, no tty":  {"", session.ExitWrongKey, "CHATKEEP_PASSPHRASE_FILE"},
		"cut short by one": {key[:len(key)-1], session.ExitWrongKey, "group 16"},
	} {
		w.vars["CHATKEEP_PASSPHRASE"] = c.secret
		code := w.does(read, "-r", place)
		if code != c.code || !strings.Contains(w.err.String(), c.says) || c.secret != "" && strings.Contains(w.err.String(), c.secret) {
			t.Errorf("%s: code %d, %s", name, code, &w.err)
		}
	}
	delete(w.vars, "CHATKEEP_PASSPHRASE")
	for _, c := range []struct {
		answers []string
		code    int
	}{
		{[]string{key}, 0}, {[]string{strong, strong, key}, 0},
		{[]string{strong, strong, strong}, session.ExitWrongKey}, {[]string{""}, session.ExitWrongKey},
	} {
		w.person = &person{answers: c.answers}
		if code := w.does(read, "-r", place); code != c.code || len(w.person.answers) > 0 {
			t.Errorf("%d answers: code %d, %d left, %s", len(c.answers), code, len(w.person.answers), &w.err)
		}
	}
}

// checkFiles looks at what a machine keeps: for its owner alone.
func (w *world) checkFiles() {
	w.t.Helper()
	found, err := filepath.Glob(w.place(".local/share/chatkeep/*/writer.key"))
	if err != nil || len(found) != 1 {
		w.t.Fatalf("writer keys: %v, %v", found, err)
	}
	for path := found[0]; path != w.place(".local/share"); path = filepath.Dir(path) {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			w.t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// cheap makes a repository that a recovery key opens, without a passphrase's
// second of work, and forgets everything about it on this machine.
func (w *world) cheap(name string) (place, id string) {
	w.t.Helper()
	store := w.store(name)
	master, err := keys.NewMaster(true)
	if err != nil {
		w.t.Fatal(err)
	}
	key := keys.NewRecoveryKey()
	object, err := keys.SealRecovery(master, key)
	if err != nil {
		w.t.Fatal(err)
	}
	slots := []repo.NewSlot{{Name: "recovery", Kind: format.SlotRecovery, Object: object}}
	if _, err := repo.Create(w.t.Context(), store, name, master, slots, "elsewhere"); err != nil {
		w.t.Fatal(err)
	}
	w.vars["CHATKEEP_PASSPHRASE"] = string(key)
	return w.place(name), master.Repository.String()
}

// TestWhoVouches opens a repository that this machine never saw: that it is the
// right one, its secret proves, or its id.
func TestWhoVouches(t *testing.T) {
	w := newWorld(t)
	place, id := w.cheap("r")
	vouched := func(want bool) func(context.Context, *session.Call) error {
		return func(ctx context.Context, c *session.Call) error {
			a, err := c.Open(ctx)
			if err == nil && a.Vouched() != want {
				t.Errorf("vouched: %v", !want)
			}
			return err
		}
	}
	w.wantCode(w.does(vouched(false), "-r", place), 0)
	w.wantCode(w.does(vouched(false), "-r", place), 0) // seeing it once proves nothing
	w.wantCode(w.does(read, "-r", place), 0)
	w.wantCode(w.does(vouched(true), "-r", place), 0)
	w.wantCode(w.does(vouched(true), "-r", place+"/../r"), 0)

	other := newWorld(t)
	other.wantCode(other.does(vouched(true), "-r", place, "--id", id), 0)
	other.wantCode(other.does(vouched(true), "-r", place), 0)
	other.wantCode(other.does(open, "-r", place, "--id", strings.Repeat("0", 64)), session.ExitDamaged)
	other.wantCode(other.does(open, "-r", place, "--id", "x"), session.ExitUsage)
}

// TestAnotherInItsPlace puts a stranger's repository where this machine's was.
func TestAnotherInItsPlace(t *testing.T) {
	w := newWorld(t)
	place, _ := w.cheap("r")
	w.wantCode(w.does(read, "-r", place), 0)
	if err := os.RemoveAll(place); err != nil {
		t.Fatal(err)
	}
	w.wantCode(w.does(read, "-r", place), session.ExitNoRepository)
	_, id := w.cheap("r")
	w.wantCode(w.does(read, "-r", place), session.ExitDamaged)
	if !strings.Contains(w.err.String(), "hint: ") {
		t.Errorf("stderr: %s", &w.err)
	}
	w.wantCode(w.does(read, "-r", place, "--id", id), 0)
	w.wantCode(w.does(read, "-r", place), 0)
}

// TestRollback takes away what this machine has seen.
func TestRollback(t *testing.T) {
	w := newWorld(t)
	place, _ := w.cheap("r")
	before := w.place("before")
	if err := os.CopyFS(before, os.DirFS(place)); err != nil {
		t.Fatal(err)
	}
	w.wantCode(w.does(enrolAnother, "-r", place), 0)
	if err := os.RemoveAll(place); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(before, place); err != nil {
		t.Fatal(err)
	}
	w.wantCode(w.does(read, "-r", place), session.ExitDamaged)
	w.wantCode(w.does(read, "-r", place, "--accept", "gap"), session.ExitDamaged)
	w.wantCode(w.does(read, "-r", place, "--accept", "everything"), session.ExitUsage)
	w.wantCode(w.does(read, "-r", place, "--accept", "gap", "--accept", "rollback"), 0)
	w.wantCode(w.does(read, "-r", place), 0) // accepted is accepted
}

// TestWriterKeyFile begins to write with a key that others could read.
func TestWriterKeyFile(t *testing.T) {
	w := newWorld(t)
	place, id := w.cheap("r")
	begin := func(ctx context.Context, c *session.Call) error {
		s, err := c.OpenStore(ctx)
		if err != nil {
			return err
		}
		run, _, err := s.Begin(ctx, repo.SessionOptions{})
		if err == nil {
			run.Close()
		}
		return err
	}
	w.wantCode(w.does(begin, "-r", place), session.ExitWrongKey)
	w.wantCode(w.does(enrolHere, "-r", place), 0)
	delete(w.vars, "CHATKEEP_PASSPHRASE") // writing needs none
	w.wantCode(w.does(begin, "-r", place), 0)
	if w.err.Len() > 0 {
		t.Errorf("stderr: %s", &w.err)
	}
	file := w.place(".local/share/chatkeep/" + id + "/writer.key")
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	w.wantCode(w.does(begin, "-r", place), 0)
	if !strings.Contains(w.err.String(), "warning: others on this machine can read") || strings.Count(w.err.String(), "\n") != 1 {
		t.Errorf("stderr: %s", &w.err)
	}
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := w.does(begin, "-r", place); code == 0 {
		t.Error("a broken key file was used")
	}
	w.wantCode(w.does(open, "-r", place), 0) // reading does without
}

func TestPick(t *testing.T) {
	a, b := format.Sum([]byte("a")), format.Sum([]byte("b"))
	c := a
	c[31] ^= 1
	hashes := []format.Hash{a, b, c}
	for prefix, want := range map[string]*format.Hash{
		a.String(): &a, b.String()[:4]: &b, strings.ToUpper(b.String()[:9]): &b,
		a.String()[:8]: nil, b.String()[:3]: nil, "": nil, "0000": nil, "nothex": nil, b.String() + "0": nil,
	} {
		got, err := session.Pick("snapshot", prefix, hashes)
		if (err == nil) != (want != nil) || want != nil && got != *want {
			t.Errorf("%q is %s, %v", prefix, got, err)
		}
	}
}
