package render

import (
	"io"
	"time"

	"chatkeep/backup/record"
	"chatkeep/providers/chat"
)

// lines writes records, one a line: people, then each conversation, its messages
// and its coverage. An earlier state of a message is a record before it.
type lines struct {
	w        io.Writer
	records  *record.Encoder
	people   []*chat.Participant
	begun    bool
	coverage *chat.Coverage
}

func newLines(w io.Writer, people []*chat.Participant, _ *time.Location) Writer {
	return &lines{w: w, records: record.NewEncoder(w, nil), people: people}
}

func (l *lines) Begin(c *chat.Conversation, coverage *chat.Coverage) error {
	if err := l.end(); err != nil {
		return err
	}
	l.coverage = coverage
	return l.records.Conversation(c)
}

func (l *lines) Message(m *Message) error {
	for _, old := range m.Earlier {
		if err := l.records.Message(old); err != nil {
			return err
		}
	}
	if _, err := l.w.Write(m.Line); err != nil {
		return err
	}
	_, err := io.WriteString(l.w, "\n")
	return err
}

// end writes what stands before a conversation, or behind the one before.
func (l *lines) end() error {
	if !l.begun {
		l.begun = true
		for _, p := range l.people {
			if err := l.records.Participant(p); err != nil {
				return err
			}
		}
	}
	if l.coverage == nil || l.coverage.Conversation == "" {
		return nil
	}
	return l.records.Coverage(l.coverage)
}

func (l *lines) Close() error { return l.end() }
