package backup

import (
	"context"
	"crypto/sha256"
	"errors"
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
	place
}

// finder looks for exports.
type finder struct {
	src       *Source
	providers []chat.Provider
	warn      func(string)
	which     func(what string, apps []string) string // nil where nobody is asked
	found     []found
	other     int64 // plain files in folders where nothing was recognised
	bytes     int64 // of all plain files
	whole     []string
	prints    map[string]*placePrint // of the nodes that exports lie at
	claimed   map[string]bool        // folders, and zips, with an export in them
	joined    map[string]bool        // paths of parts that were looked at together, and whether that gave anything
	troubles  []string               // of the warnings, those that a person has to hear
	root      string                 // the source, where it is one file
	shut      map[string]bool        // zips that are damaged or cut off, and whether they were to be exports
}

func newFinder(src *Source, warn func(string)) *finder {
	return &finder{src: src, providers: src.Providers, warn: warn, claimed: map[string]bool{}, joined: map[string]bool{}, prints: map[string]*placePrint{}, shut: map[string]bool{}}
}

// trouble warns of what a person has to hear, also where nothing else is said.
func (f *finder) trouble(text string) {
	f.troubles = append(f.troubles, text)
	f.warn(text)
}

// notLookedInto tells of a file that was not, or not wholly, looked into. Of one that
// may not be read the walk tells. A zip that is damaged or cut off counts as unparsed
// where its messages are missed: it is the source, or has the name of a download.
// Any other may have nothing to do with chats.
func (f *finder) notLookedInto(file, what string, err error) {
	text := fmt.Sprintf("%s: %s: %v", file, what, err)
	var at *fs.PathError
	if errors.As(err, &at) {
		f.warn(text)
		return
	}
	if _, told := f.shut[file]; told {
		return
	}
	f.shut[file] = file == f.root || slices.ContainsFunc(f.providers, func(p chat.Provider) bool {
		return p.Download != nil && p.Download(filepath.Base(file)) != ""
	})
	f.trouble(text)
}

// unparsed is how many zips count so.
func (f *finder) unparsed() (n int64) {
	for _, missed := range f.shut {
		if missed {
			n++
		}
	}
	return n
}

// discover finds every export below a source, in the order of the walk. What is
// only similar to an export is none; trouble with looking is a warning.
func discover(ctx context.Context, src *Source, warn func(string)) (*finder, error) {
	f := newFinder(src, warn)
	if src.Which != nil {
		f.which = func(what string, apps []string) string { return src.Which(ctx, what, apps) }
	}
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
	return f, walk(ctx, src.Path, &src.Select, func(n node) error {
		if n.info != nil {
			f.visit(n)
			f.print(n)
		}
		return nil
	})
}

// visit looks at one thing that the walk met.
func (f *finder) visit(n node) {
	if n.info.Mode().IsRegular() {
		f.bytes += n.info.Size()
	}
	if n.alone {
		f.root = n.file
	}
	switch {
	case f.within(n.path):
	case n.info.IsDir():
		f.claimed[n.path] = f.lookOrJoin(n)
	case !n.info.Mode().IsRegular():
	case isZipName(n.path):
		if !f.lookOrJoin(n) {
			f.other++
		}
	case n.alone:
		if f.claimed[originals] = f.look(n.file, originals); !f.claimed[originals] {
			f.other++
		}
	case !f.claimed[path.Dir(n.path)]:
		f.other++
	}
}

// print takes a node into the prints of what it is part of.
func (f *finder) print(n node) {
	for p := n.path; ; p = path.Dir(p) {
		if one := f.prints[p]; one != nil {
			one.add(n)
		}
		if p == originals || p == "." {
			return
		}
	}
}

func isZipName(p string) bool { return strings.EqualFold(path.Ext(p), ".zip") }

// isRoot reports whether the source is this one file or folder.
func (f *finder) isRoot(n node) bool { return n.alone || n.file == f.src.Path }

// within reports whether a path belongs to an export that takes its whole folder.
func (f *finder) within(p string) bool {
	return slices.ContainsFunc(f.whole, func(w string) bool { return p == w || strings.HasPrefix(p, w+"/") })
}

// maxZipFolders bounds in how many folders of a zip exports are looked for.
const maxZipFolders = 10_000

// look asks the providers about a folder, a file, or a zip and the folders in it.
func (f *finder) look(file, at string) bool {
	export, err := archive.OpenPath(file, archive.Limits{})
	if err != nil {
		f.notLookedInto(file, "not looked into", err)
		return false
	}
	defer export.Close()
	if export.Zip == nil {
		return f.recognise(export.FS, place{name: export.Name, parts: []part{{file, ".", at, at}}})
	}
	some, folders := false, 0
	err = fs.WalkDir(export.FS, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || f.within(path.Join(at, p)) {
			return err
		}
		if folders++; folders > maxZipFolders {
			f.warn(fmt.Sprintf("%s: more than %d folders, the rest not looked into", file, maxZipFolders))
			return fs.SkipAll
		}
		inside := place{name: export.Name, parts: []part{{file, p, path.Join(at, p), at}}}
		if p != "." {
			inside.name = path.Base(p)
		}
		sub, err := fs.Sub(export.FS, p)
		if err == nil && f.recognise(sub, inside) {
			some = true
		}
		return err
	})
	if err != nil {
		f.notLookedInto(file, "not looked into further", err)
	}
	return some
}

// candidate is what one provider makes of a path.
type candidate struct {
	provider chat.Provider
	matches  []chat.Match
	sure     int
}

// recognise asks the providers about one folder.
func (f *finder) recognise(fsys fs.FS, where place) bool {
	byPath := map[string][]candidate{}
	for _, p := range f.providers {
		matches, err := p.Recognize(fsys)
		if err != nil {
			f.warn(fmt.Sprintf("%s: %s: %v", where.file(), p.Name, err))
		}
		mine := map[string]candidate{}
		for _, m := range matches {
			c := mine[m.Path]
			mine[m.Path] = candidate{p, append(c.matches, m), max(c.sure, m.Sure)}
		}
		for at, c := range mine {
			byPath[at] = append(byPath[at], c)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(byPath)) {
		list := byPath[p]
		slices.SortStableFunc(list, func(a, b candidate) int { return b.sure - a.sure })
		if len(list) > 1 && list[0].sure == list[1].sure {
			if list = f.settle(filepath.Join(where.file(), p), list); list == nil {
				continue
			}
		}
		for _, m := range list[0].matches {
			f.take(fsys, found{list[0].provider, m, where})
		}
	}
	return len(byPath) > 0
}

// settle has a person say which of those that are equally sure it is, or gives nil.
func (f *finder) settle(what string, list []candidate) []candidate {
	var apps []string
	for _, c := range list {
		if c.sure == list[0].sure {
			apps = append(apps, c.provider.Name)
		}
	}
	slices.Sort(apps)
	if f.which != nil {
		if app := f.which(what+" could be of several apps", apps); app != "" {
			return slices.DeleteFunc(list, func(c candidate) bool { return c.provider.Name != app })
		}
	}
	f.trouble(fmt.Sprintf("%s: could be %s: say which by --app", what, strings.Join(apps, " or ")))
	return nil
}

// take keeps one export. What belongs to it as a whole is not looked at again.
func (f *finder) take(fsys fs.FS, one found) {
	f.found = append(f.found, one)
	for _, p := range one.parts {
		if f.prints[p.node] == nil {
			f.prints[p.node] = &placePrint{hash: sha256.New()}
		}
	}
	if !one.match.Whole {
		return
	}
	folder := "."
	if info, err := fs.Stat(fsys, one.match.Path); err == nil && info.IsDir() {
		folder = one.match.Path
	}
	for _, p := range one.parts {
		f.whole = append(f.whole, path.Join(p.at, folder))
	}
}
