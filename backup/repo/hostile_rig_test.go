package repo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/backup/state"
	"chatkeep/providers/chat"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/storagetest"
	"chatkeep/restore"
)

// rig is a repository that people use by the program's own commands, and a store
// between them and it that can attack. The scene's machine is that of the owner:
// it backs up, prunes, and knows what it has seen.
type rig struct {
	*scene
	evil     *storagetest.Hostile
	second   *storagetest.Memory // where copies go
	recovery string
	old      format.Hash           // a snapshot that is forgotten and condemned
	middle   format.Hash           // one that is to be forgotten
	newest   format.Hash           // the owner's last
	files    map[format.Hash]files // of each snapshot of the owner's
	before   *storagetest.Memory   // the place before the owner's last backup
	thief    *machine              // a writer whose key an attacker has
	now      time.Time             // by all clocks
	skew     time.Duration         // how far the store's clock is said to be ahead
	faces    *storagetest.Hostile  // what a new machine is shown, where that is something else
	shown    bool                  // what the store shows is settled
	silent   bool                  // the store does not answer
}

// pass lets time go by.
func (r *rig) pass(d time.Duration) {
	r.now = r.now.Add(d)
	r.store.SetTime(r.now)
	if r.evil != nil {
		r.evil.Shown().SetTime(r.now.Add(r.skew))
	}
}

// files are the bytes of a source by name.
type files map[string][]byte

const (
	here  = "evil:here"
	there = "evil:there"
)

// rigHome is where a machine of the rig has its files.
func (m *machine) rigHome() *state.Repository {
	dirs, err := state.DefaultDirs(m.getenv)
	if err != nil {
		panic(err)
	}
	return dirs.Repository(m.key.Repository)
}

func (m *machine) getenv(name string) string {
	if name == "HOME" {
		return m.dir
	}
	return ""
}

// source is what is backed up the nth time: one file stays, one changes, one is
// there only once.
func source(n int) files {
	return files{
		"always.bin":                        noise(1, 30<<10),
		"letter.txt":                        text(uint64(n), 20<<10),
		fmt.Sprintf("only-%d.bin", n):       noise(uint64(10+n), 30<<10),
		fmt.Sprintf("folder/page-%d.md", n): []byte(fmt.Sprintf("page %d\n", n)),
	}
}

func (f files) write(t *testing.T, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, data := range f {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// newRig makes a repository with three snapshots of the owner's, of which the
// first is forgotten and condemned and could be deleted by now, one of another
// writer's, and a writer that has not backed up yet, for a thief.
func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{files: map[format.Hash]files{}}
	r.scene = &scene{store: storagetest.NewMemory(), want: map[format.Hash][][]byte{}, machine: &machine{dir: tempDir(t)}}
	r.now = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	r.pass(0)
	r.unlock(t)
	r.old = r.backupAs(t, 1)
	other := r.enrol(t, "other")
	r.commitBy(t, other, before...)
	r.pass(time.Hour)
	r.middle = r.backupAs(t, 2)
	r.thief = r.enrol(t, "stolen")
	r.must(t, "writer", "add", "--role", "prune", "--label", "tidy")
	r.must(t, "forget", r.old.String())
	r.must(t, "prune")
	r.pass(72 * time.Hour)
	delete(r.files, r.old)
	r.before = r.store.Clone()
	r.newest = r.backupAs(t, 3)
	r.pass(time.Hour)
	r.evil = storagetest.NewHostile(r.store)
	return r
}

// unlock creates the repository and takes its keys.
func (r *rig) unlock(t *testing.T) {
	t.Helper()
	master, err := keys.NewMaster(true)
	if err != nil {
		t.Fatal(err)
	}
	recovery := keys.NewRecoveryKey()
	object, err := keys.SealRecovery(master, recovery)
	if err != nil {
		t.Fatal(err)
	}
	slots := []repo.NewSlot{{Name: "recovery", Kind: format.SlotRecovery, Object: object}}
	r.master, r.recovery = master, string(recovery)
	if r.key, err = repo.Create(t.Context(), r.store, here, master, slots, "owner", repo.WithGrace(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	r.memory = r.rigHome()
	if err := state.WriteFile(r.memory.WriterKeyPath(), r.key.Marshal()); err != nil {
		t.Fatal(err)
	}
}

// backupAs backs the nth source up and notes what it promises.
func (r *rig) backupAs(t *testing.T, n int) format.Hash {
	t.Helper()
	source(n).write(t, filepath.Join(r.dir, "source"))
	out := r.must(t, "backup", filepath.Join(r.dir, "source"), "--as", "phone", "--pack-size", "1MiB")
	id, err := format.ParseHash(out.text("snapshot"))
	if err != nil {
		t.Fatal(err)
	}
	r.files[id] = source(n)
	r.pass(time.Hour)
	return id
}

// must runs a command on the honest store, on the owner's machine, in peace.
func (r *rig) must(t *testing.T, args ...string) *spoken {
	t.Helper()
	out := r.run(t.Context(), t, r.machine, r.store, args...)
	if out.code != 0 {
		t.Fatalf("in peace, chatkeep %s: exit code %d\n%s", strings.Join(args, " "), out.code, out.stderr)
	}
	return out
}

// fork is the same rig with a store and machines of its own.
func (r *rig) fork(t *testing.T) *rig {
	t.Helper()
	c := *r
	c.scene = &scene{store: r.store.Clone(), master: r.master, want: r.want, machine: r.machine.moved(t)}
	c.memory = c.rigHome()
	c.thief = r.thief.clone(t)
	c.evil, c.second = storagetest.NewHostile(c.store), storagetest.NewMemory()
	c.files = map[format.Hash]files{}
	for id, f := range r.files {
		c.files[id] = f
	}
	return &c
}

// moved is the machine in another folder.
func (m *machine) moved(t *testing.T) *machine {
	t.Helper()
	c := &machine{dir: tempDir(t), key: m.key}
	if err := copyTree(c.dir, m.dir); err != nil {
		t.Fatal(err)
	}
	return c
}

// elsewhere is a machine that knows nothing.
func (r *rig) elsewhere(t *testing.T) *machine { return &machine{dir: tempDir(t), key: r.key} }

// byThief is the scene as the thief acts in it: with that key, at the honest
// store.
func (r *rig) byThief() *scene {
	return &scene{store: r.store, master: r.master, machine: r.thief, want: r.want}
}

// spoken is what a command came to.
type spoken struct {
	code    int
	stderr  string
	objects []map[string]any
}

// text is a field of the summary.
func (s *spoken) text(field string) string {
	for _, object := range s.objects {
		if object["type"] == "summary" {
			text, _ := object[field].(string)
			return text
		}
	}
	return ""
}

// classes are all classes of trouble that it named, in order.
func (s *spoken) classes() []string {
	var all []string
	for _, object := range s.objects {
		if class, ok := object["class"].(string); ok && (object["type"] == "problem" || object["type"] == "error") {
			all = append(all, class)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// run runs a command line of the program in this process, on a machine, with a
// store in the place of the repository.
func (r *rig) run(ctx context.Context, t *testing.T, m *machine, store storage.Store, args ...string) *spoken {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := session.System(strings.NewReader(""), &stdout, &stderr, func(name string) string {
		switch name {
		case "CHATKEEP_REPOSITORY":
			return here
		case "CHATKEEP_PASSPHRASE":
			return r.recovery
		}
		return m.getenv(name)
	}, []storage.Provider{{Name: "evil", Schemes: []string{"evil"}, Open: func(_ context.Context, l storage.Location, _ bool) (storage.Store, error) {
		if l.Text == there {
			return r.second, nil
		}
		return store, nil
	}}})
	env.Terminal = func() (session.Terminal, error) { return nil, errors.New("nobody is there") }
	env.Clock.Now = func() time.Time { return r.now }
	app := session.NewApp(env, backup.Commands(env, []chat.Provider{}), restore.Commands(env))
	out := &spoken{code: app.RunIn(ctx, append(args, "--json"))}
	out.stderr = stderr.String()
	for line := range strings.Lines(stdout.String() + stderr.String()) {
		var object map[string]any
		if json.Unmarshal([]byte(line), &object) == nil {
			out.objects = append(out.objects, object)
		}
	}
	return out
}

// readAll reads every file of the snapshots that are promised, with fresh eyes.
func (r *rig) readAll(t *testing.T) map[format.Hash]files {
	t.Helper()
	all := map[format.Hash]files{}
	reader := r.reader(t)
	for _, h := range reader.Heads() {
		if r.files[h.Hash] == nil {
			continue
		}
		s, err := reader.Open(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		content := files{}
		for e, err := range s.Entries(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			name, original := strings.CutPrefix(e.Path, format.OriginalsPath+"/")
			if !original || e.Type == format.EntryDir {
				continue
			}
			if content[name], err = io.ReadAll(s.Chunks(t.Context(), e.Chunks)); err != nil {
				t.Fatal(err)
			}
		}
		all[h.Hash] = content
	}
	return all
}

func (f files) equal(g files) bool {
	if len(f) != len(g) {
		return false
	}
	for name, data := range f {
		if other, ok := g[name]; !ok || !bytes.Equal(data, other) {
			return false
		}
	}
	return true
}

// restored reads a target.
func restored(t *testing.T, target string) files {
	t.Helper()
	all := files{}
	err := filepath.WalkDir(target, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(target, path)
		if err != nil {
			return err
		}
		all[name], err = os.ReadFile(path)
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return all
}
