package telegram

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// maxFields is how many fields a message may have to be taken apart. The app
// writes some thirty; what has more is kept whole, as unparsed.
const maxFields = 1000

// maker makes the messages of one conversation out of records, in their order.
type maker struct {
	chat   *chat.Conversation
	dialog *dialog
	file   string // that the records are in
	files  *files
	people *people
	clock  *clock
	seen   seen
	ids    chat.MessageIDs

	// What follows is of the message at hand.
	record record
	moment moment
	joined []byte // a text, while it is put together
	number int64  // where it has one that is new
	sender jsonstream.Value
	known  bool // its fields are known, as those of its action
	// message is the one given out: it is valid until the next, so one is enough.
	message chat.Message
}

// make makes a message of a record, the index-th of its list.
func (m *maker) make(v jsonstream.Value, index int) *chat.Message {
	if v.Kind() != '{' {
		return m.unparsed(v, index)
	}
	m.record.read(v)
	if m.record.size > maxFields {
		return m.unparsed(v, index)
	}
	m.message = chat.Message{Conversation: m.chat.ID}
	m.sender, m.known = nil, false
	m.readNumber(index)
	m.readTime()
	kind := m.record.fields[fType]
	switch {
	case string(kind) == `"message"` && !m.record.has(fAction):
		m.record.take(fType)
		m.sent()
	case string(kind) == `"service"` || m.record.has(fAction):
		m.record.take(fType)
		m.service()
	default: // "unsupported", and what is to come
		m.sent()
		m.message.Kind = chat.Other
	}
	m.leftOver()
	m.finish()
	return &m.message
}

// unparsed keeps a record as it is.
func (m *maker) unparsed(raw []byte, index int) *chat.Message {
	m.message = chat.Message{Conversation: m.chat.ID, Kind: chat.Unparsed, Text: string(raw)}
	m.message.ID = m.ids.Next(time.Time{}, "", chat.Unparsed, m.message.Text)
	m.message.Source = m.at(fmt.Sprint(index))
	return &m.message
}

// at is the place of a message, as a JSON path: by its number, which stays the
// same when others before it are deleted.
func (m *maker) at(index string) chat.Pointer {
	return chat.Pointer{File: m.file, At: m.dialog.path + ".messages[" + index + "]"}
}

// readNumber reads the number of the message within its chat. One that comes again,
// and what has none, is found by its place in the list.
func (m *maker) readNumber(index int) {
	msg := &m.message
	n, ok := m.record.fields[fID].Int()
	if m.number = 0; !ok {
		msg.Source = m.at(strconv.Itoa(index))
		return
	}
	m.record.take(fID)
	msg.NativeID = strconv.FormatInt(n, 10)
	msg.ID = m.messageID(msg.NativeID)
	if before := m.seen.add(n); before > 0 {
		msg.ID = chat.RepeatedMessageID(msg.ID, before)
		msg.Source = m.at(strconv.Itoa(index))
		return
	}
	m.number = n
	msg.Source = m.at("?@.id==" + msg.NativeID)
}

// messageID is the id of a message of this conversation.
func (m *maker) messageID(number string) string {
	within := m.chat.NativeID
	if within == "" {
		within = m.chat.ID
	}
	return chat.NativeMessageID(platform, "", within, number)
}

// readTime reads when the message was sent.
func (m *maker) readTime() {
	r, msg := &m.record, &m.message
	var ok bool
	if m.moment, ok = m.clock.read(r.fields[fDateUnix], r.fields[fDate]); ok {
		msg.Time, msg.Precision, msg.ZoneSource = m.moment.at, m.moment.precision, m.moment.zone
		r.take(fDateUnix)
		r.take(fDate)
	}
}

// sent reads what somebody wrote.
func (m *maker) sent() {
	r, msg := &m.record, &m.message
	msg.Kind = chat.Text
	m.sender = r.fields[fFrom]
	msg.Sender = m.person(fFrom, fFromID)
	m.readText()
	if r.has(fForwarded) {
		msg.Forwarded = &chat.Forward{From: r.text(fForwarded)} // null is an account that is no more
	}
	m.reply(fReplyTo)
	m.media()
	m.content()
	m.reactions()
	m.edited()
	if msg.Kind == chat.Text && msg.Text == "" {
		msg.Kind = chat.Other // a dice, a story, or what else the export does not tell of
	}
}

// readText reads the text of a message or notice.
func (m *maker) readText() {
	r := &m.record
	f, keepText, keepEntities := m.textOf(r.fields[fText], r.fields[fEntities])
	m.message.Text, m.message.Spans = f.text, f.spans
	if !keepText {
		r.take(fText)
	}
	if !keepEntities {
		r.take(fEntities)
	}
}

// person takes in who is named by a name, which may be null, and a peer, which
// older exports lack.
func (m *maker) person(name, peer field) string {
	r := &m.record
	id := m.people.written(r.fields[name], r.take(peer))
	if k := r.fields[name].Kind(); k == '"' || k == 'n' {
		r.take(name)
	}
	return id
}

// peerID is the id of a peer that need not take part.
func (m *maker) peerID(peer string) string {
	if peer == "" {
		return ""
	}
	return chat.ParticipantID(platform, "", peer, "")
}

// reply reads what the message answers, or points to.
func (m *maker) reply(to field) {
	n, ok := m.record.fields[to].Int()
	if !ok {
		return
	}
	m.record.take(to)
	r := &chat.Reply{NativeID: strconv.FormatInt(n, 10)}
	m.message.ReplyTo = r
	peer := peerOf(m.record.take(fReplyPeer), m.chat.NativeID)
	if peer != "" && peer != m.chat.NativeID {
		r.ID = chat.NativeMessageID(platform, "", peer, r.NativeID)
		m.extra(fieldNames[fReplyPeer], peer)
		return
	}
	r.ID, r.Found = m.messageID(r.NativeID), n != m.number && m.seen.has(n)
	if t := m.seen.follow(m.number, n); t != 0 {
		m.message.Thread = m.messageID(strconv.FormatInt(t, 10))
	}
}

// firstReactions is when messages could first be reacted to.
var firstReactions = time.Date(2021, 12, 30, 0, 0, 0, 0, time.UTC)

// edited reads when the message was edited last. Since there are reactions, the
// server writes the time of the first one there too, if the message was not
// edited before; so what could be that is called so in Extra.
func (m *maker) edited() {
	r, msg := &m.record, &m.message
	if !r.has(fEdited) && !r.has(fEditedUnix) {
		return
	}
	at, ok := m.clock.aside(r.fields[fEditedUnix], r.fields[fEdited], &m.moment)
	if !ok {
		return
	}
	r.take(fEdited)
	r.take(fEditedUnix)
	if at.Year() <= 1970 {
		return // never: up to June 2020 every message has the field
	}
	for i := range msg.Reactions {
		if msg.Reactions[i].Time.Equal(at) {
			m.extra("edited", "reacted")
			return
		}
	}
	msg.Edited, msg.Edits = true, []chat.Edit{{Time: at}}
	if !at.Before(firstReactions) {
		m.extra("edited", "edited or reacted")
	}
}

// leftOver keeps what nothing has read: of fields that are known, strings are kept
// as what they say, all else as JSON.
func (m *maker) leftOver() {
	r := &m.record
	for f, v := range r.fields {
		if len(v) > 0 {
			m.keep(fieldNames[f], v, true)
		}
	}
	for _, o := range r.others {
		m.keep(o.name, o.value, m.known)
	}
}

// keep keeps a field.
func (m *maker) keep(name string, v jsonstream.Value, known bool) {
	if s, ok := v.Text(); ok && known {
		m.extra(name, s)
		return
	}
	m.extra(name, v.Compact())
}

// extra keeps what the model has no place for.
func (m *maker) extra(name, value string) { addExtra(&m.message, name, value) }

// addExtra keeps what the model has no place for, under a name that is free.
func addExtra(msg *chat.Message, name, value string) {
	if value == "" {
		return
	}
	if msg.Extra == nil {
		msg.Extra = map[string]string{}
	}
	name = strings.ToValidUTF8(name, "\ufffd")
	free := name
	for n := 2; msg.Extra[free] != ""; n++ {
		free = fmt.Sprintf("%s (%d)", name, n)
	}
	msg.Extra[free] = value
}

// finish gives an id to a message without a number, and counts.
func (m *maker) finish() {
	msg := &m.message
	if msg.ID == "" {
		msg.ID = m.ids.Next(m.moment.wall, string(m.sender.Bytes()), msg.Kind, msg.Text)
	}
	who := msg.Sender
	if msg.Event != nil {
		who = msg.Event.By
	}
	m.dialog.count(msg, who, m.people.isSelf(who))
}
