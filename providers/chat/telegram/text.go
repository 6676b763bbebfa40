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
// or a list of parts, and, since September 2022, as a list of parts too. It says
// which of the two say more than the text has, and are to be kept as they are.
func (m *maker) textOf(v, entities jsonstream.Value) (f formatted, keepText, keepEntities bool) {
	twice := len(entities) > 0 && string(entities) != "[]"
	simple := v.Kind() == '"'
	switch {
	case simple && !twice, simple && isPlain(v, entities):
		f.text = string(v.Bytes())
		return f, false, false
	case v.Kind() == '[' && !twice:
		f, ok := m.parts(v)
		return f, !ok, false
	}
	f, ok := m.parts(entities)
	keepEntities = !ok && len(entities) > 0
	switch v.Kind() {
	case '"':
		m.joined = append(m.joined[:0], v.Bytes()...)
	case '[':
		m.joined = join(m.joined[:0], v)
	default:
		return f, !v.IsNull(), keepEntities
	}
	if string(m.joined) == f.text {
		return f, false, keepEntities
	}
	m.message.Attachments = nil // of emoji in the other
	f, keepText, _ = m.textOf(v, nil)
	return f, keepText, true
}

// isPlain says whether the parts are one, and say no more than the string does.
func isPlain(text, entities jsonstream.Value) bool {
	n := 0
	for part := range entities.Elements() {
		for name, v := range part.Members() {
			switch {
			case string(name) == "type" && string(v) == `"plain"`:
			case string(name) == "text" && string(v) == string(text):
				n++
			default:
				return false
			}
		}
	}
	return n == 1
}

// join appends the text of the parts of a list.
func join(b []byte, list jsonstream.Value) []byte {
	for part := range list.Elements() {
		if part.Kind() == '{' {
			part = part.Get("text")
		}
		b = append(b, part.Bytes()...)
	}
	return b
}

// parts joins a list of parts and finds its runs. What says more than a run can
// makes it false.
func (m *maker) parts(list jsonstream.Value) (f formatted, ok bool) {
	ok = list.Kind() == '['
	m.joined = join(m.joined[:0], list)
	f.text = string(m.joined)
	end := 0
	for part := range list.Elements() {
		start := end
		if part.Kind() != '{' {
			end += len(part.Bytes())
			ok = ok && part.Kind() == '"'
			continue
		}
		end += len(part.Get("text").Bytes())
		style, target, fine := m.style(part, f.text[start:end])
		ok = ok && fine
		if style != "" && end > start {
			f.spans = append(f.spans, chat.Span{Start: start, End: end, Style: style, Target: target})
		}
	}
	return f, ok
}

// style is how a part looks, and what it leads to. It is false where the part
// says more than that.
func (m *maker) style(part jsonstream.Value, text string) (style, target string, ok bool) {
	var kind jsonstream.Value
	ok = true
	for name, v := range part.Members() {
		switch string(name) {
		case "text":
			ok = ok && v.Kind() == '"'
		case "type":
			kind = v
			ok = ok && v.Kind() == '"'
		case "user_id":
			target = m.peerID(peerOf(v, m.chat.NativeID))
		case "collapsed":
			if v.Kind() == 't' {
				target = "collapsed"
			}
		case "href", "language", "document_id":
			if target = string(v.Bytes()); v.Kind() != '"' {
				target = v.Compact() // a number, from some releases
			}
		default:
			ok = false
		}
	}
	style, known := styles[string(kind.Bytes())]
	if !known {
		style = strings.ToValidUTF8(string(kind.Bytes()), "\ufffd")
	}
	switch string(kind.Bytes()) {
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
