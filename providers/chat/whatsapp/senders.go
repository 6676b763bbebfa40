package whatsapp

import (
	"bytes"
	"strings"

	"chatkeep/providers/chat"
)

const (
	// nameLimit is the longest sender's name looked for, in bytes.
	nameLimit = 256
	// maxSenders bounds the names kept; the largest groups have a few thousand.
	maxSenders = 20000
)

// sender is a name that stands before messages.
type sender struct {
	name  string // without marks, and with plain spaces
	id    string
	lines int
	// groups are masks of the header groups it was met in, by whether the line
	// before had a bare LF and by the header's leading zeros.
	groups [2][both + 1]uint64
	// real says that it wrote at least one message that is no notice: where the
	// file has marks, and where it has none.
	real   [2]bool
	notice bool // reads as a part of a notice, not as a name
	// longer is the longer name that all its lines begin with, where the name
	// itself holds ": ".
	longer string
	varied bool // its lines do not all begin with longer
	proof  bool // the app's own words stood behind longer
}

// senders are the names of a file: text that stands before the first ": " of a
// header's rest. A notice may hold ": " too, and so may a name.
type senders struct {
	raw    map[string]*sender // by their bytes in the file
	named  map[string]*sender // by name
	full   bool
	listed []*sender // in the order of the file
}

func newSenders() *senders {
	return &senders{raw: map[string]*sender{}, named: map[string]*sender{}}
}

var colon = []byte(": ")

// cutSender splits at the first ": ". A message that begins with an empty line
// may have lost its space.
func cutSender(rest []byte) (name, body []byte, ok bool) {
	head := rest[:min(len(rest), nameLimit)]
	if i := bytes.Index(head, colon); i > 0 {
		return rest[:i], rest[i+2:], true
	}
	if line := chomp(head); len(line) > 1 && len(line) < nameLimit && line[len(line)-1] == ':' {
		return line[:len(line)-1], rest[len(line):], true
	}
	return nil, nil, false
}

// get finds or makes the sender of a name as written, or nil where there are
// too many.
func (s *senders) get(raw []byte) *sender {
	if p := s.raw[string(raw)]; p != nil {
		return p
	}
	if len(s.raw) >= maxSenders {
		s.full = true
		return nil
	}
	p := s.name(chat.NormalText(string(raw)))
	s.raw[string(raw)] = p
	return p
}

func (s *senders) name(name string) *sender {
	p := s.named[name]
	if p == nil {
		p = &sender{name: name, id: chat.ParticipantID(platform, "", "", name)}
		p.notice = readsAsNotice(name)
		s.named[name] = p
		s.listed = append(s.listed, p)
	}
	return p
}

// readsAsNotice says whether what stands before ": " is the beginning of a
// notice, as in: Anna changed the subject to "one: two".
func readsAsNotice(name string) bool {
	if name == "" || strings.Count(name, `"`)%2 == 1 {
		return true
	}
	for _, q := range [...][2]string{{"“", "”"}, {"«", "»"}, {"„", "“"}, {"「", "」"}} {
		if strings.Count(name, q[0]) > strings.Count(name, q[1]) {
			return true
		}
	}
	code, at, _ := known.event([]byte(name), false)
	return code != "" && at > 0
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

// meet counts a line that a name stands before.
func (s *senders) meet(p *sender, h *header, group int, lf bool, body []byte) {
	p.lines++
	p.groups[index(lf)][h.shape.pad] |= 1 << group
	if p.varied || h.body {
		return
	}
	if p.longer != "" {
		rest, ok := bytes.CutPrefix(body, []byte(p.longer))
		if !ok {
			p.varied = true
			return
		}
		p.proof = p.proof || isAppMark(rest) || bytes.HasPrefix(rest, []byte("<"))
		return
	}
	i := bytes.Index(body[:min(len(body), nameLimit)], colon)
	if i <= 0 || p.lines > 1 || isAppMark(body) {
		p.varied = true
		return
	}
	p.longer = string(body[:i+2])
	p.proof = isAppMark(body[i+2:]) || bytes.HasPrefix(body[i+2:], []byte("<"))
}

// decide settles which names hold ": " and which names are known from
// elsewhere: the owner's and the title's.
func (s *senders) decide(hints ...string) {
	for _, p := range s.listed[:len(s.listed):len(s.listed)] {
		if p.longer == "" {
			continue
		}
		long := p.name + ": " + chat.NormalText(strings.TrimSuffix(p.longer, ": "))
		hinted := false
		for _, h := range hints {
			hinted = hinted || h != "" && chat.NormalText(h) == long
		}
		if p.varied && !hinted || !p.proof && !hinted || p.lines < 2 && !hinted {
			p.longer = ""
			continue
		}
		q := s.name(long)
		q.notice, q.real, q.lines, q.groups = false, p.real, p.lines, p.groups
		p.real = [2]bool{p.varied && p.real[0], p.varied && p.real[1]}
	}
}

// split finds who wrote a line, and what. It returns nil for a notice.
func (s *senders) split(rest []byte) (*sender, []byte) {
	raw, body, ok := cutSender(rest)
	if !ok {
		return nil, rest
	}
	p := s.raw[string(raw)]
	if p == nil && s.full {
		p = &sender{name: chat.NormalText(string(raw))}
		p.id = chat.ParticipantID(platform, "", "", p.name)
		p.notice = readsAsNotice(p.name)
	}
	if p == nil || p.notice {
		return nil, rest
	}
	if p.longer != "" {
		if b, ok := bytes.CutPrefix(body, []byte(p.longer)); ok {
			return s.named[p.name+": "+chat.NormalText(strings.TrimSuffix(p.longer, ": "))], b
		}
		if !p.varied {
			return nil, rest // a notice about that name
		}
	}
	return p, body
}
