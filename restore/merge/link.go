package merge

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"chatkeep/providers/chat"
)

// Link shows a chat that came as a text, without ids, as part of the conversation
// that the app's database has under the same title, where there is one such
// conversation on each side. It deletes nothing: what it takes for the same
// message is shown once, as the database has it, and is still in the snapshot.
func (a *Archive) Link() {
	type side struct{ named, native []*Conversation }
	byTitle := map[[3]string]*side{}
	for _, c := range a.conversations {
		title := strings.ToLower(chat.NormalTitle(c.Title))
		if title == "" {
			continue
		}
		key := [3]string{c.Platform, string(c.Kind), title}
		if byTitle[key] == nil {
			byTitle[key] = &side{}
		}
		if c.NativeID == "" {
			byTitle[key].named = append(byTitle[key].named, c)
		} else {
			byTitle[key].native = append(byTitle[key].native, c)
		}
	}
	for _, s := range byTitle {
		if len(s.named) == 1 && len(s.native) == 1 {
			whole, part := s.native[0], s.named[0]
			whole.linked, whole.Linked = append(whole.linked, part), append(whole.Linked, part.ID)
			whole.Coverage = together([]chat.Coverage{whole.Coverage, part.Coverage})
		}
	}
}

// linker finds messages of a text among those of a database. Of a text's message
// the sender is a name, the time that of an unknown clock, often to the minute.
// Which name is whom, and how far the clocks are apart, is learned from texts
// that stand on each side once.
type linker struct {
	seen []sight
}

// sight is what is compared of one message.
type sight struct {
	state  int32
	native bool
	key    string // what it says, or of what kind it is
	long   bool   // enough to be told from others by it
	sender string
	time   time.Time
	minute bool // it is not known better
}

// longText is from how many bytes on a text says which message it is.
const longText = 12

func (l *linker) note(state int32, m *chat.Message) {
	if m.Time.IsZero() || m.Kind == chat.Unparsed {
		return
	}
	l.seen = append(l.seen, sight{
		state: state, native: m.NativeID != "", key: keyOf(m), long: len(m.Text) >= longText,
		sender: m.Sender, time: m.Time, minute: m.Precision == chat.Minute || m.Precision == chat.Day,
	})
}

// keyOf is what a message says, as far as both sides say it.
func keyOf(m *chat.Message) string {
	switch {
	case m.Deleted != nil:
		return "deleted"
	case m.Event != nil:
		return "event " + m.Event.Code
	case m.Call != nil:
		return "call"
	case m.Location != nil:
		return "location"
	case m.Poll != nil:
		return "poll " + chat.NormalText(m.Poll.Question)
	}
	text := chat.NormalText(m.Text)
	if text == "" && len(m.Attachments) > 0 {
		return "media " + path.Base(cmp.Or(m.Attachments[0].Name, m.Attachments[0].File, string(m.Kind)))
	}
	return "text " + text
}

// link hides what of a text a database has, too.
func (x *tally) link() {
	if x.links == nil {
		return
	}
	l := x.links
	lags, people := l.learn()
	if len(lags) == 0 {
		return
	}
	natives := map[string][]*sight{}
	for i := range l.seen {
		if s := &l.seen[i]; s.native && !x.states[s.state].hidden {
			natives[s.key] = append(natives[s.key], s)
		}
	}
	taken := map[*sight]bool{}
	for i := range l.seen {
		s := &l.seen[i]
		if s.native || x.states[s.state].hidden {
			continue
		}
		for _, n := range natives[s.key] {
			if !taken[n] && people[s.sender] == n.sender && slices.ContainsFunc(lags, func(lag time.Duration) bool { return s.sameTime(n, lag) }) {
				taken[n] = true
				x.states[s.state].hidden = true
				break
			}
		}
	}
}

// sameTime reports whether a time of a text is that of a database, if the clocks
// are that far apart.
func (s *sight) sameTime(n *sight, lag time.Duration) bool {
	d := s.time.Sub(n.time.Add(lag))
	if s.minute {
		return d > -time.Minute && d <= 0
	}
	return d.Abs() <= 2*time.Second
}

// lagUnit is what clocks of different zones differ by.
const lagUnit = 15 * time.Minute

// learn finds out by how much the clocks differ, which may be several times where
// summer time is another, and who is who.
func (l *linker) learn() (lags []time.Duration, people map[string]string) {
	type pair struct{ text, native *sight }
	unique := map[string]*pair{}
	for i := range l.seen {
		s := &l.seen[i]
		if !s.long || !strings.HasPrefix(s.key, "text ") {
			continue
		}
		p := unique[s.key]
		if p == nil {
			p = &pair{}
			unique[s.key] = p
		}
		side := &p.text
		if s.native {
			side = &p.native
		}
		if *side == nil {
			*side = s
		} else {
			*side = &sight{state: -1} // more than one
		}
	}
	byLag, votes, all := map[time.Duration]int{}, map[[2]string]int{}, 0
	for _, p := range unique {
		if p.text == nil || p.native == nil || p.text.state < 0 || p.native.state < 0 {
			continue
		}
		d := p.text.time.Sub(p.native.time)
		lag := d.Round(lagUnit)
		if (d - lag).Abs() > time.Minute {
			continue
		}
		byLag[lag]++
		votes[[2]string{p.text.sender, p.native.sender}]++
		all++
	}
	for lag, n := range byLag {
		if n*10 >= all {
			lags = append(lags, lag)
		}
	}
	slices.Sort(lags)
	return lags, majority(votes)
}

// majority says who is who: of each name the one that it was most often.
func majority(votes map[[2]string]int) map[string]string {
	best := map[string]string{}
	for pair, n := range votes {
		other, ok := best[pair[0]]
		if most := votes[[2]string{pair[0], other}]; !ok || n > most || n == most && pair[1] < other {
			best[pair[0]] = pair[1]
		}
	}
	// What nobody sent is nobody's on both sides.
	if _, ok := best[""]; !ok {
		best[""] = ""
	}
	return best
}
