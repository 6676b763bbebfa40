package jid

import (
	"strings"

	"chatkeep/providers/chat"
)

// Ids of what has an address. No account is part of them: addresses and keys of
// messages are those of the whole network, and not every copy of a database tells
// whose it is. If they depended on it, one copy with the app's settings and one
// without would have nothing in common.

// ConversationID is the id of the chat at an address.
func ConversationID(address string) string { return chat.ConversationID(Platform, "", address, "") }

// ParticipantID is the id of the person at an address, who is not the owner.
func ParticipantID(address string) string { return chat.ParticipantID(Platform, "", address, "") }

// OwnerID is the id of the owner of a database.
func OwnerID() string { return ParticipantID("me") }

// MessageID is the id of a message in the chat at an address.
func MessageID(address, native string) string {
	return chat.NativeMessageID(Platform, "", address, native)
}

// Native is a message's own id: whether the owner sent it, and its key, which is
// unique among those of one direction in one conversation.
func Native(fromMe bool, key string) string {
	if fromMe {
		return "1/" + key
	}
	return "0/" + key
}

// NativeCall is the own id of a call, whether a message tells of it or not.
func NativeCall(fromMe bool, call string) string {
	return "call/" + Native(fromMe, strings.TrimPrefix(call, "call:"))
}
