package chatstorage

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"slices"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
	"chatkeep/providers/internal/sqlite"
)

// ref is a message before it is read: where it is, and where it belongs. There may
// be millions.
type ref struct {
	row  int64
	date int64  // in milliseconds; where it has none, that of the row before
	key  uint64 // of its direction and stanza id, or 0
	said uint64 // of what duplicates share
	sort int32  // as ZSORT
}

// session is a row of ZWACHATSESSION, or what messages say of one that is not there.
type session struct {
	row     int64
	address string // resolved, or ""
	partner string
	kind    int64
	removed bool
	refs    pile
	calls   []shown
}

// nowhere is the address of messages that are in no chat.
const nowhere = "none"

// seed makes the hashes of one run; none is kept.
var seed = maphash.MakeSeed()

// keyOf is what two rows of one message share.
func keyOf(stanza []byte, fromMe bool) uint64 {
	if len(stanza) == 0 {
		return 0
	}
	h := maphash.Bytes(seed, stanza)
	if fromMe {
		h ^= 0x9e3779b97f4a7c15
	}
	return max(h, 1)
}

// readSessions reads the chats.
func (s *source) readSessions() error {
	s.sessions = map[int64]*session{}
	const table = "ZWACHATSESSION"
	if !s.db.Has(table) {
		return nil
	}
	column := func(name string) string { return ", " + s.db.Column("s", table, name) }
	rows := s.db.Query("SELECT s.rowid" + column("ZCONTACTJID") + column("ZPARTNERNAME") + column("ZSESSIONTYPE") + column("ZREMOVED") +
		" FROM " + table + " s ORDER BY s.rowid")
	for rows.Next() {
		c := &session{
			row: rows.Int(0), address: s.book.resolve(rows.Text(1)), partner: rows.Text(2),
			kind: rows.Int(3), removed: rows.Int(4) != 0,
		}
		if odd := strings.TrimSpace(rows.Text(1)); c.address == "" && len(odd) <= maxAddress {
			c.address = odd // still another chat than others
		}
		s.sessions[c.row] = c
		s.order = append(s.order, c)
		if isPerson(c.address) && c.address != s.book.me { // to oneself the app says "You"
			s.book.name(c.address, c.partner, "contact")
		}
	}
	return s.incomplete(rows.Close(), "some chats have no name")
}

// What the survey asks of a message, in this order.
const (
	sRow = iota
	sSession
	sDate
	sSent
	sSort
	sStanza
	sFromMe
	sType
	sEvent
	sText
	sMember
	sFrom
	sTo
	sMedia
	sPush
)

var surveyed = []string{
	"ZCHATSESSION", "ZMESSAGEDATE", "ZSENTDATE", "ZSORT", "ZSTANZAID", "ZISFROMME", "ZMESSAGETYPE", "ZGROUPEVENTTYPE",
	"ZTEXT", "ZGROUPMEMBER", "ZFROMJID", "ZTOJID", "ZMEDIAITEM", "ZPUSHNAME",
}

// survey looks at every message once, in the order of the table, and notes where
// it belongs.
func (s *source) survey(ctx context.Context) error {
	if !s.db.HasColumn("ZWAMESSAGE", "ZMESSAGEDATE") {
		return fmt.Errorf("%s: no messages of WhatsApp in it", s.place.chat)
	}
	sql := "SELECT m.rowid"
	for _, c := range surveyed {
		sql += ", " + s.db.Column("m", "ZWAMESSAGE", c)
	}
	sql += " FROM ZWAMESSAGE m"
	v := &surveyor{source: s, pushed: map[string]bool{}}
	err := v.run(ctx, sql+" ORDER BY m.rowid")
	if err != nil && ctx.Err() == nil {
		// What lies behind a hole is read from the end.
		_ = v.run(ctx, fmt.Sprintf("%s WHERE m.rowid > %d ORDER BY m.rowid DESC", sql, v.last))
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil && s.db.Truncated() {
		err = fmt.Errorf("the database is cut off: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		s.lost = fmt.Errorf("%s: %w", s.place.chat, err)
	}
	return nil
}

// surveyor goes through the table.
type surveyor struct {
	*source
	last   int64
	date   int64
	pushed map[string]bool // whose name was seen
}

func (v *surveyor) run(ctx context.Context, sql string) error {
	rows := v.db.Query(sql)
	for n := 0; rows.Next(); n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			break
		}
		v.note(rows)
	}
	return rows.Close()
}

// note takes a message in.
func (v *surveyor) note(rows *sqlite.Rows) {
	v.last = rows.Int(sRow)
	kind, event := rows.Int(sType), rows.Int(sEvent)
	if kind == typeUpdate && rows.Null(sText) && rows.Int(sMedia) == 0 {
		v.ignored["updates of polls and albums"]++
		return
	}
	c := v.sessionOf(rows)
	r := ref{row: v.last, key: keyOf(rows.Raw(sStanza), rows.Int(sFromMe) != 0)}
	ms, _, ok := millis(rows, sDate)
	if !ok {
		ms, _, ok = millis(rows, sSent)
	}
	if ok {
		v.date = ms
	}
	r.date = v.date
	r.sort = int32(max(math.MinInt32, min(math.MaxInt32, rows.Int(sSort))))
	r.said = saidBy(rows, r.date)
	c.refs.add(r)
	if _, is := callOf(kind, event); is {
		c.calls = append(c.calls, shown{row: r.row, date: r.date, key: r.key, fromMe: rows.Int(sFromMe) != 0})
	}
	v.notePush(rows, c)
}

// saidBy is a hash of what makes two rows with one stanza id the same message.
// Rows of one event may each name another person.
func saidBy(rows *sqlite.Rows, date int64) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	maphash.WriteComparable(&h, date)
	if kind := rows.Int(sType); kind == typeEvent || kind == typeNotice {
		maphash.WriteComparable(&h, [3]int64{kind, rows.Int(sEvent), rows.Int(sMember)})
	}
	h.Write(rows.Raw(sText))
	return h.Sum64()
}

// sessionOf finds the chat of a message. Where it is not in the table, the
// addresses of its messages tell.
func (v *surveyor) sessionOf(rows *sqlite.Rows) *session {
	row := rows.Int(sSession)
	c := v.sessions[row]
	if c == nil {
		c = &session{row: row, kind: -1}
		v.sessions[row] = c
		v.order = append(v.order, c)
	}
	if c.address != "" || row == 0 {
		return c
	}
	party := rows.Text(sFrom)
	if rows.Int(sFromMe) != 0 {
		party = rows.Text(sTo)
	}
	c.address = v.book.resolve(party)
	return c
}

// notePush notes the name that comes with somebody's first message, where the
// database has none in its table.
func (v *surveyor) notePush(rows *sqlite.Rows, c *session) {
	if rows.Null(sPush) || rows.Int(sFromMe) != 0 {
		return
	}
	who := v.members[rows.Int(sMember)]
	if who == "" {
		who = c.address
	}
	if !isPerson(who) || v.pushed[who] {
		return
	}
	v.pushed[who] = true
	if v.book.called(who) == "" {
		v.book.name(who, pushName(rows.Text(sPush)), "profile")
	}
}

// arrange puts a conversation's messages into order, oldest first, and takes out
// what is there twice: a Mac has many messages a second time, from the phone's
// history, below zero in ZSORT. From then on said numbers the messages that share
// a stanza id and say different things, 0 for the first.
func arrange(refs []ref) (kept []ref, twice int) {
	slices.SortFunc(refs, func(a, b ref) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.said, b.said), cmp.Compare(b.sort, a.sort), cmp.Compare(a.row, b.row))
	})
	kept = refs[:0]
	for _, r := range refs {
		if n := len(kept); r.key != 0 && n > 0 && kept[n-1].key == r.key && kept[n-1].said == r.said {
			twice++
			continue
		}
		kept = append(kept, r)
	}
	for i := 0; i < len(kept); {
		n := 1
		for i+n < len(kept) && kept[i+n].key == kept[i].key && kept[i].key != 0 {
			n++
		}
		same := kept[i : i+n]
		slices.SortFunc(same, func(a, b ref) int {
			return cmp.Or(cmp.Compare(copied(a), copied(b)), inOrder(a, b))
		})
		for k := range same {
			same[k].said = uint64(k)
		}
		i += n
	}
	slices.SortFunc(kept, inOrder)
	return kept, twice
}

// copied is 1 of what came from the phone's history.
func copied(r ref) int {
	if r.sort < 0 {
		return 1
	}
	return 0
}

// inOrder is the order of a conversation. Seconds are often the same.
func inOrder(a, b ref) int {
	return cmp.Or(cmp.Compare(a.date, b.date), cmp.Compare(a.sort, b.sort), cmp.Compare(a.row, b.row))
}

// kindOf is the shape of a chat: by its address, else by its type.
func kindOf(c *session) chat.ConversationKind {
	if kind := jid.Parse(c.address).Kind(); kind != chat.OtherChat || c.address == nowhere {
		return kind
	}
	switch c.kind {
	case 0:
		return chat.Direct
	case 1, 4:
		return chat.Group
	case 2, 3:
		return chat.Broadcast
	case 5:
		return chat.Channel
	}
	return chat.OtherChat
}
