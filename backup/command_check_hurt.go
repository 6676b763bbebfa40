package backup

import (
	"context"
	"fmt"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// maxHurtShown is how many entries of a kind a person is shown of a snapshot.
const maxHurtShown = 5

// hurtLines tells what is hurt: a program of every entry, as it comes, a person
// of the first ones of each snapshot.
type hurtLines struct {
	ctx    context.Context
	voice  *session.Voice
	teller hurtTeller
	lines  map[format.Hash]*shownEntries
}

// shownEntries are those of one snapshot that a person is shown.
type shownEntries struct {
	chats, files []string
}

// entry takes one hurt entry.
func (h *hurtLines) entry(e *repo.Exam, r *repo.Remnant) error {
	if h.lines == nil {
		h.lines = map[format.Hash]*shownEntries{}
	}
	s := h.lines[e.Head.Hash]
	if s == nil {
		s = &shownEntries{}
		if len(h.lines) < maxShown {
			h.lines[e.Head.Hash] = s
		}
	}
	isChat := strings.HasPrefix(r.Path, format.MessagesDir)
	if !h.voice.JSON() && (isChat && len(s.chats) >= maxHurtShown || !isChat && len(s.files) >= maxHurtShown) {
		return nil
	}
	told, err := h.teller.describe(h.ctx, e, r)
	if err != nil {
		return err
	}
	if h.voice.JSON() {
		return h.voice.Object(told)
	}
	if isChat {
		s.chats = append(s.chats, hurtLine(told))
	} else {
		s.files = append(s.files, hurtLine(told))
	}
	return nil
}

// hurtLine says in a line what is lost of an entry.
func hurtLine(h *hurtEntry) string {
	what := h.Path
	if h.Conversation != "" {
		name := h.Title
		if name == "" {
			name = h.Conversation
		}
		var spans []string
		for _, d := range h.Dates {
			spans = append(spans, spanLine(d))
		}
		what = fmt.Sprintf("messages of %s%s", name, strings.Join(spans, ","))
	}
	if h.Mendable {
		what += " (other packs have it)"
	}
	if len(h.Objects) > 0 {
		what += ": " + h.Objects[0]
	}
	return what
}

func spanLine(d lostSpan) string {
	var b strings.Builder
	if d.After != "" {
		b.WriteString(" from " + d.After)
	}
	if d.Before != "" {
		b.WriteString(" to " + d.Before)
	}
	if b.Len() == 0 {
		return " of unknown dates"
	}
	return b.String()
}

// hurtSnapshot is a snapshot that something is lost of, as check --json prints
// it; fields are only added.
type hurtSnapshot struct {
	Type     string      `json:"type"` // hurt-snapshot
	Snapshot format.Hash `json:"snapshot"`
	Message  string      `json:"message"`
	Objects  []string    `json:"objects"`
	Entries  int64       `json:"entries"`
	Hurt     int64       `json:"hurt"`
	Mendable int64       `json:"mendable"`
	Lists    int         `json:"list_chunks_lost"`
	Gone     int64       `json:"nameless"`
	Untimed  int64       `json:"untimed"`
}

// snapshots tells which snapshots are hurt.
func (h *hurtLines) snapshots(all []*repo.Hurt) error {
	shown(all, func(one *repo.Hurt) {
		h.voice.Print("%s", one.Error())
		s := h.lines[one.Head.Hash]
		if s == nil {
			return
		}
		for _, line := range append(s.chats, s.files...) {
			h.voice.Print("  %s", line)
		}
		if more := one.Lost - int64(len(s.chats)+len(s.files)); more > 0 {
			h.voice.Print("  and %s more; --json has them all", session.Count(more))
		}
	}, func(n int) { h.voice.Print("and %s more snapshots; --json has them all", session.Count(int64(n))) })
	for _, one := range all {
		o := hurtSnapshot{
			Type: "hurt-snapshot", Snapshot: one.Head.Hash, Message: one.Error(), Objects: append([]string{}, one.Keys...),
			Entries: one.Entries, Hurt: one.Lost, Mendable: one.Mendable, Lists: one.Lists, Gone: one.Gone, Untimed: one.Untimed,
		}
		if err := h.voice.Object(o); err != nil {
			return err
		}
	}
	return nil
}
