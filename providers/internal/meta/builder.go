package meta

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
	"chatkeep/providers/internal/wallclock"
)

// builder makes the messages of one thread, in order.
type builder struct {
	s     *source
	t     *thread
	m     chat.Message // the one yielded: it is valid until the next
	ids   chat.MessageIDs
	clock wallclock.Clock

	senders map[string]string // names by how they are written

	// of the record at hand
	entry   *entry
	sender  string
	content string
	word    string // the type that the app gives it
	link    string
	quote   string // what a shared link says
	users   []string
	unsent  bool
	call    *chat.Call

	// of the last message, for those that are equal in all that makes an id
	lastRank   int64
	lastSender string
	equal      int
}

func newBuilder(t *thread) *builder {
	b := &builder{s: t.s, t: t, senders: map[string]string{}, lastRank: math.MinInt64, clock: wallclock.Clock{Zone: t.s.options.Zone}}
	if b.clock.Zone == nil {
		b.clock.Zone = time.Local
	}
	return b
}

// build makes the message of an entry. It returns an error for one that is there
// and cannot be read.
func (b *builder) build(e *entry) (*chat.Message, error) {
	file := b.t.place.files[e.file]
	if e.bad && e.raw == nil {
		return nil, fmt.Errorf("%s: messages[%d]: %w", file, e.at, jsonstream.ErrTooLarge)
	}
	b.m = chat.Message{Conversation: b.t.chat.ID, Source: chat.Pointer{File: file, At: "messages[" + strconv.Itoa(e.at) + "]"}}
	b.entry, b.sender, b.content, b.word, b.link, b.quote = e, "", "", "", "", ""
	b.users, b.unsent, b.call = b.users[:0], false, nil
	if e.bad {
		b.unparsed(string(e.raw))
	} else {
		b.t.form.fill(b, e)
	}
	b.t.cover.Count(&b.m)
	return &b.m, nil
}

// unparsed makes the message a piece of the export as it is.
func (b *builder) unparsed(text string) {
	b.m.Kind, b.m.Text = chat.Unparsed, text
	b.m.ID = b.ids.Next(time.Time{}, "", chat.Unparsed, text)
}

// name gives the message its id. Where it stands in a file changes with every
// download, so that its time has to tell the place.
func (b *builder) name() {
	e, m := b.entry, &b.m
	if m.Time.IsZero() {
		m.ID = b.ids.Next(time.Time{}, b.sender, m.Kind, m.Text)
		return
	}
	if e.rank == b.lastRank && b.sender == b.lastSender {
		b.equal++
	} else {
		b.lastRank, b.lastSender, b.equal = e.rank, b.sender, 0
	}
	ms := strconv.FormatInt(e.rank, 10)
	m.ID = chat.NativeMessageID(b.s.app.Name, "", b.t.native, ms+":"+strconv.Itoa(b.equal)+":"+b.sender)
	m.Source = b.t.pointer(e, "messages[?@."+b.t.form.clock+"=="+ms+"]")
}

// extra keeps what the model has no field for.
func (b *builder) extra(key, value string) {
	if b.m.Extra == nil {
		b.m.Extra = map[string]string{}
	}
	if _, taken := b.m.Extra[key]; taken {
		key += "#" + strconv.Itoa(len(b.m.Extra))
	}
	b.m.Extra[key] = value
}

// unknown keeps a value that is not understood, as the export has it.
func (b *builder) unknown(key string, v jsonstream.Value) {
	if !v.IsNull() {
		b.extra(key, plain(v))
	}
}

// plain is a value as text: that of a string, and else JSON, with its strings
// mended.
func plain(v jsonstream.Value) string {
	if s, ok := v.Text(); ok {
		return mend(s)
	}
	return mendJSON(v.Compact())
}

// text is a string's text, mended.
func text(v jsonstream.Value) (string, bool) {
	s, ok := v.Text()
	return mend(s), ok
}

// attach adds a file that the message names. A path that leads nowhere here is
// kept under key.
func (b *builder) attach(role, uri, key string) {
	a := b.s.media.resolve(path.Dir(b.t.place.files[b.entry.file]), role, uri)
	if a.State == chat.Expired || a.State == chat.Failed {
		b.extra(key+".uri", uri)
	}
	b.m.Attachments = append(b.m.Attachments, a)
}

// react adds a reaction.
func (b *builder) react(emoji, actor string, at int64) {
	r := chat.Reaction{Emoji: emoji, By: b.t.person(actor)}
	if at > 0 {
		r.Time = time.Unix(at, 0).UTC()
	}
	b.m.Reactions = append(b.m.Reactions, r)
}

// classify says what the message is, of all that was read of it.
func (b *builder) classify() {
	m := &b.m
	m.Sender, m.Text, m.Call = b.t.person(b.sender), b.content, b.call
	if b.unsent {
		m.Deleted = &chat.Deletion{By: m.Sender}
	}
	switch {
	case b.has("sticker"):
		m.Kind = chat.Sticker
	case len(m.Attachments) > 0:
		m.Kind = chat.Media
	case b.call != nil:
		m.Kind = chat.CallKind
		b.callWords()
	case b.word == "Payment":
		m.Kind = chat.Payment
	case b.word == "Subscribe", b.word == "Unsubscribe", len(b.users) > 0:
		b.membership()
	case b.word == "Plan":
		m.Kind, m.Event = chat.EventKind, &chat.Event{Code: "unknown", By: m.Sender}
	case b.link != "", b.quote != "":
		m.Kind = chat.Text
	case b.word != "":
		m.Kind = chat.Other
	case !b.notice():
		m.Kind = chat.Text
		if b.content == "" {
			m.Kind = chat.Other
		}
	}
	if m.Event == nil && len(b.users) > 0 {
		b.extra("users", strings.Join(b.users, ", "))
	}
	b.linked()
	if m.Deleted != nil && m.Kind == chat.Text && m.Text == "" {
		m.Kind = chat.Other
	}
}

// has says whether a file of a role is attached.
func (b *builder) has(role string) bool {
	for i := range b.m.Attachments {
		if b.m.Attachments[i].Role == role {
			return true
		}
	}
	return false
}

// membership makes the event of people who came or went. A download names those
// whom it is about; what became of them the type told until 2023, and the words
// alone do since.
func (b *builder) membership() {
	e := &chat.Event{Code: "unknown", By: b.m.Sender}
	for _, name := range b.users {
		e.Targets = append(e.Targets, b.t.person(name))
	}
	code, _ := noticeOf(b.content, b.sender)
	switch {
	case code == "added", code == "joined", code == "left", code == "removed", code == "admin":
		e.Code = code
	case b.word == "Subscribe":
		e.Code = "added"
	case b.word != "Unsubscribe":
	case len(e.Targets) == 0, len(e.Targets) == 1 && e.Targets[0] == e.By:
		e.Code = "left"
	default:
		e.Code = "removed"
	}
	if e.Code == "left" || e.Code == "joined" {
		e.Targets = nil // who did it is whom it is about
	}
	b.m.Kind, b.m.Event = chat.EventKind, e
}

// callWords takes from the words of a call what its fields do not say.
func (b *builder) callWords() {
	code, _ := noticeOf(b.content, b.sender)
	b.m.Call.Video = code == "call-video" || code == "call-missed-video"
	if code == "call-missed" || code == "call-missed-video" {
		b.m.Call.Missed = true
	}
	switch c := b.m.Call; {
	case c.Missed:
		c.Outcome = "missed"
	case c.Duration > 0:
		c.Outcome = "answered"
	}
}

// notice makes what the app itself wrote more than a text, where its words are
// known.
func (b *builder) notice() bool {
	m := &b.m
	code, rest := noticeOf(b.content, b.sender)
	switch code {
	case "":
		return false
	case "call", "call-video", "call-missed", "call-missed-video":
		m.Kind, m.Call = chat.CallKind, &chat.Call{}
		b.callWords()
	case "poll":
		m.Kind, m.Poll = chat.PollKind, &chat.Poll{Question: strings.TrimSpace(rest)}
	case "liked", "reacted":
		// It stands beside the reaction itself, which is at the message it is to.
		m.Kind = chat.Other
		b.extra("pseudo", "reaction")
	case "unsent":
		m.Kind, m.Deleted = chat.Other, &chat.Deletion{By: m.Sender}
	case "attachment":
		m.Kind = chat.Other // and what it was is not in the export
	case "vote":
		m.Kind, m.Event = chat.EventKind, &chat.Event{Code: "unknown", By: m.Sender}
	default:
		m.Kind, m.Event = chat.EventKind, &chat.Event{Code: code, By: m.Sender}
		if code == "encryption" || code == "contact" {
			m.Event.By = ""
		}
		if id, ok := b.t.known[rest]; ok && rest != "" {
			m.Event.Targets = []string{id}
		}
	}
	return true
}

// linked marks the shared link in the text: where it stands in it, else all of
// it. A message with nothing but the link has it, or what it says, as text.
func (b *builder) linked() {
	m := &b.m
	if b.link == "" {
		if b.quote != "" && m.Text == "" {
			m.Text = b.quote
		} else if b.quote != "" {
			b.extra("share.share_text", b.quote)
		}
		return
	}
	switch {
	case m.Text == "" && b.quote != "":
		m.Text = b.quote
	case m.Text == "":
		m.Text = b.link
	case b.quote != "":
		b.extra("share.share_text", b.quote)
	}
	s := chat.Span{End: len(m.Text), Style: "link", Target: b.link}
	if i := strings.Index(m.Text, b.link); i >= 0 {
		s.Start, s.End = i, i+len(b.link)
	}
	m.Spans = append(m.Spans, s)
}
