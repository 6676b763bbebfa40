package restore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatkeep/backup/format"
)

// lost returns the classes of what a restore lost, by path.
func lost(err error) map[string]format.Class {
	classes := map[string]format.Class{}
	var e *Incomplete
	if errors.As(err, &e) {
		for _, l := range e.Lost {
			classes[l.Path] = format.ClassOf(l.Err)
		}
	}
	return classes
}

// wantLost fails unless exactly these paths were lost, with these classes.
func wantLost(t *testing.T, err error, want map[string]format.Class) {
	t.Helper()
	got := lost(err)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("lost %q, want %q (%v)", got, want, err)
	}
}

// TestHostileLists restores what a writer with bad intent could have signed, into
// a target with something precious beside it.
func TestHostileLists(t *testing.T) {
	symlink := func(path, target string) thing {
		return thing{path: "originals/" + path, typ: format.EntrySymlink, target: target}
	}
	long := strings.Repeat("n", 300)
	good := plain("good", "good")
	missing := format.ID{1, 2, 3, 0}
	for name, c := range map[string]struct {
		things []thing
		lost   map[string]format.Class
		left   []string
	}{
		"file below a link out": {
			[]thing{good, symlink("a", "../beside"), plain("a/precious", "evil")},
			map[string]format.Class{"originals/a/precious": format.Malformed}, []string{"a", "good"}},
		"link below a link out": {
			[]thing{good, symlink("a", "../beside"), plain("a-", "x"), symlink("a/new", "x"), directory("a/dir")},
			map[string]format.Class{"originals/a/new": format.Malformed, "originals/a/dir": format.Malformed}, []string{"a", "a-", "good"}},
		"absolute link": {
			[]thing{good, symlink("a", "BESIDE"), plain("a/precious", "evil")},
			map[string]format.Class{"originals/a/precious": format.Malformed}, []string{"a", "good"}},
		"file below a file": {
			[]thing{good, plain("f", "f"), plain("f.x", "f"), plain("f/g", "g")},
			map[string]format.Class{"originals/f/g": format.Malformed}, []string{"f", "f.x", "good"}},
		"hard link to a hostile place": {
			[]thing{good, symlink("a", "../beside"), plain("a/precious", "evil"),
				{path: "originals/h", typ: format.EntryHardlink, target: "originals/a/precious"}},
			map[string]format.Class{"originals/a/precious": format.Malformed, "originals/h": format.Malformed}, []string{"a", "good"}},
		"long name": {
			[]thing{good, plain(long, "x"), directory("d"), plain("d/"+long+"/x", "x")},
			map[string]format.Class{"originals/" + long: "", "originals/d/" + long + "/x": ""}, []string{"d/", "good"}},
		"chunk that is not there": {
			[]thing{good, {path: "originals/m", ids: []format.ID{missing}, size: 5}},
			map[string]format.Class{"originals/m": format.Missing}, []string{"good"}},
		"size of more": {
			[]thing{good, {path: "originals/m", content: []byte("abc"), size: 5}},
			map[string]format.Class{"originals/m": format.Malformed}, []string{"good"}},
		"size of less": {
			[]thing{good, {path: "originals/m", content: []byte("abc"), size: 2}},
			map[string]format.Class{"originals/m": format.Malformed}, []string{"good"}},
		"zip with another hash": {
			[]thing{good, {path: "originals/z", typ: format.EntryZip, pieces: []piece{{content: []byte("x")}}, hash: &format.Hash{}}},
			map[string]format.Class{"originals/z": format.Flipped}, []string{"good"}},
		"member that deflates to more": {
			[]thing{good, zipOf(t, "z", 6, -1)},
			map[string]format.Class{"originals/z": format.Malformed}, []string{"good"}},
		"member that deflates to less": {
			[]thing{good, zipOf(t, "z", 6, 1)},
			map[string]format.Class{"originals/z": format.Malformed}, []string{"good"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newTarget(t)
			beside := filepath.Join(filepath.Dir(dir), "beside")
			must(t, os.Mkdir(beside, 0o755))
			must(t, os.WriteFile(beside+"/precious", []byte("precious"), 0o644))
			for i := range c.things {
				if c.things[i].target == "BESIDE" {
					c.things[i].target = beside
				}
			}
			s := newWorld(t).backup(c.things...)
			_, err := Run(t.Context(), s, dir, Options{})
			wantLost(t, err, c.lost)
			wantLeft(t, dir, c.left...)
			wantLeft(t, beside, "precious")
			wantFile(t, beside+"/precious", []byte("precious"))
			wantFile(t, dir+"/good", []byte("good"))
			// Once more over what is there now, links included.
			_, err = Run(t.Context(), s, dir, Options{Overwrite: true})
			wantLost(t, err, c.lost)
			wantLeft(t, dir, c.left...)
			wantLeft(t, beside, "precious")
			wantFile(t, beside+"/precious", []byte("precious"))
		})
	}
}

// zipOf is a zip with one deflated member, whose packed size is said to be longer
// than it is. Of level 0 there is none.
func zipOf(t *testing.T, path string, level int, longer int64) thing {
	content := []byte(strings.Repeat("text ", 1000))
	packed := []byte("none")
	if level > 0 {
		packed = deflated(t, content, level)
	}
	return thing{path: "originals/" + path, typ: format.EntryZip, pieces: []piece{
		{content: content, member: true, packed: packed, level: level, longer: longer}}}
}

// TestUnspeakableLists are refused by the list's own rules; what comes before
// the line is restored.
func TestUnspeakableLists(t *testing.T) {
	for _, path := range []string{"originals/g/../../x", "originals/h/", "originals/z\x00", "other", "p/q", "originals//x"} {
		s := newWorld(t).backup(directory(""), plain("a", "good"), thing{path: path, content: []byte("evil")})
		dir := newTarget(t)
		_, err := Run(t.Context(), s, dir, Options{})
		var e *Incomplete
		if !errors.As(err, &e) || format.ClassOf(e.Listing) != format.Malformed || e.ExitCode() != 11 {
			t.Errorf("%q: %v", path, err)
		}
		for _, name := range left(t, dir) {
			if name != "a" {
				t.Errorf("%q left %q", path, name)
			}
		}
		if above := left(t, filepath.Dir(dir)); above[0] != "target/" {
			t.Errorf("%q left %q above the target", path, above)
		}
	}
}

// TestOverwriteWritesThroughNothing has links of both kinds in the target, where
// the snapshot has files and directories.
func TestOverwriteWritesThroughNothing(t *testing.T) {
	w := newWorld(t)
	s := w.backup(directory(""), plain("hard", "new"), plain("soft", "new"), directory("sub"), plain("sub/precious", "new"),
		directory("was-file"), plain("was-file/x", "new"), plain("is-dir", "new"),
		thing{path: "originals/link", typ: format.EntrySymlink, target: "soft"},
		thing{path: "originals/big", content: noise(1, 20000), mode: 0o600})
	dir := newTarget(t)
	beside := filepath.Join(filepath.Dir(dir), "beside")
	must(t, os.MkdirAll(dir+"/is-dir/full", 0o755))
	must(t, os.Mkdir(beside, 0o755))
	must(t, os.WriteFile(beside+"/precious", []byte("precious"), 0o644))
	must(t, os.WriteFile(dir+"/was-file", nil, 0o644))
	for _, name := range []string{"soft", "link", "big"} {
		must(t, os.Symlink("../beside/precious", dir+"/"+name))
	}
	must(t, os.Link(beside+"/precious", dir+"/hard"))
	must(t, os.Symlink("../beside", dir+"/sub"))

	_, err := Run(t.Context(), s, dir, Options{Overwrite: true})
	wantLost(t, err, map[string]format.Class{"originals/is-dir": ""})
	if e := (*Incomplete)(nil); !errors.As(err, &e) || e.ExitCode() != 1 {
		t.Errorf("what the target cannot take is no damage: %v", err)
	}
	wantLeft(t, beside, "precious")
	wantFile(t, beside+"/precious", []byte("precious"))
	wantLeft(t, dir, "big", "hard", "is-dir/", "is-dir/full/", "link", "soft", "sub/", "sub/precious", "was-file/", "was-file/x")
	wantFile(t, dir+"/sub/precious", []byte("new"))
	wantFile(t, dir+"/big", noise(1, 20000))
	for _, name := range []string{"hard", "soft", "big"} {
		if info, err := os.Lstat(dir + "/" + name); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	if to, _ := os.Readlink(dir + "/link"); to != "soft" {
		t.Errorf("the link leads to %q", to)
	}
}

// TestOverwriteReadOnly replaces files in directories that may not be written to,
// and leaves them so.
func TestOverwriteReadOnly(t *testing.T) {
	s := newWorld(t).backup(directory(""), thing{path: "originals/d", typ: format.EntryDir, mode: 0o555}, plain("d/x", "new"))
	dir := newTarget(t)
	for range 2 {
		_, err := Run(t.Context(), s, dir, Options{Overwrite: true})
		must(t, err)
		if info, err := os.Stat(dir + "/d"); err != nil || info.Mode().Perm() != 0o555 {
			t.Errorf("%v %v", info, err)
		}
	}
}
