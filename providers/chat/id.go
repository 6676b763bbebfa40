package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// idLength is how many hex digits of a SHA-256 make an id: 128 bits.
const idLength = 32

// id hashes fields, each behind its length so that no two lists of fields
// share an encoding.
func id(fields ...string) string {
	h := sha256.New()
	for _, f := range fields {
		h.Write([]byte(strconv.Itoa(len(f))))
		h.Write([]byte{':'})
		h.Write([]byte(f))
	}
	return hex.EncodeToString(h.Sum(nil))[:idLength]
}

// ConversationID is the id of a conversation: by its native id where the app
// gives one, else by its normalised title.
func ConversationID(platform, account, nativeID, title string) string {
	if nativeID != "" {
		return id("conversation", platform, account, "native", nativeID)
	}
	return id("conversation", platform, account, "title", NormalTitle(title))
}

// ParticipantID is the id of a person within a platform and account. A person
// known by name alone is as many persons as there are names: who is who is a
// question for the owner, not for a parser.
func ParticipantID(platform, account, nativeID, name string) string {
	if nativeID != "" {
		return id("participant", platform, account, "native", nativeID)
	}
	return id("participant", platform, account, "name", name)
}

// NativeMessageID is the id of a message that the app itself numbers.
func NativeMessageID(platform, account, conversationNative, message string) string {
	return id("message", platform, account, conversationNative, message)
}

// MessageIDs gives ids to messages that have none: a hash of the wall clock's
// minute, sender, kind and text, and the ordinal among equal ones, so that "ok"
// sent twice in one minute stays two messages and overlapping exports agree.
// Use one for each conversation, in the order of the export.
//
// It remembers eight bytes of every id it gave: an hour that the clock repeats in
// autumn, or an export out of order, must not give one id twice.
type MessageIDs struct{ seen map[string]int }

// Next returns the id of the next message. The clock's reading counts, to the
// minute, not the instant and not its spelling: a phone's language, format and
// zone change between exports, and only some of them tell seconds. The
// conversation is no part of it either.
func (m *MessageIDs) Next(wall time.Time, sender string, kind MessageKind, text string) string {
	if m.seen == nil {
		m.seen = map[string]int{}
	}
	base := id("message", wall.Format("2006-01-02T15:04"), sender, string(kind), NormalText(text))
	key := base[:16]
	n := m.seen[key]
	m.seen[key]++
	if n == 0 {
		return base
	}
	return id("message", base, strconv.Itoa(n))
}

// NormalText is text as far as ids go: no marks that show nothing, one kind of
// space, one kind of line end, no space around.
func NormalText(s string) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(s, "\r\n", "\n") {
		switch {
		case isInvisible(r):
		case r == '\u00a0' || r == '\u202f' || r == '\u2009':
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

func isInvisible(r rune) bool {
	return r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff
}

// NormalTitle is a conversation's title as far as ids go.
func NormalTitle(s string) string {
	return strings.Join(strings.Fields(NormalText(s)), " ")
}
