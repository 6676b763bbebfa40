package chatstorage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
	"chatkeep/providers/internal/sqlite"
)

// source is what one database holds. It surveys all messages, sorts them into
// conversations, and then reads one after the other.
type source struct {
	fsys    fs.FS
	match   chat.Match
	options chat.Options

	place *place
	db    *sqlite.DB // nil where there are calls alone
	book  *book

	members  map[int64]string   // rows of ZWAGROUPMEMBER to addresses
	rosters  map[int64][]string // sessions to addresses
	sessions map[int64]*session
	order    []*session            // as the database has them
	filed    map[string][]*session // by address

	loaded  bool
	chats   []*conversation
	byID    map[string]*conversation
	lost    error // what ended the survey early
	noCalls error // what ended the list of calls early

	ignored  map[string]int
	warnings []string
	used     map[string]bool // files that messages name
}

// conversation is a chat with all that was filed under its people's addresses.
type conversation struct {
	chat    *chat.Conversation
	address string
	refs    []ref
	calls   []*call // in order
	roster  map[string]bool
	cover   chat.Coverage
}

// Open makes a source of a match of [Recognize]. It reads nothing yet.
func Open(fsys fs.FS, m chat.Match, o chat.Options) (chat.Source, error) {
	return &source{fsys: fsys, match: m, options: o, used: map[string]bool{}}, nil
}

// load reads all but the messages themselves, once.
func (s *source) load(ctx context.Context) error {
	if s.loaded {
		return nil
	}
	s.book, s.ignored, s.warnings = newBook(), map[string]int{}, nil
	s.order, s.filed, s.chats, s.byID = nil, map[string][]*session{}, nil, map[string]*conversation{}
	if s.place == nil {
		p, err := open(ctx, s.fsys, s.match)
		if err != nil {
			return err
		}
		s.place = p
	}
	if s.place.chat != "" && s.db == nil {
		db, err := s.place.database(ctx, s.place.chat)
		if err != nil {
			return err
		}
		s.db = db
	}
	if err := s.meet(ctx); err != nil {
		return err
	}
	if s.db != nil {
		if err := errors.Join(s.readMembers(), s.readSessions(), s.survey(ctx)); err != nil {
			return err
		}
	}
	calls, err := s.readCalls(ctx)
	if err != nil {
		return err
	}
	s.sortOut(calls)
	s.loaded = true
	return nil
}

// Conversations yields each chat in which there is something.
func (s *source) Conversations(ctx context.Context) iter.Seq2[*chat.Conversation, error] {
	return func(yield func(*chat.Conversation, error) bool) {
		if err := s.load(ctx); err != nil {
			yield(nil, err)
			return
		}
		for _, c := range s.chats {
			if !yield(c.chat, nil) {
				return
			}
		}
		for _, err := range []error{s.lost, s.noCalls} {
			if err != nil && !yield(nil, err) {
				return
			}
		}
		if len(s.chats) == 0 && s.lost == nil && s.noCalls == nil && s.db == nil {
			yield(nil, fmt.Errorf("%s: no calls in it", s.match.Path))
		}
	}
}

// sortOut makes conversations of sessions and calls. A person may have two
// sessions, one by number and one by the hidden address.
func (s *source) sortOut(calls []*call) {
	for _, c := range s.order {
		c.address = cmp.Or(c.address, nowhere)
		s.filed[c.address] = append(s.filed[c.address], c)
	}
	for _, c := range s.order {
		if c.refs.n > 0 {
			conv := s.conversation(c.address)
			if refs := c.refs.take(); conv.refs == nil {
				conv.refs = refs // which may be many: they are not copied
			} else {
				conv.refs = append(conv.refs, refs...)
			}
		}
	}
	for _, k := range calls {
		conv := s.conversation(k.address)
		conv.calls = append(conv.calls, k)
	}
	for _, conv := range s.chats {
		s.settle(conv)
	}
	for _, c := range s.order {
		switch {
		case s.byID[jid.ConversationID(c.address)] != nil:
		case c.removed:
			s.ignored["chats that were removed"]++
		default:
			s.ignored["chats without messages"]++
		}
	}
	if len(s.chats) == 1 && s.options.Chat != "" {
		s.chats[0].chat.Title = s.options.Chat
	}
}

// settle puts a conversation's messages into order, and finds the calls that the
// log and a message both tell.
func (s *source) settle(conv *conversation) {
	var twice int
	if conv.refs, twice = arrange(conv.refs); twice > 0 {
		s.ignored["copies of messages"] += twice
	}
	var told []shown
	for _, c := range s.filed[conv.address] {
		told = append(told, c.calls...)
		c.calls = nil
	}
	if len(told) > 0 && twice > 0 {
		kept := make(map[int64]bool, len(conv.refs))
		for _, r := range conv.refs {
			kept[r.row] = true
		}
		told = slices.DeleteFunc(told, func(m shown) bool { return !kept[m.row] })
	}
	if n := pair(conv.calls, told); n > 0 {
		s.ignored["calls that a message tells, too"] += n
	}
}

// conversation finds or makes the conversation at an address.
func (s *source) conversation(address string) *conversation {
	id := jid.ConversationID(address)
	if conv := s.byID[id]; conv != nil {
		return conv
	}
	c := &session{address: address, kind: -1}
	if filed := s.filed[address]; len(filed) > 0 {
		c = filed[0]
	}
	conv := &conversation{address: address, roster: map[string]bool{}, chat: &chat.Conversation{
		ID: id, Platform: jid.Platform, Account: s.book.me, NativeID: address, Kind: kindOf(c), Title: s.title(c),
		Route: s.match.Route, Path: s.match.Path,
	}}
	if address == s.book.me {
		conv.chat.Kind = chat.Self
	}
	s.people(conv)
	s.chats = append(s.chats, conv)
	s.byID[id] = conv
	return conv
}

// title is what a chat is called: as the app lists it, else as its person is.
func (s *source) title(c *session) string {
	person := cmp.Or(s.book.teller(c.address), c.address)
	partner := c.partner
	if strings.TrimSpace(chat.NormalText(partner)) == "" {
		partner = ""
	}
	switch {
	case c.address == nowhere:
		return "Messages without a chat"
	case partner == "" && jid.Parse(c.address).IsStatus():
		return "Status"
	}
	return cmp.Or(partner, s.book.called(person), jid.Parse(person).Number(), c.address)
}

// people lists who takes part, as far as the chat itself tells. Whoever else
// appears in a message joins them when it is read.
func (s *source) people(conv *conversation) {
	self := s.book.self()
	conv.roster[self.ID] = true
	conv.chat.Participants = append(conv.chat.Participants, self)
	switch conv.chat.Kind {
	case chat.Direct:
		s.join(conv, conv.address)
	case chat.Channel:
		s.book.name(conv.address, conv.chat.Title, "system")
		s.join(conv, conv.address)
	}
	for _, c := range s.filed[conv.address] {
		for _, who := range s.rosters[c.row] {
			s.join(conv, who)
		}
	}
}

// join adds somebody to a conversation, and returns the id.
func (s *source) join(conv *conversation, who string) string {
	id := s.book.id(who)
	if id != "" && !conv.roster[id] {
		conv.roster[id] = true
		conv.chat.Participants = append(conv.chat.Participants, s.book.participant(who))
	}
	return id
}

// Coverage tells what the database holds of a chat.
func (s *source) Coverage(c *chat.Conversation) chat.Coverage {
	conv := s.byID[c.ID]
	if conv == nil {
		return chat.Coverage{Conversation: c.ID, WhyIncomplete: "not of this export"}
	}
	cover := conv.cover
	if cover.Complete && s.lost != nil {
		cover.Complete, cover.WhyIncomplete = false, "the database is damaged or cut off"
	}
	return cover
}

// Accounts tells what was not made into a record.
func (s *source) Accounts() chat.Accounts {
	a := chat.Accounts{Ignored: maps.Clone(s.ignored), Warnings: slices.Clone(s.warnings)}
	if s.place != nil {
		a.Warnings = append(a.Warnings, s.place.warnings...)
	}
	if s.db != nil {
		a.Warnings = append(a.Warnings, s.db.Warnings...)
		s.countRows(a.Ignored, "ZWAGROUPMEMBERSCHANGE", "entries of the log of members")
		s.countRows(a.Ignored, "ZWAMESSAGEDATAITEM", "previews of links")
	}
	if s.loaded && s.book.me == "" {
		a.Warnings = append(a.Warnings, "the owner's number is not known; --me says it")
	}
	if s.match.Whole {
		a.Unused = s.unused()
	}
	return a
}

// countRows notes how many rows a table has that no record is made of.
func (s *source) countRows(ignored map[string]int, table, what string) {
	if !s.db.Has(table) {
		return
	}
	rows := s.db.Query("SELECT COUNT(*) FROM " + table)
	if rows.Next() && rows.Int(0) > 0 {
		ignored[what] = int(rows.Int(0))
	}
	if err := rows.Close(); err != nil {
		s.warn("%s: %v", s.place.chat, err)
	}
}

// unused are the files of the app's folder that no message names.
func (s *source) unused() (list []string) {
	_ = fs.WalkDir(s.fsys, path.Dir(s.match.Path), func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !s.used[p] && p != s.match.Path {
			list = append(list, p)
		}
		return nil
	})
	return list
}

// Close gives back the copies of the databases.
func (s *source) Close() error {
	var err error
	if s.db != nil {
		err = s.db.Close()
	}
	if s.place != nil {
		err = errors.Join(err, s.place.close())
	}
	return err
}
