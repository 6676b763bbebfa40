package android

import (
	"hash/maphash"
	"io/fs"
	"path"
	"sort"
	"strings"

	"chatkeep/providers/chat"
)

// files are the media beside a database. Of those that were named it remembers a
// number each.
type files struct {
	fsys fs.FS
	tops []string // that have Media in them
	seed maphash.Seed
	used map[uint64]bool
}

func newFiles(fsys fs.FS, at *place) *files {
	f := &files{fsys: fsys, seed: maphash.MakeSeed(), used: map[uint64]bool{}}
	for _, top := range at.tops {
		if isDir(fsys, path.Join(top, "Media")) {
			f.tops = append(f.tops, top)
		}
	}
	return f
}

// mediaPath takes off what stands before Media/ in a path of the phone: the database
// has it from there on, or from the root of the phone. It is "" for what is no path.
func mediaPath(name string) string {
	const media = "Media/"
	if !strings.HasPrefix(name, media) {
		i := strings.Index(name, "/"+media)
		if i < 0 {
			return ""
		}
		name = name[i+1:]
	}
	if !fs.ValidPath(name) {
		return ""
	}
	return name
}

// resolve fills in where the file of an attachment is.
func (f *files) resolve(a *chat.Attachment, name string) {
	rel := mediaPath(name)
	if rel == "" {
		a.State, a.Why = chat.Missing, "never downloaded to the phone"
		if name != "" {
			a.Why = "not among the app's media"
		}
		return
	}
	for _, top := range f.tops {
		full := path.Join(top, rel)
		info, err := fs.Stat(f.fsys, full)
		if err != nil {
			continue
		}
		if !info.Mode().IsRegular() {
			a.State, a.Why = chat.Failed, "not a plain file"
			return
		}
		a.State, a.File, a.Size = chat.Stored, full, info.Size()
		f.used[maphash.String(f.seed, full)] = true
		return
	}
	a.State, a.Why = chat.Missing, "not in the export"
}

// unused are the files of the export that no message named.
func (f *files) unused(database string) (list []string) {
	fs.WalkDir(f.fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && p != database && !f.used[maphash.String(f.seed, p)] {
			list = append(list, p)
		}
		return nil
	})
	sort.Strings(list)
	return list
}
