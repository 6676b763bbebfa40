//go:build unix

package restore_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"chatkeep/backup/format"
)

// marked are words that stand nowhere but where the test puts them.
var marked = map[string]string{
	"a message": "zanzibarletter", "a sender": "Quillonia", "a folder": "hushfolder", "a file": "plumfile", "a source": "oaksource",
	"a tag": "ferntag", "a label": "mosslabel", "a target": "lochtarget",
}

// spellings are how a word could stand in bytes.
func spellings(word string) [][]byte {
	all := [][]byte{[]byte(word), []byte(strings.ToLower(word)), []byte(hex.EncodeToString([]byte(word)))}
	for shift := range 3 {
		// Whole groups of three bytes, at each place where one may begin.
		part := word[shift:]
		part = part[:len(part)/3*3]
		all = append(all, []byte(base64.StdEncoding.EncodeToString([]byte(part))))
	}
	return all
}

// TestStoreLearnsNothing uses a repository in all the ways that write, with words in
// everything that has a name or a text, and looks for them in every object and name
// that the store has.
func TestStoreLearnsNothing(t *testing.T) {
	repository := filepath.Join(t.TempDir(), "repository")
	h := initialised(t, filepath.Join(built(t), "chatkeep"), repository, nil)
	src := filepath.Join(t.TempDir(), marked["a folder"])
	must(t, os.MkdirAll(src, 0o700))
	chat := fmt.Sprintf("12/03/2019, 10:11 - %s: %s\n", marked["a sender"], marked["a message"])
	must(t, os.WriteFile(filepath.Join(src, "WhatsApp Chat with Anna.txt"), []byte(chat), 0o600))
	must(t, os.WriteFile(filepath.Join(src, marked["a file"]+".txt"), []byte(strings.Repeat(marked["a message"]+"\n", 50)), 0o600))
	backup := []string{"backup", src, "--as", marked["a source"], "--tag", marked["a tag"]}
	first := h.json(0, backup...).text("snapshot")
	must(t, os.WriteFile(filepath.Join(src, "more.txt"), []byte(marked["a message"]), 0o600))
	h.run(0, backup...)
	h.run(0, "drill")
	h.run(0, "check", "--read-data")
	h.run(0, "writer", "add", "--label", marked["a label"], "--output", filepath.Join(h.home, "other.key"))
	h.run(0, "writer", "add", "--role", "prune", "--label", marked["a label"])
	h.run(0, "forget", first)
	h.run(0, "prune")
	h.run(0, "restore", "--target", filepath.Join(h.home, marked["a target"]))
	if got, err := os.ReadFile(filepath.Join(h.home, marked["a target"], marked["a file"]+".txt")); err != nil || !bytes.Contains(got, []byte(marked["a message"])) {
		t.Fatalf("the words were not stored, so they could not be found: %v", err)
	}
	folders := map[string]int{}
	for _, path := range filesBelow(t, repository) {
		data, err := os.ReadFile(path)
		must(t, err)
		name := strings.TrimPrefix(path, repository+"/")
		folder, _, _ := strings.Cut(name, "/")
		folders[folder]++
		for what, word := range marked {
			for _, spelt := range spellings(word) {
				if bytes.Contains(data, spelt) || strings.Contains(name, string(spelt)) {
					t.Errorf("%s stands in %s, as %q", what, name, spelt)
				}
			}
		}
	}
	for _, folder := range []string{"authority", "keys", "keyring", "packs", "index", "manifests", "snapshots", "notes", "prune"} {
		if folders[folder] == 0 {
			t.Errorf("the store has nothing in %s: not all was looked at", folder)
		}
	}
	wantPrivate(t, h.home)
	wantHybrid(t, repository)
}

// wantPrivate asks of what chatkeep keeps on a machine that it is for its user alone.
func wantPrivate(t *testing.T, home string) {
	t.Helper()
	n := 0
	for _, dir := range []string{".config/chatkeep", ".local/share/chatkeep", ".local/state/chatkeep", ".cache/chatkeep"} {
		err := filepath.WalkDir(filepath.Join(home, dir), func(path string, d os.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			must(t, err)
			info, err := d.Info()
			must(t, err)
			want := os.FileMode(0o600)
			if d.IsDir() {
				want = 0o700
			}
			if n++; info.Mode().Perm() != want {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
			return nil
		})
		must(t, err)
	}
	if n < 8 {
		t.Errorf("only %d files and folders were there to look at", n)
	}
}

// wantHybrid asks that what is sealed to a key is sealed to hybrid ones.
func wantHybrid(t *testing.T, repository string) {
	t.Helper()
	for _, folder := range []string{"packs", "index", "manifests", "keyring", "notes"} {
		for _, path := range filesBelow(t, filepath.Join(repository, folder)) {
			data, err := os.ReadFile(path)
			must(t, err)
			header, _, _ := bytes.Cut(data, []byte("\n---"))
			for _, stanza := range regexp.MustCompile(`(?m)^-> (\S+)`).FindAllSubmatch(header, -1) {
				if kind := string(stanza[1]); kind != "mlkem768x25519" && !strings.HasSuffix(kind, "-grease") {
					t.Errorf("%s is sealed by %s", path, kind)
				}
			}
		}
	}
}

// TestSizesAreBlurred backs up little and less: objects, sizes and their number are
// the same.
func TestSizesAreBlurred(t *testing.T) {
	program := filepath.Join(built(t), "chatkeep")
	var all [][]string
	for _, messages := range []int{1, 60} {
		repository := filepath.Join(t.TempDir(), "repository")
		h := initialised(t, program, repository, nil)
		src := t.TempDir()
		var chat strings.Builder
		for n := range messages {
			fmt.Fprintf(&chat, "12/03/2019, 10:%02d - Anna: message %d\n", n, n)
		}
		must(t, os.WriteFile(filepath.Join(src, "WhatsApp Chat with Anna.txt"), []byte(chat.String()), 0o600))
		h.run(0, "backup", src)
		var sizes []string
		for _, path := range filesBelow(t, repository) {
			key, err := filepath.Rel(repository, path)
			must(t, err)
			name, _ := format.ParseName(filepath.ToSlash(key))
			info, err := os.Stat(path)
			must(t, err)
			switch name.Type {
			case format.ObjectPack, format.ObjectIndex, format.ObjectManifest:
				sizes = append(sizes, fmt.Sprint(name.Type, " of ", info.Size()))
			}
		}
		slices.Sort(sizes)
		all = append(all, sizes)
	}
	if !slices.Equal(all[0], all[1]) || len(all[0]) < 4 {
		t.Errorf("one message is stored as %q, and sixty as %q", all[0], all[1])
	}
}

// TestNoSecretFlags walks the manual pages: no flag takes a secret itself.
func TestNoSecretFlags(t *testing.T) {
	dir := t.TempDir()
	man := exec.Command(filepath.Join(built(t), "chatkeep"), "man", dir)
	man.Env = []string{"HOME=" + t.TempDir()}
	if out, err := man.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	flags := 0
	for _, path := range filesBelow(t, dir) {
		page, err := os.ReadFile(path)
		must(t, err)
		for _, found := range regexp.MustCompile(`--[a-z0-9-]+`).FindAllString(strings.ReplaceAll(string(page), `\-`, "-"), -1) {
			flags++
			if regexp.MustCompile(`passphrase|password|secret|token|credential`).MatchString(found) && !strings.HasSuffix(found, "-file") && !strings.HasPrefix(found, "--allow-") {
				t.Errorf("%s has the flag %s", filepath.Base(path), found)
			}
		}
	}
	if flags < 200 {
		t.Errorf("only %d flags: this test looks in the wrong place", flags)
	}
}
