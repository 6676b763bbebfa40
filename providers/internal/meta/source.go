package meta

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"sort"
	"strings"

	"chatkeep/providers/chat"
)

// source is one export: the threads of a download, or those of the export of
// encrypted chats.
type source struct {
	app     *App
	fsys    fs.FS
	match   chat.Match
	options chat.Options
	layout  *layout
	media   *media
	threads []*thread
	byID    map[string]*thread
	last    *thread // that was surveyed, and whose records may be held

	self     string // the owner's name in its normal form, or ""
	looked   bool   // for the owner
	met      bool   // in a thread
	trouble  []error
	ignored  map[string]int
	warnings []string
}

// Open makes a source of a match.
func (a *App) Open(fsys fs.FS, m chat.Match, o chat.Options) (chat.Source, error) {
	if m.Route != RouteJSON && m.Route != RouteHTML && (m.Route != RouteE2EE || !a.Encrypted) {
		return nil, fmt.Errorf("%s: no route %q", a.Name, m.Route)
	}
	if o.DateOrder != "" && o.DateOrder != "dmy" && o.DateOrder != "mdy" && o.DateOrder != "ymd" {
		return nil, fmt.Errorf("date order %q: want dmy, mdy or ymd", o.DateOrder)
	}
	l, trouble := explore(fsys, m.Path)
	s := &source{
		app: a, fsys: fsys, match: m, options: o, layout: l, trouble: trouble,
		media: &media{fsys: fsys, root: l.root, used: map[string]bool{}},
		byID:  map[string]*thread{}, ignored: map[string]int{},
	}
	if m.Route == RouteE2EE {
		for _, name := range l.encrypted {
			s.add(&place{dir: path.Dir(name), files: []string{name}}, encrypted)
		}
		return s, nil
	}
	for _, p := range l.places {
		if p.html {
			s.add(p, inHTML)
		} else {
			s.add(p, inJSON)
		}
		s.ignore("pages that say the same as the JSON beside them", p.ignored)
	}
	for i, name := range l.notes {
		if i == maxNotes {
			s.ignore("other files without threads", len(l.notes)-i)
			break
		}
		s.ignore("not a thread: "+path.Base(name), 1)
	}
	return s, nil
}

// maxNotes bounds how many files without threads are named.
const maxNotes = 24

// shelves is how much a thread may hold to be sorted, but for tests.
var shelves = shelfSize

func (s *source) add(p *place, f *form) {
	s.threads = append(s.threads, &thread{s: s, place: p, form: f, order: s.options.DateOrder, limit: shelves})
}

func (s *source) ignore(reason string, n int) {
	if n > 0 {
		s.ignored[reason] += n
	}
}

func (s *source) isSelf(name string) bool {
	self := s.self != "" && chat.NormalText(name) == s.self
	s.met = s.met || self
	return self
}

// Conversations yields each thread, in the order of the sections, and then what
// could not be listed.
func (s *source) Conversations(ctx context.Context) iter.Seq2[*chat.Conversation, error] {
	return func(yield func(*chat.Conversation, error) bool) {
		s.findSelf()
		for _, t := range s.threads {
			if err := s.survey(ctx, t); err != nil {
				yield(nil, err)
				return
			}
			var more bool
			if t.chat == nil {
				more = yield(nil, t.faults[0])
			} else {
				more = yield(t.chat, nil)
			}
			if !more {
				return
			}
		}
		trouble := s.trouble
		if len(s.threads) == 0 && len(trouble) == 0 {
			trouble = []error{errNoThreads}
		}
		for _, err := range trouble {
			if !yield(nil, err) {
				return
			}
		}
	}
}

// errNoThreads is what a part of a download without any thread gives.
var errNoThreads = &hintError{"no messages here: this seems to be one part of a download, and they are in another", "put all its zips side by side into one folder and hand that folder over"}

// survey reads a thread for the first time. It is a conversation unless nothing
// of it could be read.
func (s *source) survey(ctx context.Context, t *thread) error {
	if t.surveyed {
		return nil
	}
	if s.last != nil {
		s.last.held = nil
	}
	s.last = t
	if err := t.survey(ctx); err != nil {
		return err
	}
	if len(t.stretches) > 0 || len(t.faults) == 0 || t.title != "" || len(t.people) > 0 {
		t.describe()
	}
	return nil
}

// Messages streams a thread.
func (s *source) Messages(ctx context.Context, c *chat.Conversation) iter.Seq2[*chat.Message, error] {
	return func(yield func(*chat.Message, error) bool) {
		t := s.byID[c.ID]
		if t == nil {
			yield(nil, errors.New("no such conversation in this export"))
			return
		}
		t.messages(ctx, yield)
	}
}

// Coverage tells what the export has of a thread.
func (s *source) Coverage(c *chat.Conversation) chat.Coverage {
	if t := s.byID[c.ID]; t != nil {
		return t.cover
	}
	return chat.Coverage{Conversation: c.ID}
}

// Accounts tells where the export went.
func (s *source) Accounts() chat.Accounts {
	a := chat.Accounts{Ignored: s.ignored, Warnings: slices.Clone(s.warnings)}
	warn := func(n int, text string) {
		if n > 0 {
			a.Warnings = append(a.Warnings, fmt.Sprintf(text, n))
		}
	}
	if s.options.Me != "" && !s.met {
		a.Warnings = append(a.Warnings, "nobody here is called as --me says")
	}
	warn(s.layout.bare, "threads with media and without messages: %d; is a part of the download missing?")
	cutover, pages := 0, 0
	for _, t := range s.threads {
		if t.place.section == "e2ee_cutover" {
			cutover++
		}
		if t.form == inHTML {
			pages++
		}
	}
	warn(cutover, "threads that became end-to-end encrypted: %d; what was written since is in an export of its own: chatkeep explain "+s.app.Name)
	warn(pages, "threads as pages, which say less than JSON does, and have times without a zone: %d; ask for the download in JSON")
	if s.match.Whole {
		a.Unused = s.unused()
	}
	return a
}

// unused are the files of the export that nothing was read from and no message
// named. What another route reads is left to that.
func (s *source) unused() (list []string) {
	root := s.match.Path
	if !isDir(s.fsys, root) {
		root = path.Dir(root)
	}
	others := s.others()
	fs.WalkDir(s.fsys, root, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // that was told when it was listed
		}
		if e.IsDir() && slices.Contains(others, p) {
			return fs.SkipDir
		}
		if !e.IsDir() && !s.media.used[p] && !slices.Contains(others, p) {
			list = append(list, p)
		}
		return nil
	})
	sort.Strings(list)
	return list
}

// others are what the other route reads of a folder that has both.
func (s *source) others() (list []string) {
	if s.match.Route != RouteE2EE && s.app.Encrypted && len(s.layout.encrypted) > 0 {
		return append(slices.Clone(s.layout.encrypted), path.Join(s.layout.root, "media"))
	}
	if s.match.Route == RouteE2EE && len(s.layout.places) > 0 {
		for _, p := range s.layout.places {
			first, _, _ := strings.Cut(strings.TrimPrefix(p.dir, s.layout.root+"/"), "/")
			list = append(list, path.Join(s.layout.root, first))
		}
		return append(list, s.layout.notes...)
	}
	return nil
}

// Close frees nothing: files are open only while they are read.
func (s *source) Close() error { return nil }
