package backup_test

import (
	"encoding/json"
	"html"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/kit"
	"chatkeep/providers/storage/storagetest/server"
)

// TestKitScript gives the files back with stock tools, by the script on the recovery
// kit: a hybrid repository with the pinned age, a classic one with the system's own.
func TestKitScript(t *testing.T) {
	for _, tool := range []string{"zstd", "tar", "jq", "ssh-keygen", "sha256sum", "bash"} {
		lookPath(t, tool)
	}
	t.Run("hybrid", func(t *testing.T) { recoverByKit(t, false, server.Tool(t, "age")) })
	t.Run("classic", func(t *testing.T) { recoverByKit(t, true, lookPath(t, "age")) })
}

func recoverByKit(t *testing.T, classic bool, age string) {
	src := recoverySource(t)
	place, secret := recoveryRepository(t, classic, src)
	bin := t.TempDir() // where "age" is the one to test
	must(t, os.Symlink(age, filepath.Join(bin, "age")))
	run := func(script, out string) string {
		script = strings.Replace(script, "REPO=copy OUT=out ", "REPO="+place+" OUT="+out+" ", 1)
		cmd := exec.Command("bash", "-c", script)
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "TMPDIR="+t.TempDir())
		return answer(t, cmd, secret)
	}
	id := idOf(t, place)
	out := filepath.Join(t.TempDir(), "out")
	if log := run(kitScript(t, id, classic), out); log != "" {
		t.Fatalf("the script failed:\n%s", log)
	}
	sameFiles(t, src, filepath.Join(out, "originals"))
	if streams, err := filepath.Glob(filepath.Join(out, "messages", "*.jsonl")); err != nil || len(streams) != 1 {
		t.Errorf("%d conversations came back, not 1, %v", len(streams), err)
	}

	// A repository that is not the one on the page gives nothing.
	out = filepath.Join(t.TempDir(), "out")
	if log := run(kitScript(t, format.Sum([]byte("another")), classic), out); log == "" {
		t.Error("the script takes another repository")
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) > 0 {
		t.Errorf("%d files of another repository, %v", len(entries), err)
	}
}

// idOf reads a repository's id where it stands openly.
func idOf(t *testing.T, place string) format.Hash {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(place, "authority", "*.json"))
	must(t, err)
	data, err := os.ReadFile(found[0])
	must(t, err)
	var signed struct{ Body string }
	must(t, json.Unmarshal(data, &signed))
	var authority struct{ Repository format.Hash }
	must(t, json.Unmarshal([]byte(signed.Body), &authority))
	return authority.Repository
}

// kitScript is the script on the kit of a repository, the same in both forms.
func kitScript(t *testing.T, id format.Hash, classic bool) string {
	t.Helper()
	facts := &kit.Facts{Repository: id, Classic: classic, Slots: []kit.Slot{{Name: "passphrase", Kind: format.SlotPassphrase}}}
	text, err := kit.Text(facts, "")
	must(t, err)
	page, err := kit.HTML(facts, "")
	must(t, err)
	_, script, found := strings.Cut(string(text), "\nREPO=")
	if !found {
		t.Fatal("the kit has no script")
	}
	script = "REPO=" + script
	_, pre, _ := strings.Cut(string(page), "<pre>")
	pre, _, _ = strings.Cut(pre, "</pre>")
	if html.UnescapeString(pre) != strings.TrimSuffix(script, "\n") {
		t.Error("the two forms of the kit have different scripts")
	}
	return script
}

// sameFiles compares the bytes of files. What the kit says that it leaves out is a
// link's second name, here one that is called zz.
func sameFiles(t *testing.T, want, got string) {
	t.Helper()
	count := 0
	must(t, filepath.WalkDir(want, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "zz" {
			return err
		}
		count++
		rel, _ := filepath.Rel(want, p)
		a, err := os.ReadFile(p)
		must(t, err)
		if b, err := os.ReadFile(filepath.Join(got, rel)); err != nil || string(a) != string(b) {
			t.Errorf("%q: %d bytes, came back as %d, %v", rel, len(a), len(b), err)
		}
		return nil
	}))
	if count < 80 {
		t.Errorf("only %d files", count)
	}
}
