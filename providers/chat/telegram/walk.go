package telegram

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// walk goes through a result.json: one chat, or an account with lists of them.
type walk struct {
	e     *export
	ctx   context.Context
	r     *jsonstream.Reader
	yield func(*chat.Conversation, error) bool
}

// sections are what an account's export holds besides chats: nothing in them is a
// message.
var sections = map[string]string{
	"about":                "explanations by the app",
	"personal_information": "account information",
	"profile_pictures":     "profile pictures",
	"profile_music":        "profile music",
	"stories":              "stories",
	"contacts":             "contacts",
	"frequent_contacts":    "frequent contacts",
	"sessions":             "sessions",
	"web_sessions":         "web sessions",
	"other_data":           "other data of the account",
}

// Reasons for what is passed over elsewhere.
const (
	unknownSection = "sections that are not known"
	unknownOfChat  = "what else is said of a chat"
)

// export reads the whole.
func (w *walk) export() error {
	c, err := w.r.Kind()
	if err != nil {
		return err
	}
	if c != '{' {
		return jsonstream.ErrSyntax
	}
	if err := w.members(&head{path: "$", single: true}, w.section); err != nil {
		return err
	}
	return w.r.End()
}

// section reads a member of an export that is of no single chat.
func (w *walk) section(name string) error {
	switch name {
	case "chats", "left_chats":
		return w.lists(name)
	case "personal_information":
		v, err := w.r.Value()
		if err == nil {
			w.e.owner.read(v)
		}
		w.e.ignored[sections[name]]++
		return w.r.Err()
	}
	reason, known := sections[name]
	if !known {
		reason = unknownSection
	}
	n, err := w.elements()
	if n > 0 {
		w.e.ignored[reason] += n
	}
	return err
}

// elements counts what is in the value at hand: the elements of an array or of
// the list in an object, else 1.
func (w *walk) elements() (n int, err error) {
	c, err := w.r.Kind()
	if err != nil || c != '{' && c != '[' {
		return 1, err
	}
	depth := w.r.Depth()
	if err := w.r.Enter(); err != nil {
		return 0, err
	}
	for {
		more, err := w.r.Next()
		if err != nil || !more {
			break
		}
		if c == '[' {
			n++
		} else if string(w.r.Name()) == "list" {
			if n, err = w.elements(); err == nil {
				err = w.r.Leave(depth)
			}
			return n, err
		}
	}
	if c == '{' {
		n = 1
	}
	return n, w.r.Err()
}

// lists reads an object with a list of chats in it.
func (w *walk) lists(name string) error {
	if c, err := w.r.Kind(); err != nil || c != '{' {
		w.e.ignored[unknownSection]++
		return err
	}
	if err := w.r.Enter(); err != nil {
		return err
	}
	for {
		more, err := w.r.Next()
		if err != nil || !more {
			return err
		}
		if string(w.r.Name()) != "list" {
			w.e.ignored[sections["about"]]++
			continue
		}
		if err := w.list(name); err != nil {
			return err
		}
	}
}

// list reads a list of chats.
func (w *walk) list(name string) error {
	if c, err := w.r.Kind(); err != nil || c != '[' {
		w.e.ignored[unknownSection]++
		return err
	}
	if err := w.r.Enter(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		more, err := w.r.Next()
		if err != nil || !more {
			return err
		}
		w.e.listed++
		c, err := w.r.Kind()
		if err != nil {
			return err
		}
		if c != '{' {
			if !w.yield(nil, w.e.fault(fmt.Errorf("byte %d: a chat that is no object", w.r.Offset()))) {
				return errStopped
			}
			continue
		}
		h := &head{path: fmt.Sprintf("$.%s.list[%d]", name, i), left: name == "left_chats"}
		if err := w.members(h, nil); err != nil {
			return err
		}
	}
}

// members reads an object that is a chat, or may be one. What belongs to no chat
// goes to others, where that is set.
func (w *walk) members(h *head, others func(name string) error) error {
	depth := w.r.Depth()
	if err := w.r.Enter(); err != nil {
		return err
	}
	var c *chat.Conversation
	offset := int64(-1)
	for {
		more, err := w.r.Next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		switch name := string(w.r.Name()); name {
		case "name", "type", "id":
			err = w.headField(h, name, c)
		case "messages":
			offset = w.r.Offset()
			if c == nil && len(h.number) > 0 && h.typed { // else that comes behind them
				c, err = w.offer(h, offset, true)
			}
		default:
			if others != nil {
				err = others(name)
			} else {
				w.e.ignored[unknownOfChat]++
			}
		}
		if err == nil {
			err = w.r.Leave(depth + 1)
		}
		if err != nil {
			return err
		}
	}
	if c != nil || h.single && offset < 0 && len(h.number) == 0 {
		return nil
	}
	_, err := w.offer(h, offset, false)
	return err
}

// headField reads what is said of a chat itself. A name that comes behind the
// messages is still its title.
func (w *walk) headField(h *head, name string, c *chat.Conversation) error {
	v, err := w.r.Value()
	if err != nil {
		w.e.ignored[unknownOfChat]++
		return w.r.Err()
	}
	v = slices.Clone(v)
	switch name {
	case "name":
		h.name = v
		if c != nil {
			c.Title = w.e.title(h)
		}
	case "type":
		h.kind, _ = v.Text()
		h.typed = true
	case "id":
		h.number = v
		if n, ok := v.Int(); ok && !h.single {
			h.path = fmt.Sprintf("%s[?@.id==%d]", h.path[:strings.LastIndexByte(h.path, '[')], n)
		}
	}
	return nil
}

// offer yields a chat. Here says that the reader stands before its messages.
func (w *walk) offer(h *head, offset int64, here bool) (*chat.Conversation, error) {
	e := w.e
	if w.ctx.Err() != nil {
		return nil, w.ctx.Err()
	}
	if here {
		h.look(w.r)
	} else if offset >= 0 {
		s, err := e.beside(offset)
		if err != nil {
			return nil, err
		}
		h.look(s.Reader)
	}
	c, d := e.begin(h)
	d.offset = offset
	e.dialogs[c.ID] = d
	if here {
		e.current = d
	}
	more := w.yield(c, nil)
	e.current = nil
	if !more {
		return c, errStopped
	}
	return c, w.r.Err()
}
