package backup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"chatkeep/providers/chat/archive"
)

// node is one thing that the walk met.
type node struct {
	path string // in the snapshot, raw bytes: originals/…; "" where it has no entry
	file string // on this machine
	info fs.FileInfo
	err  error // it could not be looked at

	alone bool // the source is this file
}

// walker goes through a source in the order in which contents list it: ascending
// by whole path, bytewise. A folder's own entry comes at its name, what is in it
// at its name and a slash, and "a-b" lies between "a" and "a/c".
type walker struct {
	src    *Selection
	device uint64
	emit   func(node) error
	closed map[string]bool // folders that cannot be opened
}

// originals is where the files of the source are in a snapshot.
const originals = "originals"

// walk calls emit for everything below root that is wanted: for a file, that and
// what belongs to it.
func walk(ctx context.Context, root string, sel *Selection, emit func(node) error) error {
	info, err := os.Stat(root) // a link named on the command line is followed
	if err != nil {
		return err
	}
	w := &walker{src: sel, device: device(info), emit: emit, closed: map[string]bool{}}
	if !info.IsDir() {
		return walkFile(root, info, emit)
	}
	if err := emit(node{path: originals, file: root, info: info}); err != nil {
		return err
	}
	return w.folder(ctx, root, "")
}

func walkFile(root string, info fs.FileInfo, emit func(node) error) error {
	real, err := filepath.EvalSymlinks(root) // below, no link is followed
	if err != nil {
		return err
	}
	at := originals + "/" + filepath.Base(filepath.Clean(root))
	if err := emit(node{path: at, file: real, info: info, alone: true}); err != nil {
		return err
	}
	for _, c := range archive.Companions(real) {
		info, err := os.Lstat(c)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := emit(node{path: at + strings.TrimPrefix(c, real), file: c, info: info, err: err}); err != nil {
			return err
		}
	}
	return nil
}

// step is one entry of a folder, or the content of one.
type step struct {
	key    string // what it sorts by
	name   string
	inside bool
}

func (w *walker) folder(ctx context.Context, dir, below string) error {
	entries, err := readNames(dir)
	if err != nil {
		// Its own entry is long written, as a folder: it could be opened then.
		return w.emit(node{file: dir, err: err})
	}
	steps := make([]step, 0, len(entries))
	infos := map[string]fs.FileInfo{}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone since the folder was read
		}
		if err == nil && !w.src.Takes(join(below, e.Name()), info) {
			continue
		}
		infos[e.Name()] = info
		steps = append(steps, step{e.Name(), e.Name(), false})
		if e.IsDir() {
			steps = append(steps, step{e.Name() + "/", e.Name(), true})
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return strings.Compare(a.key, b.key) })
	for _, s := range steps {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := w.step(ctx, s, dir, below, infos[s.name]); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) step(ctx context.Context, s step, dir, below string, info fs.FileInfo) error {
	file, name := filepath.Join(dir, s.name), join(below, s.name)
	switch {
	case !s.inside:
		n := node{path: join(originals, name), file: file, info: info}
		switch {
		case info == nil:
			n.err = fs.ErrPermission
		case info.IsDir():
			if n.err = openable(file); n.err != nil {
				w.closed[file] = true
			}
		}
		return w.emit(n)
	case w.closed[file]:
		delete(w.closed, file)
		return nil
	case w.src.OneFileSystem && info != nil && device(info) != w.device:
		return nil
	}
	return w.folder(ctx, file, name)
}

// openable reports why a folder cannot be opened, before anything is said of it.
func openable(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return f.Close()
}

// readNames lists a folder. Half a listing is an error: what it lacks would be
// missing from the snapshot without a word.
func readNames(dir string) ([]fs.DirEntry, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "/" + b
}
