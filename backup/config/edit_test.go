package config_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/config"
)

// write puts a file into a folder of its own and opens it.
func write(t *testing.T, text string) *config.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return opened(t, path)
}

func opened(t *testing.T, path string) *config.File {
	t.Helper()
	f, err := config.Open(path, known())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// addAndWrite adds a source and writes the file.
func addAndWrite(t *testing.T, f *config.File, name string, s config.Source) {
	t.Helper()
	change, err := f.AddSource(name, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := change.Write(); err != nil {
		t.Fatal(err)
	}
}

// put is Write without the waiting for the disk, of which the tests of random
// files would do thousands.
func put(t *testing.T, f *config.File, change *config.Change, err error) *config.File {
	t.Helper()
	if err == nil {
		err = os.WriteFile(f.Path, change.Data(), 0o600)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, textOf(t, f))
	}
	return opened(t, f.Path)
}

// random makes the text of a config with sources in every way of writing, and
// comments everywhere. It returns the names that stand in lines of their own.
func random(r *rand.Rand) (text string, removable []string) {
	var b strings.Builder
	noise := func() {
		for range r.IntN(3) {
			b.WriteString([]string{"\n", "# a comment\n", "  # ä [sources.x]\n", "\t\n"}[r.IntN(4)])
		}
	}
	tail := func() string { return []string{"\n", " # why\n", "\t#\"[x]\n"}[r.IntN(3)] }
	noise()
	if r.IntN(2) == 0 {
		b.WriteString("repository  =  '/a'" + tail())
		noise()
	}
	if r.IntN(3) == 0 {
		b.WriteString("[sources]" + tail())
		for i := range r.IntN(3) {
			name := fmt.Sprintf("dotted%d", i)
			fmt.Fprintf(&b, "%s.path = '/%s'%s", name, name, tail())
			noise()
			fmt.Fprintf(&b, " %s . newest=true%s", name, tail())
			removable = append(removable, name)
			noise()
		}
		if r.IntN(2) == 0 {
			b.WriteString("braces = { path = '/b', tags = [\n'a', # b\n'c'] }" + tail())
			removable = append(removable, "braces")
		}
	}
	for i := range r.IntN(4) {
		name := fmt.Sprintf("s%d", i)
		fmt.Fprintf(&b, "[ sources . \"%s\" ]%s", name, tail())
		noise()
		fmt.Fprintf(&b, "path = \"/%s\"%s", name, tail())
		noise()
		if r.IntN(2) == 0 {
			b.WriteString("exclude = [\n  '*.tmp', # [sources.y]\n\n]" + tail())
		}
		removable = append(removable, name)
		noise()
		if r.IntN(3) == 0 {
			fmt.Fprintf(&b, "[jobs.j%d]%severy = 'daily'%s", i, tail(), tail())
			noise()
		}
	}
	text = b.String()
	if r.IntN(4) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text, removable
}

// TestAddRemove adds sources to random files and takes them out again: the file
// is the old one, byte for byte. It takes out those that were there: what stays
// is a part of the old file, with all comments outside of them.
func TestAddRemove(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		text, removable := random(r)
		f := write(t, text)
		before := f.Config
		s := config.Source{Path: "/new", Tags: []string{`a "b" \`, "ü"}, Watch: r.IntN(2) == 0, Settle: time.Duration(r.IntN(2)) * time.Hour}
		if !s.Watch {
			s.Settle = 0
		}
		change, err := f.AddSource("new", s)
		f = put(t, f, change, err)
		added := textOf(t, f)
		if !strings.HasPrefix(added, text) {
			t.Fatalf("%d: adding changed\n%s\nto\n%s", seed, text, added)
		}
		f = removed(t, f, "new")
		if got := textOf(t, f); got != text || !reflect.DeepEqual(f.Config, before) {
			t.Fatalf("%d: of\n%q\nadding and removing made\n%q", seed, text, got)
		}
		for _, name := range removable {
			was := textOf(t, f)
			f = removed(t, f, name)
			if got := textOf(t, f); !within(got, was) {
				t.Fatalf("%d: removing %s made\n%s\nof\n%s", seed, name, got, was)
			}
			if _, there := f.Config.Sources[name]; there || len(f.Config.Jobs) != len(before.Jobs) || f.Config.Repository != before.Repository {
				t.Fatalf("%d: %s was not removed alone", seed, name)
			}
		}
		if got := textOf(t, f); len(f.Config.Sources) != 0 || strings.Count(got, "[jobs.") != len(before.Jobs) {
			t.Fatalf("%d: left over is\n%s", seed, got)
		}
	}
}

// within reports whether the lines of a text are all lines of another, in order.
func within(text, all string) bool {
	rest := strings.SplitAfter(all, "\n")
	for line := range strings.SplitAfterSeq(text, "\n") {
		i := slices.Index(rest, line)
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
	}
	return true
}

func textOf(t *testing.T, f *config.File) string {
	t.Helper()
	data, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func removed(t *testing.T, f *config.File, name string) *config.File {
	t.Helper()
	change, err := f.RemoveSource(name)
	return put(t, f, change, err)
}

// TestAddRepository names repositories in files of all kinds. The first becomes
// the one that is meant.
func TestAddRepository(t *testing.T) {
	const block = "[repositories.usb]\nplace = \"/usb\"\n"
	for _, c := range []struct{ before, after string }{
		{"", "repository = \"usb\"\n\n" + block},
		{"# mine\n", "repository = \"usb\"\n# mine\n\n" + block},
		{"# mine\n\n# jobs\n[jobs.a]\n", "# mine\n\nrepository = \"usb\"\n\n# jobs\n[jobs.a]\n\n" + block},
		{"# jobs\n[jobs.a]", "repository = \"usb\"\n\n# jobs\n[jobs.a]\n\n" + block},
		{"log.file = '/l' # l\n[jobs.a]\n", "log.file = '/l' # l\nrepository = \"usb\"\n[jobs.a]\n\n" + block},
		{"log.file = '/l'", "log.file = '/l'\nrepository = \"usb\"\n\n" + block},
		{"repository = '/a'\n", "repository = '/a'\n\n" + block},
		{"[jobs.a]\r\n", "repository = \"usb\"\r\n\r\n[jobs.a]\r\n\r\n" + strings.ReplaceAll(block, "\n", "\r\n")},
	} {
		change, err := write(t, c.before).AddRepository("usb", config.Repository{Place: "/usb"})
		if err != nil || string(change.Data()) != c.after {
			t.Errorf("%q became\n%q, want\n%q: %v", c.before, change.Data(), c.after, err)
		}
	}
}

// TestNotChanged refuses what cannot be done with all else left alone, and what
// would break the file.
func TestNotChanged(t *testing.T) {
	good := config.Source{Path: "/a"}
	add := func(name string, s config.Source) func(*config.File) error {
		return func(f *config.File) error { _, err := f.AddSource(name, s); return err }
	}
	remove := func(name string) func(*config.File) error {
		return func(f *config.File) error { _, err := f.RemoveSource(name); return err }
	}
	for name, c := range map[string]struct {
		text string
		do   func(*config.File) error
		want string
	}{
		"there already":     {"[sources.a]\npath = '/b'", add("a", good), "there is a source a already, at "},
		"no name":           {"", add("a b", good), "is no name"},
		"in braces":         {"sources = { b = { path = '/b' } }", add("a", good), "written in braces"},
		"relative":          {"", add("a", config.Source{Path: "x"}), "more than it should"},
		"bad value":         {"", add("a", config.Source{Path: "/a", TZ: "Nowhere"}), "tz: there is no zone"},
		"no UTF-8":          {"", add("a", config.Source{Path: "/\xff"}), "no UTF-8"},
		"not there":         {"[sources.phone]\npath = '/b'", remove("phnoe"), "there is no source phnoe; did you mean phone?"},
		"in braces, remove": {"sources = { b = { path = '/b' } }", remove("b"), "written in braces"},
		"of a job":          {"[sources.a]\npath = '/a'\n[jobs.j]\nsources = ['a']", remove("a"), "the job j takes the source a, at "},
	} {
		f := write(t, c.text)
		if err := c.do(f); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWrite keeps a file's mode and a link to it, makes one for its owner alone,
// and does not write over what somebody else changed.
func TestWrite(t *testing.T) {
	f := write(t, "")
	if err := os.Chmod(f.Path, 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.toml")
	if err := os.Symlink(f.Path, link); err != nil {
		t.Skip(err)
	}
	addAndWrite(t, opened(t, link), "a", config.Source{Path: "/a"})
	if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if target, err := os.Readlink(link); err != nil || target != f.Path {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	change, err := f.AddSource("b", config.Source{Path: "/b"})
	if err != nil {
		t.Fatal(err)
	}
	if err := change.Write(); err == nil || !strings.Contains(err.Error(), "somebody else") {
		t.Errorf("a file that changed was written over: %v", err)
	}
	path := filepath.Join(t.TempDir(), "new", "config.toml")
	addAndWrite(t, opened(t, path), "a", config.Source{Path: "/a"})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestDifference shows what a change does to the lines.
func TestDifference(t *testing.T) {
	f := write(t, "# mine\n\n[sources.b]\npath = '/b'\n")
	change, err := f.AddSource("a", config.Source{Path: "/a", Newest: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := change.Difference(); !slices.Equal(got, []string{"+[sources.a]", `+path = "/a"`, "+newest = true"}) {
		t.Errorf("%q", got)
	}
	if change, err = f.RemoveSource("b"); err != nil {
		t.Fatal(err)
	}
	if got := change.Difference(); !slices.Equal(got, []string{"-[sources.b]", "-path = '/b'"}) {
		t.Errorf("%q", got)
	}
}
