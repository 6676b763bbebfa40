// Package jid reads WhatsApp's addresses, in which all of its databases name people
// and chats:
//
//	4915112345678@s.whatsapp.net     a person, by phone number
//	4915112345678.0:3@s.whatsapp.net one of that person's devices
//	123456789012345@lid              a person whose number the app hides
//	4915112345678-1600000000@g.us    a group
//	status@broadcast                 everybody's status
//	120363000000000000@newsletter    a channel
package jid

import (
	"strings"

	"chatkeep/providers/chat"
)

// Platform is the word for WhatsApp in ids.
const Platform = "whatsapp"

// Servers of people.
const (
	Phone  = "s.whatsapp.net"
	Hidden = "lid"
)

// JID is an address without the device.
type JID struct{ User, Server string }

// Parse reads an address. What has no @ is a user without a server.
func Parse(s string) JID {
	user, server, _ := strings.Cut(s, "@")
	if server == Phone || server == Hidden {
		if i := strings.IndexAny(user, ".:"); i >= 0 {
			user = user[:i]
		}
	}
	return JID{user, server}
}

func (j JID) String() string {
	if j.Server == "" {
		return j.User
	}
	return j.User + "@" + j.Server
}

// IsPerson says whether it is somebody's, rather than that of a place.
func (j JID) IsPerson() bool { return j.Server == Phone || j.Server == Hidden || j.Server == "bot" }

// Number is the phone number, as "+" and digits, or "".
func (j JID) Number() string {
	if j.Server != Phone || len(j.User) < 5 || strings.Trim(j.User, "0123456789") != "" {
		return ""
	}
	return "+" + j.User
}

// OfNumber is the address of a phone number as people write it, with its country and
// with signs between the digits, or of an address that is one already; false for
// anything else.
func OfNumber(s string) (JID, bool) {
	if j := Parse(s); j.IsPerson() && j.User != "" {
		return j, true
	}
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -().+/\u00a0", r) {
			return -1
		}
		return r
	}, s)
	j := JID{digits, Phone}
	return j, j.Number() != ""
}

// Kind is what a conversation at an address is.
func (j JID) Kind() chat.ConversationKind {
	switch {
	case j.IsPerson():
		return chat.Direct
	case j.Server == "g.us":
		return chat.Group
	case j.Server == "broadcast":
		return chat.Broadcast
	case j.Server == "newsletter":
		return chat.Channel
	}
	return chat.OtherChat
}

// IsStatus says whether it is where everybody's status is.
func (j JID) IsStatus() bool { return j.Server == "broadcast" && j.User == "status" }
