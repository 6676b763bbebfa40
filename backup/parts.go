package backup

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"chatkeep/backup/overlay"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/archive"
)

// part is one zip, folder or file that an export lies in.
type part struct {
	file   string // on this machine
	folder string // within it, "." for all
	at     string // in the snapshot: what paths within the part are relative to
	node   string // in the snapshot: the file or folder itself
}

// place is where an export lies: in one part, or, where its app handed it out in
// several, in all parts of a download, laid over each other.
type place struct {
	name  string // that it came under
	parts []part
	laid  *overlay.FS // while it is open and has several parts
}

// file is the first part on this machine.
func (p *place) file() string { return p.parts[0].file }

// open opens the file system that the parts make together.
func (p *place) open() (fsys fs.FS, closeAll func(), err error) {
	var layers []fs.FS
	var exports []*archive.Export
	closeAll = func() {
		for _, e := range exports {
			e.Close()
		}
	}
	for _, one := range p.parts {
		e, err := archive.OpenPath(one.file, archive.Limits{})
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		exports = append(exports, e)
		layer, err := fs.Sub(e.FS, one.folder)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		layers = append(layers, layer)
	}
	if len(layers) == 1 {
		return layers[0], closeAll, nil
	}
	p.laid = overlay.New(layers...)
	return p.laid, closeAll, nil
}

// inSnapshot maps a path within the export to one in the snapshot. A member of a
// zip is below its zip's name, though the snapshot lists the zip as one file. Of
// several parts it is the one that the path is in, which only an open place
// tells.
func (p *place) inSnapshot(name string) string {
	if p.laid == nil {
		return path.Join(p.parts[0].at, name)
	}
	return path.Join(p.parts[p.laid.Layer(name)].at, name)
}

// warnings tell what of the parts could not be laid over each other.
func (p *place) warnings() (list []string) {
	if p.laid == nil {
		return nil
	}
	if clashes := p.laid.Clashes(); len(clashes) > 0 {
		list = append(list, fmt.Sprintf("%d files are in several parts of the download, and not the same: only the first was parsed, as of %s; "+
			"if these are several downloads, put each into a folder of its own", len(clashes), clashes[0]))
	}
	return list
}

// lookOrJoin looks at a folder or zip: together with the other parts of its
// download that lie beside it, where there are such, else alone.
func (f *finder) lookOrJoin(n node) bool {
	some, looked := f.joined[n.path]
	if !looked && !f.isRoot(n) {
		some = f.join(n)
	}
	return some || f.look(n.file, n.path)
}

// join looks at all parts of the download that a folder or zip is a part of.
func (f *finder) join(n node) (some bool) {
	for _, p := range f.providers {
		if p.Download == nil {
			continue
		}
		key := p.Download(path.Base(n.path))
		if key == "" {
			continue
		}
		parts := f.siblings(n, func(name string) bool { return p.Download(name) == key })
		if len(parts) < 2 {
			continue
		}
		if some = f.lookTogether(parts); some {
			return true
		}
	}
	return false
}

// siblings are the folders and zips beside a node, and itself, whose names are
// wanted, in the order of their names.
func (f *finder) siblings(n node, wanted func(name string) bool) (parts []part) {
	dir := filepath.Dir(n.file)
	list, err := readNames(dir)
	if err != nil {
		return nil // the walk tells of it
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range list {
		at := path.Join(path.Dir(n.path), e.Name())
		if !wanted(e.Name()) || !e.IsDir() && !(e.Type().IsRegular() && isZipName(at)) {
			continue
		}
		info, err := e.Info()
		if err != nil || !f.src.Select.Takes(strings.TrimPrefix(at, originals+"/"), info) {
			continue
		}
		if f.src.Select.OneFileSystem && device(info) != device(n.info) {
			continue
		}
		parts = append(parts, part{filepath.Join(dir, e.Name()), ".", at, at})
	}
	return parts
}

// lookTogether asks the providers about parts laid over each other. What cannot
// be opened is left out, with a warning.
func (f *finder) lookTogether(parts []part) bool {
	where := place{name: path.Base(parts[0].at)}
	for _, one := range parts {
		inner, err := unwrapped(one, f.providers)
		if err != nil {
			f.notLookedInto(one.file, "a part of a download, not looked into", err)
			continue
		}
		where.parts = append(where.parts, inner)
	}
	if len(where.parts) == 0 {
		return false
	}
	fsys, closeAll, err := where.open()
	if err != nil {
		f.notLookedInto(where.file(), "not looked into", err)
		return false
	}
	defer closeAll()
	some := f.recognise(fsys, place{name: where.name, parts: where.parts})
	for _, one := range append(parts, where.parts...) {
		f.joined[one.at] = some
	}
	return some
}

// unwrapped is the folder within a part that has the same download's name: zips
// are packed with their folder, and unpacked into a folder more, now and then.
func unwrapped(one part, providers []chat.Provider) (part, error) {
	e, err := archive.OpenPath(one.file, archive.Limits{})
	if err != nil {
		return one, err
	}
	defer e.Close()
	list, err := fs.ReadDir(e.FS, ".")
	if err != nil {
		return one, err
	}
	for _, d := range list {
		for _, p := range providers {
			if p.Download == nil || !d.IsDir() {
				continue
			}
			if key := p.Download(d.Name()); key != "" && key == p.Download(path.Base(one.at)) {
				return part{one.file, d.Name(), path.Join(one.at, d.Name()), one.node}, nil
			}
		}
	}
	return one, nil
}
