package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"chatkeep/backup/session"
	"chatkeep/providers/chat"
)

// ConversationReport is what was found of one conversation.
type ConversationReport struct {
	App          string         `json:"app"`
	Route        string         `json:"route"`
	Path         string         `json:"path"`
	ID           string         `json:"id"`
	Title        string         `json:"title"`
	Kind         string         `json:"kind"`
	Participants []string       `json:"participants"`
	Messages     int64          `json:"messages"`
	ByKind       map[string]int `json:"by_kind"`
	MediaStored  int64          `json:"media_stored"`
	MediaMissing int64          `json:"media_missing"`
	Unparsed     int64          `json:"unparsed"`
	Ignored      map[string]int `json:"ignored"`
	First        string         `json:"first,omitempty"`
	Last         string         `json:"last,omitempty"`
	Warnings     []string       `json:"warnings"`

	first, last time.Time
}

// sink takes what an export yields.
type sink interface {
	// conversation begins a conversation; what it returns takes its messages.
	conversation(c *chat.Conversation) (messageSink, error)
}

type messageSink interface {
	message(m *chat.Message) error
	done(cov *chat.Coverage, r *ConversationReport) error
}

// parse reads one export into a sink. What is wrong with the export goes into the
// reports; the error is the sink's, or the context's.
func parse(ctx context.Context, f *found, o chat.Options, to sink) ([]*ConversationReport, error) {
	fsys, closeAll, err := f.open()
	if err != nil {
		return []*ConversationReport{f.failed(err)}, nil
	}
	defer closeAll()
	if o.Name == "" {
		o.Name = f.name
	}
	source, err := f.provider.Open(fsys, f.match, o)
	if err != nil {
		return []*ConversationReport{f.failed(err)}, nil
	}
	defer source.Close()
	var reports []*ConversationReport
	for c, err := range source.Conversations(ctx) {
		if err != nil {
			reports = append(reports, f.failed(err))
			continue
		}
		r, err := parseConversation(ctx, f, source, c, to)
		if err != nil {
			return reports, err
		}
		reports = append(reports, r)
	}
	f.account(source.Accounts(), &reports)
	return reports, context.Cause(ctx)
}

// failed is the report of what could not be read at all. It counts as unparsed,
// so that the run is not called complete.
func (f *found) failed(err error) *ConversationReport {
	r := f.report()
	r.Unparsed = 1
	r.Warnings = append(r.Warnings, withCure(err))
	return r
}

// withCure is an error with its cure, where one is known.
func withCure(err error) string {
	if hint := session.HintOf(err); hint != "" {
		return err.Error() + "; " + hint
	}
	return err.Error()
}

func (f *found) report() *ConversationReport {
	return &ConversationReport{
		App: f.provider.Name, Route: f.match.Route, Path: f.match.Path,
		Participants: []string{}, ByKind: map[string]int{}, Ignored: map[string]int{}, Warnings: []string{},
	}
}

// warnings are those of a conversation, for where others stand beside them.
func (r *ConversationReport) warnings() (list []string) {
	for _, w := range r.Warnings {
		list = append(list, fmt.Sprintf("%s: %s: %s", r.App, r.Path, w))
	}
	return list
}

// account adds what the source says of itself to the first conversation's
// report: it speaks of the whole export.
func (f *found) account(a chat.Accounts, reports *[]*ConversationReport) {
	if len(*reports) == 0 {
		*reports = append(*reports, f.report())
	}
	r := (*reports)[0]
	r.Warnings = append(append(r.Warnings, f.warnings()...), a.Warnings...)
	for reason, n := range a.Ignored {
		r.Ignored[reason] += n
	}
	if n := len(a.Unused); n > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s named by no message, as %s", session.Plural(int64(n), "file is", "files are"), a.Unused[0]))
	}
}

func parseConversation(ctx context.Context, f *found, source chat.Source, c *chat.Conversation, to sink) (*ConversationReport, error) {
	r := f.report()
	r.ID, r.Title, r.Kind = c.ID, c.Title, string(c.Kind)
	messages, err := to.conversation(c)
	if err != nil {
		return r, err
	}
	for m, err := range source.Messages(ctx, c) {
		if err != nil {
			if ctx.Err() != nil {
				return r, context.Cause(ctx)
			}
			r.Unparsed++
			r.Warnings = append(r.Warnings, withCure(err))
			if errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
			continue
		}
		r.count(m)
		if err := messages.message(m); err != nil {
			return r, err
		}
	}
	// Who takes part is known for sure only when all messages were read.
	for _, p := range c.Participants {
		r.Participants = append(r.Participants, displayName(&p))
	}
	cov := source.Coverage(c)
	if !r.first.IsZero() {
		r.First, r.Last = r.first.Format(time.RFC3339), r.last.Format(time.RFC3339)
	}
	return r, messages.done(&cov, r)
}

func displayName(p *chat.Participant) string {
	if len(p.Names) > 0 {
		return p.Names[0].Value
	}
	if len(p.IDs) > 0 {
		return p.IDs[0].Value
	}
	return p.ID
}

// count adds a message to the report.
func (r *ConversationReport) count(m *chat.Message) {
	if m.Kind == chat.Unparsed {
		r.Unparsed++
		return
	}
	r.Messages++
	r.ByKind[string(m.Kind)]++
	stored, missing := m.Media()
	r.MediaStored += int64(stored)
	r.MediaMissing += int64(missing)
	if m.Time.IsZero() {
		return
	}
	if r.first.IsZero() || m.Time.Before(r.first) {
		r.first = m.Time
	}
	if m.Time.After(r.last) {
		r.last = m.Time
	}
}
