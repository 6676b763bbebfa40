package meta

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// sections are the folders of threads, in the order in which they are read: of
// two threads with one name the first keeps it as its id.
var sections = []string{"inbox", "archived_threads", "filtered_threads", "message_requests", "e2ee_cutover"}

// beside are the folders next to sections that hold no threads.
var beside = []string{"stickers_used", "photos", "videos", "audio", "files", "gifs", "media"}

// messageFile takes "message_12.json" apart. The first downloads had one
// "message.json" a thread.
func messageFile(name string) (n int, ext string, ok bool) {
	rest, ok := strings.CutPrefix(name, "message")
	ext = path.Ext(rest)
	if !ok || ext != ".json" && ext != ".html" {
		return 0, "", false
	}
	digits := strings.TrimSuffix(rest, ext)
	if digits == "" {
		return 0, ext, true
	}
	if digits[0] != '_' || len(digits) > 9 {
		return 0, "", false
	}
	n, err := strconv.Atoi(digits[1:])
	return n, ext, err == nil && n >= 0
}

// encryptedFile says whether a name is that of an encrypted chat, "Anna_3.json".
func encryptedFile(name string) bool {
	stem, ok := strings.CutSuffix(name, ".json")
	i := strings.LastIndexByte(stem, '_')
	if _, _, message := messageFile(name); !ok || message || i < 1 || i+1 == len(stem) {
		return false
	}
	return strings.Trim(stem[i+1:], "0123456789") == ""
}

// place is where a thread lies: its folder, or, of loose files, the files.
type place struct {
	dir     string   // within the export
	section string   // "" where none is known
	files   []string // by number, the newest first
	html    bool
	ignored int // files that say the same in another form
}

// newPlace sorts out the files of a folder; nil is a folder without a thread.
func newPlace(dir, section string, list []fs.DirEntry) *place {
	numbers := map[string]int{}
	var inJSON, inHTML []string
	for _, e := range list {
		n, ext, ok := messageFile(e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		name := path.Join(dir, e.Name())
		numbers[name] = n
		if ext == ".json" {
			inJSON = append(inJSON, name)
		} else {
			inHTML = append(inHTML, name)
		}
	}
	p := &place{dir: dir, section: section, files: inJSON, ignored: len(inHTML)}
	if len(inJSON) == 0 {
		p.files, p.html, p.ignored = inHTML, true, 0
	}
	if len(p.files) == 0 {
		return nil
	}
	slices.SortFunc(p.files, func(a, b string) int {
		if numbers[a] != numbers[b] {
			return numbers[a] - numbers[b]
		}
		return strings.Compare(a, b)
	})
	return p
}

// numbered says whether the files are those that a download fills one after the
// other, in a folder of their own.
func (p *place) numbered() bool {
	_, _, ok := messageFile(path.Base(p.files[0]))
	return ok && p.dir != "."
}

// gap is the first file that is missing among those of a thread, or "".
func (p *place) gap() string {
	last := 0
	for _, name := range p.files {
		n, ext, _ := messageFile(path.Base(name))
		if n > last+1 {
			return "message_" + strconv.Itoa(last+1) + ext
		}
		last = n
	}
	return ""
}

// layout is where in an export the messages are.
type layout struct {
	root      string // the folder "messages"; "" where there is none
	places    []*place
	encrypted []string // files of encrypted chats
	notes     []string // other JSON and HTML beside the threads
	bare      int      // folders of threads that have media and no messages
}

// explore lists the threads of an export. What cannot be listed is left out and
// told as an error.
func explore(fsys fs.FS, at string) (*layout, []error) {
	l := &layout{}
	info, err := fs.Stat(fsys, at)
	if err != nil {
		return l, []error{err}
	}
	if !info.IsDir() {
		return l, l.loose(fsys, at)
	}
	l.root = at
	if inner := path.Join(at, "messages"); isDir(fsys, inner) {
		l.root = inner
	}
	return l, l.folder(fsys, l.root)
}

func isDir(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}

// loose takes one file as a thread, with the others of its numbers.
func (l *layout) loose(fsys fs.FS, at string) []error {
	html := path.Ext(at) == ".html"
	if _, _, ok := messageFile(path.Base(at)); !ok {
		l.places = []*place{{dir: path.Dir(at), files: []string{at}, html: html}}
		return nil
	}
	list, err := fs.ReadDir(fsys, path.Dir(at))
	if err != nil {
		return []error{err}
	}
	if p := newPlace(path.Dir(at), "", list); p != nil {
		l.places = []*place{p}
	}
	return nil
}

// folder finds the threads in a folder: of sections, of threads, or both.
func (l *layout) folder(fsys fs.FS, dir string) (errs []error) {
	list, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return []error{err}
	}
	var others []string
	for _, e := range list {
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir() && !slices.Contains(beside, e.Name()):
			if !slices.Contains(sections, e.Name()) {
				others = append(others, e.Name())
			}
		case encryptedFile(e.Name()):
			l.encrypted = append(l.encrypted, name)
		case path.Ext(e.Name()) == ".json" || path.Ext(e.Name()) == ".html":
			l.notes = append(l.notes, name)
		}
	}
	for _, section := range append(slices.Clone(sections), others...) {
		errs = append(errs, l.section(fsys, path.Join(dir, section), section)...)
	}
	return errs
}

// section takes a folder as one of threads, or as a thread itself.
func (l *layout) section(fsys fs.FS, dir, section string) (errs []error) {
	list, err := fs.ReadDir(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return []error{err}
	}
	if p := newPlace(dir, "", list); p != nil {
		l.places = append(l.places, p)
		return nil
	}
	for _, e := range list {
		if !e.IsDir() {
			continue
		}
		inner := path.Join(dir, e.Name())
		files, err := fs.ReadDir(fsys, inner)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if p := newPlace(inner, section, files); p != nil {
			l.places = append(l.places, p)
		} else if slices.Contains(sections, section) {
			l.bare++
		}
	}
	return errs
}
