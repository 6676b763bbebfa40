package restore

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
	"chatkeep/restore/merge"
	"chatkeep/restore/render"
)

// ExportOptions say what is exported of an archive.
type ExportOptions struct {
	// Chats are titles or beginnings of ids; all conversations where empty.
	Chats []string
	// History adds the earlier states of messages.
	History bool
	// Lost is told what could not be read; the rest is exported.
	Lost func(error)
}

// Export writes conversations in a form. It returns how much could not be read.
func Export(ctx context.Context, a *merge.Archive, form render.Form, o ExportOptions, out io.Writer) (lost int, err error) {
	wanted, err := pick(a, o.Chats)
	if err != nil {
		return 0, err
	}
	people := a.People()
	if len(o.Chats) > 0 {
		people = among(people, wanted) // who is in others is nobody's business
	}
	w := form.New(out, people, time.Local)
	for _, c := range wanted {
		n, err := exportOne(ctx, a, c, w, o)
		if lost += n; err != nil {
			return lost, err
		}
	}
	return lost, w.Close()
}

func exportOne(ctx context.Context, a *merge.Archive, c *merge.Conversation, w render.Writer, o ExportOptions) (lost int, err error) {
	r, err := a.Read(ctx, c)
	if err != nil {
		return 0, err
	}
	for _, l := range r.Lost {
		lost++
		o.Lost(l)
	}
	if err := w.Begin(c.Conversation, &r.Coverage); err != nil {
		return lost, err
	}
	for m, err := range r.Messages(ctx) {
		if err != nil {
			if format.ClassOf(err) == "" {
				return lost, err
			}
			lost++
			o.Lost(err)
			continue
		}
		if !o.History {
			m.Earlier = nil
		}
		if err := w.Message((*render.Message)(m)); err != nil {
			return lost, err
		}
	}
	return lost, nil
}

// among are those who take part in some conversations.
func among(people []*chat.Participant, some []*merge.Conversation) []*chat.Participant {
	var list []*chat.Participant
	for _, p := range people {
		if slices.ContainsFunc(some, func(c *merge.Conversation) bool {
			return slices.ContainsFunc(c.Participants, func(q chat.Participant) bool { return q.ID == p.ID })
		}) {
			list = append(list, p)
		}
	}
	return list
}

// pick finds the conversations that are meant.
func pick(a *merge.Archive, chats []string) ([]*merge.Conversation, error) {
	if len(chats) == 0 {
		return a.Conversations(), nil
	}
	var wanted []*merge.Conversation
	met := map[string]bool{}
	for _, c := range a.Conversations() {
		if c.ID == "" {
			continue // a hostile one: it has no messages that could be told from others'
		}
		for _, name := range chats {
			if isMeant(c, name) {
				met[name] = true
				if !slices.Contains(wanted, c) {
					wanted = append(wanted, c)
				}
			}
		}
	}
	for _, name := range chats {
		if !met[name] {
			return nil, session.Fail(session.ExitFailed, "chatkeep chats lists them", "there is no conversation %q", name)
		}
	}
	return wanted, nil
}

// isMeant reports whether a conversation has a title, or an id that begins so.
func isMeant(c *merge.Conversation, name string) bool {
	ids := append([]string{c.ID}, c.Linked...)
	return c.Title == name || len(name) >= 4 && slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, name) })
}
