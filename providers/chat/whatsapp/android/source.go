package android

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"math"
	"slices"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
)

// source is a database as a source of conversations.
type source struct {
	fsys    fs.FS
	match   chat.Match
	options chat.Options
	place   *place

	store    *store
	close    func() error
	people   *people
	board    *board
	maker    *maker
	files    *files
	warnings []string
	err      error // of loading: what could be read is there
	loaded   bool
}

// Open makes a source of what Recognize found. The database is read when its
// conversations are asked for.
func Open(fsys fs.FS, m chat.Match, o chat.Options) (chat.Source, error) {
	if m.Route != RoutePlain && m.Route != RouteCrypt {
		return nil, fmt.Errorf("no route %q", m.Route)
	}
	p := placeOf(fsys, m.Path)
	return &source{fsys: fsys, match: m, options: o, place: p, files: newFiles(fsys, p), warnings: p.warnings()}, nil
}

// load opens the database and finds out what is in it, once.
func (s *source) load(ctx context.Context) error {
	if s.loaded {
		return s.err
	}
	s.loaded = true
	names, err := s.open(ctx)
	if err != nil {
		s.err = err
		return err
	}
	s.people = newPeople(s.store)
	s.people.names = names
	s.people.findSelf(s.fsys, s.place, s.options)
	if s.people.account == "" {
		s.warnings = append(s.warnings, "which number the phone has is not known; --me NUMBER says so, and keeps the chats of two phones apart")
	}
	if !s.store.Has("message") && !s.store.Has("messages") {
		s.err = fmt.Errorf("%s: no table of messages in it: it is not WhatsApp's, or of a form that is not known", s.match.Path)
		return s.err
	}
	s.board = newBoard(s.store, s.people)
	k := newKeys(s.store)
	s.err = s.survey(ctx, k)
	s.maker = newMaker(s.board, k, s.files)
	s.err = errors.Join(s.err, s.store.failed(), s.cutOff())
	return s.err
}

// survey finds what belongs to which conversation.
func (s *source) survey(ctx context.Context, k *keys) error {
	b := s.board
	b.findChats()
	b.findQuoted()
	err := b.findMessages(ctx, k)
	b.findCalls()
	b.findMembers()
	b.findAlbums()
	b.finish()
	b.titled()
	for _, t := range b.talks {
		if t.listed && !b.has(t) {
			b.ignored[emptyChats]++
		}
	}
	for reason, tables := range map[string][]string{
		receiptRows: receiptTables, pictureRows: pictureTables,
	} {
		for _, table := range tables {
			if n := s.store.count(table); n > 0 {
				b.ignored[reason] += n
			}
		}
	}
	return err
}

// cutOff is the error of a database of which the end is missing, whatever was in it.
func (s *source) cutOff() error {
	if !s.store.Truncated() {
		return nil
	}
	return fmt.Errorf("%s: the database is cut off: %w", s.match.Path, io.ErrUnexpectedEOF)
}

// Conversations yields all that have a message or a call, and then what could not be
// read.
func (s *source) Conversations(ctx context.Context) iter.Seq2[*chat.Conversation, error] {
	return func(yield func(*chat.Conversation, error) bool) {
		err := s.load(ctx)
		if s.maker != nil {
			for _, t := range s.board.talks {
				if s.board.has(t) && !yield(s.describe(t), nil) {
					return
				}
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// describe completes a conversation with those who are known to take part.
func (s *source) describe(t *talk) *chat.Conversation {
	t.chat.Route, t.chat.Path = s.match.Route, s.match.Path
	s.maker.talk = t
	if t.jid.IsPerson() {
		s.maker.here(s.people.of(t.jid))
	}
	if t.chat.Kind == chat.Direct || t.chat.Kind == chat.Group || t.chat.Kind == chat.Self {
		s.maker.here(s.people.self)
	}
	for _, number := range s.board.members.rows(t.number) {
		if one := s.member(number); one != nil {
			s.maker.here(one)
		}
	}
	t.complete()
	return t.chat
}

// complete writes down who takes part.
func (t *talk) complete() {
	t.chat.Participants = make([]chat.Participant, len(t.list))
	for i, one := range t.list {
		t.chat.Participants[i] = one.Participant
	}
}

// member is the person of a row in one of the tables of members.
func (s *source) member(number int64) *person {
	m := memberTables[number&3]
	rows := s.store.byRow(m.table, m.who)
	defer rows.Close()
	if !rows.Reset(number >> 2).Next() {
		s.store.fail(rows.Err())
		return nil
	}
	if rows.IsNumber(0) {
		return s.people.at(rows.Int(0))
	}
	if rows.Text(0) == "" {
		return s.people.self
	}
	return s.people.of(jid.Parse(rows.Text(0)))
}

// Messages streams a conversation in the order in which the app shows it, calls by
// their time.
func (s *source) Messages(ctx context.Context, c *chat.Conversation) iter.Seq2[*chat.Message, error] {
	return func(yield func(*chat.Message, error) bool) {
		t := s.talkOf(c)
		if t == nil {
			yield(nil, fmt.Errorf("%s: no conversation of this source", s.match.Path))
			return
		}
		s.maker.begin(t)
		defer s.maker.end()
		err := s.stream(ctx, t, func(m *chat.Message) bool {
			t.cover.Count(m)
			return yield(m, nil)
		})
		t.complete()
		if errors.Is(err, errStopped) {
			return
		}
		if err = errors.Join(err, s.store.failed()); err != nil {
			t.cover.Complete, t.cover.WhyIncomplete = false, "not all of the database could be read"
			yield(nil, err)
		}
	}
}

// errStopped ends a stream whose reader has had enough.
var errStopped = errors.New("stopped")

func (s *source) stream(ctx context.Context, t *talk, yield func(*chat.Message) bool) error {
	calls := func(before int64) error {
		for {
			id, ok := s.maker.pending.take(before)
			if !ok {
				return nil
			}
			if m := s.maker.callMessage(id); m != nil && !yield(m) {
				return errStopped
			}
		}
	}
	n := 0
	for _, number := range s.board.messages.rows(t.number) {
		if n%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n++
		r, ok := s.maker.reader.read(number)
		if !ok {
			continue
		}
		if err := calls(r.before()); err != nil {
			return err
		}
		if m := s.maker.make(r); m != nil && !yield(m) {
			return errStopped
		}
	}
	return calls(math.MaxInt64)
}

func (s *source) talkOf(c *chat.Conversation) *talk {
	if s.maker == nil {
		return nil
	}
	return s.board.byID[c.ID]
}

// Coverage tells how much of a conversation the phone has. Of a channel it has what
// was looked at.
func (s *source) Coverage(c *chat.Conversation) chat.Coverage {
	t := s.talkOf(c)
	if t == nil {
		return chat.Coverage{}
	}
	if t.chat.Kind == chat.Channel && t.cover.Complete {
		t.cover.Complete, t.cover.WhyIncomplete = false, "the phone has those posts of a channel alone that were looked at"
	}
	return t.cover
}

// Accounts tells where rows and files went.
func (s *source) Accounts() chat.Accounts {
	a := chat.Accounts{Ignored: map[string]int{}, Warnings: s.warnings}
	long := 0
	if s.board != nil {
		maps.Copy(a.Ignored, s.board.ignored)
		for _, t := range s.board.talks {
			long += t.long
			for reason, n := range t.ignored {
				a.Ignored[reason] += n
			}
		}
	}
	if long > 0 {
		a.Warnings = append(slices.Clip(a.Warnings), fmt.Sprintf("%d texts are longer than %d bytes, and in the original alone", long, maxText))
	}
	if s.people != nil && s.people.crowd != nil {
		a.Warnings = append(slices.Clip(a.Warnings), fmt.Sprintf("there are more than %d people in it: those beyond are one", maxPeople))
	}
	if s.match.Whole {
		a.Unused = s.files.unused(s.match.Path)
	}
	return a
}

// Close frees the database.
func (s *source) Close() error {
	if s.maker != nil {
		s.maker.close()
		s.maker.keys.close()
	}
	if s.people != nil {
		s.people.close()
	}
	if s.close == nil {
		return nil
	}
	return s.close()
}
