package restore_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestDockerfile follows the Dockerfile step by step, and then runs what it comes to
// with nothing around it but what a container has.
func TestDockerfile(t *testing.T) {
	needsContainers(t)
	t.Parallel()
	img := buildImage(t)
	if files := treeOf(t, img.root); !slices.Equal(files, []string{
		"chatkeep 0:0 -rwxr-xr-x", "config 65532:65532 drwxr-xr-x", "etc/ssl/certs/ca-certificates.crt 0:0 -rw-r--r--",
		"state 65532:65532 drwxr-xr-x", "tmp 65532:65532 dtrwxrwxrwx",
	}) {
		t.Errorf("the image holds %q", files)
	}
	c := &container{t: t, image: img}
	for _, volume := range img.volumes {
		c.mount(folder(t, img.user), volume, false)
	}
	exports, repository := t.TempDir(), folder(t, img.user)
	must(t, os.Chmod(exports, 0o755))
	must(t, os.WriteFile(filepath.Join(exports, exportName), someExport(t), 0o644))
	c.mount(exports, "/exports", true)
	c.mount(repository, "/repository", false)

	c.env = []string{"TZ=Europe/Berlin"}
	c.run(64, img.command...) // there is no configuration
	c.env = append(c.env, "CHATKEEP_PASSPHRASE=lanterns-over-quiet-water-71")
	c.run(0, "init", "--name", "home", "--repo", "/repository", "--recovery-key-file", "/config/recovery.txt")
	c.env = c.env[:1]
	config := filepath.Join(c.mounts[0].from, "config.toml")
	add := func(text string) {
		f, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
		must(t, err)
		_, err = f.WriteString(text)
		must(t, err)
		must(t, f.Close())
	}
	add("[sources.exports]\npath = \"/exports\"\ntz = \"America/Sao_Paulo\"\n[jobs.nightly]\nevery = \"day at 03:00\"\n")

	ok := func(name string) func() bool {
		return func() bool { return strings.Contains(c.run(0, "status"), name+": ok\n") }
	}
	p := c.start(append(slices.Clone(img.entry), img.command...)...)
	p.until(t, ok("nightly"))
	p.stop(t)
	p = c.start(append(slices.Clone(img.entry), "run", "--every", "1s")...)
	add("[jobs.hourly]\nevery = \"hourly\"\n") // which the next round sees
	p.until(t, ok("hourly"))
	p.stop(t)

	if code, said := c.start(img.health...).wait(); code != 0 {
		t.Errorf("the health check ends with code %d: %s", code, said)
	}
	c.env = append(c.env, "CHATKEEP_PASSPHRASE_FILE=/config/recovery.txt")
	if out := c.run(0, "snapshots", "--repo", "home", "--json"); strings.Count(out, `"type":"snapshot"`) != 2 {
		t.Errorf("of two jobs there is\n%s", out)
	}
	c.run(0, "restore", "latest", "--repo", "home", "--target", "/state/back")
	back, err := os.ReadFile(filepath.Join(c.mounts[1].from, "back", exportName))
	if err != nil || string(back) != string(someExport(t)) {
		t.Errorf("what comes back is not the export: %v", err)
	}
}

// treeOf lists the files of a folder, and those of its folders that are empty, each
// with its owner and its mode.
func treeOf(t *testing.T, root string) (all []string) {
	t.Helper()
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.IsDir() {
			if inside, err := os.ReadDir(path); err != nil || len(inside) > 0 {
				return err
			}
		}
		name, err := filepath.Rel(root, path)
		owner := info.Sys().(*syscall.Stat_t)
		all = append(all, fmt.Sprintf("%s %d:%d %v", name, owner.Uid, owner.Gid, info.Mode()))
		return err
	}))
	return all
}

// TestDockerignore keeps from the image what git ignores, and nothing else.
func TestDockerignore(t *testing.T) {
	patterns := func(file string) (lines []string) {
		data, err := os.ReadFile(file)
		must(t, err)
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
		return lines
	}
	var want []string
	for _, line := range patterns("../.gitignore") {
		// A pattern without a slash before its end is of any folder for git, and of
		// the first one alone for Docker.
		line = strings.TrimSuffix(line, "/")
		if rooted, ok := strings.CutPrefix(line, "/"); ok {
			want = append(want, rooted)
			continue
		}
		want = append(want, "**/"+line)
	}
	slices.Sort(want)
	got := patterns("../.dockerignore")
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf(".dockerignore has %q, and .gitignore comes to %q", got, want)
	}
}
