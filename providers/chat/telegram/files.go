package telegram

import (
	"errors"
	"hash/maphash"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/text/unicode/norm"

	"chatkeep/providers/chat"
)

// files are the files of an export. Which of them messages name is remembered as
// eight bytes each: there may be millions.
type files struct {
	fsys fs.FS
	seed maphash.Seed
	used map[uint64]struct{}
}

func newFiles(fsys fs.FS) *files {
	return &files{fsys: fsys, seed: maphash.MakeSeed(), used: map[uint64]struct{}{}}
}

// find fills in the file at a path of the export, or why there is none. The path
// is what the export says: it may lead anywhere.
func (f *files) find(a *chat.Attachment, p string) {
	if a.Name == "" {
		a.Name = path.Base(strings.ReplaceAll(p, `\`, "/"))
	}
	if a.MIME == "" && (a.Role == "sticker" || a.Role == "thumbnail") {
		a.MIME = types[strings.ToLower(path.Ext(p))]
	}
	if !fs.ValidPath(p) || p == "." {
		a.State, a.Why = chat.Missing, "its path is none within the export"
		return
	}
	info, at, err := f.stat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		a.State, a.Why = chat.Missing, "not in the export"
	case err != nil || !info.Mode().IsRegular():
		a.State, a.Why = chat.Failed, "not a plain file"
	default:
		a.State, a.Size, a.File = chat.Stored, info.Size(), at
		f.use(at)
	}
}

// emoji adds the picture of a custom emoji to a message, once.
func (f *files) emoji(m *chat.Message, p string) {
	a := chat.Attachment{Role: "sticker"}
	f.find(&a, p)
	for i := range m.Attachments {
		if b := &m.Attachments[i]; b.Role == a.Role && b.File == a.File && b.Name == a.Name {
			return
		}
	}
	m.Attachments = append(m.Attachments, a)
}

// stat looks a path up, as it is and with letters composed or decomposed, as
// macOS and zips of it have them.
func (f *files) stat(p string) (info fs.FileInfo, at string, err error) {
	info, err = fs.Stat(f.fsys, p)
	for _, form := range [...]norm.Form{norm.NFC, norm.NFD} {
		if err == nil {
			break
		}
		if q := form.String(p); q != p {
			if other, otherErr := fs.Stat(f.fsys, q); otherErr == nil {
				return other, q, nil
			}
		}
	}
	return info, p, err
}

func (f *files) use(p string) { f.used[maphash.String(f.seed, p)] = struct{}{} }

// unused are the files of the export that nothing named.
func (f *files) unused() (list []string) {
	fs.WalkDir(f.fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			if _, used := f.used[maphash.String(f.seed, p)]; !used {
				list = append(list, p)
			}
		}
		return nil
	})
	return list
}
