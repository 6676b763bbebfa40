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
