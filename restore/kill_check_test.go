//go:build unix

package restore_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// check looks at everything: that the repository is sound, that it lists all
// that was ever said to be stored, and that some of it comes back right.
func (v *victim) check(samples int) {
	v.t.Helper()
	r := v.h.json(0, "check")
	if n := r.number("problems"); n != 0 {
		v.t.Errorf("%d problems", n)
	}
	// A kill in the middle of a commit leaves an index object and a manifest, too.
	if n, packs := int(r.number("orphans")), v.orphanPacks(); n < packs || n > packs+2*v.killed {
		v.t.Errorf("check counts %d orphans, with %d packs and %d kills", n, packs, v.killed)
	}
	listed := map[any]bool{}
	for _, s := range v.h.json(0, "snapshots").objects {
		listed[s["id"]] = true
	}
	for _, k := range v.committed {
		if !listed[k.snapshot] {
			v.t.Errorf("snapshot %s was committed and is not listed", k.snapshot)
		}
	}
	for range samples {
		v.restore(v.committed[v.r.IntN(len(v.committed))])
	}
	v.restore(v.committed[len(v.committed)-1])
}

// restore restores a snapshot and compares all of it.
func (v *victim) restore(k promise) {
	v.t.Helper()
	parent, err := os.MkdirTemp(v.t.TempDir(), "")
	must(v.t, err)
	defer os.RemoveAll(parent)
	target := filepath.Join(parent, "target")
	v.h.run(0, "restore", k.snapshot, "--target", target)
	there := 0
	for i, version := range k.versions {
		if version == 0 {
			continue
		}
		there++
		got, err := os.ReadFile(filepath.Join(target, v.name(i)))
		if err != nil || !bytes.Equal(got, v.content(i, version)) {
			v.t.Errorf("snapshot %s: file %d has %d other bytes than version %d: %v", k.snapshot, i, len(got), version, err)
		}
	}
	entries, err := os.ReadDir(target)
	must(v.t, err)
	if len(entries) != there {
		v.t.Errorf("snapshot %s: %d files came back of %d", k.snapshot, len(entries), there)
	}
}

// snoop looks for the source's content and names in all that the program writes.
func (v *victim) snoop() {
	v.t.Helper()
	for _, root := range []string{v.repo, v.h.home} {
		for _, path := range v.look(root) {
			v.t.Errorf("%s gives away what was backed up", path)
		}
	}
}

// look lists what has the marker in its name or content, among the files that
// changed since the last look.
func (v *victim) look(root string) (found []string) {
	v.t.Helper()
	must(v.t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.Contains(strings.TrimPrefix(path, root), marker) {
			found = append(found, path)
			return nil
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || v.snooped[path].Equal(info.ModTime()) {
			return err
		}
		v.snooped[path] = info.ModTime()
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(marker)) {
			found = append(found, path)
		}
		return err
	}))
	return found
}

// temporary lists the files that only a run in the making needs.
func (v *victim) temporary() (found []string) {
	v.t.Helper()
	for _, root := range []string{v.repo, v.h.home} {
		for _, path := range filesBelow(v.t, root) {
			if strings.HasPrefix(filepath.Base(path), ".") || filepath.Base(filepath.Dir(path)) == ".tmp" {
				found = append(found, path)
			}
		}
	}
	return found
}

// wantTidy lets two days pass, after which one more run must have removed what
// the dead left: nothing else ever would.
func (v *victim) wantTidy() {
	v.t.Helper()
	left := v.temporary()
	old := time.Now().Add(-48 * time.Hour)
	for _, path := range left {
		must(v.t, os.Chtimes(path, old, old))
	}
	v.change()
	v.succeed()
	still := v.temporary()
	v.t.Logf("%d temporary files were left by the dead, %d of them for ever", len(left), len(still))
	kinds := map[string]int{}
	for _, path := range still {
		kinds[strings.TrimRight(filepath.Base(path), "0123456789")]++
	}
	if len(still) > 0 {
		v.t.Errorf("%d temporary files stay for ever: %v, as %s", len(still), kinds, still[0])
	}
}
