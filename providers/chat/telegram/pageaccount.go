package telegram

import (
	"io"
	"path"
	"slices"
	"strings"

	"chatkeep/providers/chat"
)

// readOwner reads the summary of an account.
func readOwner(r io.Reader) (o owner, err error) {
	labels := map[string]string{}
	label := ""
	err = eachElement(r, func(n *node) {
		switch {
		case n.is("label", "details"):
			label = n.plain()
		case n.is("value", "bold"):
			labels[label] = n.plain()
		}
	}, "label", "value")
	o.name = strings.TrimSpace(labels["First name"] + " " + labels["Last name"])
	o.phone = plainPhone(labels["Phone number"])
	o.username = strings.TrimPrefix(labels["Username"], "@")
	return o, err
}

// readList reads an account's list of chats, by the folders that they lead to.
func readList(r io.Reader, list map[string]entry) error {
	return eachElement(r, func(n *node) {
		href, _, _ := strings.Cut(n.attr("href"), "#")
		folder := path.Base(path.Dir(href))
		if path.Base(href) != pageName || folder == "." {
			return
		}
		list[folder] = entry{
			name:     n.find("name", "bold").plain(),
			kind:     n.find("info", "details").plain(),
			outgoing: strings.Contains(n.find("details_entry").plain(), "outgoing"),
		}
	}, "entry")
}

// eachElement calls back for every element of one of some classes that is in no
// other of them.
func eachElement(r io.Reader, call func(*node), classes ...string) error {
	p := newPage(r, func(n *node, within bool) bool { return !within && slices.ContainsFunc(classes, n.has) })
	for {
		n, err := p.next()
		switch {
		case err == io.EOF:
			return nil
		case err == errLarge:
		case err != nil:
			return err
		default:
			call(n)
		}
	}
}

// surveyed is what the first page tells of a chat.
type surveyed struct {
	title string
	kind  chat.ConversationKind
	first string // the time of the first message
}

// survey looks at the first page of a chat. Where it ends early, that comes out
// when its messages are read.
func (e *pages) survey(name string) (s surveyed, err error) {
	f, err := e.files.fsys.Open(name)
	if err != nil {
		return s, err
	}
	defer f.Close()
	s.kind = chat.Direct
	names := map[string]bool{}
	for p := newPage(f, isMessageNode); ; {
		n, err := p.next()
		if err != nil && err != errLarge {
			return s, nil
		}
		switch {
		case n.is("page_header"):
			s.title = n.plain()
		case n.is("service"):
			s.notice(n.plain())
		case len(names) < 3 || s.first == "":
			if at := n.find("date"); at != nil && s.first == "" {
				s.first = at.attr("title")
			}
			if from := n.find("from_name"); from != nil {
				name, _ := cutVia(from.plain())
				names[name] = true
			}
		}
		if len(names) > 2 && s.kind == chat.Direct {
			s.kind = chat.Group
		}
	}
}

// notice takes in what a notice tells of the kind of chat.
func (s *surveyed) notice(text string) {
	n := readNotice(text)
	switch {
	case strings.HasPrefix(text, "Channel ") && (n.code == "created" || n.code == "subject" || n.code == "icon"):
		s.kind = chat.Channel
	case s.kind == chat.Channel:
	case n.code == "created", n.code == "subject", n.code == "added", n.code == "removed", n.code == "joined", n.code == "migrated", n.code == "topic":
		s.kind = chat.Group
	}
}
