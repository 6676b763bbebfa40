// Package record turns the types of chat into the lines of chatkeep-messages/1
// and back. It is the only package that knows both; docs/messages.md is the
// specification.
//
// A record has exactly one spelling: keys in a fixed order, no spaces, absent
// where unknown, integers only. Equal records are equal bytes on every machine
// and in every release, or deduplication is lost; so the bytes are written here
// by hand and not by encoding/json, whose output has changed before.
package record

import (
	"errors"
	"io"

	"chatkeep/providers/chat"
)

// Schema is the name and version of the written form.
const Schema = "chatkeep-messages/1"

// MaxLine is how long a record may be, in bytes without its line end.
const MaxLine = 16 << 20

// ErrTooLong is what a record beyond [MaxLine] is refused with, written or read.
var ErrTooLong = errors.New("record is longer than 16 MiB")

// Encoder writes records, one a line.
type Encoder struct {
	w    io.Writer
	file func(string) string
	buf  []byte
}

// NewEncoder returns an encoder to w. file maps a path in the export to one in
// the snapshot, as "_chat.txt" to "originals/_chat.txt"; nil leaves paths as
// they are.
func NewEncoder(w io.Writer, file func(string) string) *Encoder {
	if file == nil {
		file = func(s string) string { return s }
	}
	return &Encoder{w: w, file: file}
}

// Participant writes a participant.
func (e *Encoder) Participant(p *chat.Participant) error {
	return e.write("participant", p.ID, func(o *object) { o.participant(p) })
}

// Conversation writes a conversation, with the ids of its participants.
func (e *Encoder) Conversation(c *chat.Conversation) error {
	return e.write("conversation", c.ID, func(o *object) { o.conversation(c) })
}

// Message writes a message and its attachments.
func (e *Encoder) Message(m *chat.Message) error {
	return e.write("message", m.ID, func(o *object) { o.message(m) })
}

// Coverage writes a coverage.
func (e *Encoder) Coverage(c *chat.Coverage) error {
	return e.write("coverage", c.Conversation, func(o *object) { o.coverage(c) })
}

// write writes one line. Nothing is written where the record has no spelling.
func (e *Encoder) write(kind, id string, fill func(*object)) error {
	o := object{b: append(e.buf[:0], `{"type":"`+kind+`"`...), file: e.file, some: true}
	fill(&o)
	o.b = append(o.b, "}\n"...)
	e.buf = o.b
	switch {
	case o.err != nil:
		return &Error{Kind: kind, ID: id, Err: o.err}
	case len(o.b)-1 > MaxLine:
		e.buf = nil // one huge record does not pin its memory
		return &Error{Kind: kind, ID: id, Err: ErrTooLong}
	}
	_, err := e.w.Write(o.b)
	return err
}

// Error names the record, or the line, that something is wrong with.
type Error struct {
	Kind, ID string // of the record, where known
	Line     int    // from 1, where it was read
	Err      error
}

func (e *Error) Error() string {
	s := "record"
	if e.Kind != "" {
		s = e.Kind
	}
	if e.ID != "" {
		s += " " + e.ID
	}
	if e.Line > 0 {
		s = "line " + itoa(e.Line) + ": " + s
	}
	return s + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }
