package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"chatkeep/providers/chat"
)

// text writes what people read: a heading for each conversation, a line for each
// day, and the messages.
type text struct {
	w     *bufio.Writer
	names names
	zone  *time.Location
	day   string
	begun bool
}

func newText(w io.Writer, people []*chat.Participant, zone *time.Location) Writer {
	return &text{w: bufio.NewWriter(w), names: namesOf(people), zone: zone}
}

func (t *text) Begin(c *chat.Conversation, coverage *chat.Coverage) error {
	if t.begun {
		fmt.Fprint(t.w, "\n\n")
	}
	t.begun, t.day = true, ""
	title := c.Title
	if title == "" {
		title = short(c.ID)
	}
	fmt.Fprintf(t.w, "%s · %s\n", title, c.Platform)
	var people []string
	for i := range c.Participants {
		people = append(people, t.names.of(c.Participants[i].ID))
	}
	if len(people) > 0 {
		fmt.Fprintf(t.w, "%s\n", strings.Join(people, ", "))
	}
	if coverage != nil && !coverage.Complete && coverage.WhyIncomplete != "" {
		fmt.Fprintf(t.w, "incomplete: %s\n", coverage.WhyIncomplete)
	}
	return nil
}

func (t *text) Message(message *Message) error {
	m := message.Message
	if day := stamp(m, t.zone, "Monday, 2006-01-02"); day != t.day && day != "" {
		t.day = day
		fmt.Fprintf(t.w, "\n%s\n\n", day)
	}
	clock := stamp(m, t.zone, "15:04")
	head := fmt.Sprintf("%5s  ", clock)
	if m.Sender != "" {
		head += t.names.of(m.Sender) + ": "
	}
	if m.ReplyTo != nil && m.ReplyTo.Quote != "" {
		t.put(head, "> "+strings.ReplaceAll(m.ReplyTo.Quote, "\n", "\n> "))
		head = "       "
	}
	t.put(head, Matter(m, t.names.of))
	for _, extra := range notes(m) {
		t.put("         ", extra)
	}
	for _, old := range message.Earlier {
		t.put("         before: ", Matter(old, t.names.of))
	}
	return nil
}

// put writes a text behind a head, with its further lines below each other.
func (t *text) put(head, body string) {
	body = strings.ReplaceAll(strings.TrimRight(body, "\r\n"), "\n", "\n         ")
	fmt.Fprintf(t.w, "%s%s\n", head, body)
}

func (t *text) Close() error { return t.w.Flush() }
