package render

import (
	"bytes"
	"io"
	"time"

	"chatkeep/backup/record"
	"chatkeep/providers/chat"
)

// document writes one JSON object:
//
//	{"schema":"chatkeep-messages/1",
//	 "participants":[…],
//	 "conversations":[{"conversation":{…},"coverage":{…},"messages":[{…},…]},…]}
//
// Its parts are records as docs/messages.md has them. A message that was
// something else before has those states in "earlier" of an object around it:
// {"message":{…},"earlier":[…]}; one that was not stands alone.
type document struct {
	w       io.Writer
	people  []*chat.Participant
	buffer  bytes.Buffer
	records *record.Encoder
	err     error
	begun   bool // the document
	open    bool // a conversation
	some    bool // it has messages
}

func newDocument(w io.Writer, people []*chat.Participant, _ *time.Location) Writer {
	d := &document{w: w, people: people}
	d.records = record.NewEncoder(&d.buffer, nil)
	return d
}

// put writes text, unless something failed before.
func (d *document) put(text string) {
	if d.err == nil {
		_, d.err = io.WriteString(d.w, text)
	}
}

// record writes what an encoder does, without the line end.
func (d *document) record(encode func() error) {
	d.buffer.Reset()
	if d.err == nil {
		d.err = encode()
	}
	if d.err == nil {
		_, d.err = d.w.Write(bytes.TrimSuffix(d.buffer.Bytes(), []byte("\n")))
	}
}

func (d *document) begin() {
	if d.begun {
		return
	}
	d.begun = true
	d.put(`{"schema":"` + record.Schema + `","participants":[`)
	for i, p := range d.people {
		d.comma(i > 0)
		d.record(func() error { return d.records.Participant(p) })
	}
	d.put("\n],\"conversations\":[")
}

func (d *document) comma(more bool) {
	if more {
		d.put(",")
	}
	d.put("\n")
}

func (d *document) Begin(c *chat.Conversation, coverage *chat.Coverage) error {
	d.begin()
	more := d.open
	d.end()
	d.comma(more)
	d.put(`{"conversation":`)
	d.record(func() error { return d.records.Conversation(c) })
	if coverage != nil && coverage.Conversation != "" {
		d.put(`,"coverage":`)
		d.record(func() error { return d.records.Coverage(coverage) })
	}
	d.put(`,"messages":[`)
	d.open, d.some = true, false
	return d.err
}

func (d *document) end() {
	if d.open {
		d.put("\n]}")
	}
}

func (d *document) Message(m *Message) error {
	d.comma(d.some)
	d.some = true
	if len(m.Earlier) == 0 {
		d.put(string(m.Line))
		return d.err
	}
	d.put(`{"message":`)
	d.put(string(m.Line))
	d.put(`,"earlier":[`)
	for i, old := range m.Earlier {
		d.comma(i > 0)
		d.record(func() error { return d.records.Message(old) })
	}
	d.put("]}")
	return d.err
}

func (d *document) Close() error {
	d.begin()
	d.end()
	d.put("\n]}\n")
	return d.err
}
