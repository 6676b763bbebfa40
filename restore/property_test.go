package restore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/format"
)

func hardTo(path, target string) thing {
	return thing{path: "originals/" + path, typ: format.EntryHardlink, target: "originals/" + target}
}

func entryOf(path string) *format.Item {
	return &format.Item{Entry: format.Entry{Path: path, Type: format.EntryFile}}
}

// forest makes random trees whose files share chunks.
type forest struct {
	*rand.Rand
	blocks [][]byte
	things []thing
	paths  map[string]bool
	t      testing.TB
}

func newForest(t testing.TB, seed uint64) *forest {
	f := &forest{Rand: rand.New(rand.NewPCG(seed, 1)), paths: map[string]bool{}, t: t}
	for i := range 12 {
		f.blocks = append(f.blocks, noise(seed*100+uint64(i), 1000))
	}
	f.blocks = append(f.blocks, make([]byte, 9000), make([]byte, 4096))
	f.grow("originals", 0)
	return f
}

func (f *forest) name() string {
	const letters = "ab-. %~:\xff\xc3\xbc*\\CON"
	for {
		var b strings.Builder
		for range 1 + f.IntN(6) {
			b.WriteByte(letters[f.IntN(len(letters))])
		}
		if name := b.String(); name != "." && name != ".." {
			return name
		}
	}
}

func (f *forest) grow(dir string, depth int) {
	mode := []uint32{0o755, 0o700, 0o555, 0o2750, 0}[f.IntN(5)]
	f.add(thing{path: dir, typ: format.EntryDir, mode: mode})
	for range f.IntN(7) {
		path := dir + "/" + f.name()
		if f.paths[path] {
			continue
		}
		switch f.IntN(8) {
		case 0, 1:
			if depth < 5 {
				f.grow(path, depth+1)
			}
		case 2:
			f.add(thing{path: path, typ: format.EntrySymlink, target: []string{"..", "/etc", dir, "\xff"}[f.IntN(4)]})
		case 3:
			if files := f.files(path); len(files) > 0 {
				f.add(thing{path: path, typ: format.EntryHardlink, target: files[f.IntN(len(files))].path})
			}
		case 4:
			f.add(thing{path: path, typ: format.EntryZip, mode: 0o600, pieces: f.pieces()})
		default:
			f.add(thing{path: path, content: f.content(), mode: uint32(f.IntN(0o1000)), sparse: f.IntN(2) == 0, chunk: 500 + f.IntN(5000)})
		}
	}
}

func (f *forest) add(th thing) {
	th.mtime = time.Unix(f.Int64N(4e9)-2e9, f.Int64N(1e9))
	f.paths[th.path] = true
	f.things = append(f.things, th)
}

// files are those that a hard link at path can be to.
func (f *forest) files(path string) (files []thing) {
	for _, th := range f.things {
		if (th.typ == 0 || th.typ == format.EntryZip) && th.path < path {
			files = append(files, th)
		}
	}
	return files
}

func (f *forest) content() []byte {
	var b []byte
	for range f.IntN(6) {
		b = append(b, f.blocks[f.IntN(len(f.blocks))]...)
	}
	return b
}

func (f *forest) pieces() (all []piece) {
	for range f.IntN(5) {
		p := piece{content: f.content(), member: f.IntN(2) == 0}
		if p.member && f.IntN(2) == 0 && len(p.content) > 0 {
			p.level = 1 + f.IntN(9)
			p.packed = deflated(f.t, p.content, p.level)
		}
		all = append(all, p)
	}
	return all
}

// bytes are what a file should have.
func (th *thing) bytes() []byte {
	if th.typ != format.EntryZip {
		return th.content
	}
	var b []byte
	for _, p := range th.pieces {
		if p.packed != nil {
			b = append(b, p.packed...)
		} else {
			b = append(b, p.content...)
		}
	}
	return b
}

// TestForests restores random trees, in batches of any size, and compares all
// that can be seen.
func TestForests(t *testing.T) {
	w := newWorld(t)
	for seed := range uint64(15) {
		f := newForest(t, seed)
		w.packSize = 32 << 10
		s := w.backup(f.things...)
		dir := newTarget(t)
		o := Options{Workers: 1 + f.IntN(4)}
		for range 1 + f.IntN(2) {
			_, err := runWith(t, s, dir, o, func(r *run) { r.limit = 1 + f.IntN(200) })
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			compare(t, fmt.Sprintf("seed %d", seed), dir, f.things)
			o.Overwrite = true
		}
	}
}

func compare(t *testing.T, name, dir string, things []thing) {
	t.Helper()
	at := func(path string) string { return dir + strings.TrimPrefix(path, "originals") }
	byPath := map[string]*thing{}
	for i := range things {
		byPath[things[i].path] = &things[i]
	}
	things = slices.Clone(things)
	slices.SortFunc(things, func(a, b thing) int { return strings.Compare(a.path, b.path) })
	want := []string{}
	for _, th := range things {
		if th.path != "originals" {
			want = append(want, strings.TrimPrefix(th.path, "originals/"))
		}
		info, err := os.Lstat(at(th.path))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		real := &th
		if th.typ != format.EntrySymlink && th.typ != format.EntryHardlink {
			if uint32(info.Mode().Perm()) != th.mode&0o777 {
				t.Errorf("%s: %q has mode %v, want %o", name, th.path, info.Mode(), th.mode)
			}
			must(t, os.Chmod(at(th.path), 0o700)) // to look inside
		}
		switch th.typ {
		case format.EntrySymlink:
			if to, _ := os.Readlink(at(th.path)); to != th.target {
				t.Errorf("%s: %q leads to %q, want %q", name, th.path, to, th.target)
			}
		case format.EntryHardlink:
			real = byPath[th.target]
			if other, err := os.Lstat(at(th.target)); err != nil || !os.SameFile(info, other) {
				t.Errorf("%s: %q is no link to %q", name, th.path, th.target)
			}
		case format.EntryDir:
		default:
			if got, err := os.ReadFile(at(th.path)); err != nil || !bytes.Equal(got, th.bytes()) {
				t.Errorf("%s: %q has %d bytes, want %d: %v", name, th.path, len(got), len(th.bytes()), err)
			}
		}
		if !info.ModTime().Equal(real.mtime) {
			t.Errorf("%s: %q has time %v, want %v", name, th.path, info.ModTime(), real.mtime)
		}
	}
	got := []string{}
	for _, path := range left(t, dir) {
		got = append(got, strings.TrimSuffix(path, "/"))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: the target has %q, want %q", name, got, want)
	}
}
