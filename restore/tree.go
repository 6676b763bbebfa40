package restore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"chatkeep/backup/format"
)

// dir is a directory of the snapshot, or one that its paths imply.
type dir struct {
	number uint32
	parent *dir   // nil for the target
	name   string // on disk
	path   string // in the snapshot
	stat   format.Stat
	known  bool // stat is
	made   bool
	failed error       // why it could not be made
	before fs.FileMode // of one that was there, else 0
}

// disk is the directory's path below the target.
func (d *dir) disk() string {
	if d.parent == nil {
		return "."
	}
	var names []string
	for ; d.parent != nil; d = d.parent {
		names = append(names, d.name)
	}
	var b strings.Builder
	for i := len(names) - 1; i >= 0; i-- {
		b.WriteString(names[i])
		if i > 0 {
			b.WriteByte('/')
		}
	}
	return b.String()
}

// tree knows the directories, and where a path of the snapshot is on disk. It
// is used by one goroutine.
type tree struct {
	target   *target
	namer    *namer
	top      *dir
	dirs     map[string]*dir // by path in the snapshot
	made     []*dir          // parents before what is in them
	renamed  map[string]string
	changed  []Renamed
	warnings *warnings
}

// Renamed is an entry that has another name in the target than in the snapshot.
type Renamed struct {
	Path string // in the snapshot, raw bytes
	Name string // the last part of its path in the target
}

// spot is where an entry goes.
type spot struct {
	dir  *dir
	name string // on disk
	path string // in the snapshot
}

// newTree makes the tree of a target, which is nil where nothing is written.
func newTree(t *target, names rules, w *warnings, messages bool) *tree {
	top := &dir{path: format.OriginalsPath, made: true}
	beside := &dir{number: 1, parent: top, name: MessagesDir}
	tr := &tree{
		target: t, namer: newNamer(names), top: top, warnings: w,
		dirs:    map[string]*dir{format.OriginalsPath: top, "": beside},
		renamed: map[string]string{},
	}
	if messages {
		tr.namer.reserve(top.number, MessagesDir)
	}
	if t != nil && t.journal != nil {
		tr.namer.reserve(top.number, journalName)
	}
	return tr
}

// dir returns the directory with a path, known or implied.
func (t *tree) dir(path string) *dir {
	if d := t.dirs[path]; d != nil {
		return d
	}
	at := t.spot(path)
	d := &dir{number: uint32(len(t.dirs)), parent: at.dir, name: at.name, path: path}
	t.dirs[path] = d
	return d
}

// declare notes what a directory is to look like in the end.
func (t *tree) declare(path string, stat format.Stat) *dir {
	d := t.dir(path)
	d.stat, d.known = stat, true
	return d
}

// spot gives an entry its place. It is asked once for each.
func (t *tree) spot(path string) spot {
	parent, name := splitPath(path)
	d := t.dir(parent)
	disk := t.namer.name(d.number, name)
	if disk != name {
		t.renamed[path] = disk
		t.changed = append(t.changed, Renamed{path, disk})
		t.warnings.add("%q is called %q here: the target does not take its name", path, disk)
	}
	return spot{d, disk, path}
}

// find returns the place that spot gave to an entry.
func (t *tree) find(path string) spot {
	parent, name := splitPath(path)
	if disk, ok := t.renamed[path]; ok {
		name = disk
	}
	return spot{t.dir(parent), name, path}
}

func splitPath(path string) (parent, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// make makes a directory and those above it. Until the end they are this user's
// alone, and can be written to whatever their modes are to be.
func (t *tree) make(d *dir) error {
	if d.made || d.failed != nil {
		return d.failed
	}
	d.failed = t.make(d.parent)
	if d.failed == nil && t.target != nil && !t.target.nowhere {
		d.failed = t.target.in(d.parent, func(h *handle) error {
			err := h.root.Mkdir(d.name, 0o700)
			if errors.Is(err, fs.ErrExist) {
				err = t.reuse(h, d)
			}
			return err
		})
	}
	if d.failed == nil {
		d.made = true
		t.made = append(t.made, d)
	}
	return d.failed
}

// reuse takes what is in a directory's place. A link is no directory, wherever
// it leads.
func (t *tree) reuse(h *handle, d *dir) error {
	info, err := h.root.Lstat(d.name)
	if err != nil {
		return err
	}
	switch {
	case !t.target.overwrite && !(t.target.resuming && info.IsDir() && isOurs(info)):
		return fmt.Errorf("the target has something of that name: %w", fs.ErrExist)
	case !info.IsDir():
		if err := h.root.Remove(d.name); err != nil {
			return err
		}
		return h.root.Mkdir(d.name, 0o700)
	}
	d.before = info.Mode()
	if d.before&0o700 == 0o700 {
		return nil
	}
	return h.root.Chmod(d.name, d.before|0o700)
}

// finish gives the directories their modes and times, what is within before
// what is around it: nothing can be made below a directory that may not be
// written to, and making something changes its time.
func (t *tree) finish() error {
	if t.target.nowhere {
		return nil
	}
	for i := len(t.made) - 1; i >= 0; i-- {
		if err := t.finishDir(t.made[i]); err != nil {
			return err
		}
	}
	if err := t.target.endJournal(); err != nil {
		return err
	}
	return t.finishDir(t.top)
}

func (t *tree) finishDir(d *dir) error {
	if !d.known && d.before == 0 {
		return nil
	}
	err := t.target.in(d, func(h *handle) error {
		if !d.known {
			return h.self.Chmod(d.before)
		}
		// The time first: it takes leave to search the directory.
		err := setTimes(h, ".", d.stat.Mtime)
		return errors.Join(err, h.self.Chmod(dirMode(d.stat.Mode)))
	})
	if err == nil {
		return nil
	}
	if err := fatal(d.path, err); err != nil {
		return err
	}
	t.warnings.add("%q: mode or time could not be set: %v", d.path, bare(err))
	return nil
}

// The bits of a mode beside permissions, as chmod has them.
const (
	bitSetUID = 0o4000
	bitSetGID = 0o2000
	bitSticky = 0o1000
)

// dirMode is the mode of a directory.
func dirMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode) & fs.ModePerm
	if mode&bitSetGID != 0 {
		m |= fs.ModeSetgid
	}
	if mode&bitSticky != 0 {
		m |= fs.ModeSticky
	}
	return m
}

// lineage finds entries below what is no directory. Paths come in ascending
// order, so everything between "a" and "a/b" begins with "a": it is enough to
// remember those paths that the next one begins with.
type lineage []string

// enter notes an entry, and returns the path that it cannot be below, if any.
func (l *lineage) enter(e *format.Item) (above string, below bool) {
	s := *l
	for len(s) > 0 && !strings.HasPrefix(e.Path, s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	for _, p := range s {
		if e.Path[len(p)] == '/' {
			above, below = p, true
		}
	}
	switch e.Type {
	case format.EntryFile, format.EntryZip, format.EntrySymlink, format.EntryHardlink:
		s = append(s, e.Path)
	}
	*l = s
	return above, below
}
