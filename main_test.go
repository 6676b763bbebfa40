package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// machine is a home and an environment.
type machine struct {
	t    *testing.T
	home string
	vars map[string]string
}

func newMachine(t *testing.T, repository string) *machine {
	return &machine{t, t.TempDir(), map[string]string{"CHATKEEP_REPOSITORY": repository}}
}

// run runs a command line that must end with a code, and returns stdout.
func (m *machine) run(code int, args ...string) string {
	m.t.Helper()
	var out, err bytes.Buffer
	getenv := func(name string) string {
		if name == "HOME" {
			return m.home
		}
		return m.vars[name]
	}
	if got := run(args, strings.NewReader(""), &out, &err, getenv); got != code {
		m.t.Fatalf("chatkeep %s: exit code %d, want %d\nstdout: %s\nstderr: %s", strings.Join(args, " "), got, code, &out, &err)
	}
	return out.String()
}

// objects parses a command's JSON lines; the last must be a summary.
func (m *machine) objects(args ...string) []map[string]any {
	m.t.Helper()
	var all []map[string]any
	for line := range strings.Lines(m.run(0, append(args, "--json")...)) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			m.t.Fatalf("%v: %q: %v", args, line, err)
		}
		all = append(all, object)
	}
	if len(all) == 0 || all[len(all)-1]["type"] != "summary" {
		m.t.Fatalf("%v: no summary at the end of %v", args, all)
	}
	return all
}

// created is a machine that made a repository; its recovery key, which is quick,
// opens it.
func created(t *testing.T) (m *machine, repository string) {
	t.Helper()
	repository = filepath.Join(t.TempDir(), "repository")
	m = newMachine(t, repository)
	recovery := filepath.Join(m.home, "recovery.txt")
	m.vars["CHATKEEP_PASSPHRASE"] = "lanterns-over-quiet-water-71"
	m.run(0, "init", "--classic", "--recovery-key-file", recovery)
	delete(m.vars, "CHATKEEP_PASSPHRASE")
	m.vars["CHATKEEP_PASSPHRASE_FILE"] = recovery
	return m, repository
}

// source makes a folder with some files.
func source(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a.txt": "first\n", "b/c.bin": "\x00\xff\x1b[31m", "b/evil\x1b[2J\n": "x"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestThereAndBack backs up, lists, checks and restores.
func TestThereAndBack(t *testing.T) {
	m, repository := created(t)
	src := source(t)
	m.run(1, "init")

	if out := m.run(0, "backup", src); out != "" {
		t.Errorf("without a terminal a backup says %q", out)
	}
	if again := m.objects("backup", src, "--tag", "x")[0]; again["bytes_new"] != 0.0 || again["files"] != 3.0 {
		t.Errorf("the same again: %v", again)
	}
	plan := m.objects("backup", src, "--dry-run")
	if plan[0]["files"] != 3.0 || len(m.objects("snapshots")) != 3 {
		t.Errorf("a dry run planned %v, and there are %v", plan, m.objects("snapshots"))
	}
	if tagged := m.objects("snapshots", "--tag", "x"); len(tagged) != 2 || tagged[0]["source"] != src {
		t.Errorf("with the tag: %v", tagged)
	}
	if out := m.run(0, "ls", "latest~1", "originals/b"); out != "originals/b\noriginals/b/c.bin\noriginals/b/evil\\x1b[2J\\n\n" {
		t.Errorf("ls printed %q", out)
	}
	if out := m.run(0, "cat", "latest", "originals/b/c.bin"); out != "\x00\xff\x1b[31m" {
		t.Errorf("cat printed %q", out)
	}
	m.run(1, "cat", "latest", "originals/none")
	m.run(1, "ls", "latest~2")
	m.run(64, "ls", "lat")
	m.run(64, "restore")

	target := filepath.Join(t.TempDir(), "target")
	if would := m.objects("restore", "--target", target, "--dry-run")[0]; would["files"] != 3.0 {
		t.Errorf("a dry run would restore %v", would)
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("a dry run made the target")
	}
	m.run(0, "restore", "--target", target)
	same(t, src, target)
	m.run(1, "restore", "--target", target)
	m.run(0, "restore", "--target", target, "--overwrite", "--path", "originals/a.txt")

	m.run(0, "check", "--read-data")
	m.run(0, "stats")
	damage(t, repository)
	m.run(11, "check", "--read-data")
	m.run(11, "check", "--keyless", "--read-data", "--json")
}

// same compares two folders.
func same(t *testing.T, want, got string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(want, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		relative, err := filepath.Rel(want, path)
		if err != nil {
			return err
		}
		a, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(got, relative))
		if !bytes.Equal(a, b) {
			t.Errorf("%q is not the same", relative)
		}
		return err
	})
	if err != nil || n != 3 {
		t.Errorf("%d files compared, %v", n, err)
	}
}

// damage flips a bit in the middle of a pack.
func damage(t *testing.T, repository string) {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(repository, "packs", "*", "*.age"))
	if err != nil || len(packs) == 0 {
		t.Fatalf("packs: %v, %v", packs, err)
	}
	data, err := os.ReadFile(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.Chmod(packs[0], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(packs[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestMachines lets machines in and out.
func TestMachines(t *testing.T) {
	m, repository := created(t)
	src := source(t)
	m.run(0, "backup", src)

	other := newMachine(t, repository)
	other.vars["CHATKEEP_PASSPHRASE_FILE"] = m.vars["CHATKEEP_PASSPHRASE_FILE"]
	other.run(12, "backup", src)
	other.run(0, "writer", "add", "--label", "other", "--dry-run")
	other.run(12, "backup", src)
	other.run(0, "writer", "add", "--label", "other")
	other.run(1, "writer", "add")
	delete(other.vars, "CHATKEEP_PASSPHRASE_FILE")
	other.run(0, "backup", src)
	other.run(12, "snapshots")
	if n := len(m.objects("snapshots")) - 1; n != 2 {
		t.Errorf("%d snapshots", n)
	}

	var id string
	for _, w := range m.objects("writer", "list") {
		if w["label"] == "other" {
			id = w["id"].(string)
		}
	}
	m.run(64, "writer", "end", id[:3])
	m.run(0, "writer", "end", id[:10])
	other.run(11, "backup", src)
	m.run(0, "check")

	key := filepath.Join(t.TempDir(), "third.key")
	m.run(0, "writer", "add", "--output", key, "--inherit", id)
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	m.run(1, "writer", "add", "--output", key)
}

// TestClone backs up with a copy of a machine: the original notices, and looking
// around does not hide it.
func TestClone(t *testing.T) {
	m, repository := created(t)
	src := source(t)
	m.run(0, "backup", src)
	clone := newMachine(t, repository)
	if err := os.CopyFS(clone.home+"/copy", os.DirFS(m.home)); err != nil {
		t.Fatal(err)
	}
	clone.home += "/copy"
	clone.run(0, "backup", src)
	m.run(0, "snapshots")
	m.run(11, "backup", src)
	m.run(0, "writer", "accept", "--dry-run")
	m.run(11, "backup", src)
	m.run(0, "writer", "accept")
	m.run(0, "backup", src)
}

// TestKeys adds keys and takes them away.
func TestKeys(t *testing.T) {
	m, _ := created(t)
	count := func() int { return len(m.objects("key", "list")) - 1 }
	second := filepath.Join(t.TempDir(), "second.txt")
	m.run(0, "key", "add", "--recovery", "--recovery-key-file", second, "--dry-run")
	if n := count(); n != 2 {
		t.Fatalf("%d keys after a dry run", n)
	}
	m.run(1, "key", "add", "--recovery") // nobody to show it to
	m.run(0, "key", "add", "--recovery", "--recovery-key-file", second)
	m.run(0, "key", "remove", "passphrase")
	m.run(0, "key", "remove", "recovery")
	m.run(12, "snapshots")
	m.vars["CHATKEEP_PASSPHRASE_FILE"] = second
	m.run(0, "snapshots")
	m.run(1, "key", "remove", "recovery-2") // the last one
	m.run(1, "key", "remove", "nope")
	m.run(1, "key", "passwd")
	m.run(64, "key", "add", "--recipient", "age1nonsense")
	m.run(64, "key", "add", "--name", "Not A Name")
	m.run(64, "key", "add", "--recovery", "--recipient", "x")
	if n := count(); n != 1 {
		t.Errorf("%d keys", n)
	}
}

// TestRecipient opens a repository with an age identity. Anybody could have made
// such a key's slot, so that a machine that knows nothing has to be told the id.
func TestRecipient(t *testing.T) {
	m, repository := created(t)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "identity.txt")
	if err := os.WriteFile(file, []byte(identity.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.run(0, "key", "add", "--name", "laptop", "--recipient", identity.Recipient().String())
	list := m.objects("key", "list")
	sum := list[len(list)-1]
	if sum["keys"] != 3.0 || sum["classical"] != true {
		t.Errorf("key list: %v", list)
	}
	delete(m.vars, "CHATKEEP_PASSPHRASE_FILE")
	m.run(12, "snapshots")
	m.run(0, "snapshots", "-i", file)
	other := newMachine(t, repository)
	other.run(11, "snapshots", "-i", file)
	other.run(0, "snapshots", "-i", file, "--id", sum["repository"].(string))
	other.run(0, "snapshots", "-i", file)
}
