package android

import (
	"cmp"
	"slices"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
)

// surround adds what any message may have around it.
func (m *maker) surround(r *row) {
	m.quote(r)
	m.forward(r)
	m.edit(r)
	m.expire(r)
	m.mention(r)
	m.link(r)
	m.react(r)
}

// quote points to the message that is answered. The database has its key and not its
// row.
func (m *maker) quote(r *row) {
	if r.old != nil {
		m.oldQuote(r)
		return
	}
	c := m.sides["message_quoted"].one(r.id)
	if c == nil {
		return
	}
	t := m.byChat[c.Int(0)]
	if t == nil {
		t = m.talk
	}
	m.reply(t, c.Int(1) == 1, c.Text(2), c.Text(3), m.people.at(c.Int(4)))
}

func (m *maker) oldQuote(r *row) {
	if r.old.quoted <= 0 || m.cited == nil {
		return
	}
	c := m.cited
	if !c.Reset(r.old.quoted).Next() {
		m.store.fail(c.Err())
		return
	}
	var by *person
	if address := c.Text(4); address != "" {
		by = m.people.of(jid.Parse(address))
	}
	m.reply(m.oldTalk(c.Text(0)), c.Int(1) == 1, c.Text(2), c.Text(3), by)
}

// reply points to the message with a key, and of several to that of the one who is
// quoted.
func (m *maker) reply(t *talk, fromMe bool, key, text string, by *person) {
	if key == "" {
		return
	}
	native := jid.Native(fromMe, key)
	to := &chat.Reply{ID: m.idIn(t, native), NativeID: native, Quote: text}
	m.message.ReplyTo = to
	for _, at := range m.quoted.find(t, fromMe, key) {
		r, ok := m.reader.read(at)
		if !ok || to.Found && (by == nil || r.sender != by) {
			continue
		}
		native, shown := m.shown(r)
		to.NativeID, to.ID, to.Found = native, m.idIn(t, shown), true
		if by == nil || r.sender == by {
			return
		}
	}
}

// shown is the native id of a message that is there, and that of the message which
// shows it: of an item of an album, that of the album.
func (m *maker) shown(r *row) (own, in string) {
	own = m.native(r)
	if other, ok := m.renamed[r.number()]; ok {
		own = other
	}
	if album, ok := m.items.first(r.id); ok && r.old == nil {
		if top, ok := m.reader.read(newRow(album)); ok {
			return own, m.native(top)
		}
	}
	return own, own
}

func (m *maker) forward(r *row) {
	c := m.sides["message_forwarded"].one(r.id)
	if !r.forwarded && c == nil {
		return
	}
	f := &chat.Forward{}
	if c != nil && c.Int(0) > 0 {
		m.extra("forward_score", c.Text(0))
	}
	if c := m.sides["forwarded_newsletter_message_info"].one(r.id); c != nil {
		f.From = c.Text(0)
	}
	m.message.Forwarded = f
}

// edit says when the text became what it is.
func (m *maker) edit(r *row) {
	if r.old != nil {
		return
	}
	c := m.keys.edited.one(r.id)
	if c == nil {
		return
	}
	m.message.Edited = true
	if t, _, ok := instant(c.Int(1)); ok {
		m.message.Edits = append(m.message.Edits, chat.Edit{Time: t, Text: r.text})
	}
}

func (m *maker) expire(r *row) {
	c := m.sides["message_ephemeral"].one(r.id)
	if c == nil || c.Int(1) == 1 { // somebody kept it
		return
	}
	if t, _, ok := instant(c.Int(0)); ok {
		m.message.Expires = t
	}
}

// mention marks where people are named: as @ and the digits of an address.
func (m *maker) mention(r *row) {
	var missed []string
	named := 0
	name := func(one *person, words ...string) {
		id := m.here(one)
		if named++; named > maxMarked || !m.mark(id, words) {
			missed = append(missed, id)
		}
	}
	for c := range m.sides["message_mentions"].of(r.id) {
		at := c.Int(0)
		if one := m.people.at(at); one != nil {
			j, _, _ := m.people.address(at)
			name(one, j.User, one.jid.User)
		}
	}
	if r.old != nil && r.old.mentioned != "" {
		for address := range strings.SplitSeq(r.old.mentioned, ",") {
			if j := jid.Parse(strings.TrimSpace(address)); j.IsPerson() && m.budget.take(0) {
				name(m.people.of(j), j.User)
			}
		}
	}
	if len(missed) > 0 {
		m.extra("mentions", asJSON(missed))
	}
	slices.SortFunc(m.message.Spans, func(a, b chat.Span) int { return cmp.Or(a.Start-b.Start, a.End-b.End) })
}

// maxMarked bounds the people who are looked for in a text. Groups have at most as many.
const maxMarked = 1024

// mark marks every place in the text where one of the words stands behind an @.
func (m *maker) mark(id string, words []string) (found bool) {
	text := m.message.Text
	for _, word := range slices.Compact(words) {
		for at := 0; word != ""; {
			i := strings.Index(text[at:], "@"+word)
			if i < 0 {
				break
			}
			start, end := at+i, at+i+1+len(word)
			at = end
			if end < len(text) && text[end] >= '0' && text[end] <= '9' {
				continue // a longer number
			}
			if !m.budget.take(0) {
				break
			}
			m.message.Spans = append(m.message.Spans, chat.Span{Start: start, End: end, Style: "mention", Target: id})
			found = true
		}
	}
	return found
}

// link marks the address that a preview is of, and keeps the preview.
func (m *maker) link(r *row) {
	c := m.sides["message_text"].one(r.id)
	if c == nil {
		return
	}
	preview := map[string]any{}
	for i, name := range []string{"url", "title", "description"} {
		if s := c.Text(i); s != "" {
			preview[name] = s
		}
	}
	if len(preview) == 0 {
		return
	}
	m.extra("link", asJSON(preview))
	url, _ := preview["url"].(string)
	if i := strings.Index(m.message.Text, url); i >= 0 && url != "" {
		m.message.Spans = append(m.message.Spans, chat.Span{Start: i, End: i + len(url), Style: "link", Target: url})
	}
}

// react adds what others put on a message: reactions, and what nothing is known of.
func (m *maker) react(r *row) {
	if r.old != nil {
		return
	}
	var others []map[string]any
	for on := range m.sides["message_add_on"].of(r.id) {
		id, stamp, kind := on.Int(0), on.Int(3), on.Int(4)
		who := m.who(on.Int(1) == 1, m.people.at(on.Int(2)))
		if m.reaction(id, who) || m.vote(id) {
			continue
		}
		other := map[string]any{"type": kind, "timestamp": stamp}
		if who != nil {
			other["by"] = m.here(who)
		}
		for _, f := range m.onTop.of(id, m.people) {
			other[f.table] = f.rows
		}
		others = append(others, other)
	}
	if len(others) > 0 {
		m.extra("message_add_on", asJSON(others))
	}
	for c := range m.sides["newsletter_message_reaction"].of(r.id) {
		m.message.Reactions = append(m.message.Reactions, chat.Reaction{Emoji: c.Text(0), Count: int(min(max(0, c.Int(1)), 1<<30))})
	}
}

// reaction says whether an add-on is a reaction. One that was taken back is empty.
func (m *maker) reaction(on int64, who *person) bool {
	c := m.sides["message_add_on_reaction"].one(on)
	if c == nil {
		return false
	}
	reaction := chat.Reaction{Emoji: c.Text(0)}
	if reaction.Emoji == "" {
		m.talk.ignored[takenBack]++
		return true
	}
	if t, _, ok := instant(c.Int(1)); ok {
		reaction.Time = t
	}
	if who != nil {
		reaction.By = m.here(who)
	}
	m.message.Reactions = append(m.message.Reactions, reaction)
	return true
}

// vote says whether an add-on is a vote, which the poll has. One that was taken back
// is for nothing.
func (m *maker) vote(on int64) bool {
	if m.sides["message_add_on_poll_vote_selected_option"].has(on) {
		return true
	}
	if !m.sides["message_add_on_poll_vote"].has(on) {
		return false
	}
	m.talk.ignored[takenBack]++
	return true
}
