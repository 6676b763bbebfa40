package android

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/crypt"
	"chatkeep/providers/internal/peek"
	"chatkeep/providers/internal/sqlite"
)

// The routes of this package.
const (
	RoutePlain = "android"
	RouteCrypt = "android-crypt"
)

// place is where the parts of one installation of the app lie in an export.
type place struct {
	database string   // what is read
	tops     []string // the folders that have Media, Backups, databases, files in them
	older    []string // databases that are not read
}

// What the app calls its databases.
var (
	currentName   = regexp.MustCompile(`^msgstore\.db(\.crypt(\d*))?$`)
	datedName     = regexp.MustCompile(`^msgstore-(\d{4}-\d{2}-\d{2})\.\d+\.db(\.crypt\d*)?$`)
	incrementName = regexp.MustCompile(`^msgstore-increment-.*\.db(\.crypt\d*)?$`)
	ownName       = regexp.MustCompile(`^(msgstore.*|wa\.db.*|axolotl\.db.*|chatsettings.*|stickers\.db.*|key|encrypted_backup\.key|` +
		`Media|Databases|databases|Backups|WhatsApp|WhatsApp Business|accounts|files|shared_prefs|cache|code_cache|no_backup|lib|app_.*|backup_settings\.json.*|\..*)$`)
)

// candidate is a database that could be read.
type candidate struct {
	path string
	rank string // the smallest is read
}

// candidates are the databases in a folder.
func candidates(fsys fs.FS, dir string) (list []candidate) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		if rank := rankOf(e.Name()); rank != "" {
			list = append(list, candidate{path.Join(dir, e.Name()), rank})
		}
	}
	return list
}

// rankOf orders the names of databases: one that is not encrypted, one without a
// date, the newest of those with one; "" for what is none.
func rankOf(name string) string {
	if m := currentName.FindStringSubmatch(name); m != nil {
		if m[1] == "" {
			return "0"
		}
		return "1" + descending(fmt.Sprintf("%3s", m[2]))
	}
	if m := datedName.FindStringSubmatch(name); m != nil {
		return "2" + descending(m[1])
	}
	return ""
}

// descending turns the order of texts of one length around.
func descending(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = 0x7f - b[i]
	}
	return string(b)
}

func best(list []candidate) candidate {
	return slices.MinFunc(list, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.path, b.path)) })
}

// below are folders within a folder of the app that may have its databases.
var below = []string{"databases", "Databases", "WhatsApp/Databases", "WhatsApp Business/Databases"}

// Recognize finds the database of an installation in the root of fsys, or in the
// folders that the app keeps it in.
func Recognize(fsys fs.FS) ([]chat.Match, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	found := candidates(fsys, ".")
	own, around := true, false
	for _, e := range entries {
		own = own && ownName.MatchString(e.Name())
		around = around || e.IsDir() && slices.Contains([]string{"Media", "Backups", "files", "shared_prefs"}, e.Name())
	}
	inner := within(fsys, entries)
	if len(found) == 0 && !own && !around {
		return nil, nil // what is further down is looked at for itself
	}
	all := append(found, inner...)
	if len(all) == 0 {
		return nil, nil
	}
	m := judge(fsys, best(all).path)
	m.Whole = own || len(inner) > 0
	return []chat.Match{m}, nil
}

// within are the databases in the folders below that there are.
func within(fsys fs.FS, entries []fs.DirEntry) (list []candidate) {
	for _, dir := range below {
		first, _, _ := strings.Cut(dir, "/")
		if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.IsDir() && e.Name() == first }) {
			list = append(list, candidates(fsys, dir)...)
		}
	}
	return list
}

// judge says by its first bytes what a database is. Its name alone is worth an error.
func judge(fsys fs.FS, name string) chat.Match {
	m := chat.Match{Route: RoutePlain, Path: name, Sure: 30}
	if strings.Contains(path.Base(name), ".crypt") {
		m.Route = RouteCrypt
	}
	switch head, _ := peek.Head(fsys, name, len(sqlite.Magic)); {
	case string(head) == sqlite.Magic:
		m.Route, m.Sure = RoutePlain, 98
	default:
		if _, err := crypt.OpenFile(fsys, name); err == nil {
			m.Route, m.Sure = RouteCrypt, 97
		}
	}
	return m
}

// placeOf finds the other parts of an installation by where its database is.
func placeOf(fsys fs.FS, database string) *place {
	p := &place{database: database}
	dir := path.Dir(database)
	for _, top := range []string{dir, path.Dir(dir), "."} {
		if !slices.Contains(p.tops, top) {
			p.tops = append(p.tops, top)
		}
	}
	for _, top := range slices.Clone(p.tops) {
		for _, inner := range []string{"WhatsApp", "WhatsApp Business"} {
			if dir := path.Join(top, inner); !slices.Contains(p.tops, dir) && isDir(fsys, dir) {
				p.tops = append(p.tops, dir)
			}
		}
	}
	p.findOlder(fsys)
	return p
}

func isDir(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}

// findOlder lists the databases of the app that are not read.
func (p *place) findOlder(fsys fs.FS) {
	for _, top := range p.tops {
		for _, dir := range []string{".", "databases", "Databases"} {
			entries, err := fs.ReadDir(fsys, path.Join(top, dir))
			if err != nil {
				continue
			}
			for _, e := range entries {
				name := path.Join(top, dir, e.Name())
				isStore := rankOf(e.Name()) != "" || incrementName.MatchString(e.Name())
				if isStore && !e.IsDir() && name != p.database && !slices.Contains(p.older, name) {
					p.older = append(p.older, name)
				}
			}
		}
	}
	slices.Sort(p.older)
}

// warnings say what of the app's own is not read, and why.
func (p *place) warnings() (list []string) {
	states, increments := 0, 0
	example := ""
	for _, name := range p.older {
		if incrementName.MatchString(path.Base(name)) {
			increments++
			continue
		}
		if states++; states == 1 {
			example = name
		}
	}
	if states > 0 {
		list = append(list, fmt.Sprintf("other states of %s are not read: %d, as %s", path.Base(p.database), states, example))
	}
	if increments > 0 {
		list = append(list, fmt.Sprintf("msgstore-increment-… is not read, %d times: what came after %s was made is in those alone, until the app makes it anew", increments, path.Base(p.database)))
	}
	return list
}

// find returns the files there are of these names, in the order of names and then of
// folders.
func (p *place) find(fsys fs.FS, names ...string) (list []string) {
	dirs := append([]string{path.Dir(p.database)}, p.tops...)
	for _, name := range names {
		for _, dir := range dirs {
			full := path.Join(dir, name)
			info, err := fs.Stat(fsys, full)
			if err == nil && info.Mode().IsRegular() && !slices.Contains(list, full) {
				list = append(list, full)
			}
		}
	}
	return list
}
