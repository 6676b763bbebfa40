package whatsapp

import (
	"io/fs"
	"path"
	"sort"

	"golang.org/x/text/unicode/norm"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/mediatype"
)

// files are the media beside a text. Their names may be composed or decomposed
// (macOS) while the text writes them the other way.
type files struct {
	fsys   fs.FS
	dir    string
	byName map[string]fs.DirEntry // by composed name
	used   map[string]bool
}

func listFiles(fsys fs.FS, text string) (*files, error) {
	f := &files{fsys: fsys, dir: path.Dir(text), byName: map[string]fs.DirEntry{}, used: map[string]bool{}}
	list, err := fs.ReadDir(fsys, f.dir)
	if err != nil && len(list) == 0 {
		return nil, err
	}
	for _, e := range list {
		key := norm.NFC.String(e.Name())
		if _, ok := f.byName[key]; !ok {
			f.byName[key] = e
		}
	}
	f.used[text] = true
	return f, nil
}

// resolve finds the file of a medium.
func (f *files) resolve(m media) chat.Attachment {
	a := chat.Attachment{Role: m.role, Name: unindexed(m.name), MIME: mediatype.ByName(m.name), State: m.state, Why: m.why}
	if m.state != "" {
		return a
	}
	e, ok := f.byName[norm.NFC.String(m.name)]
	if !ok {
		a.State, a.Why = chat.Missing, "not in the export"
		return a
	}
	info, err := e.Info()
	if err != nil || !info.Mode().IsRegular() {
		a.State, a.Why = chat.Failed, "not a plain file"
		return a
	}
	a.State, a.Size = chat.Stored, info.Size()
	a.File = path.Join(f.dir, e.Name())
	f.used[a.File] = true
	return a
}

// unused are the files at and below the text's folder that no message named.
func (f *files) unused() (list []string) {
	fs.WalkDir(f.fsys, f.dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !f.used[p] {
			list = append(list, p)
		}
		return nil
	})
	sort.Strings(list)
	return list
}
