package whatsapp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"strings"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
)

const platform = jid.Platform

// text is a chat that the app exported as a text. It is read twice: a survey
// decides what a header looks like, then messages stream.
type text struct {
	fsys    fs.FS
	match   chat.Match
	options chat.Options
	profile *profile
	files   *files
	self    *sender
	chat    *chat.Conversation
	cover   chat.Coverage
	ignored map[string]int
	warning []string

	withMedia bool // the chat was exported so: its messages name files
}

func openText(fsys fs.FS, m chat.Match, o chat.Options) (chat.Source, error) {
	if _, err := parseOrder(o.DateOrder); err != nil {
		return nil, err
	}
	list, err := listFiles(fsys, m.Path)
	if err != nil {
		return nil, err
	}
	return &text{fsys: fsys, match: m, options: o, files: list, ignored: map[string]int{}}, nil
}

// load surveys the text, once.
func (t *text) load(ctx context.Context) error {
	if t.profile != nil {
		return nil
	}
	p, err := survey(ctx, t.fsys, t.match.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", t.match.Path, err)
	}
	if err := p.decide(t.match.Path, t.options); err != nil {
		return err
	}
	t.profile = p
	t.describe()
	return nil
}

// Conversations yields the one chat of the text.
func (t *text) Conversations(ctx context.Context) iter.Seq2[*chat.Conversation, error] {
	return func(yield func(*chat.Conversation, error) bool) {
		if err := t.load(ctx); err != nil {
			yield(nil, err)
			return
		}
		yield(t.chat, nil)
	}
}

// describe makes the conversation out of the survey.
func (t *text) describe() {
	c := &chat.Conversation{
		Platform: platform, Kind: chat.Direct, Route: t.match.Route, Path: t.match.Path,
		Title: title(t.match.Path, t.options, t.profile.pseudo),
	}
	c.ID = chat.ConversationID(platform, "", "", c.Title)
	people := t.profile.participants()
	if t.profile.group || len(people) > 2 {
		c.Kind = chat.Group
	}
	t.findSelf(c, people)
	for _, s := range people {
		p := chat.Participant{ID: s.id, Self: s == t.self, Names: []chat.Name{{Value: s.name, From: nameFrom(s.name)}}}
		if n := phoneNumber(s.name); n != "" {
			p.IDs = []chat.NativeID{{Kind: "phone", Value: n}}
		}
		c.Participants = append(c.Participants, p)
	}
	t.chat = c
}

// nameFrom says who gave a name. "~ Anna" is what somebody who is not among the
// owner's contacts calls herself; the sign stays, for a contact may be an Anna
// too.
func nameFrom(name string) string {
	if strings.HasPrefix(name, "~") {
		return "profile"
	}
	return "export"
}

// findSelf decides which sender is the owner of the export: the one the user
// names, or, where two talk and the chat is named after one, the other.
func (t *text) findSelf(c *chat.Conversation, people []*sender) {
	for _, s := range people {
		if t.options.Me != "" && s.name == chat.NormalText(t.options.Me) {
			t.self = s
		}
	}
	switch {
	case t.self != nil:
	case t.options.Me != "":
		t.warn("nobody here is called as --me says")
	case c.Kind == chat.Direct && len(people) == 2 && people[0].name == c.Title:
		t.self = people[1]
	case c.Kind == chat.Direct && len(people) == 2 && people[1].name == c.Title:
		t.self = people[0]
	default:
		t.warn("which sender is the owner of the export is not known; --me says so")
	}
}

func (t *text) warn(s string) { t.warning = append(t.warning, s) }

// phoneNumber is a name that is a phone number, as "+" and digits, or "".
func phoneNumber(name string) string {
	if len(name) < 6 || name[0] != '+' {
		return ""
	}
	b := []byte{'+'}
	for _, r := range name[1:] {
		switch {
		case r >= '0' && r <= '9':
			b = append(b, byte(r))
		case r == ' ' || r == '-' || r == '(' || r == ')' || r == '.':
		default:
			return ""
		}
	}
	if len(b) < 6 {
		return ""
	}
	return string(b)
}

// Messages streams the chat.
func (t *text) Messages(ctx context.Context, c *chat.Conversation) iter.Seq2[*chat.Message, error] {
	return func(yield func(*chat.Message, error) bool) {
		if err := t.load(ctx); err != nil {
			yield(nil, err)
			return
		}
		f, err := t.fsys.Open(t.match.Path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		t.cover = chat.Coverage{Conversation: t.chat.ID, Complete: true}
		clear(t.ignored)
		b := &builder{text: t, clock: newClock(t.options.Zone), yield: yield}
		if err := b.run(ctx, f); err != nil {
			if !errors.Is(err, errStopped) {
				yield(nil, fmt.Errorf("%s: %w", t.match.Path, err))
			}
			return
		}
		if err := t.profile.doubt(t.match.Path); err != nil {
			yield(nil, err)
		}
	}
}

// run reads the text and yields its messages.
func (b *builder) run(ctx context.Context, f io.Reader) error {
	l := newLines(f)
	for {
		p, err := l.next()
		if err != nil {
			if e := b.flush(); e != nil {
				return e
			}
			if err == io.EOF {
				return nil
			}
			return err
		}
		if p.number%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := b.piece(p); err != nil {
			return err
		}
	}
}

// Coverage tells how much of the chat the text holds. The app cuts long chats
// at their old end and says nothing.
func (t *text) Coverage(c *chat.Conversation) chat.Coverage {
	r := t.cover
	limit, what := 40000, "without media"
	if t.withMedia {
		limit, what = 10000, "with media"
	}
	near := r.Messages >= limit-limit/100 && r.Messages <= limit+limit/100
	if near || r.Messages > limit && t.profile != nil && !t.profile.start {
		r.Complete = false
		r.WhyIncomplete = fmt.Sprintf("WhatsApp exports about %d messages %s: older ones may have been cut off", limit, what)
	}
	return r
}

// Accounts tells where the text's lines and the files beside it went.
func (t *text) Accounts() chat.Accounts {
	a := chat.Accounts{Ignored: t.ignored, Warnings: t.warning}
	if t.profile != nil {
		a.Warnings = append(t.profile.warnings[:len(t.profile.warnings):len(t.profile.warnings)], a.Warnings...)
	}
	if t.options.Zone == nil {
		a.Warnings = append(a.Warnings, "times have no zone in the export: taken as this machine's; --tz says otherwise")
	}
	if t.match.Whole {
		a.Unused = t.files.unused()
	}
	return a
}

// Close frees nothing: files are open only while messages stream.
func (t *text) Close() error { return nil }

// isBlank says whether a line shows nothing.
func isBlank(b []byte) bool { return len(bytes.TrimSpace(trimMarks(b))) == 0 }

// at names a line as a pointer does.
func (t *text) at(line int) chat.Pointer {
	return chat.Pointer{File: t.match.Path, At: "line " + strconv.Itoa(line)}
}

// noTime is the clock of a record that has none.
var noTime time.Time
