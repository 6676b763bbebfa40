// Package render writes conversations in forms for people and programs.
//
// A form is a Writer: it is given one conversation after the other, and the
// messages of each in order. What it writes goes out as it comes; none keeps
// more than a record.
package render

import (
	"io"
	"slices"
	"time"

	"chatkeep/providers/chat"
)

// Writer is one form. Its methods return the errors of what it writes to.
type Writer interface {
	// Begin begins a conversation.
	Begin(c *chat.Conversation, coverage *chat.Coverage) error
	// Message writes a message of it.
	Message(m *Message) error
	// Close ends it all.
	Close() error
}

// Message is a message and what is known of its past.
type Message struct {
	*chat.Message
	// Line is its record as it is stored, without its end. It may say more than
	// this release understands.
	Line []byte
	// Earlier are states that it had before, the oldest first.
	Earlier []*chat.Message
}

// Form is a way to write conversations.
type Form struct {
	Name string
	// What it is good for, in a few words.
	What string
	// New begins a form on w. Forms for people show times as clocks in zone do;
	// records keep the offset that they have.
	New func(w io.Writer, people []*chat.Participant, zone *time.Location) Writer
}

// Forms are all there are.
var Forms = []Form{
	{"jsonl", "the chatkeep-messages/1 records, one a line", newLines},
	{"json", "the same records in one JSON document, by conversation", newDocument},
	{"csv", "a table for spreadsheets, a message a row", newTable},
	{"txt", "text to read and to print", newText},
}

// Find returns the form of a name.
func Find(name string) (Form, bool) {
	i := slices.IndexFunc(Forms, func(f Form) bool { return f.Name == name })
	if i < 0 {
		return Form{}, false
	}
	return Forms[i], true
}
