package telegram

import (
	"strings"

	"chatkeep/providers/chat"
)

// pageStyles are what elements make of text.
var pageStyles = map[string]string{
	"strong": "bold", "b": "bold", "em": "italic", "i": "italic", "u": "underline", "s": "strike", "code": "code", "pre": "pre",
	"blockquote": "quote",
}

// text reads the text of a message.
func (b *pageMaker) text(part *node) {
	msg := &b.message
	var w pageText
	b.write(&w, trimmed(part))
	b.extra("shown", msg.Text) // what a contact or a game shows, where it has a text of its own too
	msg.Text, msg.Spans = w.String(), w.spans
}

// trimmed is an element without the line end and the space that the page puts
// around what is in it. Those of the text itself are elements.
func trimmed(n *node) *node {
	t := *n
	t.kids = append([]*node(nil), n.kids...)
	if len(t.kids) == 0 {
		return &t
	}
	if first := t.kids[0]; first.tag == "" {
		t.kids[0] = &node{text: strings.TrimPrefix(first.text, "\n")}
	}
	if i := len(t.kids) - 1; t.kids[i].tag == "" {
		s := strings.TrimRight(t.kids[i].text, " ")
		if s = strings.TrimSuffix(s, "\n"); len(s) < len(t.kids[i].text) && strings.Contains(t.kids[i].text, "\n") {
			t.kids[i] = &node{text: s}
		}
	}
	return &t
}

// pageText gathers a text and its runs.
type pageText struct {
	strings.Builder
	spans []chat.Span
}

// write writes an element into a text.
func (b *pageMaker) write(w *pageText, n *node) {
	for _, k := range n.kids {
		start := w.Len()
		switch k.tag {
		case "":
			w.WriteString(k.text)
			continue
		case "br":
			w.WriteByte('\n')
			continue
		}
		at := len(w.spans)
		b.write(w, k)
		style, target := b.style(k, w.String()[start:])
		if style != "" && w.Len() > start {
			w.spans = append(w.spans, chat.Span{})
			copy(w.spans[at+1:], w.spans[at:])
			w.spans[at] = chat.Span{Start: start, End: w.Len(), Style: style, Target: target}
		}
	}
}

// style is what an element makes of its text, and what it leads to.
func (b *pageMaker) style(n *node, text string) (style, target string) {
	if n.tag == "span" && n.has("spoiler") {
		return "spoiler", ""
	}
	if n.tag != "a" {
		return pageStyles[n.tag], ""
	}
	href, click := n.attr("href"), n.attr("onclick")
	switch {
	case strings.Contains(click, "ShowHashtag"):
		return "hashtag", ""
	case strings.Contains(click, "ShowCashtag"):
		return "cashtag", ""
	case strings.Contains(click, "ShowBotCommand"):
		return "bot_command", ""
	case strings.Contains(click, "ShowMentionName"):
		return "mention", ""
	case strings.Contains(click, "Emoji"):
		return "emoji", ""
	case href == "":
		return "", ""
	case strings.HasPrefix(text, "@") && strings.HasSuffix(strings.ToLower(href), "/"+strings.ToLower(text[1:])):
		return "mention", ""
	case !strings.Contains(href, ":") && strings.Contains("/"+href, "/stickers/"):
		target = b.within(href)
		b.files.emoji(&b.message, target)
		return "emoji", target
	}
	return "link", href
}
