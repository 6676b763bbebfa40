package render

import (
	"fmt"
	"strings"
	"time"

	"chatkeep/providers/chat"
)

// Matter is what a message says, in words: its text, or what it is where it has
// none. name tells what people are called.
func Matter(m *chat.Message, name func(id string) string) string {
	switch {
	case m.Poll != nil:
		return poll(m.Poll)
	case m.Text != "":
		return m.Text
	case m.Deleted != nil:
		return "[deleted]"
	case m.Call != nil:
		return call(m.Call)
	case m.Location != nil:
		return place(m.Location)
	case m.Event != nil:
		return event(m.Event, name)
	case len(m.Attachments) > 0:
		return ""
	}
	return "[" + string(m.Kind) + "]"
}

func poll(p *chat.Poll) string {
	lines := []string{p.Question}
	for _, o := range p.Options {
		lines = append(lines, fmt.Sprintf("- %s (%d)", o.Text, o.Votes))
	}
	return strings.Join(lines, "\n")
}

func call(c *chat.Call) string {
	kind := "voice call"
	if c.Video {
		kind = "video call"
	}
	switch {
	case c.Duration > 0:
		return fmt.Sprintf("[%s, %s]", kind, c.Duration)
	case c.Outcome != "":
		return fmt.Sprintf("[%s, %s]", kind, c.Outcome)
	case c.Missed:
		return fmt.Sprintf("[%s, missed]", kind)
	}
	return "[" + kind + "]"
}

func place(l *chat.Location) string {
	parts := []string{}
	for _, s := range []string{l.Name, l.Address, l.Latitude + ", " + l.Longitude, l.URL} {
		if s != "" && s != ", " {
			parts = append(parts, s)
		}
	}
	return "[location: " + strings.Join(parts, " · ") + "]"
}

func event(e *chat.Event, name func(string) string) string {
	text := "[" + e.Code
	if len(e.Targets) > 0 {
		var who []string
		for _, id := range e.Targets {
			who = append(who, name(id))
		}
		text += ": " + strings.Join(who, ", ")
	}
	return text + "]"
}

// notes are lines below a message: what came with it and after it.
func notes(m *chat.Message) []string {
	var list []string
	for i := range m.Attachments {
		a := &m.Attachments[i]
		line := "[" + strings.TrimSpace(a.Role+" "+attachmentName(a))
		if a.State != chat.Stored && a.State != "" {
			line += ", " + string(a.State)
		}
		list = append(list, line+"]")
		if a.Caption != "" && a.Caption != m.Text {
			list = append(list, a.Caption)
		}
	}
	if m.Edited || len(m.Edits) > 0 {
		list = append(list, "[edited]")
	}
	if len(m.Reactions) > 0 {
		list = append(list, reactions(m.Reactions))
	}
	return list
}

// reactions counts them by emoji, in the order in which they came first.
func reactions(all []chat.Reaction) string {
	counts, order := map[string]int{}, []string{}
	for _, r := range all {
		if counts[r.Emoji] == 0 {
			order = append(order, r.Emoji)
		}
		counts[r.Emoji] += max(1, r.Count)
	}
	var parts []string
	for _, emoji := range order {
		if n := counts[emoji]; n > 1 {
			parts = append(parts, fmt.Sprintf("%s %d", emoji, n))
		} else {
			parts = append(parts, emoji)
		}
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// stamp is a message's time in a layout, "" where nobody knows it.
func stamp(m *chat.Message, zone *time.Location, layout string) string {
	if m.Time.IsZero() {
		return ""
	}
	return m.Time.In(zone).Format(layout)
}
