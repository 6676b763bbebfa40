package chatstorage

import (
	"encoding/json"
	"strconv"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/event"
)

// happened reads events and calls. They have no sender: what an event says of who
// did it stands in the event. Its ZTEXT is no text but a parameter: a name, an
// address, "who;whom,whom", a number of seconds, or JSON.
func (r *reader) happened(kind int64) {
	code := r.rows.Int(cEvent)
	if c, ok := callOf(kind, code); ok {
		r.call(kind, c)
		return
	}
	m := r.message
	actor := m.Sender
	m.Kind, m.Sender = chat.EventKind, ""
	m.Event = &chat.Event{Code: event.Unknown}
	table := groupEvents
	if kind == typeNotice {
		table = notices
	}
	if known, ok := table[code]; ok {
		m.Event.Code = known
	} else if kind == typeTimer {
		m.Event.Code = event.Disappearing
	} else {
		r.extra("ZMESSAGETYPE", r.rows.Text(cType))
	}
	// Several numbers may have one code.
	if m.Event.Code != event.Encryption && (kind == typeNotice || m.Event.Code == event.Unknown || m.Event.Code == event.Icon) {
		r.extra("ZGROUPEVENTTYPE", r.rows.Text(cEvent))
	}
	r.parties(actor)
}

// parties reads who did an event, to whom, and what else it says.
func (r *reader) parties(actor string) {
	m := r.message
	e := m.Event
	switch e.Code {
	case event.Added, event.Removed, event.Admin:
		r.done(actor)
	case event.Subject:
		e.By = actor
		r.renamed()
	case event.Encryption, event.SecurityCode, event.Business, event.Blocked:
		if actor != "" && !r.fromMe() {
			e.Targets = []string{actor}
		}
	case event.Disappearing:
		e.By = actor
		if n := timerSeconds(r.rows.Raw(cMetadata)); n > 0 && m.Text == "" {
			m.Text = strconv.FormatUint(n, 10)
		}
	default:
		e.By = actor
	}
	if who := r.named(m.Text); who != "" {
		switch {
		case e.By == "":
			e.By = who
		case e.By != who:
			e.Targets = append(e.Targets, who)
		}
		m.Text = ""
	}
}

// done reads an event that somebody did to others: ZTEXT is who did it, alone or
// before a list of whom; alone, the member is whom.
func (r *reader) done(member string) {
	m := r.message
	by, list, several := strings.Cut(m.Text, ";")
	m.Event.By = r.named(by)
	if !several {
		if member != "" && !r.fromMe() {
			m.Event.Targets = []string{member}
		} else {
			m.Event.By = member
		}
		if m.Event.By != "" && by != "" {
			m.Text = ""
		}
		return
	}
	for _, one := range strings.Split(list, ",") {
		if len(m.Event.Targets) >= maxEntries {
			break
		}
		if id := r.named(one); id != "" {
			m.Event.Targets = append(m.Event.Targets, id)
		}
	}
	m.Text = ""
}

// renamed reads a new name of a group, which newer ones have as JSON.
func (r *reader) renamed() {
	m := r.message
	if !strings.HasPrefix(m.Text, "{") {
		return
	}
	var change struct {
		Subject    string `json:"subject"`
		NewSubject string `json:"new_subject"`
		Author     string `json:"author"`
	}
	if json.Unmarshal([]byte(m.Text), &change) != nil || change.Subject+change.NewSubject == "" {
		return
	}
	r.extra("ZTEXT", m.Text)
	m.Text = change.Subject
	if change.NewSubject != "" {
		m.Text = change.NewSubject
	}
	if by := r.named(change.Author); by != "" {
		m.Event.By = by
	}
}

// call reads a message of a call, with what the log knows of it.
func (r *reader) call(kind int64, c chat.Call) {
	m := r.message
	m.Kind, m.Call = chat.CallKind, &c
	r.extra("ZGROUPEVENTTYPE", r.rows.Text(cEvent))
	if kind == typeCall {
		c.Duration = seconds(float64(callSeconds(r.rows.Raw(cMetadata))))
		if c.Duration > 0 {
			c.Outcome = "answered"
		}
	}
	k := r.calls[r.rows.Int(cRow)]
	if k == nil {
		return
	}
	for key, value := range k.extra {
		r.extra(key, value)
	}
	c.Video = c.Video || k.call.Video
	c.Missed = c.Missed || k.call.Missed
	if k.call.Duration > 0 {
		c.Duration = k.call.Duration
	}
	if k.call.Outcome != "" {
		c.Outcome = k.call.Outcome
	}
}
