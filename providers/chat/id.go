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

// id is the digest of fields in hex.
func id(fields ...string) string {
	d := digest(fields...)
	return hex.EncodeToString(d[:])
}

// digest hashes fields, each behind its length so that no two lists of fields
// share an encoding.
func digest(fields ...string) [idLength / 2]byte {
	var room [512]byte
	b := room[:0]
	for _, f := range fields {
		b = strconv.AppendInt(b, int64(len(f)), 10)
		b = append(b, ':')
		b = append(b, f...)
	}
	sum := sha256.Sum256(b)
	return [idLength / 2]byte(sum[:])
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

// NativeMessageID is the id of a message that the app itself numbers, within a
// conversation by its native id or, where it has none, its id.
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
type MessageIDs struct{ seen map[[8]byte]uint32 }

// Next returns the id of the next message. The clock's reading counts, to the
// minute, not the instant and not its spelling: a phone's language, format and
// zone change between exports, and only some of them tell seconds. The
// conversation is no part of it either.
func (m *MessageIDs) Next(wall time.Time, sender string, kind MessageKind, text string) string {
	if m.seen == nil {
		m.seen = map[[8]byte]uint32{}
	}
	d := digest("message", minute(wall), sender, string(kind), NormalText(text))
	base := hex.EncodeToString(d[:])
	key := [8]byte(d[:])
	n := m.seen[key]
	m.seen[key] = n + 1
	if n == 0 {
		return base
	}
	return RepeatedMessageID(base, int(n))
}

// RepeatedMessageID is the id of the (n+1)-th message, in the order of the export,
// for which everything gives the id of the first: an app's own numbers come twice
// where an export repeats itself, or was put together by hand.
func RepeatedMessageID(first string, n int) string {
	return id("message", first, strconv.Itoa(n))
}

// minute is a clock's reading as 2006-01-02T15:04, which is a third of an id's
// cost where Format makes it.
func minute(t time.Time) string {
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.Format("2006-01-02T15:04")
	}
	hour, min, _ := t.Clock()
	b := [...]byte{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0', '0', ':', '0', '0'}
	for i, n := range [...]int{year / 100, year % 100, int(month), day, hour, min} {
		at := [...]int{0, 2, 5, 8, 11, 14}[i]
		b[at] += byte(n / 10)
		b[at+1] += byte(n % 10)
	}
	return string(b[:])
}

// NormalText is text as far as ids go: no marks that show nothing, one kind of
// space, one kind of line end, no space around.
func NormalText(s string) string {
	if isPlain(s) {
		return strings.TrimSpace(s)
	}
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

// isPlain says whether there is nothing in s that NormalText changes inside.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] == '\r' {
			return false
		}
	}
	return true
}

func isInvisible(r rune) bool {
	return r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff
}

// NormalTitle is a conversation's title as far as ids go.
func NormalTitle(s string) string {
	return strings.Join(strings.Fields(NormalText(s)), " ")
}
