package archive

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// node is a file or folder of the tree. It is its own fs.FileInfo and
// fs.DirEntry.
type node struct {
	name     string
	original string
	mode     fs.FileMode
	file     *zip.File
	children map[string]*node
	sorted   []fs.DirEntry
	next     map[string]int // the number to try for the next entry of a name
}

func (n *node) Name() string               { return path.Base(n.name) }
func (n *node) Mode() fs.FileMode          { return n.mode }
func (n *node) Type() fs.FileMode          { return n.mode.Type() }
func (n *node) IsDir() bool                { return n.mode.IsDir() }
func (n *node) ModTime() time.Time         { return modified(n.file) }
func (n *node) Sys() any                   { return nil }
func (n *node) Info() (fs.FileInfo, error) { return n, nil }

// Size is the length in bytes that the zip states.
func (n *node) Size() int64 {
	if n.file == nil || n.IsDir() {
		return 0
	}
	return int64(n.file.UncompressedSize64)
}

// maxDepth bounds folders in folders.
const maxDepth = 64

// add puts an entry into the tree, under a name that is free.
func (t *Tree) add(f *zip.File) {
	t.count++
	decoded := decodeName(f)
	name := safeName(decoded)
	isDir := strings.HasSuffix(decoded, "/") || strings.HasSuffix(decoded, `\`) || f.Mode().IsDir()
	if name == "" {
		if isDir {
			return // the root itself
		}
		name = "_"
	}
	if parts := strings.Split(name, "/"); len(parts) > maxDepth {
		name = strings.Join(parts[:maxDepth-1], "/") + "/" + strings.Join(parts[maxDepth-1:], "_")
	}
	dir := t.root
	parts := strings.Split(name, "/")
	for _, p := range parts[:len(parts)-1] {
		dir = dir.folder(p)
	}
	base := parts[len(parts)-1]
	if isDir {
		d := dir.folder(base)
		d.original, d.file = f.Name, f
		return
	}
	n := &node{name: dir.free(base), original: f.Name, file: f, mode: f.Mode().Type() | 0o444}
	dir.put(n)
}

func (n *node) put(child *node) {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	n.children[child.name] = child
}

// folder finds or makes a folder. A file of that name makes way: the folder's
// name is what other entries hang on.
func (n *node) folder(name string) *node {
	c := n.children[name]
	if c != nil && c.IsDir() {
		return c
	}
	d := &node{name: name, mode: fs.ModeDir | 0o555}
	if c != nil {
		n.put(d)
		c.name = n.free(name)
		n.put(c)
		return d
	}
	n.put(d)
	return d
}

// free is name, or name with a number where it is taken.
func (n *node) free(name string) string {
	if n.children[name] == nil {
		return name
	}
	if n.next == nil {
		n.next = map[string]int{}
	}
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for i := max(n.next[name], 2); ; i++ {
		if s := stem + " (" + strconv.Itoa(i) + ")" + ext; n.children[s] == nil {
			n.next[name] = i + 1
			return s
		}
	}
}

// finish sorts every folder.
func (n *node) finish() {
	for _, c := range n.children {
		n.sorted = append(n.sorted, c)
		c.finish()
	}
	slices.SortFunc(n.sorted, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
}

// find returns the node of a path, or nil.
func (n *node) find(name string) *node {
	if name == "." {
		return n
	}
	for p := range strings.SplitSeq(name, "/") {
		if n = n.children[p]; n == nil {
			return nil
		}
	}
	return n
}

// Open opens a file or folder. What is no plain file, is encrypted, or inflates
// beyond the limits gives an error.
func (t *Tree) Open(name string) (fs.File, error) {
	fail := func(err error) (fs.File, error) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	n := t.root.find(name)
	switch {
	case n == nil:
		return fail(fs.ErrNotExist)
	case n.IsDir():
		return &folder{node: n}, nil
	case !isPlain(n.mode):
		return fail(fmt.Errorf("no plain file: %w", fs.ErrInvalid))
	case n.file.Flags&1 != 0:
		return fail(ErrEncrypted)
	}
	if size, packed := n.file.UncompressedSize64, n.file.CompressedSize64; size > uint64(t.limits.Free) && size/uint64(t.limits.Ratio) > packed {
		return fail(fmt.Errorf("%d bytes out of %d: %w", size, packed, ErrTooLarge))
	}
	r, err := n.file.Open()
	if err != nil {
		return fail(err)
	}
	return &file{node: n, r: r}, nil
}

// Stat describes a path without opening it.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	if n := t.root.find(name); n != nil {
		return n, nil
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists a folder by name.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	n := t.root.find(name)
	if n == nil || !n.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	return slices.Clone(n.sorted), nil
}

// file is an open entry.
type file struct {
	*node
	r io.ReadCloser
}

func (f *file) Stat() (fs.FileInfo, error) { return f.node, nil }
func (f *file) Close() error               { return f.r.Close() }

// Read inflates. An entry that ends early or whose bytes are damaged gives an
// error that names it.
func (f *file) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		err = &fs.PathError{Op: "read", Path: f.node.name, Err: err}
	}
	return n, err
}

// folder is an open folder.
type folder struct {
	*node
	next int
}

func (d *folder) Stat() (fs.FileInfo, error) { return d.node, nil }
func (d *folder) Close() error               { return nil }
func (d *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.node.name, Err: fs.ErrInvalid}
}

// ReadDir lists the next n entries, or all with n <= 0.
func (d *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	rest := d.sorted[d.next:]
	if n > 0 && len(rest) == 0 {
		return nil, io.EOF
	}
	if n > 0 && n < len(rest) {
		rest = rest[:n]
	}
	d.next += len(rest)
	return slices.Clone(rest), nil
}
