package meta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// thread is one conversation of an export.
type thread struct {
	s     *source
	place *place
	form  *form
	order string // of day and month in its times

	// what its files say of it
	title   string
	path    string // thread_path
	isGroup bool
	size    int      // how many take part, of whom several may share the name of deleted accounts
	people  []string // in the order of the files
	listed  map[string]bool

	native    string
	chat      *chat.Conversation
	known     map[string]string // ids of participants by name
	surveyed  bool
	stretches []stretch
	faults    []error
	limit     int    // of a shelf
	held      *shelf // all records, where they fit and the thread was surveyed last
	rising    int    // how much oftener a file's times rise than fall
	cover     chat.Coverage
}

// survey reads the files of a thread, once: what they say of it, which records
// they have, and what is wrong with them. The oldest file is read first.
func (t *thread) survey(ctx context.Context) error {
	if t.surveyed {
		return nil
	}
	t.held, t.stretches, t.faults, t.rising = &shelf{limit: t.limit}, nil, nil, 0
	for i := len(t.place.files) - 1; i >= 0; i-- {
		if err := t.surveyFile(ctx, i); err != nil {
			return err
		}
	}
	slices.SortStableFunc(t.faults, func(a, b error) int { return cutOff(a) - cutOff(b) })
	t.surveyed = true
	return nil
}

// cutOff is 1 for the error that ends a stream.
func cutOff(err error) int {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return 1
	}
	return 0
}

func (t *thread) surveyFile(ctx context.Context, i int) error {
	name := t.place.files[i]
	f, err := t.s.fsys.Open(name)
	if err != nil {
		t.faults = append(t.faults, err)
		return nil
	}
	defer f.Close()
	var now *stretch
	last := int64(newest)
	err = t.form.scan(t, f, nil, func(e entry, at int64) bool {
		e.file = i
		if now == nil || e.at != now.first+now.records || now.size >= stretchSize && t.form.clock != "" {
			t.stretches = append(t.stretches, stretch{file: i, start: at, first: e.at, before: last, low: e.rank, high: e.rank})
			now = &t.stretches[len(t.stretches)-1]
		}
		now.records++
		now.size += e.size()
		now.low, now.high = min(now.low, e.rank), max(now.high, e.rank)
		if e.at > 0 && e.rank > last {
			t.rising++
		} else if e.at > 0 && e.rank < last {
			t.rising--
		}
		last = e.rank
		t.hold(e)
		return e.at%1024 != 0 || ctx.Err() == nil
	})
	t.s.media.used[name] = now != nil || t.form == encrypted
	if err != nil {
		t.faults = append(t.faults, fmt.Errorf("%s: %w", name, err))
	}
	return ctx.Err()
}

// hold keeps a record for the reading that follows, unless there are too many.
func (t *thread) hold(e entry) {
	if t.held == nil {
		return
	}
	if t.held.keep(e); t.held.size > t.limit {
		t.held = nil
	}
}

// read reads the records of stretches again, each file once and forward.
func (t *thread) read(ctx context.Context, stretches []stretch, each func(entry)) error {
	stretches = slices.Clone(stretches)
	slices.SortFunc(stretches, func(a, b stretch) int {
		if a.file != b.file {
			return b.file - a.file
		}
		return a.first - b.first
	})
	for len(stretches) > 0 {
		n := 1
		for n < len(stretches) && stretches[n].file == stretches[0].file {
			n++
		}
		if err := t.readFile(ctx, stretches[:n], each); err != nil {
			return err
		}
		stretches = stretches[n:]
	}
	return nil
}

func (t *thread) readFile(ctx context.Context, stretches []stretch, each func(entry)) error {
	name := t.place.files[stretches[0].file]
	f, err := t.s.fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := &forward{r: f}
	for i := 0; i < len(stretches); i++ {
		s := stretches[i]
		for i+1 < len(stretches) && stretches[i+1].first == s.first+s.records {
			i++ // what follows at once is read on
			s.records += stretches[i].records
		}
		if err := r.to(s.start); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		err := t.form.scan(t, r, &s, func(e entry, _ int64) bool {
			e.file = s.file
			each(e)
			return e.at%1024 != 0 || ctx.Err() == nil
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !t.told(name, err) {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// told says whether the survey met the same trouble with a file.
func (t *thread) told(name string, err error) bool {
	text := name + ": " + err.Error()
	return slices.ContainsFunc(t.faults, func(f error) bool { return f.Error() == text })
}

// forward is a file read from place to place.
type forward struct {
	r  io.Reader
	at int64
}

func (f *forward) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.at += int64(n)
	return n, err
}

// to goes to a place, which is ahead unless the file can be sought in.
func (f *forward) to(place int64) error {
	if s, ok := f.r.(io.Seeker); ok {
		_, err := s.Seek(place, io.SeekStart)
		f.at = place
		return err
	}
	_, err := io.CopyN(io.Discard, f, place-f.at)
	return err
}

// head takes in what a file of a download says of its thread.
func (t *thread) head(name string, v jsonstream.Value) {
	switch name {
	case "participants":
		t.list(v)
	case "title", "threadName":
		if s, ok := text(v); t.title == "" {
			t.title = s
			t.odd(name, !ok)
		}
	case "thread_path":
		if s, ok := text(v); t.path == "" {
			t.path = s
			t.odd(name, !ok)
		}
	case "thread_type":
		s, ok := v.Text()
		t.isGroup = t.isGroup || s == "RegularGroup"
		t.odd(name, !ok)
	case "joinable_mode":
		t.isGroup = true
		t.odd(name, true)
	case "is_still_participant":
		t.odd(name, v.Kind() != 't')
	case "magic_words":
		t.odd(name, v.Compact() != "[]")
	case "image":
		t.odd(name, true)
	default:
		t.s.ignore("thread: a key that is not known", 1)
	}
}

// odd counts what a thread says and records have no place for.
func (t *thread) odd(key string, is bool) {
	if is {
		t.s.ignore("thread: "+key, 1)
	}
}

// list takes in those who take part.
func (t *thread) list(v jsonstream.Value) {
	n := 0
	for p := range v.Elements() {
		n++
		who, ok := text(p.Get("name"))
		if !ok {
			who, ok = text(p)
		}
		t.add(who)
		t.odd("participants", !ok)
	}
	t.size = max(t.size, n)
	t.odd("participants", v.Kind() != '[')
}

// add takes in one who takes part.
func (t *thread) add(name string) {
	if name == "" || t.listed[name] {
		return
	}
	if t.listed == nil {
		t.listed = map[string]bool{}
	}
	t.listed[name] = true
	t.people = append(t.people, name)
}

// numbered is how the export of encrypted chats ends the names of its threads.
var numbered = regexp.MustCompile(`_\d+$`)

// describe makes the conversation of what the survey found.
func (t *thread) describe() {
	c := &chat.Conversation{Platform: t.s.app.Name, Kind: chat.Direct, Route: t.form.route, Path: t.place.dir}
	if t.place.dir == "." || t.form == encrypted {
		c.Path = t.place.files[0]
	}
	if t.place.numbered() {
		c.Files = t.place.files
	}
	if t.isGroup || max(t.size, len(t.people)) > 2 {
		c.Kind = chat.Group
	}
	if len(t.people) == 1 && t.s.isSelf(t.people[0]) {
		c.Kind = chat.Self
	}
	c.Title = t.title
	if t.form == encrypted {
		c.Title = numbered.ReplaceAllString(c.Title, "")
	}
	if c.Title == "" {
		c.Title = t.others()
	}
	if t.s.options.Chat != "" && len(t.s.threads) == 1 {
		c.Title = t.s.options.Chat
	}
	t.identify(c)
	t.chat, t.known = c, map[string]string{}
	for _, name := range t.people {
		t.person(name)
	}
}

// pointer leads to a record that its time tells from others: in the folder of the
// files that a download fills anew, else in its file.
func (t *thread) pointer(e *entry, at string) chat.Pointer {
	if t.place.numbered() {
		return chat.Pointer{File: t.place.dir, At: at}
	}
	return chat.Pointer{File: t.place.files[e.file], At: at}
}

// others are the names of those who take part besides the owner.
func (t *thread) others() string {
	var names []string
	for _, name := range t.people {
		if !t.s.isSelf(name) {
			names = append(names, name)
		}
	}
	switch {
	case len(names) > 0:
		return strings.Join(names, ", ")
	case t.place.dir == ".":
		return strings.TrimSuffix(t.place.files[0], path.Ext(t.place.files[0]))
	}
	return path.Base(t.place.dir)
}

// identify gives the conversation its id. A thread of a download is known by the
// last part of its path: which section it lies in changes when it is archived, or
// becomes encrypted. Encrypted chats have nothing but a name, and those who take
// part where two have the same.
func (t *thread) identify(c *chat.Conversation) {
	var names []string
	switch {
	case t.form == encrypted:
		people := slices.Clone(t.people)
		slices.Sort(people)
		names = []string{"e2ee/" + c.Title, "e2ee/" + c.Title + "/" + strings.Join(people, ", "), t.place.files[0]}
	case t.path != "":
		names = []string{path.Base(t.path), t.path, t.place.dir}
	case t.place.dir != ".":
		names = []string{path.Base(t.place.dir), t.place.dir}
	default:
		names = []string{"title/" + c.Title, t.place.files[0]}
	}
	for n := 0; ; n++ {
		name := names[min(n, len(names)-1)]
		if n >= len(names) {
			name += "/" + strconv.Itoa(n)
		}
		if id := chat.ConversationID(c.Platform, "", name, ""); t.s.byID[id] == nil {
			c.ID, c.NativeID, t.native = id, name, name
			t.s.byID[id] = t
			return
		}
	}
}

// person is the id of one who takes part, by name. Who is not listed, as one who
// left, takes part from the first message on.
func (t *thread) person(name string) string {
	if name == "" {
		return ""
	}
	if id, ok := t.known[name]; ok {
		return id
	}
	id := chat.ParticipantID(t.s.app.Name, "", "", name)
	t.known[name] = id
	from := "export"
	if isDeleted(name) {
		from = "system"
	}
	t.chat.Participants = append(t.chat.Participants, chat.Participant{
		ID: id, Names: []chat.Name{{Value: name, From: from}}, Self: t.s.isSelf(name),
	})
	return id
}

// isDeleted says whether a name is the one that all deleted accounts share.
func isDeleted(name string) bool {
	return strings.EqualFold(name, "Facebook user") || strings.EqualFold(name, "Instagram user")
}

// messages yields the messages of a thread, the oldest first, and then what was
// wrong with its files.
func (t *thread) messages(ctx context.Context, yield func(*chat.Message, error) bool) {
	b := newBuilder(t)
	t.cover = chat.Coverage{Conversation: t.chat.ID, Complete: len(t.faults) == 0}
	if !t.cover.Complete {
		t.cover.WhyIncomplete = "a file of the thread could not be read to its end"
	} else if gap := t.place.gap(); gap != "" {
		t.cover.Complete, t.cover.WhyIncomplete = false, gap+" is not in this export: is a part of the download missing?"
	}
	n := 0
	err := t.sorted(ctx, func(e *entry) error {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		m, err := b.build(e)
		if err != nil {
			m = nil
		}
		if !yield(m, err) {
			return errStopped
		}
		return nil
	})
	if errors.Is(err, errStopped) {
		return
	}
	faults := t.faults
	if err != nil {
		faults = append([]error{err}, faults...)
	}
	for _, err := range faults {
		if !yield(nil, err) {
			return
		}
	}
}

// errStopped ends a stream whose reader has had enough.
var errStopped = errors.New("stopped")
