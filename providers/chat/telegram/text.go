package telegram

import (
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// styles are what the app's kinds of text are in the model. Others keep the
// app's own word: hashtag, cashtag, bot_command, bank_card, and what is to come.
var styles = map[string]string{
	"plain": "", "bold": "bold", "italic": "italic", "underline": "underline", "strikethrough": "strike",
	"code": "code", "pre": "pre", "blockquote": "quote", "spoiler": "spoiler",
	"link": "link", "text_link": "link", "email": "link", "phone": "link",
	"mention": "mention", "mention_name": "mention", "custom_emoji": "emoji",
}

// formatted is a text with its runs.
type formatted struct {
	text  string
	spans []chat.Span
}

// textOf is the text of a message, which stands in one or two fields: as a string
// or a list of parts, and, since September 2022, as a list of parts. False says
// that one of them has something else in it and is to be kept as it is.
func (m *maker) textOf(v, entities jsonstream.Value) (f formatted, ok bool) {
	if s, simple := v.Text(); simple {
		f.text = s
		if isPlain(v, entities) {
			return f, true
		}
		g, ok := m.parts(entities)
		if ok && g.text == f.text {
			return g, true
		}
		return f, false
	}
	if v.Kind() != '[' {
		if entities.Kind() == '[' {
			f, ok = m.parts(entities)
			return f, ok && v.IsNull()
		}
		return f, v.IsNull()
	}
	f, ok = m.parts(v)
	if len(entities) > 0 && string(entities) != "[]" {
		g, fine := m.parts(entities)
		if ok = ok && fine && f.text == g.text; ok {
			f = g
		}
	}
	return f, ok
}

// isPlain says whether the parts say no more than the string does.
func isPlain(text, entities jsonstream.Value) bool {
	if len(entities) == 0 || string(entities) == "[]" {
		return true
	}
	n := 0
	for part := range entities.Elements() {
		if n++; n > 1 || string(part.Get("type")) != `"plain"` || string(part.Get("text")) != string(text) {
			return false
		}
	}
	return entities.Kind() == '[' && (n == 1 || string(text) == `""`)
}

// parts joins a list of parts. What is no part of a text makes it false.
func (m *maker) parts(list jsonstream.Value) (f formatted, ok bool) {
	if list.Kind() != '[' {
		return f, false
	}
	var text strings.Builder
	ok = true
	for part := range list.Elements() {
		if s, simple := part.Text(); simple {
			text.WriteString(s)
			continue
		}
		s, fine := part.Get("text").Text()
		if !fine {
			ok = false
			continue
		}
		start := text.Len()
		text.WriteString(s)
		style, target, fine := m.style(part, s)
		ok = ok && fine
		if style != "" && s != "" {
			f.spans = append(f.spans, chat.Span{Start: start, End: text.Len(), Style: style, Target: target})
		}
	}
	f.text = text.String()
	return f, ok
}

// style is how a part looks, and what it leads to. It is false where the part
// says more than that.
func (m *maker) style(part jsonstream.Value, text string) (style, target string, ok bool) {
	kind, ok := "", true
	for name, v := range part.Members() {
		switch string(name) {
		case "text":
		case "type":
			kind, ok = v.Text()
		case "user_id":
			target = m.peerID(peerOf(v, m.chat.NativeID))
		case "collapsed":
			if v.Kind() == 't' {
				target = "collapsed"
			}
		case "href", "language", "document_id":
			if target, ok = v.Text(); !ok {
				target, ok = v.Compact(), true // a number, from some releases
			}
		default:
			ok = false
		}
	}
	style, known := styles[kind]
	if !known {
		style = kind
	}
	switch kind {
	case "link":
		target = text
	case "email":
		target = "mailto:" + text
	case "phone":
		target = "tel:" + text
	case "custom_emoji":
		m.emojiFile(target)
	}
	return style, target, ok
}
