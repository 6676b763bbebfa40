// Package overlay shows several file systems as one: the parts of a download
// that an app hands out in several zips.
//
//	one.zip    inbox/anna/message_1.json
//	two.zip    inbox/anna/photos/1.jpg
//	together   inbox/anna/message_1.json  inbox/anna/photos/1.jpg
//
// Folders are merged. Where two layers have a file of one path, or a file and a
// folder, the first layer's is shown.
package overlay

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// FS is layers laid over each other. It is used by one goroutine.
type FS struct {
	layers  []fs.FS
	known   map[string]int // the layer of a path, as asked for before
	clashes map[string]bool
}

// New lays file systems over each other, the first on top.
func New(layers ...fs.FS) *FS {
	return &FS{layers: layers, known: map[string]int{}, clashes: map[string]bool{}}
}

// maxKnown bounds how many paths are remembered with their layer.
const maxKnown = 1 << 16

// Layer is the number of the layer, from 0, that a path is shown from. A folder
// is shown from the first that has it. What is nowhere has layer 0.
func (f *FS) Layer(name string) int {
	if i, ok := f.known[name]; ok {
		return i
	}
	i, _, err := f.stat(name)
	if err != nil {
		i = 0
	}
	if len(f.known) >= maxKnown {
		clear(f.known)
	}
	f.known[name] = i
	return i
}

// stat finds a path in the first layer that has it. An error of another kind
// than that it is not there, as of a damaged layer, ends the search.
func (f *FS) stat(name string) (int, fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return 0, nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	for i, l := range f.layers {
		info, err := fs.Stat(l, name)
		if !errors.Is(err, fs.ErrNotExist) {
			return i, info, err
		}
	}
	return 0, nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// Stat describes a path in the first layer that has it.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	_, info, err := f.stat(name)
	return info, err
}

// Open opens a path of the first layer that has it. A folder lists what all
// layers have.
func (f *FS) Open(name string) (fs.File, error) {
	i, info, err := f.stat(name)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = &fs.PathError{Op: "open", Path: name, Err: pathErr.Err}
		}
		return nil, err
	}
	if !info.IsDir() {
		return f.layers[i].Open(name)
	}
	list, err := f.ReadDir(name)
	if err != nil {
		return nil, err
	}
	return &folder{name: name, info: info, left: list}, nil
}

// ReadDir lists a folder by name, as all layers have it.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	top, info, err := f.stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a folder")}
	}
	merged := map[string]fs.DirEntry{}
	for _, l := range f.layers[top:] {
		list, err := fs.ReadDir(l, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && isFolder(l, name) {
			return nil, err
		}
		for _, e := range list {
			if first, ok := merged[e.Name()]; !ok {
				merged[e.Name()] = e
			} else if differ(first, e) {
				f.clashes[path.Join(name, e.Name())] = true
			}
		}
	}
	all := make([]fs.DirEntry, 0, len(merged))
	for _, e := range merged {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}

// isFolder says whether a layer has a folder of that name: a file below one is
// hidden, and no trouble.
func isFolder(l fs.FS, name string) bool {
	info, err := fs.Stat(l, name)
	return err != nil || info.IsDir()
}

// differ says whether two things of one path cannot be the same: a file and a
// folder, or files of different sizes.
func differ(a, b fs.DirEntry) bool {
	if a.IsDir() || b.IsDir() {
		return a.IsDir() != b.IsDir()
	}
	x, err := a.Info()
	if err != nil {
		return false
	}
	y, err := b.Info()
	return err == nil && x.Size() != y.Size()
}

// Clashes are the paths, in the folders that were listed so far, that several
// layers have, and not the same: files of different sizes, or a file and a
// folder. They come sorted.
func (f *FS) Clashes() []string {
	list := make([]string, 0, len(f.clashes))
	for name := range f.clashes {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// folder is an open folder.
type folder struct {
	name string
	info fs.FileInfo
	left []fs.DirEntry
}

func (d *folder) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *folder) Close() error               { return nil }
func (d *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: fs.ErrInvalid}
}

// ReadDir lists the next n entries, or all with n <= 0.
func (d *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	list := d.left
	if n > 0 && len(list) == 0 {
		return nil, io.EOF
	}
	if n > 0 && n < len(list) {
		list = list[:n]
	}
	d.left = d.left[len(list):]
	return list, nil
}
