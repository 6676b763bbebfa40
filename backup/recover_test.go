package backup_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"chatkeep/backup"
	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/local"
	"chatkeep/providers/storage/storagetest/server"
)

// TestRecoverByHand gives every byte back with stock tools alone, by the blocks
// of docs/recover-by-hand.md: a hybrid repository with the pinned age, a classic
// one with the system's own, whose prompt is answered on a terminal.
func TestRecoverByHand(t *testing.T) {
	script := recipe(t)
	for _, tool := range []string{"zstd", "tar", "jq", "ssh-keygen", "sha256sum", "bash"} {
		lookPath(t, tool)
	}
	t.Run("hybrid", func(t *testing.T) { recoverByHand(t, script, false, server.Tool(t, "age")) })
	t.Run("classic", func(t *testing.T) { recoverByHand(t, script, true, lookPath(t, "age")) })
}

// lookPath finds a program of the system's.
func lookPath(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CHATKEEP_REQUIRE_ALL") != "" {
			t.Fatalf("%s is missing", name)
		}
		t.Skipf("%s is missing", name)
	}
	return path
}

// recipe joins the blocks of the page.
func recipe(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/recover-by-hand.md")
	must(t, err)
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```bash\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		script.WriteString(block[1])
	}
	if script.Len() == 0 {
		t.Fatal("the page has no blocks")
	}
	return script.String()
}

func recoverByHand(t *testing.T, script string, classic bool, age string) {
	src := recoverySource(t)
	place, secret := recoveryRepository(t, classic, src)

	bin := t.TempDir() // where "age" is the one to test
	must(t, os.Symlink(age, filepath.Join(bin, "age")))
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command("bash", "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "REPO="+place, "OUT="+out, "SLOT=passphrase", "TMPDIR="+t.TempDir())
	log := answer(t, cmd, secret)
	if log != "" {
		t.Fatalf("the recipe failed:\n%s", log)
	}
	compareTrees(t, src, filepath.Join(out, "originals"))
	streams, err := filepath.Glob(filepath.Join(out, "messages", "*.jsonl"))
	must(t, err)
	if len(streams) != 1 {
		t.Errorf("%d conversations came back, not 1", len(streams))
	}
}

// answer runs a command on a terminal and types the secret when asked. It
// returns what was printed if the command failed.
func answer(t *testing.T, cmd *exec.Cmd, secret string) string {
	t.Helper()
	terminal, err := pty.Start(cmd)
	must(t, err)
	defer terminal.Close()
	var log strings.Builder
	buf := make([]byte, 4096)
	for asked := false; ; {
		n, err := terminal.Read(buf)
		log.Write(buf[:n])
		if !asked && strings.Contains(strings.ToLower(log.String()), "passphrase") {
			asked = true
			_, _ = io.WriteString(terminal, secret+"\n")
		}
		if err != nil {
			break // the terminal is gone with the command
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Sprintf("%v\n%s", err, log.String())
	}
	return ""
}

// recoverySource makes a folder with all that a snapshot can hold.
func recoverySource(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	chatDir := filepath.Join(dir, "WhatsApp Chat with Anna")
	must(t, os.MkdirAll(filepath.Join(chatDir, "deep", "er"), 0o755))
	files := map[string]string{
		"WhatsApp Chat with Anna.txt": annaChat, "IMG-20190313-WA0001.jpg": strings.Repeat("\xff\xd8\xff\xe0picture", 1<<20),
		"deep/er/large.txt": strings.Repeat("many lines of text are several chunks\n", 40000), "deep/empty": "",
		"deep/-rf": "a name like a flag", "deep/a b\tc": "blanks", "deep/\xff\xfe": "no UTF-8", "deep/new\nline": "n", "deep/$(id)": "s",
	}
	for name, data := range files {
		must(t, os.WriteFile(filepath.Join(chatDir, name), []byte(data), 0o640))
	}
	must(t, os.Symlink("../somewhere", filepath.Join(dir, "link")))
	must(t, os.Link(filepath.Join(chatDir, "deep", "-rf"), filepath.Join(dir, "zz")))
	must(t, os.Chmod(filepath.Join(chatDir, "deep"), 0o555))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(chatDir, "deep"), 0o755) })
	for i := range 80 { // enough list chunks for a second level
		must(t, os.MkdirAll(filepath.Join(dir, "many"), 0o755))
		name := fmt.Sprintf("%s%03d", strings.Repeat("a long name ", 15), i)
		must(t, os.WriteFile(filepath.Join(dir, "many", name), []byte(name), 0o600))
	}
	return dir
}

func recoveryRepository(t *testing.T, classic bool, src string) (place, secret string) {
	t.Helper()
	ctx := context.Background()
	place, secret = filepath.Join(t.TempDir(), "repository"), "a rather long passphrase"
	store, err := local.Provider.Open(ctx, storage.Location{Text: place}, true)
	must(t, err)
	master, err := keys.NewMaster(classic)
	must(t, err)
	slot, err := keys.SealPassphrase(master, secret)
	must(t, err)
	key, err := repo.Create(ctx, store, place, master, []repo.NewSlot{{Name: "passphrase", Kind: format.SlotPassphrase, Object: slot}}, "test")
	must(t, err)
	d := t.TempDir()
	memory := state.Dirs{Config: d, Data: d, State: d, Cache: d + "/x"}.Repository(master.Repository)
	w := &world{t, ctx, store, master, key, memory}
	for _, app := range []string{"files", ""} { // the second head stands on the first
		_, err = w.run(backup.Source{Path: src, App: app, Providers: []chat.Provider{whatsapp.Provider}})
		must(t, err)
	}
	return place, secret
}

// compareTrees compares names, types, bytes, modes, times and links.
func compareTrees(t *testing.T, want, got string) {
	t.Helper()
	describe := func(root string) map[string]string {
		all := map[string]string{}
		must(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			text := fmt.Sprintf("%v %v", info.Mode(), info.ModTime().UnixNano())
			switch {
			case info.Mode()&fs.ModeSymlink != 0:
				to, _ := os.Readlink(p)
				text += " -> " + to
			case info.Mode().IsRegular():
				data, err := os.ReadFile(p)
				if err != nil {
					return err
				}
				text += fmt.Sprintf(" %d %s", len(data), format.Sum(data))
			}
			rel, _ := filepath.Rel(root, p)
			all[rel] = text
			return nil
		}))
		return all
	}
	a, b := describe(want), describe(got)
	for name, x := range a {
		if b[name] != x {
			t.Errorf("%q: %s came back as %s", name, x, b[name])
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			t.Errorf("%q came from nowhere", name)
		}
	}
}
