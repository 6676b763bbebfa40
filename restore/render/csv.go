package render

import (
	"encoding/csv"
	"io"
	"strings"
	"time"

	"chatkeep/providers/chat"
)

// table writes rows as RFC 4180 has them, with a row of titles. A cell that a
// spreadsheet would take for a formula gets an apostrophe in front: whoever sent
// a message must not decide what is computed here.
type table struct {
	rows         *csv.Writer
	names        names
	zone         *time.Location
	conversation *chat.Conversation
	begun        bool
}

var columns = []string{
	"time", "conversation", "sender", "kind", "text", "attachments", "reply_to", "edited", "deleted", "earlier", "app", "conversation_id", "id",
}

func newTable(w io.Writer, people []*chat.Participant, zone *time.Location) Writer {
	return &table{rows: csv.NewWriter(w), names: namesOf(people), zone: zone}
}

func (t *table) begin() error {
	if t.begun {
		return nil
	}
	t.begun = true
	return t.rows.Write(columns)
}

func (t *table) Begin(c *chat.Conversation, _ *chat.Coverage) error {
	t.conversation = c
	return t.begin()
}

// Message writes earlier states as rows of their own before it, which say so.
func (t *table) Message(m *Message) error {
	for _, old := range m.Earlier {
		if err := t.row(old, true); err != nil {
			return err
		}
	}
	return t.row(m.Message, false)
}

func (t *table) row(m *chat.Message, earlier bool) error {
	sender := ""
	if m.Sender != "" {
		sender = t.names.of(m.Sender)
	}
	reply := ""
	if m.ReplyTo != nil {
		reply = m.ReplyTo.ID
	}
	row := []string{
		stamp(m, t.zone, time.RFC3339), t.conversation.Title, sender, string(m.Kind), Matter(m, t.names.of), attachments(m), reply,
		mark(m.Edited || len(m.Edits) > 0), mark(m.Deleted != nil), mark(earlier), t.conversation.Platform, t.conversation.ID, m.ID,
	}
	for i := range row {
		row[i] = harmless(row[i])
	}
	return t.rows.Write(row)
}

func (t *table) Close() error {
	if err := t.begin(); err != nil {
		return err
	}
	t.rows.Flush()
	return t.rows.Error()
}

func mark(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

// harmless makes a cell be no formula.
func harmless(cell string) string {
	if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r") {
		return "'" + cell
	}
	return cell
}

// attachments lists the files of a message, and of those that are not there why.
func attachments(m *chat.Message) string {
	var list []string
	for i := range m.Attachments {
		a := &m.Attachments[i]
		switch name := attachmentName(a); {
		case a.State == chat.Stored || a.State == "":
			list = append(list, name)
		default:
			list = append(list, name+" ("+string(a.State)+")")
		}
	}
	return strings.Join(list, "; ")
}

func attachmentName(a *chat.Attachment) string {
	switch {
	case a.File != "":
		return a.File
	case a.Name != "":
		return a.Name
	}
	return a.Role
}
