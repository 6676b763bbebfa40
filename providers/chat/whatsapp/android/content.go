package android

import (
	"slices"
	"strconv"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/event"
)

// contact fills in cards of contacts. Their names are the text.
func (m *maker) contact(r *row) {
	var cards, names []string
	for _, table := range []string{"message_vcard", "messages_vcards"} {
		for c := range m.sides[table].of(r.id) {
			cards = append(cards, c.Text(0))
		}
	}
	if r.old != nil && strings.HasPrefix(r.text, "BEGIN:VCARD") {
		cards, m.message.Text = append(cards, r.text), ""
	}
	for _, card := range cards {
		names = append(names, fullName(card))
	}
	if m.message.Text == "" {
		m.message.Text = strings.Join(slices.DeleteFunc(names, func(s string) bool { return s == "" }), "\n")
	}
	m.extra("vcard", strings.Join(cards, "\n"))
}

// fullName is the name in a card.
func fullName(card string) string {
	for line := range strings.Lines(card) {
		if property, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok {
			if name, _, _ := strings.Cut(property, ";"); strings.EqualFold(name, "FN") {
				return value
			}
		}
	}
	return ""
}

// place fills in where something is, if a row says so.
func (m *maker) place(r *row) {
	p := chat.Location{Live: r.kind == liveType}
	if o := r.old; o != nil && (o.latitude != 0 || o.longitude != 0) {
		p.Latitude, p.Longitude, p.Name = degreesOf(o.latitude), degreesOf(o.longitude), o.media.name
		if strings.HasPrefix(o.media.url, "http") {
			p.URL = o.media.url
		}
	}
	c := m.sides["message_location"].one(r.id)
	if c != nil {
		p.Latitude, p.Longitude, p.Name, p.Address, p.URL = degrees(c, 0), degrees(c, 1), c.Text(2), c.Text(3), c.Text(4)
		p.Live = p.Live || c.Int(5) > 0
		end := map[string]any{}
		for i, name := range []string{"seconds", "last_latitude", "last_longitude", "last_timestamp"} {
			if !c.Null(5+i) && c.Float(5+i) != 0 {
				end[name] = c.Text(5 + i)
			}
		}
		if len(end) > 0 {
			m.extra("live_location", asJSON(end))
		}
	}
	if p != (chat.Location{}) {
		m.message.Location = &p
	}
}

// poll fills in a question, its options and who is for which.
func (m *maker) poll(r *row) {
	p := &chat.Poll{Question: r.text}
	at := map[int64]int{}
	for c := range m.sides["message_poll_option"].of(r.id) {
		at[c.Int(0)] = len(p.Options)
		p.Options = append(p.Options, chat.PollOption{Text: c.Text(1), Votes: int(min(max(0, c.Int(2)), 1<<30))})
	}
	for on := range m.sides["message_add_on"].of(r.id) {
		who := m.who(on.Int(1) == 1, m.people.at(on.Int(2)))
		for c := range m.sides["message_add_on_poll_vote_selected_option"].of(on.Int(0)) {
			if i, ok := at[c.Int(0)]; ok && who != nil {
				p.Options[i].By = append(p.Options[i].By, m.here(who))
			}
		}
	}
	for i := range p.Options {
		p.Options[i].Votes = max(p.Options[i].Votes, len(p.Options[i].By))
	}
	m.message.Poll = p
}

// album fills in what is shown together: the items have rows of their own, in the
// order in which they are shown. What is said of one of them is said of the album.
func (m *maker) album(r *row) {
	var captions, keys []string
	items := m.itemsOf(r.id)
	for _, item := range items {
		m.message.Text = item.text
		m.measure(item)
		m.attach(item, m.mediaOf(item), shapes[item.kind])
		if m.message.Text != "" {
			captions = append(captions, m.message.Text)
		}
		m.message.Attachments[len(m.message.Attachments)-1].Caption = m.message.Text
		keys = append(keys, m.native(item))
	}
	m.message.Text = r.text
	if len(captions) > 0 {
		m.message.Text = strings.Join(captions, "\n")
	}
	for i := range m.message.Attachments {
		if len(captions) == 1 {
			m.message.Attachments[i].Caption = ""
		}
	}
	for i, item := range items {
		m.surround(item)
		m.columns(item, " of item "+strconv.Itoa(i+1))
		for _, f := range m.extras.of(item.id, m.people) {
			m.extra(f.table+" of item "+strconv.Itoa(i+1), f.json())
		}
	}
	if len(keys) > 0 {
		m.extra("album", asJSON(keys))
	}
}

// itemsOf are the rows of what is in an album.
func (m *maker) itemsOf(album int64) (list []*row) {
	for _, id := range m.albums.rows(album) {
		if first, _ := m.items.first(id); first != album {
			continue // an item of another album
		}
		item, ok := m.reader.read(newRow(id))
		if ok && !m.budget.take(len(item.text)) {
			break
		}
		if ok {
			list = append(list, item)
		}
	}
	return list
}

// event fills in what the app says of a conversation.
func (m *maker) event(r *row) {
	action := int64(0)
	if r.old != nil {
		action = r.old.action
	}
	if c := m.sides["message_system"].one(r.id); c != nil {
		action = c.Int(0)
	}
	code := actions[action]
	if code == "" {
		code = event.Unknown
	}
	m.notice(r, code)
	m.extra("action_type", strconv.FormatInt(action, 10))
}

// notice makes the message an event. What the database has as its text is one only
// where people gave it.
func (m *maker) notice(r *row, code string) {
	e := &chat.Event{Code: code}
	m.message.Kind, m.message.Event = chat.EventKind, e
	if !said[code] {
		m.message.Text = ""
		m.extra("text", r.text)
	}
	if r.sender != nil {
		e.By = m.here(r.sender)
	}
	for c := range m.sides["message_system_chat_participant"].of(r.id) {
		if one := m.people.at(c.Int(0)); one != nil {
			e.Targets = append(e.Targets, m.here(one))
		}
	}
	if c := m.sides["message_system_number_change"].one(r.id); c != nil {
		before, after := c.Int(0), c.Int(1)
		if one := m.people.at(before); one != nil {
			e.By = m.here(one)
		}
		if one := m.people.at(after); one != nil {
			e.Targets = append(e.Targets, m.here(one))
		}
	}
}

// deletion says that the message was taken back, and by whom.
func (m *maker) deletion(r *row) {
	m.message.Kind = chat.Other
	m.message.Deleted = &chat.Deletion{By: m.message.Sender}
	if r.old != nil {
		return
	}
	c := m.keys.revoked.one(r.id)
	if c == nil {
		return
	}
	admin, stamp := c.Int(1), c.Int(2)
	if t, _, ok := instant(stamp); ok {
		m.message.Deleted.Time = t
	}
	if one := m.people.at(admin); one != nil {
		m.message.Deleted.By = m.here(one)
	}
}
