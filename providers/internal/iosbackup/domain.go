package iosbackup

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"chatkeep/providers/internal/plist"
)

// Domain is what a backup has of one domain, as a file system of the paths that
// the device had. Links are left out.
type Domain struct {
	backup *Backup
	name   string
}

// Domain is a domain of this name, which may be empty.
func (b *Backup) Domain(name string) *Domain { return &Domain{b, name} }

// What Files.flags says of an entry.
const (
	isFile   = 1
	isFolder = 2
)

// maxRecord bounds the property list about one file. Real ones have some 500 bytes.
const maxRecord = 64 << 10

// entry is a file or folder of a domain. It is its own fs.FileInfo and fs.DirEntry.
type entry struct {
	domain  *Domain
	path    string // on the device
	id      string // "" of a folder
	changed time.Time
	size    int64
}

func (e *entry) Name() string       { return path.Base(e.path) }
func (e *entry) Size() int64        { return e.size }
func (e *entry) ModTime() time.Time { return e.changed }
func (e *entry) IsDir() bool        { return e.id == "" }
func (e *entry) Type() fs.FileMode  { return e.Mode().Type() }
func (e *entry) Sys() any           { return nil }

func (e *entry) Mode() fs.FileMode {
	if e.IsDir() {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// Info completes a listed file with what the file itself tells.
func (e *entry) Info() (fs.FileInfo, error) {
	if e.IsDir() {
		return e, nil
	}
	p, ok := locate(e.domain.backup.fsys, e.id)
	if !ok {
		return nil, notThere("stat", e.path)
	}
	info, err := fs.Stat(e.domain.backup.fsys, p)
	if err != nil {
		return nil, err
	}
	full := *e
	full.size = info.Size()
	if full.changed.IsZero() {
		full.changed = info.ModTime()
	}
	return &full, nil
}

func notThere(op, name string) error {
	return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// Where is the path, in the backup's folder, of a file of the domain.
func (d *Domain) Where(name string) (string, error) {
	e, err := d.find("stat", name)
	if err != nil {
		return "", err
	}
	if !e.IsDir() {
		if p, ok := locate(d.backup.fsys, e.id); ok {
			return p, nil
		}
	}
	return "", notThere("stat", name)
}

// Stat tells of a file or folder, as fs.StatFS says.
func (d *Domain) Stat(name string) (fs.FileInfo, error) {
	e, err := d.find("stat", name)
	if err != nil {
		return nil, err
	}
	return e.Info()
}

// Open opens a file or folder, as fs.FS says.
func (d *Domain) Open(name string) (fs.File, error) {
	e, err := d.find("open", name)
	if err != nil {
		return nil, err
	}
	info, err := e.Info()
	if err != nil {
		return nil, err
	}
	if e.IsDir() {
		return &folder{entry: e}, nil
	}
	p, _ := locate(d.backup.fsys, e.id)
	f, err := d.backup.fsys.Open(p)
	if err != nil {
		return nil, err
	}
	return &file{f, info}, nil
}

// find looks a path up: as it is written, or as another spelling of the same
// letters. What the list does not tell, the names of the files do.
func (d *Domain) find(op, name string) (*entry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return &entry{domain: d, path: name}, nil
	}
	for _, spelling := range []string{name, norm.NFC.String(name), norm.NFD.String(name)} {
		id := fileID(d.name, spelling)
		e, told := d.listed(id, spelling)
		if !told {
			if _, ok := locate(d.backup.fsys, id); ok {
				e = &entry{domain: d, path: spelling, id: id}
			}
		}
		if e != nil {
			e.path = name
			return e, nil
		}
	}
	return nil, notThere(op, name)
}

// listed looks a path up in the list, and says whether the list could tell.
func (d *Domain) listed(id, name string) (e *entry, told bool) {
	db := d.backup.manifest
	if db == nil {
		return nil, false
	}
	rows := db.Query("SELECT f.flags, "+db.Column("f", "Files", "file")+" FROM Files f WHERE f.fileID = ? AND f.domain = ? AND f.relativePath = ?", id, d.name, name)
	if rows.Next() {
		e = d.entry(name, id, rows.Int(0), rows.Raw(1))
	}
	if err := rows.Close(); err != nil {
		return nil, false
	}
	if e != nil {
		return e, true
	}
	// A folder need not be listed itself.
	rows = db.Query("SELECT 1 FROM Files WHERE domain = ? AND relativePath > ? AND relativePath < ? LIMIT 1", d.name, name+"/", name+"0")
	if rows.Next() {
		e = &entry{domain: d, path: name}
	}
	return e, rows.Close() == nil
}

// entry makes an entry of what the list says of it, or nil of what is neither
// file nor folder.
func (d *Domain) entry(name, id string, flags int64, record []byte) *entry {
	e := &entry{domain: d, path: name}
	switch flags {
	case isFolder:
	case isFile:
		e.id = id
	default:
		return nil
	}
	e.describe(record)
	return e
}

// describe takes the time of change out of a file's property list, an archived
// MBFile. Its length is better known by the file itself.
func (e *entry) describe(record []byte) {
	if len(record) == 0 || len(record) > maxRecord {
		return
	}
	root, _, err := plist.Unarchive(record)
	if err != nil {
		return
	}
	if seconds, _ := root["LastModified"].(int64); seconds > 0 && seconds < 1<<40 {
		e.changed = time.Unix(seconds, 0).UTC()
	}
}

// ReadDir lists a folder, as fs.ReadDirFS says.
func (d *Domain) ReadDir(name string) ([]fs.DirEntry, error) {
	e, err := d.find("readdir", name)
	if err != nil {
		return nil, err
	}
	db := d.backup.manifest
	if !e.IsDir() || db == nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.ErrUnsupported}
	}
	prefix := ""
	if name != "." {
		prefix = name + "/"
	}
	sql := "SELECT f.fileID, f.relativePath, f.flags, " + db.Column("f", "Files", "file") + " FROM Files f WHERE f.domain = ? AND f.relativePath > ?"
	args := []any{d.name, prefix}
	if prefix != "" {
		sql += " AND f.relativePath < ?"
		args = append(args, name+"0")
	}
	children := map[string]*entry{}
	rows := db.Query(sql, args...)
	for rows.Next() {
		p := rows.Text(1)
		if !fs.ValidPath(p) || !strings.HasPrefix(p, prefix) {
			continue
		}
		base, _, deep := strings.Cut(p[len(prefix):], "/")
		child := children[base]
		if id := rows.Text(0); !deep && id == fileID(d.name, p) {
			if e := d.entry(p, id, rows.Int(2), rows.Raw(3)); e != nil && (child == nil || e.IsDir()) {
				children[base] = e
			}
		} else if deep && child == nil {
			children[base] = &entry{domain: d, path: prefix + base}
		}
	}
	return sorted(children), rows.Close()
}

func sorted(children map[string]*entry) []fs.DirEntry {
	list := make([]fs.DirEntry, 0, len(children))
	for _, e := range children {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return list
}

// file is a file under the name that it had on the device.
type file struct {
	fs.File
	info fs.FileInfo
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }

// folder is an open folder.
type folder struct {
	*entry
	list []fs.DirEntry
	read bool
}

func (f *folder) Stat() (fs.FileInfo, error) { return f.entry, nil }
func (f *folder) Close() error               { return nil }
func (f *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.path, Err: errors.New("is a directory")}
}

// ReadDir lists the next entries, as fs.ReadDirFile says.
func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if !f.read {
		list, err := f.domain.ReadDir(f.path)
		if err != nil {
			return nil, err
		}
		f.list, f.read = list, true
	}
	if n <= 0 {
		n = len(f.list)
	} else if len(f.list) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.list))
	part := f.list[:n]
	f.list = f.list[n:]
	return part, nil
}
