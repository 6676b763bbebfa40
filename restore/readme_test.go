//go:build unix

package restore_test

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fenced returns the lines of the fenced block behind a marker of a page, with
// nothing but blank lines between, and whether the page has the marker.
func fenced(t *testing.T, page, marker string) (lines []string, there bool) {
	t.Helper()
	_, rest, there := strings.Cut(page, "<!-- "+marker+" -->\n")
	if !there {
		return nil, false
	}
	rest = strings.TrimLeft(rest, "\n")
	fence, rest, _ := strings.Cut(rest, "\n")
	block, _, closed := strings.Cut(rest, "\n```")
	if !strings.HasPrefix(fence, "```") || !closed || block == "" {
		t.Fatalf("README.md: no fenced block after the marker %s", marker)
	}
	return strings.Split(block, "\n"), true
}

// TestReadme runs the commands of the README as they stand there, in a copy of
// the source, for somebody who has nothing yet but an export.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	first, there := fenced(t, string(page), "main-command")
	if !there || len(first) != 1 {
		t.Fatalf("README.md: the main command is %q", first)
	}
	if tests, there := fenced(t, string(page), "test-command"); !there || len(tests) != 1 || !strings.HasPrefix(tests[0], "go test ") {
		t.Errorf("README.md: the command that runs the tests is %q", tests)
	}
	r := newReader(t)
	r.run(first[0])
	r.run(`chatkeep check --read-data`)
	r.run(`chatkeep restore --target "$HOME/restored"`)
	restored, err := os.ReadFile(filepath.Join(r.home, "restored", exportName))
	if err != nil || !bytes.Equal(restored, r.export) {
		t.Errorf("what the main command backed up does not come back: %v", err)
	}
	transcript, there := fenced(t, string(page), "transcript")
	if !there {
		return
	}
	r = newReader(t)
	ran := 0
	for _, line := range transcript {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			r.run(command)
			ran++
		}
	}
	if ran == 0 {
		t.Error("README.md: the transcript has no line that begins with \"$ \"")
	}
}

const exportName = "WhatsApp Chat - Anna.zip"

// reader is somebody who reads the README, with the source and an export.
type reader struct {
	t          *testing.T
	home, tree string
	export     []byte
	env        []string
}

func newReader(t *testing.T) *reader {
	t.Helper()
	return newReaderAt(t, t.TempDir())
}

func newReaderAt(t *testing.T, home string) *reader {
	t.Helper()
	r := &reader{t: t, home: home, tree: t.TempDir(), export: someExport(t)}
	if err := copySource(r.tree, ".."); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{r.tree, filepath.Join(r.home, "Downloads")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, exportName), r.export, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r.env = []string{
		"HOME=" + r.home, "PATH=" + built(t) + string(os.PathListSeparator) + os.Getenv("PATH"), "TMPDIR=" + t.TempDir(),
		"CHATKEEP_PASSPHRASE=lanterns-over-quiet-water-71",
		// What was compiled elsewhere is not compiled again.
		"GOFLAGS=-trimpath",
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOTOOLCHAIN"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		r.env = append(r.env, name+"="+strings.TrimSpace(string(value)))
	}
	return r
}

// run runs a command line, which must succeed.
func (r *reader) run(line string) {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "bash", "-euo", "pipefail", "-c", line)
	cmd.Dir, cmd.Env = r.tree, r.env
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("README.md: %s: %v\n%s", line, err, out)
	}
}

// someExport is a chat as a phone exports it.
func someExport(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, err := w.Create("_chat.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(chatText)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// copySource copies what the program is built of: no tests, no history, nothing
// that was built here.
func copySource(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && name != "."
		switch {
		case d.IsDir() && (hidden || d.Name() == "testdata" || name == "dist"):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		case hidden, strings.HasSuffix(name, "_test.go"), strings.HasSuffix(name, ".test"), !d.Type().IsRegular(), name == "chatkeep":
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), data, 0o644)
	})
}
