package restore

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
)

// Kind is a sort of what a snapshot gives back.
type Kind string

// The kinds.
const (
	KindMessages Kind = "messages" // the records of messages, below MessagesDir
	KindMedia    Kind = "media"    // files that the backup took for pictures, sound or video
	KindFiles    Kind = "files"    // all other files; a zip is one, whatever is in it
)

// Choice is a part of a snapshot that is chosen by what it is. The zero value
// is all of it. Chats and times choose messages, and of the files those that
// these messages name as attachments; without times also the files that the chats
// were read from. A zip comes back whole for anything that is in it.
type Choice struct {
	Chats []string // titles, or beginnings of ids
	// From and To are the first moment and the last one, where not zero. Messages
	// of which no time is known are in any span.
	From, To time.Time
	Kinds    []Kind // all where empty
}

// byRecords reports whether messages decide.
func (c *Choice) byRecords() bool { return len(c.Chats) > 0 || !c.From.IsZero() || !c.To.IsZero() }

// timed reports whether not all times count.
func (c *Choice) timed() bool { return !c.From.IsZero() || !c.To.IsZero() }

func (c *Choice) kind(k Kind) bool { return len(c.Kinds) == 0 || slices.Contains(c.Kinds, k) }

// during reports whether a message is of a time that was asked for.
func (c *Choice) during(t time.Time) bool {
	return t.IsZero() || !t.Before(c.From) && (c.To.IsZero() || !t.After(c.To))
}

// marks is a set of strings, of which it keeps hashes: two of them can be taken
// for one, which brings back a file too many once in a blue moon.
type marks struct {
	seed maphash.Seed
	set  map[uint64]struct{}
}

func newMarks() marks { return marks{maphash.MakeSeed(), map[uint64]struct{}{}} }

func (m marks) add(s string) { m.set[maphash.String(m.seed, s)] = struct{}{} }

func (m marks) has(s string) bool {
	_, ok := m.set[maphash.String(m.seed, s)]
	return ok
}

// chosen is what is known of a choice while a restore goes on. It takes some 50
// bytes for each file and person that chosen messages name, and for each file
// that is chosen by its kind.
type chosen struct {
	*Choice
	ids     []string // of the chats, where only some are asked for
	files   marks    // what the messages name
	folders marks    // what is above that
	people  marks
	active  map[string]bool // conversations with messages that are asked for
	media   marks           // files that are media, for hard links to them
	taken   marks           // files that come back, for the same
}

func newChosen(c *Choice) *chosen {
	return &chosen{Choice: c, files: newMarks(), folders: newMarks(), people: newMarks(), active: map[string]bool{},
		media: newMarks(), taken: newMarks()}
}

// all reports whether everything is asked for.
func (c *chosen) all() bool { return !c.byRecords() && len(c.Kinds) == 0 }

// stream reports whether a file of messages is of a chat that is asked for.
func (c *chosen) stream(path string) bool {
	if len(c.Chats) == 0 {
		return true
	}
	whole, first := format.StreamIDs(path)
	return strings.HasSuffix(path, ".jsonl") && slices.ContainsFunc(c.ids, func(id string) bool { return id != "" && (id == whole || id == first) })
}

// message notes what belongs to a message, unless it is not asked for.
func (c *chosen) message(m *chat.Message) bool {
	if !c.during(m.Time) {
		return false
	}
	c.active[m.Conversation] = true
	for i := range m.Attachments {
		c.file(m.Attachments[i].File)
	}
	if !c.timed() {
		c.file(m.Source.File)
	}
	c.people.add(m.Sender)
	for i := range m.Reactions {
		c.people.add(m.Reactions[i].By)
	}
	if m.Deleted != nil {
		c.people.add(m.Deleted.By)
	}
	if m.Event != nil {
		c.people.add(m.Event.By)
		for _, id := range m.Event.Targets {
			c.people.add(id)
		}
	}
	if m.Poll != nil {
		for i := range m.Poll.Options {
			for _, id := range m.Poll.Options[i].By {
				c.people.add(id)
			}
		}
	}
	for i := range m.Spans {
		c.people.add(m.Spans[i].Target)
	}
	return true
}

// file notes a file that a message names.
func (c *chosen) file(path string) {
	if path == "" {
		return
	}
	c.files.add(path)
	for at := strings.LastIndexByte(path, '/'); at > 0; at = strings.LastIndexByte(path[:at], '/') {
		c.folders.add(path[:at])
	}
}

// conversation tells whether a record of conversations.jsonl is asked for, and
// notes who takes part.
func (c *chosen) conversation(record any) bool {
	switch r := record.(type) {
	case *chat.Conversation:
		if !c.active[r.ID] && (c.timed() || !slices.Contains(c.ids, r.ID)) {
			return false
		}
		for i := range r.Participants {
			c.people.add(r.Participants[i].ID)
		}
		if !c.timed() {
			for _, name := range r.Files {
				c.file(name)
			}
		}
	case *chat.Coverage:
		return c.active[r.Conversation] || !c.timed() && slices.Contains(c.ids, r.Conversation)
	}
	return true
}

func (c *chosen) participant(record any) bool {
	p, ok := record.(*chat.Participant)
	return !ok || c.people.has(p.ID)
}

// original reports whether a file or link beside the records is asked for, and
// notes that it is. Whatever is no file comes with the files.
func (c *chosen) original(e *repo.Entry, index *repo.Index) bool {
	if c.all() {
		return true
	}
	kind := KindFiles
	if isMedia(e, index) || e.Type == format.EntryHardlink && c.media.has(e.Target) {
		kind = KindMedia
		c.media.add(e.Path)
	}
	if !c.kind(kind) || c.byRecords() && !c.named(e) {
		return false
	}
	c.taken.add(e.Path)
	return true
}

// named reports whether chosen messages name an entry, or something in it.
func (c *chosen) named(e *repo.Entry) bool {
	switch e.Type {
	case format.EntryFile, format.EntryZip, format.EntryHardlink, format.EntryUnreadable:
		return c.files.has(e.Path) || c.folders.has(e.Path)
	}
	return false
}

// isMedia reports whether a file is stored with the pictures, sound and video.
func isMedia(e *repo.Entry, index *repo.Index) bool {
	if strings.HasPrefix(e.Path, mediaFolder) {
		return true
	}
	if e.Type != format.EntryFile || len(e.Chunks) == 0 {
		return false
	}
	at, ok := index.Find(e.Chunks[0])
	return ok && index.Packs()[at.Pack].Kind == format.Media
}
