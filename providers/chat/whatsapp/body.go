package whatsapp

import (
	"bytes"
	"strings"

	"chatkeep/providers/chat"
)

// content is what a message's text turned out to be.
type content struct {
	kind     chat.MessageKind
	text     string
	attached []media
	deleted  bool
	byMe     bool // the phrase says that the owner deleted it
	edited   bool
	call     *chat.Call
	poll     *chat.Poll
	place    *chat.Location
	event    string // a code
	// same is what of the text an export of the same message in another
	// language or with other media settings has too: what its id is made from.
	same string
}

// bodyContext is what a body's reading depends on besides its bytes.
type bodyContext struct {
	line    bool   // a mark stands before the header
	app     bool   // a mark stands before the body
	sender  string // or "" where the line has none
	bracket bool   // the header is in brackets, as on iOS
	// unmarked says that the file has no marks at all, so that they prove
	// nothing: something took them out.
	unmarked bool
	// omitted is what this file says in angle brackets for media left out,
	// where the tables do not know it.
	omitted map[string]int
}

// written says whether what looks like the app's own words may be so.
func (c bodyContext) written() bool { return c.app || !c.bracket || c.unmarked }

// classify reads a body, whose leading marks are still there.
func classify(c bodyContext, body []byte) content {
	b := body
	for isAppMark(b) {
		b = b[3:]
		c.app = true
	}
	r := content{kind: chat.Text}
	if rest, ok := cutEdited(c, b); ok {
		b, r.edited = rest, true
	}
	first, more := b, []byte(nil)
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		first, more = chomp(b[:i+1]), b[i+1:]
	}
	if !r.media(c, b, first, more) && !r.phrase(c, b, first) && !r.special(c, b) {
		r.notice(c, b)
	}
	if r.text == "" && r.attached == nil {
		r.text = string(b)
	}
	if r.kind == chat.Text {
		r.same = r.text
	}
	return r
}

// cutEdited takes " <This message was edited>" off.
func cutEdited(c bodyContext, b []byte) ([]byte, bool) {
	if len(b) == 0 || b[len(b)-1] != '>' {
		return b, false
	}
	i := bytes.LastIndexByte(b, '<')
	if i < 1 || bytes.IndexByte(b[i:], '\n') >= 0 {
		return b, false
	}
	rest := b[:i]
	marked := len(rest) >= 3 && isAppMark(rest[len(rest)-3:])
	if known.bracketed(b[i:]) != "edited" || c.bracket && !c.unmarked && !marked {
		return b, false
	}
	for len(rest) >= 3 && isAppMark(rest[len(rest)-3:]) {
		rest = rest[:len(rest)-3]
	}
	return bytes.TrimSuffix(rest, []byte(" ")), true
}

// phrase reads a body that is one phrase of the app's.
func (r *content) phrase(c bodyContext, b, first []byte) bool {
	if !c.written() && !c.line {
		return false
	}
	if bytes.Equal(first, []byte("null")) && len(first) == len(b) {
		r.kind = chat.Other // of a kind that the exporter cannot print
		return true
	}
	code := known.code(first)
	switch code {
	case "deleted", "deleted-by-me":
		r.kind, r.deleted, r.byMe = chat.Other, true, code == "deleted-by-me"
		return true
	case "waiting":
		r.kind = chat.Other // the phone could not yet decrypt it
		return true
	case "view-once":
		r.leftOut(code, "", nil)
		return true
	case "live-location":
		r.kind, r.place = chat.LocationKind, &chat.Location{Live: true}
		return true
	}
	return r.callPhrase(c, code, first)
}

// special reads polls and places.
func (r *content) special(c bodyContext, b []byte) bool {
	if p := parsePlace(b); p != nil {
		r.kind, r.place, r.same = chat.LocationKind, p, p.URL
		return true
	}
	if p := parsePoll(c, b); p != nil {
		r.kind, r.poll, r.same = chat.PollKind, p, p.Question
		return true
	}
	return false
}

// notice reads what the app says of the chat itself.
func (r *content) notice(c bodyContext, b []byte) {
	typed := c.sender != "" && !c.app
	if typed && len(c.sender) > 0 && bytes.HasPrefix(b, []byte(c.sender+" ")) {
		// Some notices about a person come with that person as sender.
		typed = false
	}
	if typed && c.bracket && !c.unmarked {
		return // iOS marks its notices
	}
	if code, _, _ := known.event(b, typed); code != "" {
		r.kind, r.event, r.same = chat.EventKind, code, code
		return
	}
	switch {
	case c.sender == "":
		r.kind, r.event = chat.EventKind, "unknown"
	case c.app && c.line:
		// iOS puts a mark before the header of what carries media or a call.
		r.kind = chat.Media
		r.attached = []media{{state: chat.Omitted, why: "exported without media"}}
		r.text = string(b)
	case c.app:
		r.kind, r.event = chat.EventKind, "unknown"
	}
	if r.kind == chat.EventKind {
		r.same = string(b)
	}
}

// callPhrase reads "Missed voice call" and "Video call, 5 min". code is that of
// the whole line.
func (r *content) callPhrase(c bodyContext, code string, first []byte) bool {
	var tail []byte
	if code == "" {
		i := callEnd(first)
		if i < 0 || !c.app && !callTail(first[i:]) {
			return false
		}
		tail = first[i:]
		code = known.code(first[:i])
	}
	call := chat.Call{}
	switch code {
	case "missed-voice", "missed-video":
		call.Missed, call.Outcome = true, "missed"
	case "call-voice", "call-video":
		if tail == nil && !c.app {
			return false // somebody typed the words
		}
	default:
		return false
	}
	call.Video = strings.HasSuffix(code, "-video")
	if !call.Missed {
		call.Duration, call.Outcome = callOutcome(tail)
	}
	r.kind, r.call = chat.CallKind, &call
	return true
}
