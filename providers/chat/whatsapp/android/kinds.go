package android

import (
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/event"
)

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
// on which readers do not agree are not here: they are unknown, with their number.
var actions = map[int64]string{
	1: event.Subject, 4: event.Added, 5: event.Left, 6: event.Icon, 7: event.Removed, 10: event.NumberChanged, 11: event.Created, 12: event.Added, 13: event.Left, 14: event.Removed,
	15: event.Admin, 16: event.Admin, 18: event.SecurityCode, 19: event.Encryption, 20: event.Joined, 21: event.Invite, 27: event.Description, 28: event.NumberChanged,
	29: event.Settings, 30: event.Settings, 31: event.Settings, 32: event.Settings, 33: event.Settings,
	46: event.Business, 47: event.Business, 50: event.Business, 52: event.Joined, 56: event.Disappearing, 57: event.SecurityCode, 58: event.Blocked,
	59: event.Disappearing, 60: event.Disappearing, 63: event.Business, 67: event.Encryption, 68: event.Disappearing, 69: event.Business, 70: event.Call,
	75: event.Community, 78: event.Community, 79: event.Joined, 80: event.Disappearing, 81: event.Admin, 83: event.Invite, 84: event.Settings, 85: event.Settings,
	90: event.Community, 91: event.Settings, 92: event.Settings, 107: event.Community, 108: event.Community, 110: event.Community, 116: event.Community, 118: event.Pinned,
	120: event.Added, 123: event.Community, 125: event.Community, 129: event.Contact, 131: event.Community, 142: event.Settings, 158: event.Business,
	167: event.Community, 173: event.Community, 188: event.Settings, 189: event.Invite,
}

// said are the actions whose text is a name that people gave; that of others is for
// the app.
var said = map[string]bool{event.Subject: true, event.Created: true, event.Description: true, event.Unknown: true, event.Community: true}

// What call_result of a call means.
const (
	callMissed   = 2
	callRejected = 4
	callAnswered = 5
)
