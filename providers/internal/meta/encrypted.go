package meta

import (
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// encrypted is a thread of the export of encrypted chats.
var encrypted = &form{route: RouteE2EE, clock: "timestamp", scan: scanJSON, tie: tieEncrypted, fill: fillEncrypted}

var encryptedFields = number(map[string]func(*builder, jsonstream.Value) bool{
	"senderName": (*builder).readSender,
	"text":       func(b *builder, v jsonstream.Value) (ok bool) { b.content, ok = text(v); return ok },
	"timestamp":  (*builder).readTime,
	"type":       (*builder).readType, // text, media, link, placeholder
	"isUnsent":   func(b *builder, v jsonstream.Value) (ok bool) { b.unsent, ok = flag(v); return ok },
	"media":      (*builder).readMedia,
	"reactions":  (*builder).readReactions,
})

// fillEncrypted makes a message of a record of an encrypted chat. A placeholder
// stands for what the export cannot show.
func fillEncrypted(b *builder, e *entry) {
	if !b.object(e.raw, encryptedFields) {
		b.m = chat.Message{Conversation: b.m.Conversation, Source: b.m.Source}
		b.unparsed(string(e.raw))
		return
	}
	b.classify()
	if word, _ := jsonstream.Value(e.raw).Get("type").Text(); word == "link" {
		b.addresses()
	}
	b.name()
}

// readMedia reads the attachments, whose kind only their names tell.
func (b *builder) readMedia(v jsonstream.Value) bool {
	if v.Kind() != '[' {
		return false
	}
	for f := range v.Elements() {
		uri, ok := text(f.Get("uri"))
		if !ok || !b.readFile("media", roleByPath(uri), f) {
			b.unknown("media", f)
		}
	}
	return true
}

// addresses marks the links in the text of a message that has one.
func (b *builder) addresses() {
	for at := 0; ; {
		i := strings.Index(b.m.Text[at:], "https://")
		if i < 0 {
			return
		}
		from := at + i
		at = from + strings.IndexAny(b.m.Text[from:]+" ", " \n\t")
		b.m.Spans = append(b.m.Spans, chat.Span{Start: from, End: at, Style: "link", Target: b.m.Text[from:at]})
	}
}

func tieEncrypted(e *entry) string {
	if e.bad {
		return string(e.raw) + "\x00"
	}
	v := jsonstream.Value(e.raw)
	parts := []string{plain(v.Get("senderName")), plain(v.Get("text")), plain(v.Get("type"))}
	for f := range v.Get("media").Elements() {
		parts = append(parts, baseName(plain(f.Get("uri"))))
	}
	return strings.Join(parts, "\x00")
}
