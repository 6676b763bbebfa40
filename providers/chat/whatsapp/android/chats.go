package android

import (
	"context"
	"errors"
	"hash/maphash"
	"strconv"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
)

// talk is a conversation, of one row of table chat or of several: somebody may have
// one under the number and one under the hidden address.
type talk struct {
	chat   *chat.Conversation
	jid    jid.JID
	number int64 // in board.talks: what indexes know it by
	listed bool  // in one of the app's lists of chats
	here   map[string]bool
	list   []*person
	cover  chat.Coverage

	ignored map[string]int // while its messages were made
	long    int            // texts that were too long
}

// maxTalks bounds the conversations. Messages of what comes beyond are in the one for
// those that have none.
const maxTalks = 200_000

// board is which rows belong to which conversation.
type board struct {
	store   *store
	people  *people
	talks   []*talk
	byJID   map[string]*talk
	byID    map[string]*talk // by the conversation's id
	byChat  map[int64]*talk  // by row of table chat
	byPlace map[int64]*talk  // by row of table jid
	nowhere *talk            // of rows without a conversation

	messages index // by talk, in order; see rowOf
	calls    index // by talk, by time
	members  index // by talk; place is the table
	quoted   quoted
	twins    twins
	albums   index // by row of an album, its items
	items    index // by row of an item, its album
	linked   index // by row of a message, the row of its call
	ignored  map[string]int
}

// What is not made into records, by reason.
const (
	sentinels   = "rows that begin a table and are no message"
	albumItems  = "items of albums, in the message of their album"
	calledTwice = "calls that a message tells of, in that message"
	copies      = "rows of the old table of messages that the new one has, too"
	emptyChats  = "chats without messages"
	takenBack   = "reactions and votes that were taken back"
	receiptRows = "receipts of who got and read a message"
	pictureRows = "small pictures of media"
	tooLarge    = "messages of which parts are too large for a record"
)

// maxRow bounds the numbers of rows that are read, on either side of nought: numbers
// are kept with what table they are of. What is beyond, nobody wrote.
const maxRow = 1 << 60

var errRow = errors.New("the number of a row is out of bounds")

// oldRow and newRow make one number of a row in either table of messages.
func newRow(row int64) int64 { return row << 1 }
func oldRow(row int64) int64 { return row<<1 | 1 }

func newBoard(s *store, p *people) *board {
	return &board{
		store: s, people: p, byJID: map[string]*talk{}, byID: map[string]*talk{}, byChat: map[int64]*talk{}, byPlace: map[int64]*talk{}, ignored: map[string]int{},
		quoted: quoted{seed: maphash.MakeSeed()},
		twins:  twins{seed: maphash.MakeSeed()},
	}
}

// at is the conversation at an address. It makes one where there is none.
func (b *board) at(j jid.JID) *talk {
	key := j.String()
	if t := b.byJID[key]; t != nil {
		return t
	}
	if len(b.talks) >= maxTalks {
		return b.lost()
	}
	t := b.add(key, j.Kind())
	t.jid = j
	b.byJID[key] = t
	return t
}

func (b *board) add(native string, kind chat.ConversationKind) *talk {
	t := &talk{number: int64(len(b.talks)), here: map[string]bool{}}
	t.chat = &chat.Conversation{Platform: jid.Platform, Account: b.people.account, NativeID: native, Kind: kind}
	t.chat.ID = jid.ConversationID(native)
	if native == b.people.account && kind == chat.Direct {
		t.chat.Kind = chat.Self
	}
	b.talks = append(b.talks, t)
	b.byID[t.chat.ID] = t
	return t
}

// lost is the conversation of what has none.
func (b *board) lost() *talk {
	if b.nowhere == nil {
		b.nowhere = b.add("none", chat.OtherChat)
		b.nowhere.chat.Title = "Messages without a chat"
	}
	return b.nowhere
}

// ofRow is the conversation at a row of table jid.
func (b *board) ofRow(row int64) *talk {
	if t := b.byPlace[row]; t != nil {
		return t
	}
	j, _, ok := b.people.resolved(row)
	if !ok || j == (jid.JID{}) {
		return b.lost()
	}
	if j.IsPerson() {
		b.people.at(row) // with the other addresses
	}
	t := b.at(j)
	b.byPlace[row] = t
	return t
}

// findChats reads the lists of chats, of the new form and of the old.
func (b *board) findChats() {
	for rows := range b.store.scan("chat", "_id", "jid_row_id", "subject") {
		id, place, subject := rows.Int(0), rows.Int(1), rows.Text(2)
		t := b.ofRow(place)
		t.listed = true
		b.byChat[id] = t
		if t != b.nowhere && t.chat.Title == "" {
			t.chat.Title = subject
		}
	}
	for rows := range b.store.scan("chat_list", "key_remote_jid", "subject") {
		address, subject := rows.Text(0), rows.Text(1)
		t := b.at(jid.Parse(address))
		t.listed = true
		if t != b.nowhere && t.chat.Title == "" {
			t.chat.Title = subject
		}
	}
	for rows := range b.store.scan("newsletter", "chat_row_id", "name") {
		if t := b.byChat[rows.Int(0)]; t != nil && t.chat.Title == "" {
			t.chat.Title = rows.Text(1)
		}
	}
}

// findMessages notes which messages are in which conversation.
func (b *board) findMessages(ctx context.Context, keys *keys) error {
	n := 0
	for rows := range b.store.scan("message", "rowid", "chat_row_id", "sort_id", "from_me", "key_id") {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		id, chatRow, place := rows.Int(0), rows.Int(1), rows.Int(2)
		fromMe, key := rows.Int(3) == 1, rows.Text(4)
		if chatRow == -1 || key == "-1" {
			b.ignored[sentinels]++
			continue
		}
		if !b.inBounds(id) {
			continue
		}
		t := b.byChat[chatRow]
		if t == nil {
			t = b.lost()
		}
		if place == 0 {
			place = id
		}
		b.messages.add(t.number, place, newRow(id))
		b.quoted.meet(t, fromMe, key, newRow(id))
		if first := keys.of(id); first != "" && first != key {
			b.quoted.meet(t, fromMe, first, newRow(id))
			key = first
		}
		b.twins.add(t, jid.Native(fromMe, key))
	}
	return b.findOld(ctx)
}

// inBounds says whether a row has a number that can be kept, and notes where not.
func (b *board) inBounds(row int64) bool {
	if -maxRow < row && row < maxRow {
		return true
	}
	b.store.fail(errRow)
	return false
}

// findOld notes the messages of the old table, but for those that the new one has.
func (b *board) findOld(ctx context.Context) error {
	if !b.store.Has("messages") {
		return nil
	}
	moved := b.store.side("message", "_id")
	defer moved.close()
	n := 0
	for rows := range b.store.scan("messages", "rowid", "key_remote_jid", "key_from_me", "key_id") {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		id, address := rows.Int(0), rows.Text(1)
		fromMe, key := rows.Int(2) == 1, rows.Text(3)
		switch {
		case address == "-1":
			b.ignored[sentinels]++
		case moved.has(id):
			b.ignored[copies]++
		case b.inBounds(id):
			t := b.oldTalk(address)
			b.messages.add(t.number, id, oldRow(id))
			b.quoted.meet(t, fromMe, key, oldRow(id))
			b.twins.add(t, jid.Native(fromMe, key))
		}
	}
	return nil
}

func (b *board) oldTalk(address string) *talk {
	if address == "" {
		return b.lost()
	}
	return b.at(jid.Parse(address))
}

// findCalls notes the calls of each conversation, but for those that a message tells
// of.
func (b *board) findCalls() {
	there := b.store.side("message", "_id")
	defer there.close()
	var told index
	for rows := range b.store.scan("message_call_log", "message_row_id", "call_log_row_id") {
		if there.has(rows.Int(0)) {
			told.add(rows.Int(1), 0, rows.Int(0))
			b.linked.add(rows.Int(0), 0, rows.Int(1))
		}
	}
	told.finish()
	for rows := range b.store.scan("call_log", "rowid", "jid_row_id", "group_jid_row_id", "timestamp") {
		id, place, group, time := rows.Int(0), rows.Int(1), rows.Int(2), rows.Int(3)
		if told.has(id) {
			b.ignored[calledTwice]++
			continue
		}
		if group > 0 {
			place = group
		}
		b.calls.add(b.ofRow(place).number, time, id)
	}
}

// memberTables list who is or was in which group: the columns of the group and of the
// person. Those of the old form have addresses.
var memberTables = []struct{ table, group, who string }{
	{"group_participant_user", "group_jid_row_id", "user_jid_row_id"},
	{"group_participants", "gjid", "jid"},
	{"group_past_participant_user", "group_jid_row_id", "user_jid_row_id"},
	{"group_participants_history", "gjid", "jid"},
}

func (b *board) findMembers() {
	for i, m := range memberTables {
		if !b.store.Has(m.table) {
			continue
		}
		for rows := range b.store.scan(m.table, m.group, "rowid") {
			var t *talk
			if rows.IsNumber(0) {
				t = b.byPlace[rows.Int(0)]
			} else {
				t = b.byJID[jid.Parse(rows.Text(0)).String()]
			}
			if t != nil && b.inBounds(rows.Int(1)) {
				b.members.add(t.number, int64(i), rows.Int(1)<<2|int64(i))
			}
		}
	}
}

// albumType is the type of a message that stands for several that follow.
const albumType = 99

// findAlbums notes what is shown in albums.
func (b *board) findAlbums() {
	if !b.store.Has("message") || !b.store.Has("message_association") {
		return
	}
	about := b.store.byRow("message", "chat_row_id", "message_type")
	defer about.Close()
	look := func(row int64) (chatRow, kind int64, ok bool) {
		if ok = about.Reset(row).Next(); ok {
			return about.Int(0), about.Int(1), true
		}
		b.store.fail(about.Err())
		return 0, 0, false
	}
	for rows := range b.store.scan("message_association", "child_message_row_id", "parent_message_row_id") {
		item, album := rows.Int(0), rows.Int(1)
		place, kind, ok := look(album)
		if !ok || kind != albumType {
			continue
		}
		if itsPlace, itsKind, ok := look(item); ok && itsPlace == place && shapes[itsKind].kind == chat.Media {
			b.albums.add(album, 0, item)
			b.items.add(item, 0, album) // the first counts, if it is in several
		}
	}
}

// finish closes the indexes: they can be read from here on.
func (b *board) finish() {
	for _, x := range []*index{&b.messages, &b.calls, &b.members, &b.albums, &b.items, &b.linked} {
		x.finish()
	}
	b.twins.finish()
}

// titled gives conversations that have no title of their own that of whom they are
// with.
func (b *board) titled() {
	for _, t := range b.talks {
		switch {
		case t.chat.Title != "" || t == b.nowhere:
		case t.jid.IsPerson():
			t.chat.Title = b.people.of(t.jid).name()
		case t.jid.IsStatus():
			t.chat.Title = "Status"
		}
	}
}

// has says whether a conversation has anything to yield.
func (b *board) has(t *talk) bool { return b.messages.has(t.number) || b.calls.has(t.number) }

// rowName names a row for people and pointers.
func rowName(table string, row int64) string {
	return "row " + strconv.FormatInt(row, 10) + " of " + table
}
