package chatstorage

import (
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/event"
)

// Types of messages that are more than an entry of the table below: ZMESSAGETYPE.
const (
	typeText     = 0
	typeContact  = 4
	typeLocation = 5
	typeEvent    = 6 // of a group; ZGROUPEVENTTYPE says which
	typeLink     = 7
	typeDocument = 8
	typeNotice   = 10 // of any chat
	typeWaiting  = 12 // not yet decrypted
	typeDeleted  = 14
	typeTimer    = 28
	typePoll     = 46
	typeCall     = 59
	typeUpdate   = 66 // of a poll or an album: nothing to show
)

// medium is what a type of message that is a file is.
type medium struct {
	kind chat.MessageKind
	role string
	once bool // shown once
}

// mediums are the types of messages that are files.
var mediums = map[int64]medium{
	1:            {kind: chat.Media, role: "image"},
	2:            {kind: chat.Media, role: "video"},
	3:            {kind: chat.Media, role: "audio"},
	typeDocument: {kind: chat.Media, role: "file"},
	11:           {kind: chat.Media, role: "gif"},
	15:           {kind: chat.Sticker, role: "sticker"},
	38:           {kind: chat.Media, role: "image", once: true},
	39:           {kind: chat.Media, role: "video", once: true},
	53:           {kind: chat.Media, role: "voice", once: true},
	54:           {kind: chat.Media, role: "video"}, // a round video message
}

// groupEvents are the codes of what happens to groups.
var groupEvents = map[int64]string{
	1: event.Subject, 56: event.Subject,
	2: event.Added, 50: event.Added,
	3:  event.Left,
	4:  event.Icon,
	5:  event.Icon, // taken away
	7:  event.Removed,
	9:  event.NumberChanged,
	10: event.Admin,
	12: event.Created,
	15: event.Joined, 23: event.Joined,
	17: event.Description,
	26: event.Disappearing,
}

// notices are the codes of what the app says in any chat.
var notices = map[int64]string{
	2: event.Encryption,
	3: event.SecurityCode, 36: event.SecurityCode,
	5: event.NumberChanged, 6: event.NumberChanged,
	26: event.Business, 30: event.Business, 38: event.Business,
	34: event.Blocked, 35: event.Blocked,
}

// callNotices are the notices of calls: missed ones, alone and in groups, and
// those of a group that go on.
var callNotices = map[int64]chat.Call{
	1: {Missed: true, Outcome: "missed"}, 21: {Missed: true, Outcome: "missed"}, 45: {Missed: true, Outcome: "missed"},
	4: {Video: true, Missed: true, Outcome: "missed"}, 22: {Video: true, Missed: true, Outcome: "missed"}, 46: {Video: true, Missed: true, Outcome: "missed"},
	40: {Video: true}, 41: {Video: true},
}

// callOf says whether a type and an event are a call, and what of it they tell.
func callOf(kind, event int64) (chat.Call, bool) {
	if kind == typeNotice {
		c, ok := callNotices[event]
		return c, ok
	}
	return chat.Call{}, kind == typeCall
}
