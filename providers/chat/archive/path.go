package archive

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Export is an export on this machine, open for reading.
type Export struct {
	// FS is what is in it. Paths are the same whether it is a zip or the folder
	// that the zip was unpacked to.
	FS fs.FS
	// Name is the base name it came under.
	Name string
	// Zip is the tree of a zip, or nil.
	Zip   *Tree
	close func() error
}

// Close closes it.
func (e *Export) Close() error { return e.close() }

// OpenPath opens a folder, a zip (told by its first bytes, or by its name), or a
// single file, which becomes a folder with that file and its [Companions] alone. A folder's symbolic links,
// devices and pipes are listed and not opened, as in a zip.
func OpenPath(name string, limits Limits) (*Export, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(name)
	if info.IsDir() {
		root, err := os.OpenRoot(name)
		if err != nil {
			return nil, err
		}
		return &Export{FS: &plainFS{root.FS()}, Name: base, close: root.Close}, nil
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: neither a file nor a folder", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if isZip(f, name) {
		t, err := Open(f, info.Size(), limits)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return &Export{FS: t, Name: base, Zip: t, close: f.Close}, nil
	}
	f.Close()
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(real))
	if err != nil {
		return nil, err
	}
	names := []string{filepath.Base(real)}
	for _, c := range Companions(real) {
		names = append(names, filepath.Base(c))
	}
	return &Export{FS: &fewFS{plainFS{root.FS()}, names}, Name: base, close: root.Close}, nil
}

// isZip says whether a file is a zip. One that is called so is one whatever its first
// bytes are: they may be what is damaged.
func isZip(r io.Reader, name string) bool {
	var head [4]byte
	n, _ := io.ReadFull(r, head[:])
	begins := string(head[:n])
	return begins == "PK\x03\x04" || begins == "PK\x05\x06" || strings.EqualFold(filepath.Ext(name), ".zip")
}

// plainFS opens plain files and folders alone: a pipe would block, and a link
// leads to what is not the export's.
type plainFS struct{ fs.FS }

func (p *plainFS) Open(name string) (fs.File, error) {
	info, err := fs.Lstat(p.FS, name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("no plain file: %w", fs.ErrInvalid)}
	}
	return p.FS.Open(name)
}

// fewFS shows some files of a folder.
type fewFS struct {
	plainFS
	names []string // in their order
}

func (f *fewFS) Open(name string) (fs.File, error) {
	if name != "." && !slices.Contains(f.names, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return f.plainFS.Open(name)
}

// ReadDir lists the files.
func (f *fewFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	var list []fs.DirEntry
	for _, name := range f.names {
		info, err := fs.Stat(f.FS, name)
		if err != nil {
			return list, err
		}
		list = append(list, fs.FileInfoToDirEntry(info))
	}
	return list, nil
}
