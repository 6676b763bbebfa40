package format

import "strings"

// What a snapshot's paths begin with.
const (
	OriginalsPath     = "originals" // the backed-up path, and its files below it
	MessagesPath      = "messages"
	MediaPath         = "media"
	ConversationsPath = "conversations.jsonl"
	ParticipantsPath  = "participants.jsonl"
)

// MessagesDir is what the paths of messages begin with.
const MessagesDir = MessagesPath + "/"

// IsRecords reports whether a path is that of what was parsed of exports.
func IsRecords(path string) bool {
	return path == ConversationsPath || path == ParticipantsPath || strings.HasPrefix(path, MessagesDir)
}

// StreamIDs are the conversations that a file of messages may be of: "messages/ID.jsonl",
// or "messages/ID-2.jsonl", where one has several. Whole is all of the name, first what
// stands before the number, "" where there is none.
func StreamIDs(path string) (whole, first string) {
	whole = strings.TrimSuffix(strings.TrimPrefix(path, MessagesDir), ".jsonl")
	if i := strings.LastIndexByte(whole, '-'); i > 0 && i < len(whole)-1 && strings.Trim(whole[i+1:], "0123456789") == "" {
		first = whole[:i]
	}
	return whole, first
}

// CleanPath reports whether path may stand in a list of contents: relative,
// with "/" between elements of which none is empty, "." or "..", without a zero
// byte, at most MaxPath bytes. A path is bytes; it need not be UTF-8. On systems
// that give other characters a meaning, such as Windows, a clean path is not
// enough to make it safe to create.
func CleanPath(path string) bool {
	if path == "" || len(path) > MaxPath || strings.IndexByte(path, 0) >= 0 {
		return false
	}
	for rest, more := path, true; more; {
		var element string
		element, rest, more = strings.Cut(rest, "/")
		if element == "" || element == "." || element == ".." {
			return false
		}
	}
	return true
}

// isPlaced reports whether a clean path is where a snapshot has entries.
func isPlaced(path string, typ EntryType) bool {
	first, _, below := strings.Cut(path, "/")
	switch first {
	case OriginalsPath:
		return below || typ == EntryDir
	case MessagesPath, MediaPath:
		return below
	case ConversationsPath, ParticipantsPath:
		return !below
	}
	return false
}
