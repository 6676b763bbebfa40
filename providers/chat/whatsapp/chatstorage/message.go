package chatstorage

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
)

// forwarded is the bit of ZFLAGS that marks a message that came from elsewhere.
const forwarded = 1 << 7

// make makes a message of the row that was read.
func (r *reader) make(ref ref) *chat.Message {
	m := &chat.Message{
		Conversation: r.conv.chat.ID, Kind: chat.Text, Text: r.rows.Text(cText),
		Source: chat.Pointer{File: r.chatAt, At: "row " + strconv.FormatInt(ref.row, 10)},
	}
	r.message = m
	r.date(m)
	m.Sender = r.sender()
	r.stanza = r.rows.Text(cStanza)
	r.fill(r.rows.Int(cType))
	r.answer()
	r.react()
	if r.rows.Int(cFlags)&forwarded != 0 {
		m.Forwarded = &chat.Forward{}
	}
	if r.rows.Int(cStarred) != 0 {
		r.extra("ZSTARRED", r.rows.Text(cStarred))
	}
	m.ID = r.id(ref)
	return m
}

// extra keeps what the model has no field for.
func (r *reader) extra(key, value string) {
	if value == "" {
		return
	}
	if r.message.Extra == nil {
		r.message.Extra = map[string]string{}
	}
	r.message.Extra[key] = value
}

func (r *reader) date(m *chat.Message) {
	ms, unit, ok := millis(r.rows, cDate)
	if !ok {
		ms, unit, ok = millis(r.rows, cSent)
	}
	if ok {
		m.Time, m.Precision, m.ZoneSource = at(ms), unit, chat.FromExport
	}
}

// id is by the stanza id. Where one stands for several messages, they are
// numbered; where there is none, what a message says makes its id.
func (r *reader) id(ref ref) string {
	m := r.message
	if r.stanza == "" {
		return r.ids.Next(m.Time, m.Sender, m.Kind, m.Text)
	}
	native := jid.Native(r.fromMe(), r.stanza)
	if m.Call != nil {
		native = jid.NativeCall(r.fromMe(), r.stanza)
	}
	if ref.said > 0 {
		native = fmt.Sprintf("%s/%d", native, ref.said)
	}
	m.NativeID = native
	return jid.MessageID(r.conv.address, native)
}

func (r *reader) fromMe() bool { return r.rows.Int(cFromMe) != 0 }

// sender is who sent a message: in a group the member, for ZFROMJID is the group.
func (r *reader) sender() string {
	if r.fromMe() {
		return jid.OwnerID()
	}
	if member := r.source.members[r.rows.Int(cMember)]; member != "" {
		return r.who(member)
	}
	if id := r.who(r.rows.Text(cFrom)); id != "" {
		return id
	}
	switch r.conv.chat.Kind {
	case chat.Direct:
		return r.who(r.conv.address)
	case chat.Channel:
		return r.source.join(r.conv, r.conv.address)
	}
	return r.who(r.source.book.teller(r.conv.address))
}

// fill reads what a message is by its type.
func (r *reader) fill(kind int64) {
	m := r.message
	if r.isContact(kind) || r.isPlace(kind) {
		return
	}
	if medium, ok := mediums[kind]; ok {
		r.media(medium)
		return
	}
	switch kind {
	case typeText, typeLink:
		r.extra("ZTITLE", r.rows.Text(cTitle))
		r.file("thumbnail", false)
		r.mentions()
	case typeContact:
		m.Kind = chat.Contact
		r.extra("ZVCARDSTRING", r.rows.Text(cMIME))
	case typeLocation:
		m.Kind, m.Location = chat.LocationKind, &chat.Location{Name: r.rows.Text(cTitle)}
	case typeEvent, typeNotice, typeTimer, typeCall:
		r.happened(kind)
	case typeDeleted:
		r.deleted()
	case typePoll:
		r.poll()
	default:
		r.unknown(kind)
	}
}

// unknown keeps a message of a type that is not known, or has nothing yet to show.
func (r *reader) unknown(kind int64) {
	r.message.Kind = chat.Other
	r.extra("ZMESSAGETYPE", r.rows.Text(cType))
	if kind == typeWaiting {
		return
	}
	if r.rows.Int(cEvent) != 0 {
		r.extra("ZGROUPEVENTTYPE", r.rows.Text(cEvent))
	}
	r.extra("ZTITLE", r.rows.Text(cTitle))
	r.file("", false)
}

// deleted reads a message that was taken back. Its text is then nothing, or the
// address of an administrator who took it back for somebody.
func (r *reader) deleted() {
	m := r.message
	m.Kind, m.Deleted = chat.Other, &chat.Deletion{By: m.Sender}
	if by := r.named(m.Text); by != "" {
		m.Deleted.By, m.Text = by, ""
	}
}

// cardMark begins a contact.
const cardMark = "BEGIN:VCARD"

// isContact reads contacts. Readers of this database disagree on the numbers of
// contacts and places, so that what stands in the row decides.
func (r *reader) isContact(kind int64) bool {
	if kind != typeText && kind != typeContact && kind != typeLocation {
		return false
	}
	for _, c := range []int{cMIME, cCard} {
		cards := r.rows.Text(c)
		if !strings.HasPrefix(cards, cardMark) {
			continue
		}
		r.message.Kind = chat.Contact
		r.extra("ZVCARDSTRING", cards)
		if r.message.Text == "" {
			r.message.Text = strings.Join(strings.Split(r.rows.Text(cName), "_$!<Name-Separator>!$_"), ", ")
		}
		if r.message.Text == "" {
			r.message.Text = strings.Join(cardNames(cards), ", ")
		}
		return true
	}
	return false
}

// cardNames are the names on cards.
func cardNames(cards string) (names []string) {
	for l := range strings.Lines(cards) {
		property, value, _ := strings.Cut(l, ":")
		property, _, _ = strings.Cut(property, ";")
		if value = line(value); value != "" && strings.EqualFold(property, "FN") {
			names = append(names, value)
		}
	}
	return names
}

// isPlace reads places.
func (r *reader) isPlace(kind int64) bool {
	if kind != typeContact && kind != typeLocation {
		return false
	}
	latitude, longitude := r.rows.Float(cLatitude), r.rows.Float(cLongitude)
	if latitude == 0 && longitude == 0 || !(latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180) {
		return false
	}
	r.message.Kind = chat.LocationKind
	r.message.Location = &chat.Location{Latitude: degrees(latitude), Longitude: degrees(longitude), Name: r.rows.Text(cTitle), Address: r.rows.Text(cMIME)}
	return true
}

func degrees(d float64) string { return strconv.FormatFloat(d, 'f', -1, 64) }

// poll reads a poll with its votes.
func (r *reader) poll() {
	m := r.message
	m.Kind = chat.PollKind
	p := pollOf(r.rows.Raw(cReceipts))
	if p == nil {
		m.Poll = &chat.Poll{Question: m.Text}
		m.Text = ""
		return
	}
	m.Poll = &chat.Poll{Question: p.question, Options: make([]chat.PollOption, len(p.options))}
	for i, option := range p.options {
		m.Poll.Options[i].Text = option
	}
	for _, v := range p.votes {
		by := jid.OwnerID()
		if v.by != "" {
			by = r.who(v.by)
		}
		for _, n := range v.options {
			if n < uint64(len(m.Poll.Options)) {
				o := &m.Poll.Options[n]
				if o.Votes++; by != "" {
					o.By = append(o.By, by)
				}
			}
		}
	}
	if m.Text == p.question {
		m.Text = ""
	}
}

// react reads reactions.
func (r *reader) react() {
	if r.rows.Null(cReceipts) {
		return
	}
	for _, a := range reactions(r.rows.Raw(cReceipts)) {
		if a.emoji == "" {
			continue // taken back
		}
		one := chat.Reaction{Emoji: a.emoji}
		switch {
		case a.count > 0 && a.count < 1<<31:
			one.Count = int(a.count)
		case a.by == "":
			one.By = jid.OwnerID()
		default:
			one.By = r.who(a.by)
		}
		if a.ms > 0 && a.ms < latest*1000 {
			one.Time = at(int64(a.ms))
		}
		r.message.Reactions = append(r.message.Reactions, one)
	}
}

// answer reads which message is answered: by its row, else by its stanza id, whose
// direction the author tells.
func (r *reader) answer() {
	stanza, author := r.rows.Text(cParent), ""
	fromMe := r.rows.Int(cParentMe) != 0
	if stanza == "" {
		stanza, author = quoted(r.rows.Raw(cMetadata))
		me := r.source.book.me
		fromMe = author != "" && me != "" && r.source.book.resolve(author) == me
	}
	if stanza == "" || stanza == r.stanza {
		return
	}
	found := r.has(keyOf([]byte(stanza), fromMe))
	if !found && r.has(keyOf([]byte(stanza), !fromMe)) {
		found, fromMe = true, !fromMe
	}
	native := jid.Native(fromMe, stanza)
	r.message.ReplyTo = &chat.Reply{ID: jid.MessageID(r.conv.address, native), NativeID: native, Found: found}
}

// mentions marks "@49170…" where it is the number of somebody in the chat.
func (r *reader) mentions() {
	m := r.message
	for i := 0; i < len(m.Text); {
		k := strings.IndexByte(m.Text[i:], '@')
		if k < 0 {
			return
		}
		start := i + k
		end := start + 1
		for end < len(m.Text) && m.Text[end] >= '0' && m.Text[end] <= '9' {
			end++
		}
		if user := m.Text[start+1 : end]; len(user) >= 5 && len(user) <= 20 {
			for _, server := range []string{jid.Phone, jid.Hidden} {
				if id := r.source.book.id(user + "@" + server); r.conv.roster[id] {
					m.Spans = append(m.Spans, chat.Span{Start: start, End: end, Style: "mention", Target: id})
					break
				}
			}
		}
		i = end
	}
}

// seconds is a length of time of a medium.
func seconds(n float64) time.Duration {
	if !(n > 0 && n < 1e7) {
		return 0
	}
	return time.Duration(n*1000) * time.Millisecond
}

// line is a text in one valid line, for what becomes a name.
func line(s string) string {
	if !utf8.ValidString(s) {
		return ""
	}
	return strings.Join(strings.Fields(s), " ")
}
