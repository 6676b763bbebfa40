package backup

import (
	"context"
	"io"
	"runtime"
	"slices"

	"chatkeep/backup/record"
	"chatkeep/providers/chat"
)

// InspectReport is what was found below a path.
type InspectReport struct {
	Conversations []*ConversationReport
	Messages      int64
	Unparsed      int64
	Unrecognised  int64 // files in folders where nothing was recognised
	Bytes         int64 // of all files that were looked at
	Warnings      []string
	Troubles      []string // of the warnings, those that [Report] has so
}

// Inspect parses the exports below a source and writes nothing but, where
// records is set, the records themselves in order.
func Inspect(ctx context.Context, src Source, records io.Writer) (*InspectReport, error) {
	report := &InspectReport{}
	f, err := discover(ctx, &src, func(s string) { report.Warnings = append(report.Warnings, s) })
	if err != nil {
		return report, err
	}
	report.Unrecognised, report.Bytes = f.other, f.bytes
	report.Unparsed, report.Troubles = f.unparsed(), f.troubles
	if records == nil {
		err = report.count(ctx, src, f.found)
	} else {
		err = report.write(ctx, src, f.found, records)
	}
	if err != nil {
		return report, err
	}
	for _, c := range report.Conversations {
		report.Messages += c.Messages
		report.Unparsed += c.Unparsed
	}
	return report, nil
}

// count parses exports side by side, and lists their conversations in order.
func (r *InspectReport) count(ctx context.Context, src Source, list []found) error {
	reports := make([][]*ConversationReport, len(list))
	err := sideBySide(list, runtime.GOMAXPROCS(0), func(_, i int) (err error) {
		reports[i], err = parse(ctx, &list[i], src.Chat, &printSink{found: &list[i]})
		return err
	})
	r.Conversations = slices.Concat(reports...)
	return err
}

// write parses exports one after the other, and writes their records.
func (r *InspectReport) write(ctx context.Context, src Source, list []found, records io.Writer) error {
	for i := range list {
		to := &printSink{found: &list[i], records: records}
		// Records begin with who takes part, which is known for sure only when all
		// messages were read.
		if _, err := parse(ctx, &list[i], src.Chat, &to.people); err != nil {
			return err
		}
		reports, err := parse(ctx, &list[i], src.Chat, to)
		r.Conversations = append(r.Conversations, reports...)
		if err != nil {
			return err
		}
	}
	return nil
}

// printSink writes records out, or counts them only.
type printSink struct {
	found   *found
	records io.Writer
	people  peopleSink
	encoder *record.Encoder
}

// peopleSink takes who takes part, by conversation.
type peopleSink struct {
	of map[string][]chat.Participant
	c  *chat.Conversation
}

func (s *peopleSink) conversation(c *chat.Conversation) (messageSink, error) {
	s.c = c
	return s, nil
}

func (s *peopleSink) message(*chat.Message) error { return nil }

func (s *peopleSink) done(*chat.Coverage, *ConversationReport) error {
	if s.of == nil {
		s.of = map[string][]chat.Participant{}
	}
	s.of[s.c.ID] = s.c.Participants
	return nil
}

func (s *printSink) conversation(c *chat.Conversation) (messageSink, error) {
	if s.records == nil {
		return s, nil
	}
	whole := *c
	whole.Participants = s.people.of[c.ID]
	s.encoder = record.NewEncoder(s.records, s.found.inSnapshot)
	for i := range whole.Participants {
		if err := s.encoder.Participant(&whole.Participants[i]); err != nil {
			return nil, err
		}
	}
	return s, s.encoder.Conversation(&whole)
}

func (s *printSink) message(m *chat.Message) error {
	if s.encoder == nil {
		return nil
	}
	return s.encoder.Message(m)
}

func (s *printSink) done(cov *chat.Coverage, _ *ConversationReport) error {
	if s.encoder == nil {
		return nil
	}
	return s.encoder.Coverage(cov)
}
