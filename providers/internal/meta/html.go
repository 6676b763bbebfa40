package meta

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"chatkeep/providers/chat"
)

// inHTML is a thread of a download as pages. Their times have no zone and hardly
// ever seconds, so that the order of the pages is the order of the messages.
var inHTML = &form{route: RouteHTML, scan: scanHTML, fill: fillHTML}

// scanHTML reads a page. A page is one stretch.
func scanHTML(t *thread, r io.Reader, s *stretch, each func(e entry, at int64) bool) error {
	n, rank := 0, int64(newest)
	p, err := readPage(r, t.order, func(b *block) bool {
		if !b.stray {
			rank = b.stamp.wall.UnixMilli()
		}
		n++
		return each(entry{at: n - 1, rank: rank, block: b}, 0)
	})
	if s != nil {
		return err
	}
	if p.blocks == 0 && err == nil {
		return errNoPage
	}
	t.pageHead(p)
	return err
}

// errNoPage is what a page of an unknown layout, or with times in an unknown
// language, gives.
var errNoPage = &hintError{"no message found in this page", "times and layouts of pages change with language and year: ask for the download again, in JSON"}

// participants are the words before the list of those who take part, in the
// header of a page.
var participants = []string{"participants:", "teilnehmer:", "participantes:", "partecipanti:", "deelnemers:", "uczestnicy:"}

// pageHead learns what the header of a page says of its thread.
func (t *thread) pageHead(p *pageReader) {
	if t.title == "" {
		t.title = mend(p.title)
	}
	for _, b := range p.header {
		if b.kind != bitText || b.isBlank() {
			continue
		}
		t.s.ignore("text around the messages of a page", 1)
		list, ok := participantsIn(b.text)
		if !ok {
			continue
		}
		for name := range strings.SplitSeq(list, ", ") {
			t.add(mend(name))
		}
	}
	for _, e := range p.open {
		for _, b := range e.bits {
			if b.kind == bitText && !b.isBlank() {
				t.s.ignore("text around the messages of a page", 1)
			}
		}
	}
}

// participantsIn is the list in a line of a page's header.
func participantsIn(line string) (list string, ok bool) {
	line = strings.Trim(line, " ")
	lower := strings.ToLower(line)
	for _, word := range participants {
		if strings.HasPrefix(lower, word) {
			return strings.TrimSpace(line[len(word):]), true
		}
	}
	return "", false
}

// isPage says whether a file begins as a page of messages.
func isPage(head []byte) bool {
	blocks, _ := countBlocks(head)
	return blocks > 0
}

// countBlocks counts the messages in the beginning of a page, and says whether it
// lists who takes part.
func countBlocks(head []byte) (n int, labelled bool) {
	p, _ := readPage(strings.NewReader(string(head)), "", func(*block) bool { return true })
	for _, b := range p.header {
		_, ok := participantsIn(b.text)
		labelled = labelled || ok
	}
	return p.blocks, labelled
}

// judgePage says how sure it is that a loose page is a thread of this app, from
// 0 to 100.
func (a *App) judgePage(numbered bool, head []byte) int {
	blocks, labelled := countBlocks(head)
	own, foreign := a.Own.in(head), a.Foreign.in(head)
	switch {
	case blocks == 0 || !numbered && !labelled, foreign && !own:
		return 0
	case own && !foreign:
		return 90
	case a.Bare:
		return 60
	}
	return 0
}

// fillHTML makes a message of what a page shows.
func fillHTML(b *builder, e *entry) {
	k := e.block
	if k.stray {
		lines, _, _ := b.body(k.body)
		b.unparsed(lines)
		return
	}
	m := &b.m
	m.Source = b.t.pointer(e, k.shown)
	m.Time, m.Precision, m.ZoneSource = b.clock.At(k.stamp.wall), chat.Minute, chat.FromUser
	if b.s.options.Zone == nil {
		m.ZoneSource = chat.FromDevice
	}
	if k.stamp.seconds {
		m.Precision = chat.Second
	}
	b.sender = mend(k.sender)
	var files []string
	var spans []chat.Span
	b.content, spans, files = b.body(k.body)
	for _, uri := range files {
		b.attach(roleByPath(uri), uri, "media")
	}
	b.classify()
	if m.Text == b.content {
		m.Spans = append(m.Spans, spans...)
	}
	m.ID = b.ids.Next(k.stamp.wall, b.sender, m.Kind, m.Text)
}

// body takes the content of a message apart: its text, the links in it, and the
// files that it names. Reactions go to the message.
func (b *builder) body(bits []bit) (content string, spans []chat.Span, files []string) {
	var text []byte
	line := true // nothing stands on the line yet
	for _, part := range bits {
		piece := mend(part.text)
		switch part.kind {
		case bitLine:
			text, line = bytes.TrimRight(text, " "), true
			continue
		case bitMedia:
			if uri := mend(part.href); !slices.Contains(files, uri) {
				files = append(files, uri)
			}
			continue
		case bitItem:
			if b.reaction(piece) {
				continue
			}
		}
		if line {
			if piece = strings.TrimLeft(piece, " "); piece == "" {
				continue
			} else if len(text) > 0 {
				text = append(text, '\n')
			}
		}
		line = false
		if part.href != "" {
			spans = append(spans, chat.Span{Start: len(text), End: len(text) + len(strings.TrimRight(piece, " ")), Style: "link", Target: part.href})
		}
		text = append(text, piece...)
	}
	return strings.TrimRight(string(text), " "), spans, files
}

// reaction reads an element of a list as "❤Anna Bell", maybe with its time in
// parentheses.
func (b *builder) reaction(item string) bool {
	if b.entry.block.stray {
		return false
	}
	i := strings.IndexFunc(item, unicode.IsLetter)
	if i <= 0 || i > 64 {
		return false
	}
	emoji, who := strings.TrimSpace(item[:i]), item[i:]
	if strings.IndexFunc(emoji, func(r rune) bool { return r > unicode.MaxLatin1 }) < 0 {
		return false
	}
	r := chat.Reaction{Emoji: emoji}
	if name, tail, ok := strings.Cut(who, " ("); ok {
		if s, ok := parseStamp(strings.TrimSuffix(tail, ")"), b.t.order); ok {
			who = name
			r.Time = time.Date(s.wall.Year(), s.wall.Month(), s.wall.Day(), s.wall.Hour(), s.wall.Minute(), s.wall.Second(), 0, b.clock.Zone)
		}
	}
	r.By = b.t.person(who)
	b.m.Reactions = append(b.m.Reactions, r)
	return true
}
