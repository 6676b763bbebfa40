package chatstorage

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/sqlite"
)

// What is asked of a message, in this order. The first are of the message itself,
// then come those of its file, of its receipts, and of the message it answers.
const (
	cRow = iota
	cType
	cEvent
	cDate
	cSent
	cFromMe
	cStanza
	cText
	cMember
	cFrom
	cStarred
	cFlags
	cCard // older than the column of that name beside files
	cPath
	cThumb
	cTitle
	cMIME // of a file; of a contact, its cards
	cName // of a file, its hash; of a contact, its names
	cSize
	cDuration
	cLatitude
	cLongitude
	cMetadata
	cReceipts
	cParent
	cParentMe
)

// column is one of a table that a query knows by an alias.
type column struct{ alias, table, name string }

var columns = []column{
	cType: {"m", "ZWAMESSAGE", "ZMESSAGETYPE"}, cEvent: {"m", "ZWAMESSAGE", "ZGROUPEVENTTYPE"},
	cDate: {"m", "ZWAMESSAGE", "ZMESSAGEDATE"}, cSent: {"m", "ZWAMESSAGE", "ZSENTDATE"},
	cFromMe: {"m", "ZWAMESSAGE", "ZISFROMME"}, cStanza: {"m", "ZWAMESSAGE", "ZSTANZAID"},
	cText: {"m", "ZWAMESSAGE", "ZTEXT"}, cMember: {"m", "ZWAMESSAGE", "ZGROUPMEMBER"}, cFrom: {"m", "ZWAMESSAGE", "ZFROMJID"},
	cStarred: {"m", "ZWAMESSAGE", "ZSTARRED"}, cFlags: {"m", "ZWAMESSAGE", "ZFLAGS"}, cCard: {"m", "ZWAMESSAGE", "ZVCARDSTRING"},
	cPath: {"f", "ZWAMEDIAITEM", "ZMEDIALOCALPATH"}, cThumb: {"f", "ZWAMEDIAITEM", "ZXMPPTHUMBPATH"},
	cTitle: {"f", "ZWAMEDIAITEM", "ZTITLE"}, cMIME: {"f", "ZWAMEDIAITEM", "ZVCARDSTRING"}, cName: {"f", "ZWAMEDIAITEM", "ZVCARDNAME"},
	cSize: {"f", "ZWAMEDIAITEM", "ZFILESIZE"}, cDuration: {"f", "ZWAMEDIAITEM", "ZMOVIEDURATION"},
	cLatitude: {"f", "ZWAMEDIAITEM", "ZLATITUDE"}, cLongitude: {"f", "ZWAMEDIAITEM", "ZLONGITUDE"}, cMetadata: {"f", "ZWAMEDIAITEM", "ZMETADATA"},
	cReceipts: {"i", "ZWAMESSAGEINFO", "ZRECEIPTINFO"},
	cParent:   {"p", "ZWAMESSAGE", "ZSTANZAID"}, cParentMe: {"p", "ZWAMESSAGE", "ZISFROMME"},
}

// joins are the tables beside messages, and the column that leads there.
var joins = []column{{"f", "ZWAMEDIAITEM", "ZMEDIAITEM"}, {"i", "ZWAMESSAGEINFO", "ZMESSAGEINFO"}, {"p", "ZWAMESSAGE", "ZPARENTMESSAGE"}}

// query asks for one message by its row, with what stands beside it or alone.
func query(db *sqlite.DB, alone bool) string {
	from, joined := " FROM ZWAMESSAGE m", map[string]bool{"m": true}
	for _, j := range joins {
		if !alone && db.Has(j.table) && db.HasColumn("ZWAMESSAGE", j.name) {
			from += " LEFT JOIN " + j.table + " " + j.alias + " ON " + j.alias + ".rowid = " + db.Column("m", "ZWAMESSAGE", j.name)
			joined[j.alias] = true
		}
	}
	list := []string{"m.rowid"}
	for _, c := range columns[1:] {
		expression := "NULL"
		if joined[c.alias] {
			expression = db.Column(c.alias, c.table, c.name)
		}
		list = append(list, expression)
	}
	return "SELECT " + strings.Join(list, ", ") + from + " WHERE m.rowid = ?"
}

// reader makes messages out of one conversation's rows.
type reader struct {
	source  *source
	conv    *conversation
	rows    *sqlite.Rows
	chatAt  string // where the databases are in the export
	callsAt string
	message *chat.Message
	stanza  string          // its stanza id
	ids     chat.MessageIDs // for messages without a stanza id
	keys    []uint64        // of all messages, in order
	calls   map[int64]*call // of the log, by the row of the message that tells of them
	failed  int             // rows that could not be read
	failure error           // the first
}

// Messages streams a conversation, oldest first. Rows that cannot be read whole
// are told in one error at the end.
func (s *source) Messages(ctx context.Context, c *chat.Conversation) iter.Seq2[*chat.Message, error] {
	return func(yield func(*chat.Message, error) bool) {
		err := s.load(ctx)
		conv := s.byID[c.ID]
		if err == nil && conv == nil {
			err = fmt.Errorf("%s: no such conversation", s.match.Path)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		r := &reader{source: s, conv: conv, calls: map[int64]*call{}}
		if r.chatAt, err = s.locate(s.place.chat, len(conv.refs)); err == nil {
			r.callsAt, err = s.locate(callsFile, len(conv.calls))
		}
		if err != nil {
			yield(nil, err)
			return
		}
		conv.cover = chat.Coverage{Conversation: c.ID, Complete: true}
		if !r.run(ctx, yield) {
			return
		}
		if r.failure != nil {
			conv.cover.Complete, conv.cover.WhyIncomplete = false, "rows of the database could not be read whole"
			yield(nil, fmt.Errorf("%s: %d messages could not be read whole: %w", s.place.chat, r.failed, r.failure))
		}
	}
}

// locate is where a database is in the export, if anything is read from it.
func (s *source) locate(name string, n int) (string, error) {
	if n == 0 {
		return "", nil
	}
	at, err := s.place.where(path.Join(s.place.files, name))
	s.used[at] = true
	return at, err
}

// run yields messages and the calls between them. It returns false where the
// stream was ended.
func (r *reader) run(ctx context.Context, yield func(*chat.Message, error) bool) bool {
	calls := r.conv.calls
	for _, k := range calls {
		if k.told != 0 {
			r.calls[k.told] = k
		}
	}
	defer r.close()
	for i, ref := range r.conv.refs {
		if i%1024 == 0 && ctx.Err() != nil {
			yield(nil, context.Cause(ctx))
			return false
		}
		for ; len(calls) > 0 && calls[0].date < ref.date; calls = calls[1:] {
			if calls[0].told == 0 && !r.emit(r.record(calls[0]), yield) {
				return false
			}
		}
		if m := r.read(ref); m != nil && !r.emit(m, yield) {
			return false
		}
	}
	for _, k := range calls {
		if k.told == 0 && !r.emit(r.record(k), yield) {
			return false
		}
	}
	return true
}

// emit counts a message and yields it.
func (r *reader) emit(m *chat.Message, yield func(*chat.Message, error) bool) bool {
	r.conv.cover.Count(m)
	return yield(m, nil)
}

// read reads a message. Where a page of what stands beside it is gone, the message
// alone is still there.
func (r *reader) read(ref ref) *chat.Message {
	if r.rows == nil {
		r.rows = r.source.db.Query(query(r.source.db, false), ref.row)
	} else {
		r.rows.Reset(ref.row)
	}
	if r.rows.Next() {
		return r.make(ref)
	}
	err := r.rows.Err()
	r.close()
	if err == nil {
		err = fmt.Errorf("row %d is gone", ref.row)
	}
	r.failed++
	r.failure = cmp.Or(r.failure, err)
	r.rows = r.source.db.Query(query(r.source.db, true), ref.row)
	defer r.close()
	if r.rows.Next() {
		return r.make(ref)
	}
	return nil
}

func (r *reader) close() {
	if r.rows != nil {
		r.rows.Close()
		r.rows = nil
	}
}

// has says whether the conversation has a message of a key.
func (r *reader) has(key uint64) bool {
	if r.keys == nil {
		r.keys = make([]uint64, len(r.conv.refs))
		for i, ref := range r.conv.refs {
			r.keys[i] = ref.key
		}
		slices.Sort(r.keys)
	}
	_, ok := slices.BinarySearch(r.keys, key)
	return ok && key != 0
}

// named is the participant id of whom a parameter of an event names: an address,
// for a number alone may be anything.
func (r *reader) named(s string) string {
	if !strings.Contains(s, "@") {
		return ""
	}
	return r.who(s)
}

// who is the participant id of an address, whose owner joins the conversation.
func (r *reader) who(address string) string {
	if address = r.source.book.resolve(address); !isPerson(address) {
		return ""
	}
	return r.source.join(r.conv, address)
}
