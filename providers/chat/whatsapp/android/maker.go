package android

import (
	"path"
	"strconv"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/event"
	"chatkeep/providers/chat/whatsapp/jid"
	"chatkeep/providers/internal/mediatype"
	"chatkeep/providers/internal/sqlite"
)

// maker makes messages of rows, of one conversation after the other.
type maker struct {
	*board
	reader *reader
	files  *files
	file   string // that the rows are in
	keys   *keys
	sides  sides
	extras extras       // of messages
	onTop  extras       // of add-ons
	called *sqlite.Rows // of calls
	cited  *sqlite.Rows // of the old table of quotes

	budget  budget
	present int // of all conversations
	talk    *talk
	pending *queue           // of the conversation's calls
	taken   map[string]bool  // native ids of this conversation that others could have
	renamed map[int64]string // those of rows whose first id was taken; see newRow
	message chat.Message
}

func newMaker(b *board, k *keys, f *files) *maker {
	m := &maker{board: b, keys: k, files: f, file: b.store.name, reader: newReader(b.store, b.people)}
	m.sides = openSides(b.store, &m.budget)
	m.extras = openExtras(b.store, "message_row_id", &m.budget)
	m.onTop = openExtras(b.store, "message_add_on_row_id", &m.budget)
	if b.store.Has("call_log") {
		m.called = b.store.byRow("call_log", callColumns...)
	}
	if b.store.Has("messages_quotes") {
		m.cited = b.store.byRow("messages_quotes", "key_remote_jid", "key_from_me", "key_id", "data", "remote_resource")
	}
	return m
}

func (m *maker) close() {
	m.reader.close()
	m.sides.close()
	m.extras.close()
	m.onTop.close()
	for _, rows := range []*sqlite.Rows{m.called, m.cited} {
		if rows != nil {
			rows.Close()
		}
	}
}

// begin turns to a conversation, and end away from it.
func (m *maker) begin(t *talk) {
	m.talk, m.pending = t, newQueue(m.calls.rows(t.number))
	m.taken, m.renamed = map[string]bool{}, map[int64]string{}
	t.cover = chat.Coverage{Conversation: t.chat.ID, Complete: true}
	t.ignored, t.long = map[string]int{}, 0
}

func (m *maker) end() { m.pending.stop() }

// make makes the message of a row; nil where the row is part of another message.
func (m *maker) make(r *row) *chat.Message {
	if r.old == nil && m.isItem(r.id) {
		m.talk.ignored[albumItems]++
		return nil
	}
	m.start(r)
	native := m.native(r)
	if id, ok := m.itsCall(r); ok {
		m.identify(m.callOf(id, r, native), r)
	} else {
		m.identify(native, r)
	}
	if m.message.NativeID != jid.Native(r.fromMe, m.keyOf(r)) {
		m.renamed[r.number()] = m.message.NativeID
	}
	m.at(r.stamp)
	m.message.Text = r.text
	m.columns(r, "")
	m.measure(r)
	if s := m.senderOf(r); s != nil {
		m.message.Sender = m.here(s)
	}
	m.fill(r)
	m.surround(r)
	m.keep(r)
	return m.done()
}

// start begins a message, of a row of messages or of calls.
func (m *maker) start(r *row) {
	m.budget = budget{left: maxParts}
	m.message = chat.Message{Conversation: m.talk.chat.ID, Source: chat.Pointer{File: m.file, At: rowName(r.table, r.id)}}
}

// done ends it.
func (m *maker) done() *chat.Message {
	if m.budget.refused {
		m.talk.ignored[tooLarge]++
		m.extra("left_out", "what is too large for a record, and in the original alone")
	}
	return &m.message
}

// columns keeps the columns of a row that nothing is known of.
func (m *maker) columns(r *row, suffix string) {
	for _, pair := range r.extra {
		if m.budget.take(len(pair[1])) {
			m.extra(pair[0]+suffix, pair[1])
		}
	}
}

// measure notes that a text was too long to be taken.
func (m *maker) measure(r *row) {
	if r.length > maxText {
		m.talk.long++
		m.extra("text_length", strconv.FormatInt(r.length, 10))
	}
}

// isItem says whether a row is shown in the message of an album.
func (m *maker) isItem(id int64) bool { return m.items.has(id) }

// keyOf is a message's first key.
func (m *maker) keyOf(r *row) string {
	if r.old == nil {
		if first := m.keys.of(r.id); first != "" {
			return first
		}
	}
	return r.key
}

// native is a message's own id.
func (m *maker) native(r *row) string {
	key := m.keyOf(r)
	if r.old == nil && (r.kind == missedType || r.kind == callLogType) {
		return jid.NativeCall(r.fromMe, key)
	}
	return jid.Native(r.fromMe, key)
}

// identify gives the message its ids. Of two with one key the later one has its
// sender besides.
func (m *maker) identify(native string, r *row) {
	if m.taken[native] && r.sender != nil {
		native += "/" + r.sender.jid.String()
	}
	if m.taken[native] {
		native += "/" + strconv.FormatInt(r.id, 10)
	}
	if strings.Count(native, "/") > 1 || m.twins.has(m.talk, native) {
		m.taken[native] = true
	}
	m.message.NativeID = native
	m.message.ID = m.idIn(m.talk, native)
}

func (m *maker) idIn(t *talk, native string) string {
	return jid.MessageID(t.chat.NativeID, native)
}

func (m *maker) at(stamp int64) {
	t, precision, ok := instant(stamp)
	if ok {
		m.message.Time, m.message.Precision, m.message.ZoneSource = t, precision, chat.FromExport
	} else if stamp != 0 {
		m.extra("timestamp", strconv.FormatInt(stamp, 10))
	}
}

// extra keeps what the model has no place for. What several items of an album have
// stands below each other.
func (m *maker) extra(name, value string) {
	if value == "" {
		return
	}
	if m.message.Extra == nil {
		m.message.Extra = map[string]string{}
	}
	if other := m.message.Extra[name]; other != "" && other != value {
		value = other + "\n" + value
	}
	m.message.Extra[name] = value
}

// maxHere bounds who take part in conversations, of all of them together.
const maxHere = 2_000_000

// here notes that somebody takes part, and returns the id.
func (m *maker) here(one *person) string {
	if m.talk.here[one.ID] {
		return one.ID
	}
	if m.present >= maxHere {
		return "" // as if nobody knew
	}
	m.present++
	m.talk.here[one.ID] = true
	m.talk.list = append(m.talk.list, one)
	return one.ID
}

// senderOf is who sent a message, nil where nobody did or it is not known.
func (m *maker) senderOf(r *row) *person {
	if r.kind == systemType || r.kind == timerType || r.kind == timersType || r.kind == privacyType {
		return nil
	}
	return m.who(r.fromMe, r.sender)
}

// who is the owner, the one who is named, or in a chat of two the other.
func (m *maker) who(fromMe bool, named *person) *person {
	switch {
	case fromMe:
		return m.people.self
	case named != nil:
		return named
	case m.talk.jid.IsPerson():
		return m.people.of(m.talk.jid)
	}
	return nil
}

// fill fills in what a message of its kind has.
func (m *maker) fill(r *row) {
	s, known := shapes[r.kind]
	m.message.Kind = s.kind
	switch r.kind {
	case systemType:
		m.event(r)
	case timerType, timersType:
		m.notice(r, event.Disappearing)
	case privacyType:
		m.notice(r, event.Privacy)
	case deletedType, revokedType:
		m.deletion(r)
	case callType, missedType, callLogType:
		m.call(r)
	case albumType:
		m.album(r)
	default:
		m.content(r, s, known)
	}
	if r.old != nil && r.old.deleted && m.message.Deleted == nil {
		m.deletion(r)
	}
}

// content fills in what people send.
func (m *maker) content(r *row, s shape, known bool) {
	switch s.kind {
	case chat.Contact:
		m.contact(r)
	case chat.LocationKind:
		m.place(r)
	case chat.PollKind:
		m.poll(r)
	}
	if f := m.mediaOf(r); s.role != "" || !known && f.isThere() {
		m.attach(r, f, s)
	}
	if known {
		return
	}
	m.message.Kind = chat.Other
	m.place(r)
	m.extra("message_type", strconv.FormatInt(r.kind, 10))
}

// mediaOf is what a row has of a file: the new table of media has it for rows of the
// old one as well, while both were there.
func (m *maker) mediaOf(r *row) (f media) {
	if r.old != nil {
		f = r.old.media
	}
	c := m.sides["message_media"].one(r.id)
	if c == nil {
		return f
	}
	n := media{
		path: c.Text(0), mime: c.Text(1), name: c.Text(2), caption: c.Text(3), url: c.Text(4), hash: c.Text(5),
		size: max(c.Int(6), c.Int(7)), duration: c.Int(8), width: c.Int(9), height: c.Int(10),
		extra: [][2]string{{"transcription", c.Text(11)}, {"description", c.Text(12)}},
	}
	if r.old != nil {
		n.path, n.mime, n.name, n.caption = or(n.path, f.path), or(n.mime, f.mime), or(n.name, f.name), or(n.caption, f.caption)
	}
	return n
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// attach adds a file. What was written under it is the message's text.
func (m *maker) attach(r *row, f media, s shape) {
	name := f.name
	if name == "" && f.path != "" {
		name = path.Base(f.path)
	}
	a := chat.Attachment{Role: s.role, Name: name, MIME: f.mime, Size: max(0, f.size), Width: length(f.width), Height: length(f.height)}
	if a.MIME == "" {
		a.MIME = mediatype.ByName(name)
	}
	a.Duration = seconds(f.duration)
	a.Role = role(a, r, f)
	m.files.resolve(&a, f.path)
	if a.State == chat.Missing {
		m.extra("file_hash", f.hash)
		if s.once {
			a.State, a.Why = chat.ViewOnce, "shown once, and not kept"
		}
	}
	if m.message.Text == "" {
		m.message.Text = f.caption
	} else if f.caption != m.message.Text {
		a.Caption = f.caption
	}
	for _, pair := range f.extra {
		m.extra(pair[0], pair[1])
	}
	m.message.Attachments = append(m.message.Attachments, a)
}

// length is a number of pixels, 0 where there is no sense in it.
func length(n int64) int {
	if n < 0 || n > 1<<30 {
		return 0
	}
	return int(n)
}

// role tells voice messages from other audio, and what a file is of a message of an
// unknown type.
func role(a chat.Attachment, r *row, f media) string {
	switch a.Role {
	case "audio":
		if r.voice || strings.HasPrefix(a.Name, "PTT-") || strings.Contains(f.path, "Voice Notes") {
			return "voice"
		}
	case "":
		switch kind, _, _ := strings.Cut(a.MIME, "/"); kind {
		case "image", "video", "audio":
			return kind
		}
		return "file"
	}
	return a.Role
}
