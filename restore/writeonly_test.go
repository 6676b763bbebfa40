//go:build unix

package restore_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/providers/storage/storagetest/server"
)

// testWriteOnly breaks into a machine that backs up: what it holds reads nothing
// of what it, or any other machine, has stored.
func testWriteOnly(t *testing.T, program string) {
	age := server.Tool(t, "age")
	src := filepath.Join(t.TempDir(), "export")
	_ = archive{seed: 8, size: tiny}.write(t, src, 1)

	t.Run("enrolled here", func(t *testing.T) {
		repository := filepath.Join(t.TempDir(), "repository")
		owner := initialised(t, program, repository, nil)
		owner.run(0, "backup", src)
		h := newHost(t, program, repository)
		h.env["CHATKEEP_PASSPHRASE_FILE"] = owner.env["CHATKEEP_PASSPHRASE_FILE"]
		h.run(0, "writer", "add", "--label", "here")
		delete(h.env, "CHATKEEP_PASSPHRASE_FILE")
		wantWriteOnly(t, h, age, repository, src)
	})
	t.Run("enrolled by a file, classic", func(t *testing.T) {
		repository := filepath.Join(t.TempDir(), "repository")
		owner := initialised(t, program, repository, nil, "--classic")
		owner.run(0, "backup", src)
		h := newHost(t, program, repository)
		id := filepath.Base(filepath.Dir(find(t, owner.home, "writer.key")[0]))
		dir := filepath.Join(h.home, ".local/share/chatkeep", id)
		must(t, os.MkdirAll(dir, 0o700))
		owner.run(0, "writer", "add", "--label", "there", "--output", filepath.Join(dir, "writer.key"))
		wantWriteOnly(t, h, age, repository, src)
	})
}

// find lists the files below a folder with a base name.
func find(t *testing.T, root, name string) (found []string) {
	t.Helper()
	for _, path := range filesBelow(t, root) {
		if filepath.Base(path) == name {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no %s in %s", name, root)
	}
	return found
}

func filesBelow(t *testing.T, root string) (files []string) {
	t.Helper()
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	}))
	return files
}

func wantWriteOnly(t *testing.T, h *host, age, repository, src string) {
	stored := h.json(0, "backup", src)
	if stored.number("bytes_new") == 0 {
		t.Fatal("nothing was stored, so there is nothing to read")
	}
	h.json(0, "backup", src)
	loot := lootOf(t, h.home, age)
	if len(loot.identities) == 0 {
		t.Fatal("no identity was found, not even the one for this machine's index")
	}
	target := filepath.Join(h.home, "target")
	attempts := [][]string{
		{"restore", "--target", target}, {"restore", stored.text("snapshot"), "--target", target}, {"cat", "latest", "originals/odd/a/b"},
		{"snapshots"}, {"ls"}, {"ls", "latest"}, {"chats"}, {"export"}, {"check", "--read-data"},
		{"drill"}, {"drill", "--all", "--target", target}, {"stats", "--by", "chat"}, {"check", "--every-byte-within", "30d"},
		{"key", "add", "--recovery", "--recovery-key-file", target + ".txt"}, {"writer", "add", "--output", target + ".key"},
	}
	for _, args := range attempts {
		refused(t, h, args...)
		for _, file := range loot.files {
			refused(t, h, append(args[:len(args):len(args)], "-i", file)...)
		}
	}
	refused(t, h, "restore", "--target", target, "-i", find(t, h.home, "writer.key")[0])
	for _, path := range []string{target, target + ".txt", target + ".key"} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("a command that was refused left %s", path)
		}
	}
	loot.wantUseless(t, repository)
}

// refused fails unless the program says that a key is missing or wrong, or that
// what it was given as one is none, and gives nothing away.
func refused(t *testing.T, h *host, args ...string) {
	t.Helper()
	cmd, stdout, stderr := h.command(args...)
	_ = cmd.Run()
	code := cmd.ProcessState.ExitCode()
	notAKey := code == 1 && strings.HasSuffix(args[len(args)-1], "writer.key")
	if code != 10 && code != 12 && !notAKey {
		t.Errorf("chatkeep %s: exit code %d\n%s", strings.Join(args, " "), code, tail(stderr.String()))
	}
	if stdout.Len() > 0 {
		t.Errorf("chatkeep %s: was refused, and printed %q", strings.Join(args, " "), tail(stdout.String()))
	}
}

// loot is what a thief makes of a machine's files.
type loot struct {
	age        string
	identities map[string]bool
	files      []string // each holds one identity
}

var (
	identity   = regexp.MustCompile(`(?i)AGE-(SECRET-KEY|PLUGIN)-[0-9A-Z-]*1[0-9A-Z]+`)
	privateKey = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----\n?`)
)

// lootOf takes every identity in the files of a home, in those that these open,
// and so on.
func lootOf(t *testing.T, home, age string) *loot {
	t.Helper()
	l := &loot{age: age, identities: map[string]bool{}}
	dir := t.TempDir()
	take := func(data []byte) (more bool) {
		for _, pattern := range []*regexp.Regexp{identity, privateKey} {
			for _, found := range pattern.FindAll(data, -1) {
				if l.identities[string(found)] {
					continue
				}
				l.identities[string(found)], more = true, true
				file := filepath.Join(dir, fmt.Sprintf("identity-%d", len(l.files)))
				must(t, os.WriteFile(file, append(found, '\n'), 0o600))
				l.files = append(l.files, file)
			}
		}
		return more
	}
	for more := true; more; {
		more = false
		for _, path := range filesBelow(t, home) {
			data, err := os.ReadFile(path)
			must(t, err)
			more = take(data) || more
			if plain, ok := l.open(path); ok {
				more = take(plain) || more
			}
		}
	}
	return l
}

// open decrypts a file by the stock age, with whichever identity does.
func (l *loot) open(path string) ([]byte, bool) {
	for _, file := range l.files {
		cmd := exec.Command(l.age, "--decrypt", "-i", file, path)
		if plain, err := cmd.Output(); err == nil {
			return plain, true
		}
	}
	return nil, false
}

// wantUseless opens all that a repository holds. A machine may read the index
// objects of its own, which prove that opening works at all, and news for it.
func (l *loot) wantUseless(t *testing.T, repository string) {
	t.Helper()
	closed, own := map[format.ObjectType]int{}, 0
	for _, path := range filesBelow(t, repository) {
		key, err := filepath.Rel(repository, path)
		must(t, err)
		name, ok := format.ParseName(filepath.ToSlash(key))
		if !ok || !strings.HasSuffix(key, ".age") {
			continue
		}
		plain, opened := l.open(path)
		switch {
		case !opened:
			closed[name.Type]++
		case name.Type != format.ObjectIndex:
			t.Errorf("the machine's own files open %s", key)
		default:
			own++
			if bytes.Contains(plain, []byte("AGE-SECRET-KEY")) {
				t.Errorf("%s holds an identity", key)
			}
		}
	}
	for _, kind := range []format.ObjectType{format.ObjectPack, format.ObjectManifest, format.ObjectKeyring, format.ObjectSlot, format.ObjectIndex} {
		if closed[kind] == 0 {
			t.Errorf("there was no %s to try", kind)
		}
	}
	if own == 0 {
		t.Error("not even the machine's own index was opened: nothing was proved")
	}
}
