package backup

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/archive"
)

// found is one export that was recognised below a source.
type found struct {
	provider chat.Provider
	match    chat.Match
	file     string // on this machine: the folder, zip or file it is in
	folder   string // of a zip, "." for its root
	at       string // in the snapshot: what paths within the export are relative to
	name     string // that it came under
}

// finder looks for exports.
type finder struct {
	providers []chat.Provider
	warn      func(string)
	found     []found
	other     int64 // plain files in folders where nothing was recognised
	bytes     int64 // of all plain files
	whole     []string
}

// discover finds every export below a source, in the order of the walk. What is
// only similar to an export is none; trouble with looking is a warning.
func discover(ctx context.Context, src *Source, warn func(string)) (*finder, error) {
	f := &finder{providers: src.Providers, warn: warn}
	if src.App == "files" {
		f.providers = nil
	} else if src.App != "" {
		f.providers = slices.DeleteFunc(slices.Clone(f.providers), func(p chat.Provider) bool { return p.Name != src.App })
		if len(f.providers) == 0 {
			return nil, fmt.Errorf("there is no app %q; chatkeep explain lists them", src.App)
		}
	}
	if len(f.providers) == 0 {
		return f, nil
	}
	claimed := map[string]bool{} // folders with an export in them
	err := walk(ctx, src.Path, &src.Select, func(n node) error {
		if n.info == nil {
			return nil
		}
		if n.info.Mode().IsRegular() {
			f.bytes += n.info.Size()
		}
		switch {
		case f.within(n.path):
		case n.info.IsDir():
			claimed[n.path] = f.look(n.file, n.path, n.path)
		case !n.info.Mode().IsRegular():
		case strings.EqualFold(path.Ext(n.path), ".zip"):
			if !f.look(n.file, n.path, n.path) {
				f.other++
			}
		case n.path == originals+"/"+path.Base(n.path) && !claimed[originals] && f.isRoot(src, n):
			if !f.look(n.file, originals, n.path) {
				f.other++
			}
		case !claimed[path.Dir(n.path)]:
			f.other++
		}
		return nil
	})
	return f, err
}

// isRoot reports whether the source is this one file.
func (f *finder) isRoot(src *Source, n node) bool { return n.file == src.Path }

// within reports whether a path belongs to an export that takes its whole folder.
func (f *finder) within(p string) bool {
	return slices.ContainsFunc(f.whole, func(w string) bool { return strings.HasPrefix(p, w+"/") })
}

// maxZipFolders bounds in how many folders of a zip exports are looked for.
const maxZipFolders = 10_000

// look asks the providers about a folder, a file, or a zip and the folders in it.
func (f *finder) look(file, at, shown string) bool {
	export, err := archive.OpenPath(file, archive.Limits{})
	if err != nil {
		f.warn(fmt.Sprintf("%s: not looked into: %v", file, err))
		return false
	}
	defer export.Close()
	where := found{file: file, at: at, name: export.Name, folder: "."}
	if export.Zip == nil {
		return f.recognise(export.FS, where, shown)
	}
	some, folders := false, 0
	err = fs.WalkDir(export.FS, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || f.within(path.Join(shown, p, "x")) {
			return err
		}
		if folders++; folders > maxZipFolders {
			f.warn(fmt.Sprintf("%s: more than %d folders, the rest not looked into", file, maxZipFolders))
			return fs.SkipAll
		}
		inside := where
		if p != "." {
			inside.folder, inside.at, inside.name = p, path.Join(at, p), path.Base(p)
		}
		sub, err := fs.Sub(export.FS, p)
		if err == nil && f.recognise(sub, inside, path.Join(shown, p)) {
			some = true
		}
		return err
	})
	if err != nil {
		f.warn(fmt.Sprintf("%s: not looked into further: %v", file, err))
	}
	return some
}

// candidate is what one provider makes of a folder.
type candidate struct {
	provider chat.Provider
	match    chat.Match
}

// recognise asks the providers about one folder.
func (f *finder) recognise(fsys fs.FS, where found, shown string) bool {
	byPath := map[string][]candidate{}
	for _, p := range f.providers {
		matches, err := p.Recognize(fsys)
		if err != nil {
			f.warn(fmt.Sprintf("%s: %s: %v", where.file, p.Name, err))
		}
		for _, m := range matches {
			byPath[m.Path] = append(byPath[m.Path], candidate{p, m})
		}
	}
	for _, p := range slices.Sorted(maps.Keys(byPath)) {
		list := byPath[p]
		slices.SortStableFunc(list, func(a, b candidate) int { return b.match.Sure - a.match.Sure })
		if len(list) > 1 && list[0].match.Sure == list[1].match.Sure {
			f.warn(fmt.Sprintf("%s: could be %s or %s: say which by --app", filepath.Join(where.file, p), list[0].provider.Name, list[1].provider.Name))
			continue
		}
		one := where
		one.provider, one.match = list[0].provider, list[0].match
		if one.match.Whole {
			f.whole = append(f.whole, shown)
		}
		f.found = append(f.found, one)
	}
	return len(byPath) > 0
}
