package telegram

import (
	"slices"
	"strconv"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// owner is whose account was exported, as far as that is known.
type owner struct {
	number   string // of the account, or ""
	name     string // as the account has it
	phone    string
	username string
}

// participant is the owner in a conversation.
func (o *owner) participant() chat.Participant {
	native := classUser + o.number
	p := chat.Participant{ID: chat.ParticipantID(platform, "", native, ""), Self: true}
	p.IDs = append([]chat.NativeID{{Kind: platform, Value: native}}, o.known()...)
	if o.name != "" {
		p.Names = []chat.Name{{Value: o.name, From: "profile"}}
	}
	return p
}

// known is what the world knows the owner by.
func (o *owner) known() (ids []chat.NativeID) {
	if o.phone != "" {
		ids = append(ids, chat.NativeID{Kind: "phone", Value: o.phone})
	}
	if o.username != "" {
		ids = append(ids, chat.NativeID{Kind: "username", Value: o.username})
	}
	return ids
}

// people are those of one conversation, in the order in which they come up.
type people struct {
	chat *chat.Conversation
	me   string // what the user says, or ""
	self int    // index of the owner, or -1
	met  map[string]*person
	raw  map[string]*person // by the peer as it is written
}

// person is somebody who came up.
type person struct {
	id    string
	index int
	name  string // the last
}

// newPeople begins anew: a conversation can be read more than once.
func newPeople(c *chat.Conversation, o *owner, me string) *people {
	p := &people{chat: c, me: chat.NormalText(strings.TrimPrefix(me, "@")), self: -1, met: map[string]*person{}, raw: map[string]*person{}}
	c.Participants = nil
	if o.number == "" && c.Kind == chat.Self {
		o = &owner{number: c.Account} // nobody else has notes to himself
	}
	if o.number != "" {
		c.Participants = []chat.Participant{o.participant()}
		p.self = 0
		p.met[classUser+o.number] = &person{id: c.Participants[0].ID, name: o.name}
	}
	return p
}

// meet takes somebody in, by native id or, where there is none, by name, and
// returns the participant's id. Nobody is "".
func (p *people) meet(native, name string) string {
	if native == "" && name == "" {
		return ""
	}
	key := native
	if native == "" {
		key = "\x00" + name // no peer is written so
	}
	one := p.met[key]
	if one == nil {
		one = &person{id: chat.ParticipantID(platform, "", native, name), index: len(p.chat.Participants)}
		p.met[key] = one
		member := chat.Participant{ID: one.id}
		if native != "" {
			member.IDs = []chat.NativeID{{Kind: platform, Value: native}}
		}
		p.chat.Participants = append(p.chat.Participants, member)
	}
	if name != "" && name != one.name {
		p.rename(one, name)
	}
	return one.id
}

// written takes in who is written as a name and a peer.
func (p *people) written(name, peer jsonstream.Value) string {
	if one := p.raw[string(peer)]; one != nil && (string(name.Bytes()) == one.name || name.IsNull()) {
		return one.id
	}
	native := peerOf(peer, p.chat.NativeID)
	id := p.meet(native, string(name.Bytes()))
	if native != "" {
		p.raw[string(peer)] = p.met[native]
	}
	return id
}

// rename adds a name to a person.
func (p *people) rename(one *person, name string) {
	one.name = name
	member := &p.chat.Participants[one.index]
	if !slices.ContainsFunc(member.Names, func(n chat.Name) bool { return n.Value == name }) {
		member.Names = append(member.Names, chat.Name{Value: name, From: "export"})
	}
	if p.self < 0 && p.me != "" && chat.NormalText(name) == p.me {
		p.self, member.Self = one.index, true
	}
}

// finish tells what a chat of two says by itself: who the other is, where only
// one wrote, and, of those who wrote, who is not the other. Name is the chat's, or
// "".
func (p *people) finish(name string) {
	c := p.chat
	if c.Kind != chat.Direct || !strings.HasPrefix(c.NativeID, classUser) {
		return
	}
	var others []int
	for i := range c.Participants {
		if i != p.self && (len(c.Participants[i].IDs) == 0 || c.Participants[i].IDs[0].Value != c.NativeID) {
			others = append(others, i)
		}
	}
	if p.self < 0 && p.me == "" && len(others) == 1 && len(c.Participants) <= 2 {
		p.self = others[0]
		c.Participants[p.self].Self = true
		others = nil
	}
	if len(others) == 0 && p.met[c.NativeID] == nil {
		p.meet(c.NativeID, name)
	}
}

// pair tells, where people have no numbers, who of two is the owner: the one whose
// name is not the chat's.
func (p *people) pair(name string) {
	c := p.chat
	if p.self >= 0 || p.me != "" || c.Kind != chat.Direct || len(c.Participants) != 2 {
		return
	}
	for i := range c.Participants {
		if names := c.Participants[i].Names; len(names) == 1 && names[0].Value == name {
			p.self = 1 - i
			c.Participants[p.self].Self = true
			return
		}
	}
}

// named is the id of somebody who came up under a name, or "".
func (p *people) named(name string) string {
	if one := p.met["\x00"+name]; one != nil && name != "" {
		return one.id
	}
	return ""
}

// isSelf says whether a participant is known to be the owner.
func (p *people) isSelf(id string) bool {
	return p.self >= 0 && id != "" && p.chat.Participants[p.self].ID == id
}

// owner is the owner's id in a list, empty where it is not known.
func (p *people) owner() []string {
	if p.self < 0 {
		return nil
	}
	return []string{p.chat.Participants[p.self].ID}
}

// read takes in what the account says of itself.
func (o *owner) read(v jsonstream.Value) {
	if n, ok := v.Get("user_id").Int(); ok && n > 0 {
		o.number = strconv.FormatInt(n, 10)
	}
	first, _ := v.Get("first_name").Text()
	last, _ := v.Get("last_name").Text()
	o.name = strings.TrimSpace(first + " " + last)
	phone, _ := v.Get("phone_number").Text()
	o.phone = plainPhone(phone)
	username, _ := v.Get("username").Text()
	o.username = strings.TrimPrefix(username, "@")
}

// plainPhone is a phone number without what makes it readable.
func plainPhone(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
