package whatsapp

import (
	"errors"
	"strings"
	"time"

	"chatkeep/providers/chat"
)

// bodyLimit is how much of one message's text is held, in bytes. WhatsApp stops
// at 65,536 characters; what goes on beyond the limit follows as unparsed
// records, so that nothing is lost and memory stays bounded.
const bodyLimit = 2 << 20

// errStopped ends a stream whose reader has had enough.
var errStopped = errors.New("stopped")

// builder gathers lines into messages.
type builder struct {
	text  *text
	clock *clock
	ids   chat.MessageIDs
	yield func(*chat.Message, error) bool

	open   bool // a message or an unparsed run is being gathered
	parsed bool // it has a header
	header header
	wall   time.Time
	body   []byte
	line   int
	// message is the one yielded: it is valid until the next, so one is enough.
	message chat.Message
}

// piece takes one piece of a line in.
func (b *builder) piece(p piece) error {
	if p.first {
		if h, ok := parseHeader(p.text); ok {
			if _, d, ok := b.text.profile.shapes.read(&h, p, b.text.profile.year); ok {
				if wall, ok := d.wall(h.time); ok {
					return b.begin(h, wall, p)
				}
			}
		}
	}
	if !b.open {
		b.open, b.parsed, b.line = true, false, p.number
		b.body = b.body[:0]
	}
	b.body = append(b.body, p.text...)
	return b.overflow(p)
}

// begin starts a message.
func (b *builder) begin(h header, wall time.Time, p piece) error {
	if err := b.flush(); err != nil {
		return err
	}
	b.open, b.parsed, b.header, b.wall, b.line = true, true, h, wall, p.number
	b.body = append(b.body[:0], p.text[h.rest:]...)
	return nil
}

// overflow closes a message that has grown beyond the limit.
func (b *builder) overflow(p piece) error {
	if len(b.body) < bodyLimit {
		return nil
	}
	if err := b.flush(); err != nil {
		return err
	}
	b.open, b.parsed, b.line = true, false, p.number
	b.body = b.body[:0]
	return nil
}

// flush yields what has been gathered.
func (b *builder) flush() error {
	if !b.open {
		return nil
	}
	b.open = false
	m := &b.message
	*m = chat.Message{Conversation: b.text.chat.ID, Source: b.text.at(b.line)}
	if !b.parsed {
		if isBlank(b.body) {
			if len(b.body) > 0 {
				b.text.ignored["blank lines outside any message"]++
			}
			return nil
		}
		m.Kind, m.Text = chat.Unparsed, string(b.body)
		m.ID = b.ids.Next(noTime, "", m.Kind, m.Text)
	} else {
		b.fill(m)
		b.count(m)
	}
	if !b.yield(m, nil) {
		return errStopped
	}
	return nil
}

// fill makes a message of what has been gathered.
func (b *builder) fill(m *chat.Message) {
	p := b.text.profile
	m.Time, m.ZoneSource, m.Precision = b.clock.At(b.wall), b.clock.source, chat.Minute
	if b.header.shape.seconds {
		m.Precision = chat.Second
	}
	s, body := p.senders.split(chomp(b.body))
	name := ""
	if s != nil {
		name = s.name
	}
	c := classify(p.bodyContext(b.header, name), body)
	m.Kind, m.Text, m.Edited = c.kind, c.text, c.edited
	m.Call, m.Poll, m.Location = c.call, c.poll, c.place
	who := ""
	if c.kind == chat.EventKind {
		m.Event = b.event(c, s, body)
	} else if s != nil {
		m.Sender, who = s.id, s.name
	}
	for _, a := range c.attached {
		m.Attachments = append(m.Attachments, b.text.files.resolve(a))
	}
	if c.deleted {
		m.Deleted = &chat.Deletion{By: m.Sender}
	}
	kind := c.kind
	if kind == chat.Sticker {
		kind = chat.Media // an export without media does not tell them apart
	}
	m.ID = b.ids.Next(b.wall, who, kind, c.same)
}

// event finds who did what to whom, as far as the names are those of senders.
func (b *builder) event(c content, from *sender, body []byte) *chat.Event {
	e := &chat.Event{Code: c.event}
	if c.event == "unknown" && from != nil && b.text.profile.wrote(from) {
		e.By = from.id // it may be a message that begins with a mark
	}
	text := chat.NormalText(string(body))
	if self := b.text.self; self != nil && strings.HasPrefix(text, "You ") {
		e.By = self.id
	}
	_, at, end := known.event([]byte(text), false)
	if end == 0 || end > len(text) {
		return e
	}
	// The fragment's place was found in folded text. Its length differs only
	// where a letter's two cases do, and then names are looked for in vain.
	head, tail := " "+text[:at]+" ", " "+plainNames.Replace(text[end:])+" "
	people := b.text.profile.participants()
	if len(people) > maxNamed {
		return e
	}
	for _, s := range people {
		switch {
		case e.By == "" && at > 0 && strings.HasPrefix(head, " "+s.name+" "):
			e.By = s.id
		case strings.Contains(tail, " "+s.name+" "):
			e.Targets = append(e.Targets, s.id)
		}
	}
	return e
}

// maxNamed bounds the participants that are looked for in each notice; groups
// have 1024 members.
const maxNamed = 2048

// plainNames takes the signs away that stand around names in a list.
var plainNames = strings.NewReplacer(",", " ", ".", " ")

// count keeps the totals for the coverage.
func (b *builder) count(m *chat.Message) {
	b.text.cover.Count(m)
	for _, a := range m.Attachments {
		switch a.State {
		case chat.Stored, chat.Missing, chat.Failed:
			b.text.withMedia = true
		}
	}
}
