package whatsapp

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"strings"
	"time"

	"chatkeep/providers/chat"
)

// profile is what one pass over a text leaves behind: the shapes of its
// headers and the names before its messages. With the ids seen, it is all that
// is kept in memory of a file of any size.
type profile struct {
	shapes   shapes
	senders  *senders
	omitted  map[string]int // phrases in angle brackets that the tables lack
	marks    bool           // the file has direction marks
	group    bool           // a notice says that this is a group
	start    bool           // the file begins with a notice of a chat's beginning
	pseudo   string         // who iOS names as the sender of its first notice
	headers  int
	lines    int
	stray    refused // the first line, where it is no header
	suspect  refused // the first line that looks like a header and is none we know
	suspects int
	year     int // of dates that have none
	warnings []string
	people   []*sender // who wrote something; made when asked for
}

// groupEvents are notices that only groups have.
var groupEvents = map[string]bool{"created": true, "added": true, "left": true, "removed": true, "subject": true,
	"icon": true, "description": true, "settings": true, "admin": true, "joined": true, "invite": true}

// survey reads a text once.
func survey(ctx context.Context, fsys fs.FS, name string) (*profile, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := &profile{senders: newSenders(), omitted: map[string]int{}}
	l := newLines(f)
	for {
		piece, err := l.next()
		if err == io.EOF {
			break
		}
		if err != nil && p.headers > 0 {
			break // the second pass meets it too, behind what came before
		}
		if err != nil {
			return nil, err
		}
		if p.lines = piece.number; p.lines%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if piece.first {
			p.line(piece)
		}
	}
	p.year = p.yearless(f)
	return p, nil
}

// line takes one line in.
func (p *profile) line(l piece) {
	h, ok := parseHeader(l.text)
	if !ok {
		p.refuse(l)
		return
	}
	i := p.shapes.add(&h, l)
	if i < 0 {
		return
	}
	p.headers++
	p.marks = p.marks || h.line || h.body
	rest := l.text[h.rest:]
	raw, body, ok := cutSender(rest)
	var s *sender
	if ok {
		s = p.senders.get(raw)
	}
	if s == nil || s.notice {
		p.notice(h, "", rest)
		return
	}
	p.senders.meet(s, &h, i, l.lf, body)
	p.marks = p.marks || isAppMark(body)
	if len(body) > 2 && body[0] == '<' {
		p.angled(h, body)
	}
	p.weigh(h, s, body)
}

// weigh finds out whether a sender writes anything but notices. Whether the
// file has marks is not known before its end, so both are tried.
func (p *profile) weigh(h header, s *sender, body []byte) {
	for _, unmarked := range []bool{false, true} {
		i := index(unmarked)
		if s.real[i] {
			continue
		}
		c := p.bodyContext(h, s.name)
		c.unmarked = unmarked
		first := chomp(body)
		kind := classify(c, first).kind
		// A poll begins with a word and a colon; its lines follow.
		s.real[i] = kind != chat.EventKind || bytes.HasSuffix(first, []byte(":"))
		if kind == chat.EventKind && !s.real[i] && i == 0 {
			p.notice(h, s.name, body)
		}
	}
}

// notice takes in what a notice tells of the chat.
func (p *profile) notice(h header, name string, body []byte) {
	code, _, _ := known.event(trimMarks(chomp(body)), false)
	p.group = p.group || groupEvents[code]
	if p.headers <= 3 && (code == "encryption" || code == "created") {
		p.start = true
	}
	if p.pseudo == "" && code == "encryption" && h.shape.frame == '[' {
		p.pseudo = name
	}
}

// angled counts a body that is one phrase in angle brackets.
func (p *profile) angled(h header, body []byte) {
	b := trimMarks(chomp(body))
	if h.shape.frame == '[' || len(b) < 4 || len(b) > 100 || b[len(b)-1] != '>' || bytes.IndexByte(b, ' ') < 0 ||
		bytes.ContainsAny(b, "/=\"") || known.bracketed(b) != "" {
		return
	}
	if _, ok := p.omitted[string(b)]; ok || len(p.omitted) < 256 {
		p.omitted[string(b)]++
	}
}

// context is what a line's body is to be read in.
func (p *profile) bodyContext(h header, sender string) bodyContext {
	return bodyContext{
		line: h.line, app: h.body && sender == "", sender: sender,
		bracket: h.shape.frame == '[', unmarked: !p.marks, omitted: p.omitted,
	}
}

// decide settles the profile. It returns an error for a file that holds no
// message.
func (p *profile) decide(name string, o chat.Options) error {
	forced, err := parseOrder(o.DateOrder)
	if err != nil {
		return err
	}
	if p.headers == 0 || p.shapes.main().evidence.lines == 0 {
		if p.suspects > 0 {
			p.stray = p.suspect
		}
		return &formError{file: name, refused: p.stray, suspects: p.suspects}
	}
	p.warnings = append(p.warnings, p.shapes.decide(forced)...)
	p.senders.decide(o.Me, o.Chat)
	for phrase, n := range p.omitted {
		// Twice the same in brackets is the app speaking a language that the
		// tables lack. Once may be a person.
		if n < 2 {
			delete(p.omitted, phrase)
		}
	}
	if p.senders.full {
		p.warnings = append(p.warnings, "more names than can be kept: not every participant is listed")
	}
	return nil
}

// wrote says whether a sender stands before a message that counts.
func (p *profile) wrote(s *sender) bool {
	if s.notice || !s.real[index(!p.marks)] {
		return false
	}
	for i, g := range p.shapes.groups {
		for lf := range s.groups {
			for pad, mask := range s.groups[lf] {
				if mask&(1<<i) != 0 && g.accepted && !g.pads[pad].reject && (lf == 0 || !p.shapes.crlf) {
					return true
				}
			}
		}
	}
	return false
}

// participants are those who wrote something, in the order of the file.
func (p *profile) participants() []*sender {
	if p.people == nil {
		p.people = []*sender{}
		for _, s := range p.senders.listed {
			if p.wrote(s) {
				p.people = append(p.people, s)
			}
		}
	}
	return p.people
}

// yearless is the year of dates that have none: very old versions left out the
// current one. It is the year after the last that is written out, else the
// year the file is from.
func (p *profile) yearless(f fs.File) int {
	last := 0
	for _, g := range p.shapes.groups {
		if g.shape.dateSep == 'n' {
			last = max(last, g.evidence.year)
		}
	}
	if last > 0 {
		return last + 1
	}
	if info, err := f.Stat(); err == nil && info.ModTime().Year() >= 2009 {
		return info.ModTime().In(time.UTC).Year()
	}
	return 2009
}

// skeleton is a line's form without what it says: digits become N, letters x,
// and no more than the first 80 characters count.
func skeleton(line []byte) string {
	var b strings.Builder
	n := 0
	for _, r := range string(chomp(line[:min(len(line), 400)])) {
		if n++; n > 80 {
			b.WriteString("…")
			break
		}
		b.WriteRune(skeletonRune(r))
	}
	return b.String()
}
