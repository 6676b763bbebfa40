package telegram

import (
	"slices"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// content reads what a message is besides text and files. Where the message has
// no text, what it shows in its place becomes the text, so that it can be read and
// searched.
func (m *maker) content() {
	r, msg := &m.record, &m.message
	instead := ""
	switch {
	case r.has(fContact):
		msg.Kind = chat.Contact
		instead = m.contact()
	case r.has(fLocation) || r.has(fVenue):
		msg.Kind = chat.LocationKind
		m.place()
	case r.has(fPoll):
		m.poll()
	case r.has(fTodo):
		msg.Kind = chat.Other
		instead = m.todo(r.fields[fTodo])
	case r.has(fInvoice):
		msg.Kind = chat.Payment
		instead = m.invoice()
	case r.has(fGame):
		msg.Kind = chat.Other
		instead, _ = r.fields[fGame].Text()
	case r.has(fGiveaway) || r.has(fWinners):
		msg.Kind = chat.Other
	}
	if msg.Text == "" {
		msg.Text = instead
	}
}

// contact reads a shared contact, whose card is a file since June 2018.
func (m *maker) contact() string {
	r := &m.record
	if r.has(fVCard) {
		a := chat.Attachment{Role: "file", MIME: "text/vcard", Size: r.number(fVCardSize)}
		m.locate(&a, fVCard)
		m.message.Attachments = append(m.message.Attachments, a)
	}
	var parts []string
	for _, name := range [...]string{"first_name", "last_name", "phone_number"} {
		if s, _ := r.fields[fContact].Get(name).Text(); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

// place reads a location, which is null where the app had none.
func (m *maker) place() {
	r := &m.record
	at := r.fields[fLocation]
	m.message.Location = &chat.Location{
		Live: r.has(fLive), Name: r.text(fVenue), Address: r.text(fAddress),
		Latitude: degrees(at.Get("latitude")), Longitude: degrees(at.Get("longitude")),
	}
	if at.IsNull() || says(at, "latitude", "longitude") {
		r.take(fLocation)
	}
}

// says reports whether a value is an object with no other members than these.
func says(v jsonstream.Value, names ...string) bool {
	for name := range v.Members() {
		if !slices.Contains(names, string(name)) {
			return false
		}
	}
	return v.Kind() == '{'
}

// degrees are kept as they are written.
func degrees(v jsonstream.Value) string {
	if s, ok := v.Text(); ok {
		return s
	}
	return v.Compact()
}

// poll reads a poll. That it is closed and how many voted is kept beside it, and
// the whole as it is where it says more than the model has places for.
func (m *maker) poll() {
	v := m.record.fields[fPoll]
	question, keep, _ := m.textOf(v.Get("question"), nil)
	whole := !keep && question.spans == nil && says(v, "question", "answers", "closed", "total_voters")
	p := &chat.Poll{Question: question.text}
	for answer := range v.Get("answers").Elements() {
		text, keep, _ := m.textOf(answer.Get("text"), nil)
		o := chat.PollOption{Text: text.text, Votes: int(min(max(number(answer.Get("voters")), 0), 1<<31-1))}
		if answer.Get("chosen").Kind() == 't' {
			o.By = m.people.owner()
			keep = keep || o.By == nil
		}
		whole = whole && !keep && text.spans == nil && says(answer, "text", "voters", "chosen")
		p.Options = append(p.Options, o)
	}
	m.message.Kind, m.message.Poll = chat.PollKind, p
	if !whole {
		return
	}
	m.record.take(fPoll)
	for _, name := range [...]string{"closed", "total_voters"} {
		if value := v.Get(name); len(value) > 0 {
			m.keep("poll_"+name, value, true)
		}
	}
}

// todo is a list of things to do as text, one a line. The list itself is kept as
// it is.
func (m *maker) todo(v jsonstream.Value) string {
	title, _, _ := m.textOf(v.Get("title"), nil)
	lines := []string{title.text}
	for item := range v.Get("answers").Elements() {
		text, _, _ := m.textOf(item.Get("text"), nil)
		lines = append(lines, "- "+text.text)
	}
	return strings.Join(lines, "\n")
}

// invoice reads the title of a bill, which is an object written as a string.
func (m *maker) invoice() string {
	r := &m.record
	v := r.fields[fInvoice]
	if text, ok := v.Text(); ok {
		inner, valid := jsonstream.Parse([]byte(text))
		if !valid {
			return ""
		}
		v = inner
		r.fields[fInvoice] = inner
	}
	title, _ := v.Get("title").Text()
	return title
}

// reactions reads how others reacted. The export names some of them, the most
// recent, and counts all.
func (m *maker) reactions() {
	r, msg := &m.record, &m.message
	if !r.has(fReactions) {
		return
	}
	whole := r.fields[fReactions].Kind() == '['
	for v := range r.fields[fReactions].Elements() {
		emoji, ok := m.emoji(v)
		whole = whole && ok && says(v, "type", "count", "emoji", "document_id", "recent")
		left := number(v.Get("count"))
		for recent := range v.Get("recent").Elements() {
			by := m.people.written(recent.Get("from"), recent.Get("from_id"))
			at, _ := m.clock.aside(recent.Get("date_unixtime"), recent.Get("date"), &m.moment)
			msg.Reactions = append(msg.Reactions, chat.Reaction{Emoji: emoji, By: by, Time: at})
			left--
		}
		if left > 0 {
			msg.Reactions = append(msg.Reactions, chat.Reaction{Emoji: emoji, Count: int(min(left, 1<<31-1))})
		}
	}
	if whole {
		r.take(fReactions)
	}
}

// emoji is what a reaction looks like: a custom emoji by its file, and one of a
// kind that is not known by that. It is false where that does not say all.
func (m *maker) emoji(v jsonstream.Value) (emoji string, ok bool) {
	kind, _ := v.Get("type").Text()
	switch kind {
	case "emoji":
		return v.Get("emoji").Text()
	case "paid":
		return "⭐", true
	case "custom_emoji":
		file, ok := v.Get("document_id").Text()
		m.emojiFile(file)
		if state, _ := absence(file); state != "" || file == "" {
			return kind, true
		}
		return file, ok
	}
	return kind, false
}
