package meta

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/peek"
)

const (
	// headSize is how much of a file is looked at to recognise it, in bytes.
	headSize = 16 << 10
	// maxLoose bounds the loose files looked at in a folder, and maxThreads the
	// threads of each section.
	maxLoose, maxThreads = 48, 2
)

// Recognize finds the exports of the app in the root of fsys: a download, the
// folder of it that has the messages, a section, a thread, or loose files of
// threads.
func (a *App) Recognize(fsys fs.FS) ([]chat.Match, error) {
	list, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var found []chat.Match
	for _, dir := range append(slices.Clone(a.Activity), "messages") {
		inside := dir
		if dir != "messages" {
			inside += "/messages"
		}
		if !slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == dir && e.IsDir() }) {
			continue
		}
		g := a.glance(fsys, inside, dir != "messages")
		if g.threads {
			found = append(found, chat.Match{Route: g.route(), Path: dir, Sure: g.sure(), Whole: true})
		}
		if g.encrypted {
			found = append(found, chat.Match{Route: RouteE2EE, Path: dir, Sure: 95, Whole: true})
		}
	}
	if len(found) == 0 {
		found = a.here(fsys, list)
	}
	return slices.DeleteFunc(found, func(m chat.Match) bool { return m.Sure == 0 }), nil
}

// here takes the root for the folder of messages, for a section, or for a
// thread.
func (a *App) here(fsys fs.FS, list []fs.DirEntry) (found []chat.Match) {
	g := a.glance(fsys, ".", false)
	if g.encrypted {
		found = append(found, chat.Match{Route: RouteE2EE, Path: ".", Sure: 95, Whole: g.tidy && !g.threads})
	}
	if g.threads && g.tidy {
		return append(found, chat.Match{Route: g.route(), Path: ".", Sure: g.sure(), Whole: true})
	}
	if g.threads {
		// Among strangers' files each section is an export of its own.
		for _, section := range g.sections {
			found = append(found, chat.Match{Route: g.route(), Path: section, Sure: g.sure(), Whole: true})
		}
	}
	if len(found) > 0 {
		return found
	}
	return a.loose(fsys, list)
}

// glance is what a first look at a folder of messages gives.
type glance struct {
	app       *App
	named     bool // the folder's name is one that only this app gives
	sections  []string
	threads   bool // there are folders with threads, or with their media
	json      bool
	html      bool
	encrypted bool
	tidy      bool // there is nothing but what the apps put there
	own       int  // heads with marks of this app
	foreign   int  // with marks of the other
}

// route is the form of the threads. A part of a download that has media alone
// belongs to the form that has its text in files of its own.
func (g *glance) route() string {
	if g.html && !g.json {
		return RouteHTML
	}
	return RouteJSON
}

// sure is how certain it is that the threads are this app's.
func (g *glance) sure() int {
	switch {
	case g.named:
		return 98
	case g.own > 0 && g.foreign == 0:
		return 90
	case g.foreign > 0 && g.own == 0, g.route() == RouteHTML && !g.app.Bare:
		return 0
	}
	return 50
}

// glance looks at a few of the threads in a folder.
func (a *App) glance(fsys fs.FS, dir string, named bool) *glance {
	g := &glance{app: a, named: named, tidy: true}
	list, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return g
	}
	slugs, encrypted := 0, 0
	for _, e := range list {
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir() && slices.Contains(sections, e.Name()):
			g.sections = append(g.sections, e.Name())
			g.section(fsys, name)
		case e.IsDir() && isSlug(e.Name()) && slugs < maxThreads && len(g.sections) == 0:
			slugs++
			g.thread(fsys, name)
		case e.IsDir():
			g.tidy = g.tidy && (slices.Contains(beside, e.Name()) || isSlug(e.Name()))
		case a.Encrypted && encryptedFile(e.Name()):
			if encrypted++; encrypted <= maxThreads {
				head, _ := headOf(fsys, name)
				g.encrypted = g.encrypted || isEncrypted(head)
			}
		default:
			g.tidy = g.tidy && (path.Ext(e.Name()) == ".json" || path.Ext(e.Name()) == ".html")
		}
	}
	return g
}

// isSlug says whether a folder is named as threads are: letters of a title, a
// low line, and an id. Sections have low lines too.
func isSlug(name string) bool {
	i := strings.LastIndexByte(name, '_')
	return i >= 0 && i+1 < len(name) && !strings.ContainsAny(name[i+1:], " .-") && !slices.Contains(beside, name)
}

// section looks at the first threads of a section.
func (g *glance) section(fsys fs.FS, dir string) {
	list, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return
	}
	n := 0
	for _, e := range list {
		if !e.IsDir() {
			continue
		}
		if n++; n > maxThreads {
			return
		}
		g.thread(fsys, path.Join(dir, e.Name()))
	}
}

// thread looks at one thread. Where the folder's name leaves no doubt, a thread
// may be broken, or have nothing but media: its messages are in another part of
// the download then.
func (g *glance) thread(fsys fs.FS, dir string) {
	list, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return
	}
	p := newPlace(dir, "", list)
	if p == nil {
		media := slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.IsDir() && slices.Contains(beside, e.Name()) })
		g.threads = g.threads || g.named && media
		return
	}
	head, torn := headOf(fsys, p.files[0])
	if !g.named && !torn && (!p.html && !isThread(head) || p.html && !isPage(head)) {
		return
	}
	g.threads = true
	g.html, g.json = g.html || p.html, g.json || !p.html
	if g.app.Own.in(head) {
		g.own++
	}
	if g.app.Foreign.in(head) {
		g.foreign++
	}
}

// headOf is how a file begins, and whether one that a download numbers is damaged
// there. It is a thread all the same: its reader says what is wrong with it.
func headOf(fsys fs.FS, name string) (head []byte, torn bool) {
	head, err := peek.Head(fsys, name, headSize)
	n, _, _ := messageFile(path.Base(name))
	return head, n > 0 && peek.Torn(head, err)
}

// isEncrypted says whether a file begins as an encrypted chat's.
func isEncrypted(head []byte) bool {
	return isObject(head) && bytes.Contains(head, []byte(`"participants"`)) &&
		(bytes.Contains(head, []byte(`"threadName"`)) || bytes.Contains(head, []byte(`"senderName"`)))
}

// isThread says whether a file begins as a thread of a download. One without
// messages has no senders.
func isThread(head []byte) bool {
	has := func(key string) bool { return bytes.Contains(head, []byte(key)) }
	return isObject(head) && has(`"messages"`) && (has(`"sender_name"`) && has(`"timestamp_ms"`) || has(`"thread_path"`))
}

func isObject(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff"))), []byte("{"))
}

// loose looks at the files of a folder: one thread by the names that downloads
// give, and single files under other names.
func (a *App) loose(fsys fs.FS, list []fs.DirEntry) (found []chat.Match) {
	looked, strangers := 0, 0
	thread := newPlace(".", "", list)
	for _, e := range list {
		ext := path.Ext(e.Name())
		_, _, numbered := messageFile(e.Name())
		switch {
		case e.IsDir() || numbered || ext != ".json" && ext != ".html":
			if !numbered && !slices.Contains(beside, e.Name()) {
				strangers++
			}
			continue
		case looked == maxLoose:
			continue
		}
		looked++
		head, _ := headOf(fsys, e.Name())
		if sure := a.judge(e.Name(), head); sure > 0 {
			found = append(found, chat.Match{Route: ext[1:], Path: e.Name(), Sure: sure})
		} else {
			strangers++
		}
	}
	if thread == nil {
		return found
	}
	first := thread.files[0]
	head, torn := headOf(fsys, first)
	sure := a.judge(first, head)
	if sure == 0 && torn {
		sure = 30
	}
	return append(found, chat.Match{Route: path.Ext(first)[1:], Path: first, Sure: sure, Whole: strangers == 0 && len(found) == 0})
}

// judge says how sure it is that a loose file is a thread of this app, from 0 to
// 100.
func (a *App) judge(name string, head []byte) int {
	_, ext, numbered := messageFile(name)
	if ext == "" {
		ext = path.Ext(name)
	}
	if ext == ".html" {
		return a.judgePage(numbered, head)
	}
	if !isThread(head) {
		return 0
	}
	own, foreign := a.Own.in(head), a.Foreign.in(head)
	lower := strings.ToLower(name)
	switch {
	case own && !foreign:
		return 90
	case foreign && !own:
		return 0
	case strings.Contains(lower, a.Name):
		return 80
	case own || len(head) == headSize || bytes.Contains(head, []byte(`"thread_path"`)):
		return 50
	case numbered == a.Bare:
		return 40
	}
	return 0
}
