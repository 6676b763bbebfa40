//go:build unix

package restore_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// versioned is what version --json tells of a build.
type versioned struct {
	Version, Commit, Date string
	Modified              bool
}

// workshop builds the program from a copy of the source.
type workshop struct {
	t    *testing.T
	tree string
	env  []string
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{t: t, tree: t.TempDir(), env: append(os.Environ(),
		"CGO_ENABLED=0", "GOBIN="+t.TempDir(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org",
		// The commit's time is told in UTC, whatever its author's clock showed.
		"GIT_AUTHOR_DATE=2026-11-20T13:00:00+0100", "GIT_COMMITTER_DATE=2026-11-20T13:00:00+0100")}
	must(t, copySource(w.tree, ".."))
	return w
}

func (w *workshop) run(argv ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = w.tree, w.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// version builds the program and asks it.
func (w *workshop) version(flags ...string) (v versioned) {
	w.t.Helper()
	program := filepath.Join(w.t.TempDir(), "chatkeep")
	w.run(append(append([]string{"go", "build", "-trimpath", "-o", program}, flags...), ".")...)
	return w.asked(program)
}

func (w *workshop) asked(program string) (v versioned) {
	w.t.Helper()
	line := w.run(program, "version", "--json")
	_, err := asDocumented([]string{"version"}, line, "")
	must(w.t, err)
	must(w.t, json.Unmarshal([]byte(line), &v))
	return v
}

// documented builds the program as docs/install.md has it, and asks it.
func (w *workshop) documented() versioned {
	w.t.Helper()
	page, err := os.ReadFile("../docs/install.md")
	must(w.t, err)
	lines, there := fenced(w.t, string(page), "linker-flags")
	if !there || len(lines) != 1 {
		w.t.Fatalf("docs/install.md: the linker's flags are %q", lines)
	}
	w.run("sh", "-euc", strings.Replace(lines[0], "go build ", "go build -trimpath -buildvcs=false ", 1))
	return w.asked("./chatkeep")
}

// TestVersion builds the program in the ways in which people do, and asks it what
// it was built from.
func TestVersion(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	w := newWorkshop(t)
	if v := w.version("-buildvcs=auto"); v != (versioned{Version: "devel"}) {
		t.Errorf("from a copy of the source: %+v", v)
	}
	w.run("git", "init", "-q")
	w.run("git", "add", "-A")
	w.run("git", "commit", "-qm", "all")
	commit := w.run("git", "rev-parse", "HEAD")
	const date = "2026-11-20T12:00:00Z"
	version := "v0.0.0-20261120120000-" + commit[:12]
	if v := w.version("-buildvcs=true"); v != (versioned{version, commit, date, false}) {
		t.Errorf("in a clone: %+v, want %s", v, version)
	}
	must(t, os.WriteFile(filepath.Join(w.tree, "README.md"), []byte("changed\n"), 0o644))
	if v := w.version("-buildvcs=true"); v != (versioned{version + "+dirty", commit, date, true}) {
		t.Errorf("in a clone with changes: %+v", v)
	}
	w.run("git", "checkout", "-q", "README.md")
	w.run("git", "tag", "v1.2.3")
	w.run("go", "install", "-trimpath", "-buildvcs=true", ".")
	released := versioned{"v1.2.3", commit, date, false}
	if v := w.asked(filepath.Join(w.run("go", "env", "GOBIN"), "chatkeep")); v != released {
		t.Errorf("installed at a tag: %+v", v)
	}
	if v := w.version("-buildvcs=false", "-ldflags="+linkerFlags(t, commit, date, false)); v != released {
		t.Errorf("with the linker's flags of a release: %+v, want %+v", v, released)
	}
	if v := w.documented(); v != (versioned{"v1.2.3", "0123456789abcdef0123456789abcdef01234567", date, false}) {
		t.Errorf("as docs/install.md has it: %+v", v)
	}
	released.Version, released.Modified = "v1.2.3+dirty", true
	if v := w.version("-buildvcs=false", "-ldflags="+linkerFlags(t, commit, date, true)); v != released {
		t.Errorf("with the linker's flags of a tree with changes: %+v, want %+v", v, released)
	}
}

// linkerFlags are those of the release's configuration for version 1.2.3.
func linkerFlags(t *testing.T, commit, date string, dirty bool) string {
	t.Helper()
	data, err := os.ReadFile("../.goreleaser.yaml")
	must(t, err)
	var flags []string
	for _, m := range regexp.MustCompile(`(?m)^\s*- (-X .*)$`).FindAllStringSubmatch(string(data), -1) {
		flags = append(flags, m[1])
	}
	kept := map[bool]string{true: "$1"}[dirty]
	text := regexp.MustCompile(`\{\{ if \.IsGitDirty \}\}(.*)\{\{ end \}\}`).ReplaceAllString(strings.Join(flags, " "), kept)
	text = strings.NewReplacer("{{ .Version }}", "1.2.3", "{{ .FullCommit }}", commit, "{{ .CommitDate }}", date).Replace(text)
	if len(flags) != 3 || strings.Contains(text, "{{") {
		t.Fatalf("the linker's flags in .goreleaser.yaml are %q, and it makes %q of them", flags, text)
	}
	return text
}
