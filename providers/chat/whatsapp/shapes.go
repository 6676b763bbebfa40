package whatsapp

import (
	"fmt"
	"slices"
)

// maxGroups bounds how many shapes of header one file may have. Further ones
// are taken for text.
const maxGroups = 64

// group is a family of headers met in the file.
type group struct {
	shape    shape
	evidence evidence
	accepted bool
	verdict  verdict
	first    int // which of the file's headers was its first, from 0
	last     int
	run, top int // the present and the longest run without another group's
	pads     [both + 1]pad
	// afterCRLF and afterLF count how the line before the header ended.
	afterCRLF, afterLF int
}

// pad counts the headers of a group with, or without, leading zeros.
type pad struct {
	lines  int
	back   [len(orders)]int
	reject bool
}

// shapes gathers the headers of a file, then decides which of them are headers
// at all: a message may hold lines pasted from another chat.
type shapes struct {
	groups []*group
	seen   int // headers, of any group
	crlf   bool
}

// find returns the index of a header's group, or -1.
func (s *shapes) find(h *header) int {
	f := h.shape.family()
	for i, g := range s.groups {
		if g.shape == f {
			return i
		}
	}
	return -1
}

// add takes a header in and returns the index of its group, or -1 where the
// file has too many.
func (s *shapes) add(h *header, p piece) int {
	i := s.find(h)
	if i < 0 {
		if len(s.groups) == maxGroups {
			return -1
		}
		i = len(s.groups)
		s.groups = append(s.groups, &group{shape: h.shape.family(), first: s.seen, last: -2})
	}
	g := s.groups[i]
	if g.last != s.seen-1 {
		g.run = 0
	}
	g.run++
	g.top = max(g.top, g.run)
	g.last = s.seen
	s.seen++
	back := g.evidence.add(h)
	q := &g.pads[h.shape.pad]
	q.lines++
	for o, b := range back {
		if b {
			q.back[o]++
		}
	}
	switch {
	case p.crlf:
		g.afterCRLF++
	case p.lf:
		g.afterLF++
	}
	return i
}

// main is the group with the most headers, or nil.
func (s *shapes) main() *group {
	var m *group
	for _, g := range s.groups {
		if m == nil || g.evidence.lines > m.evidence.lines {
			m = g
		}
	}
	return m
}

// decide says which groups are headers and how their dates are read. forced is
// an order given by the user, or nil.
func (s *shapes) decide(forced *order) (warnings []string) {
	m := s.main()
	if m == nil {
		return nil
	}
	m.verdict = m.evidence.decide(m.shape, nil)
	m.accepted = true
	if forced != nil && m.numeric() {
		m.force(*forced)
	}
	mixed := len(s.groups) >= 4 && 3*m.evidence.lines <= 2*s.seen
	others := 0
	for _, g := range s.groups {
		if g == m {
			continue
		}
		g.verdict = g.evidence.decide(g.shape, &m.verdict.order)
		if forced != nil && g.numeric() {
			g.force(*forced)
		}
		if g.accepted = mixed || g.joined(m, s.seen); g.accepted {
			others++
		}
	}
	for _, g := range s.groups {
		g.dropPasted()
	}
	s.crlf = m.afterLF*20 < m.afterCRLF
	if others > 0 {
		warnings = append(warnings, fmt.Sprintf("%d more forms of date beside the main one: are these several exports joined into one file?", others))
	}
	if why := m.verdict.assumed; why != "" && m.numeric() && forced == nil {
		warnings = append(warnings, fmt.Sprintf("dates are assumed to be %s: %s; --date-order says otherwise", m.verdict.order, why))
	}
	return append(warnings, s.contradictions()...)
}

// numeric says whether the dates are three numbers, so that their order is a
// question.
func (g *group) numeric() bool { return g.shape.dateSep != 'n' }

// force sets the order the user gave. Lines that are no date under it are
// read in another one, and counted.
func (g *group) force(o order) {
	g.verdict = verdict{order: o, bad: g.evidence.invalid[o]}
}

// joined says whether a second group's lines are headers too. Pasted lines
// stand between the file's own headers; a file joined from several exports has
// them at one end, or in a long run.
func (g *group) joined(m *group, seen int) bool {
	switch {
	case g.top >= 20, g.last < m.first:
		return true
	case g.first <= m.last:
		// The same phone, whose dates lost their year or won it.
		return g.shape.dateSep == 'n' && m.shape.dateSep == 'n' && g.shape.frame == m.shape.frame
	}
	tail := seen - m.last - 1
	return tail >= 5 || g.evidence.last[g.verdict.order] >= m.evidence.last[m.verdict.order]
}

// dropPasted finds headers that differ from the rest of their group in leading
// zeros alone. One phone writes them always or never, so a few that also step
// back in time were pasted into a message.
func (g *group) dropPasted() {
	for i, other := range map[int]int{padded: bare, bare: padded} {
		p := &g.pads[i]
		p.reject = p.lines > 0 && g.pads[other].lines >= 3*p.lines && p.back[g.verdict.order] == p.lines
	}
}

// contradictions tells of lines that the chosen order cannot read.
func (s *shapes) contradictions() (warnings []string) {
	for _, g := range s.groups {
		if g.accepted && g.verdict.bad > 0 {
			warnings = append(warnings, fmt.Sprintf("%d dates cannot be %s and were read in another order", g.verdict.bad, g.verdict.order))
		}
	}
	return warnings
}

// read returns the group of a header and its date, or false where the line is
// text after all.
func (s *shapes) read(h *header, p piece, current int) (int, day, bool) {
	i := s.find(h)
	if i < 0 || s.crlf && p.lf {
		return i, day{}, false
	}
	g := s.groups[i]
	if !g.accepted || g.pads[h.shape.pad].reject {
		return i, day{}, false
	}
	d, ok := h.date.in(g.verdict.order, current)
	for _, o := range orders {
		if ok {
			break
		}
		d, ok = h.date.in(o, current)
	}
	return i, d, ok
}

// parseOrder reads --date-order.
func parseOrder(s string) (*order, error) {
	if s == "" {
		return nil, nil
	}
	i := slices.IndexFunc(orders[:], func(o order) bool { return o.String() == s })
	if i < 0 || orders[i] == ydm {
		return nil, fmt.Errorf("date order %q: not one of dmy, mdy, ymd", s)
	}
	o := orders[i]
	return &o, nil
}
