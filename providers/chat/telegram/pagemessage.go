package telegram

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"chatkeep/providers/chat"
)

// pageMaker makes the messages of one conversation out of its pages, in their
// order.
type pageMaker struct {
	chat   *chat.Conversation
	dialog *pageDialog
	files  *files
	people *people
	clock  *pageClock
	seen   seen
	ids    chat.MessageIDs

	elements  int    // of all pages, lines that begin a day included
	page      string // at hand
	sender    string // a name: messages after the first of a run leave it out
	via       string // likewise the bot
	forwarded *chat.Forward
	message   chat.Message
}

// turn begins a page. Runs of messages end with the one before.
func (b *pageMaker) turn(page string) {
	b.page, b.sender, b.via, b.forwarded = page, "", "", nil
}

// passOver takes in a line that begins a day.
func (b *pageMaker) passOver(n *node) {
	b.clock.begin(n.plain())
	b.sender, b.via, b.forwarded = "", "", nil
}

// make makes a message of an element.
func (b *pageMaker) make(n *node) *chat.Message {
	msg := &b.message
	number := strings.TrimPrefix(n.attr("id"), "message")
	*msg = chat.Message{Conversation: b.chat.ID, NativeID: number, Source: chat.Pointer{File: b.page, At: "#" + n.attr("id")}}
	msg.ID = chat.NativeMessageID(platform, "", b.chat.ID, number)
	if value, err := strconv.ParseInt(number, 10, 64); err == nil {
		if before := b.seen.add(value); before > 0 {
			msg.ID = chat.RepeatedMessageID(msg.ID, before)
		}
	} else {
		msg.NativeID = ""
		msg.ID = b.ids.Next(time.Time{}, number, chat.Other, n.plain())
	}
	if n.has("service") {
		b.notice(n)
	} else {
		b.sent(n)
	}
	b.dialog.count(msg, msg.Sender, b.people.isSelf(msg.Sender))
	return msg
}

// notice makes a message of a notice, which has no time of its own.
func (b *pageMaker) notice(n *node) {
	msg := &b.message
	b.sender, b.via, b.forwarded = "", "", nil
	if m, ok := b.clock.today(); ok {
		msg.Time, msg.Precision, msg.ZoneSource = m.at, m.precision, m.zone
	}
	body := n.find("body")
	msg.Text = body.plain()
	what := readNotice(msg.Text)
	by := b.people.meet("", what.by)
	switch {
	case what.unsupported:
		msg.Kind = chat.Other
	case what.payment:
		msg.Kind = chat.Payment
	case what.call:
		msg.Kind, msg.Sender = chat.CallKind, by
		msg.Call = callOf("", what.seconds)
	default:
		msg.Kind, msg.Event = chat.EventKind, &chat.Event{Code: what.code, By: by}
		if what.code == "" {
			msg.Event.Code = unknownEvent
		}
	}
	if body != nil {
		b.reply(body.link("a"))
	}
	if picture := n.find("userpic_link"); picture != nil {
		b.attach(&chat.Attachment{Role: "avatar", MIME: "image/jpeg"}, picture.attr("href"))
	}
}

// sent makes a message of what somebody wrote.
func (b *pageMaker) sent(n *node) {
	msg := &b.message
	msg.Kind = chat.Text
	joined := n.has("joined")
	if !joined {
		b.sender, b.via, b.forwarded = "", "", nil
	}
	for _, body := range n.kids {
		if body.has("body") {
			b.body(body)
		}
	}
	msg.Sender = b.people.meet("", b.sender)
	b.extra("via_bot", b.via)
	if msg.Kind == chat.Text && msg.Text == "" {
		msg.Kind = chat.Other
	}
}

// body reads the parts of a message.
func (b *pageMaker) body(body *node) {
	msg := &b.message
	for _, part := range body.kids {
		switch {
		case part.tag == "" || part.has("userpic_wrap"):
		case part.has("date"):
			if m, ok := b.clock.at(part.attr("title")); ok {
				msg.Time, msg.Precision, msg.ZoneSource = m.at, m.precision, m.zone
			} else {
				b.extra("date", part.attr("title"))
			}
		case part.has("from_name"):
			b.sender, b.via = cutVia(part.plain())
		case part.has("forwarded"):
			b.forward(part)
		case part.has("reply_to"):
			b.replyTo(part)
		case part.has("media_wrap"):
			b.media(part)
		case part.has("text"):
			b.text(part)
		case part.has("reactions"):
			b.reactions(part)
		case part.has("signature"):
			b.extra("author", part.plain())
		case part.has("bot_buttons_table"):
			b.buttons(part)
		default:
			b.extra("page "+part.class, part.plain())
		}
	}
}

// viaBot stands behind the name of who wrote through a bot.
var viaBot = regexp.MustCompile(`^(.*?)\s+via (@\w+)$`)

// cutVia takes the bot off a name.
func cutVia(name string) (string, string) {
	if m := viaBot.FindStringSubmatch(name); m != nil {
		return strings.TrimSpace(m[1]), m[2]
	}
	return name, ""
}

// forward reads what was forwarded. In a run it is from the same as before where
// nothing else is said.
func (b *pageMaker) forward(part *node) {
	for _, k := range part.kids {
		if !k.has("from_name") {
			continue
		}
		b.forwarded = &chat.Forward{}
		var name strings.Builder
		for _, in := range k.kids {
			if in.has("details") {
				b.forwarded.Time = b.clock.aside(firstText(in.attr("title"), in.plain()))
				continue
			}
			in.write(&name)
		}
		b.forwarded.From, b.via = cutVia(strings.TrimSpace(name.String()))
	}
	if b.forwarded == nil {
		b.forwarded = &chat.Forward{}
	}
	again := *b.forwarded
	b.message.Forwarded = &again
	rest := &node{}
	for _, k := range part.kids {
		if !k.has("from_name") {
			rest.kids = append(rest.kids, k)
		}
	}
	b.body(rest)
}

func firstText(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// goTo is where a link to a message leads.
var goTo = regexp.MustCompile(`#(?:go_to_)?message(-?\d{1,18})$`)

// reply reads a link to another message.
func (b *pageMaker) reply(link *node) {
	if link == nil {
		return
	}
	m := goTo.FindStringSubmatch(link.attr("href"))
	if m == nil {
		return
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	b.message.ReplyTo = &chat.Reply{
		ID: chat.NativeMessageID(platform, "", b.chat.ID, m[1]), NativeID: m[1], Found: b.seen.has(n) && m[1] != b.message.NativeID,
	}
}

// replyTo reads what the message answers.
func (b *pageMaker) replyTo(part *node) {
	if b.reply(part.link("a")); b.message.ReplyTo == nil {
		b.extra("reply_to", part.plain()) // a message in another chat
	}
}

// buttons keeps the buttons of a bot, a row a line.
func (b *pageMaker) buttons(table *node) {
	var rows []string
	var walk func(n *node)
	walk = func(n *node) {
		for _, k := range n.kids {
			if k.has("bot_button_row") {
				var row []string
				for _, button := range k.kids {
					if button.has("bot_button") {
						row = append(row, button.plain())
					}
				}
				rows = append(rows, strings.Join(row, " | "))
				continue
			}
			walk(k)
		}
	}
	walk(table)
	b.extra("inline_bot_buttons", strings.Join(rows, "\n"))
	for _, k := range table.kids { // what versions 4.15 to 5.8 put into the table they did not close
		if k.has("signature") || k.has("reactions") {
			b.body(&node{kids: []*node{k}})
		}
	}
}

// reactions reads how others reacted.
func (b *pageMaker) reactions(part *node) {
	for _, r := range part.kids {
		if !r.has("reaction") {
			continue
		}
		picture := r.find("emoji")
		emoji := picture.plain()
		if picture != nil {
			if link := picture.link("a"); link != nil {
				emoji = "custom_emoji"
				if href := link.attr("href"); href != "" {
					emoji = b.within(href)
					b.files.emoji(&b.message, emoji)
				}
			}
		}
		left, counted := strconv.Atoi(r.find("count").plain())
		if who := r.find("userpics"); who != nil {
			for _, one := range who.kids {
				name := one.find("initials")
				if name == nil {
					continue
				}
				by := b.people.meet("", name.attr("title"))
				b.message.Reactions = append(b.message.Reactions, chat.Reaction{Emoji: emoji, By: by})
				left--
			}
		}
		if counted == nil && left > 0 {
			b.message.Reactions = append(b.message.Reactions, chat.Reaction{Emoji: emoji, Count: left})
		}
	}
}

// within is a link of the page as a path of the export.
func (b *pageMaker) within(href string) string {
	return path.Join(path.Dir(b.page), href)
}

// attach adds the file that a link leads to.
func (b *pageMaker) attach(a *chat.Attachment, href string) {
	b.files.find(a, b.within(href))
	b.message.Attachments = append(b.message.Attachments, *a)
}

// extra keeps what the model has no place for.
func (b *pageMaker) extra(name, value string) { addExtra(&b.message, name, value) }
