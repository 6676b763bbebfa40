package android

import "chatkeep/providers/chat"

// shape is what a message of a type is.
type shape struct {
	kind chat.MessageKind
	role string // of what is attached
	once bool   // shown once
}

// The types of messages that are read in a way of their own.
const (
	systemType   = 7
	callType     = 8
	missedType   = 10
	deletedType  = 15
	liveType     = 16
	timerType    = 36
	timersType   = 56
	revokedType  = 64 // by an admin
	callLogType  = 90
	privacyType  = 112
	voiceType    = 2
	documentType = 9
)

// shapes are the types of messages, in both tables of them. A type that is not here
// is kept as it is, with its number.
var shapes = map[int64]shape{
	0:            {kind: chat.Text},
	1:            {kind: chat.Media, role: "image"},
	voiceType:    {kind: chat.Media, role: "audio"},
	3:            {kind: chat.Media, role: "video"},
	4:            {kind: chat.Contact},
	5:            {kind: chat.LocationKind},
	systemType:   {kind: chat.EventKind},
	callType:     {kind: chat.CallKind},
	documentType: {kind: chat.Media, role: "file"},
	missedType:   {kind: chat.CallKind},
	13:           {kind: chat.Media, role: "gif"},
	14:           {kind: chat.Contact},
	deletedType:  {kind: chat.Other},
	liveType:     {kind: chat.LocationKind},
	20:           {kind: chat.Sticker, role: "sticker"},
	timerType:    {kind: chat.EventKind},
	42:           {kind: chat.Media, role: "image", once: true},
	43:           {kind: chat.Media, role: "video", once: true},
	timersType:   {kind: chat.EventKind},
	revokedType:  {kind: chat.Other},
	66:           {kind: chat.PollKind},
	81:           {kind: chat.Media, role: "video"}, // the round ones
	82:           {kind: chat.Media, role: "voice", once: true},
	callLogType:  {kind: chat.CallKind},
	albumType:    {kind: chat.Media},
	106:          {kind: chat.PollKind},
	privacyType:  {kind: chat.EventKind},
}

// spoken are types that show a text with buttons, lists and the like around it, which
// tables of their own have. They are texts where there is one.
var spoken = map[int64]bool{
	24: true,                                         // an invitation to a group
	25: true, 26: true, 27: true, 28: true, 32: true, // templates, and what they are answered with
	45: true, 46: true, 49: true, 55: true, 57: true, 62: true, 85: true, // elements with text in JSON
	103: true,
}

// actions are the types of system messages, by the codes of docs/messages.md. Those
// on which readers do not agree are not here: they are "unknown", with their number.
var actions = map[int64]string{
	1: "subject", 4: "added", 5: "left", 6: "icon", 7: "removed", 10: "number-changed", 11: "created", 12: "added", 13: "left", 14: "removed",
	15: "admin", 16: "admin", 18: "security-code", 19: "encryption", 20: "joined", 21: "invite", 27: "description", 28: "number-changed",
	29: "settings", 30: "settings", 31: "settings", 32: "settings", 33: "settings",
	46: "business", 47: "business", 50: "business", 52: "joined", 56: "disappearing", 57: "security-code", 58: "blocked",
	59: "disappearing", 60: "disappearing", 63: "business", 67: "encryption", 68: "disappearing", 69: "business", 70: "call",
	75: "community", 78: "community", 79: "joined", 80: "disappearing", 81: "admin", 83: "invite", 84: "settings", 85: "settings",
	90: "community", 91: "settings", 92: "settings", 107: "community", 108: "community", 110: "community", 116: "community", 118: "pinned",
	120: "added", 123: "community", 125: "community", 129: "contact", 131: "community", 142: "settings", 158: "business",
	167: "community", 173: "community", 188: "settings", 189: "invite",
}

// said are the actions whose text is a name that people gave; that of others is for
// the app.
var said = map[string]bool{"subject": true, "created": true, "description": true, "unknown": true, "community": true}

// What call_result of a call means.
const (
	callMissed   = 2
	callRejected = 4
	callAnswered = 5
)
