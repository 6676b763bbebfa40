package telegram

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// dialog is where the messages of a chat are, and what was counted of them.
type dialog struct {
	name   string // of the chat, as the export has it
	path   string // of the chat, as a JSON path
	offset int64  // of the list of its messages in the file, or -1
	left   bool   // it is one that the owner has left
	newest bool   // its messages begin with the newest

	cover chat.Coverage
	sent  int // messages and notices of which is known who is behind them
	mine  int // of those, the owner's
}

// head is what an export says of a chat before its messages.
type head struct {
	name, number jsonstream.Value
	kind         string
	typed        bool   // the export says a kind, be it null
	path         string // as a JSON path
	single       bool   // it is all that the export holds
	left         bool
	glance       glance // at its first messages
}

// look looks at the messages that a reader stands before.
func (h *head) look(r *jsonstream.Reader) {
	first, err := r.Peek(firstSize)
	if h.glance = lookAt(first); !h.glance.enough && err == nil {
		first, _ = r.Peek(moreFirst)
		h.glance = lookAt(first)
	}
}

// firstSize is how many bytes of a chat's messages are looked at beforehand, and
// how many where there are not two messages among those.
const (
	firstSize = 64 << 10
	moreFirst = 4 << 20
)

// begin makes a conversation of a head.
func (e *export) begin(h *head) (*chat.Conversation, *dialog) {
	c := &chat.Conversation{Platform: platform, Route: e.match.Route, Path: e.match.Path, Kind: kindOf(h.kind)}
	c.NativeID = h.native(e.owner.number)
	c.Account = e.owner.number
	if h.kind == "saved_messages" && c.Account == "" {
		c.Account = strings.TrimPrefix(c.NativeID, classUser) // it is the owner's number
	}
	c.Title = e.title(h)
	// The account is no part of ids: an export of one chat does not tell it. Two
	// accounts number their messages apart, which tells these by their times.
	c.ID = chat.ConversationID(platform, "", c.NativeID, c.Title)
	for n := 2; e.dialogs[c.ID] != nil; n++ { // an export put together out of several
		c.ID = chat.ConversationID(platform, "", fmt.Sprintf("%s#%d", c.NativeID, n), "")
	}
	newPeople(c, &e.owner, e.options.Me)
	name, _ := h.name.Text()
	return c, &dialog{name: name, path: h.path, offset: -1, left: h.left, newest: h.glance.descends()}
}

// native is the chat's id: its number, with whose numbers it is among.
func (h *head) native(self string) string {
	g := &h.glance
	class := dialogClass(h.kind)
	n, ok := h.number.Int()
	if !ok {
		text, _ := h.number.Text()
		return text
	}
	if bare, group := unshifted(n); g.old && group == (class != classUser) {
		// A chat of two has messages of its two. Where they are somebody else's,
		// somebody has changed the numbers, and they are not to be reckoned with.
		number := strconv.FormatInt(bare, 10)
		if class != classUser || self == "" || g.from == classUser+self || g.from == classUser+number || g.from == "" {
			n = bare
		}
	}
	return class + strconv.FormatInt(n, 10)
}

// kindOf is the shape of a chat by the app's word for it.
func kindOf(kind string) chat.ConversationKind {
	switch {
	case kind == "saved_messages":
		return chat.Self
	case kind == "personal_chat" || kind == "bot_chat":
		return chat.Direct
	case strings.HasSuffix(kind, "group"):
		return chat.Group
	case strings.HasSuffix(kind, "_channel"):
		return chat.Channel
	}
	return chat.OtherChat
}

// title is what the app calls the chat: it has words of its own for some, and for
// accounts and groups that are no more.
func (e *export) title(h *head) string {
	name, _ := h.name.Text()
	switch {
	case h.single && e.options.Chat != "":
		return e.options.Chat
	case name != "":
		return name
	case h.kind == "saved_messages":
		return "Saved Messages"
	case h.kind == "replies":
		return "Replies"
	case h.kind == "verification_codes":
		return "Verification Codes"
	case strings.HasSuffix(h.kind, "group"):
		return "Deleted Group"
	case strings.HasSuffix(h.kind, "_channel"):
		return "Deleted Channel"
	case len(h.name) > 0 || h.typed:
		return "Deleted Account"
	case e.options.Name != "" && e.options.Name != ".":
		return strings.TrimSuffix(strings.TrimSuffix(e.options.Name, ".zip"), ".json")
	}
	return "Telegram chat"
}

// glance is what the first messages of a chat tell.
type glance struct {
	old  bool   // people are numbers, as before April 2021
	from string // who the first message is from
	ids  []int64
	// enough says that there are two messages, or no more than were looked at.
	enough bool
}

// glanced is how many messages are looked at.
const glanced = 16

// lookAt looks at the head of a list of messages, which may be cut off anywhere.
func lookAt(b []byte) (g glance) {
	r := jsonstream.NewReader(bytes.NewReader(b), limits)
	n := 0
	for v, err := range r.Records() {
		if n++; r.Err() != nil || n > glanced {
			break
		}
		if err != nil {
			continue
		}
		from := v.Get("from_id")
		if len(from) == 0 {
			from = v.Get("actor_id")
		}
		if g.from == "" && len(from) > 0 {
			g.old, g.from = isNumber(from), peerOf(from, "")
		}
		if id, ok := v.Get("id").Int(); ok {
			g.ids = append(g.ids, id)
		} else if at, ok := newClock(nil).read(v.Get("date_unixtime"), v.Get("date")); ok {
			g.ids = append(g.ids, at.at.Unix())
		}
	}
	g.enough = len(g.ids) > 1 || r.Err() == nil
	return g
}

// descends says whether the first messages go from new to old.
func (g *glance) descends() bool {
	down := false
	for i := 1; i < len(g.ids); i++ {
		if g.ids[i] > g.ids[i-1] {
			return false
		}
		down = down || g.ids[i] < g.ids[i-1]
	}
	return down
}

// restart forgets what was counted of a conversation.
func (d *dialog) restart(id string) {
	d.cover = chat.Coverage{Conversation: id, Complete: true}
	d.sent, d.mine = 0, 0
}

// count takes a message into what the export covers. Mine says that who did or
// wrote it is the owner.
func (d *dialog) count(m *chat.Message, who string, mine bool) {
	d.cover.Count(m)
	if who != "" {
		d.sent++
		if mine {
			d.mine++
		}
	}
}

// incomplete says that something is missing, the first time with why.
func (d *dialog) incomplete(why string) {
	if d.cover.Complete {
		d.cover.Complete, d.cover.WhyIncomplete = false, why
	}
}
