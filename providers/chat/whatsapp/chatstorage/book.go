package chatstorage

import (
	"cmp"
	"slices"
	"strings"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
)

// book is who is who in a database: which hidden address is which number's, what
// people are called, and who the owner is. Addresses that go in are as the database
// has them.
type book struct {
	phones map[string]string   // hidden address to a number's
	hidden map[string][]string // and back
	names  map[string][]chat.Name
	ids    map[string]string // participant ids that were made
	me     string
}

func newBook() *book {
	return &book{phones: map[string]string{}, hidden: map[string][]string{}, names: map[string][]chat.Name{}, ids: map[string]string{}}
}

// statusServer is that of one person's status updates, which the app lists like
// chats; hiddenStatus is the same of somebody whose number is hidden.
const (
	statusServer = "status"
	hiddenStatus = jid.Hidden + "." + statusServer
)

// maxAddress is how long an address may be, in bytes. Real ones have some thirty.
const maxAddress = 256

// normal is an address in its one spelling, or "" of what is none. A number alone is
// a person's, as some columns have it.
func normal(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxAddress || strings.ContainsAny(s, "\t\r\n\x00/") {
		return ""
	}
	j := jid.Parse(s)
	if j.Server == "c.us" {
		j = jid.Parse(j.User + "@" + jid.Phone)
	}
	if j.Server == "" {
		number, ok := jid.OfNumber(s)
		if !ok {
			return ""
		}
		j = number
	}
	if j.User == "" {
		return ""
	}
	return j.String()
}

func server(address string) string { return jid.Parse(address).Server }

func isPerson(address string) bool { return jid.Parse(address).IsPerson() }

// pair notes that two addresses are one person's, in any order. The first number
// that is heard of for a hidden address stays.
func (b *book) pair(one, other string) {
	lid, phone := normal(one), normal(other)
	if server(lid) == jid.Phone {
		lid, phone = phone, lid
	}
	if server(lid) != jid.Hidden || server(phone) != jid.Phone || b.phones[lid] != "" {
		return
	}
	b.phones[lid] = phone
	b.hidden[phone] = append(b.hidden[phone], lid)
}

// resolve is the normal address that stands for a person in ids: the number's where
// it is known. Other addresses are only made normal.
func (b *book) resolve(address string) string {
	address = normal(address)
	if phone := b.phones[address]; phone != "" {
		return phone
	}
	if user, ok := strings.CutSuffix(address, "@"+hiddenStatus); ok {
		if phone := b.phones[user+"@"+jid.Hidden]; phone != "" {
			return jid.Parse(phone).User + "@" + statusServer
		}
	}
	return address
}

// teller is the person whose status updates are at an address, or "".
func (b *book) teller(address string) string {
	switch j := jid.Parse(address); j.Server {
	case statusServer:
		return j.User + "@" + jid.Phone
	case hiddenStatus:
		return j.User + "@" + jid.Hidden
	}
	return ""
}

// name notes what somebody is called, and by whom: contact, profile or system. All
// pairs must be known by then. Whom the owner does not know is called by number,
// which is no name.
func (b *book) name(address, name, from string) {
	address = b.resolve(address)
	n := chat.Name{Value: name, From: from}
	plain := chat.NormalText(name)
	if _, number := jid.OfNumber(plain); address == "" || plain == "" || number || slices.Contains(b.names[address], n) {
		return
	}
	b.names[address] = append(b.names[address], n)
}

// ranks are who gives names, those first that the owner knows somebody by.
var ranks = []string{"contact", "profile", "system"}

// namesOf are the names of a resolved address, the best first.
func (b *book) namesOf(address string) []chat.Name {
	names := slices.Clone(b.names[address])
	slices.SortStableFunc(names, func(x, y chat.Name) int {
		return cmp.Compare(slices.Index(ranks, x.From), slices.Index(ranks, y.From))
	})
	return names
}

// called is what to call somebody, or "".
func (b *book) called(address string) string {
	if names := b.namesOf(b.resolve(address)); len(names) > 0 {
		return names[0].Value
	}
	return ""
}

// setOwner says whose database it is, once: what comes later is not heard.
func (b *book) setOwner(address string) {
	if address = b.resolve(address); b.me == "" && isPerson(address) {
		b.me = address
		b.ids[address] = jid.OwnerID()
	}
}

func (b *book) participantID(address string) string {
	id := b.ids[address]
	if id == "" {
		id = jid.ParticipantID(address)
		b.ids[address] = id
	}
	return id
}

// id is the participant id of whom an address names, or "" for none.
func (b *book) id(address string) string {
	if address = b.resolve(address); address == "" {
		return ""
	}
	return b.participantID(address)
}

// participant is all that the book knows of a person.
func (b *book) participant(address string) chat.Participant {
	address = b.resolve(address)
	p := chat.Participant{ID: b.participantID(address), Names: b.namesOf(address), Self: address == b.me}
	if number := jid.Parse(address).Number(); number != "" {
		p.IDs = append(p.IDs, chat.NativeID{Kind: "phone", Value: number})
	}
	p.IDs = append(p.IDs, chat.NativeID{Kind: jid.Platform, Value: address})
	for _, lid := range b.hidden[address] {
		p.IDs = append(p.IDs, chat.NativeID{Kind: jid.Platform, Value: lid})
	}
	return p
}

// self is the owner.
func (b *book) self() chat.Participant {
	p := chat.Participant{ID: jid.OwnerID(), Self: true}
	if b.me != "" {
		p = b.participant(b.me)
	}
	if len(p.Names) == 0 {
		p.Names = []chat.Name{{Value: "You", From: "system"}}
	}
	return p
}
