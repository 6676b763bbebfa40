package telegram

import (
	"strconv"
	"strings"

	"chatkeep/providers/internal/jsonstream"
)

// Users, basic groups and channels (supergroups among them) are numbered apart. A
// peer is one of them, as exports since April 2021 write it: user123, chat123,
// channel123.
const (
	classUser    = "user"
	classChat    = "chat"
	classChannel = "channel"
)

// Before, peers were numbers: of chats always, of senders from October 2020 on,
// with these shifts, where groups and channels shared one. Ids had 31 bits then.
const (
	userShift  = 1 << 32
	groupShift = 2 << 32
	idSpace    = 1 << 31
)

// unshifted is the bare number of an old id, and whether it is a group's or a
// channel's.
func unshifted(n int64) (bare int64, group bool) {
	switch {
	case n >= groupShift && n < groupShift+idSpace:
		return n - groupShift, true
	case n >= userShift && n < userShift+idSpace:
		return n - userShift, false
	}
	return n, false
}

// peerOf reads a peer, whatever the export's age, within the chat of own; ""
// where there is none.
func peerOf(v jsonstream.Value, own string) string {
	text, ok := v.Text()
	if k := v.Kind(); k == '-' || k >= '0' && k <= '9' {
		text = string(v)
	} else if ok && text != "" && text[0] > '9' {
		return text // what all new exports have
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return text // whatever it is, it is somebody
	}
	if n == 0 {
		return ""
	}
	bare, group := unshifted(n)
	number := strconv.FormatInt(bare, 10)
	switch {
	case !group:
		return classUser + number
	case own == classChat+number:
		return own
	}
	return classChannel + number
}

// isNumber says whether a peer is written as before April 2021.
func isNumber(v jsonstream.Value) bool {
	_, ok := v.Int()
	return ok
}

// dialogClass is whose numbers a chat of a type is among, "" where that is
// unknown.
func dialogClass(kind string) string {
	switch kind {
	case "saved_messages", "replies", "verification_codes", "personal_chat", "bot_chat":
		return classUser
	case "private_group":
		return classChat
	}
	if strings.HasSuffix(kind, "_supergroup") || strings.HasSuffix(kind, "_channel") {
		return classChannel
	}
	return ""
}

// ownID is the number of an account as the user or the export says it: 123 or
// user123. It is "" for anything else.
func ownID(s string) string {
	s = strings.TrimPrefix(s, classUser)
	if n, err := strconv.ParseInt(s, 10, 64); err != nil || n <= 0 {
		return ""
	}
	return s
}
