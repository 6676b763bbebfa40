package chatstorage

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
)

const (
	// slack is how far a message of a call may be from the call's begin, besides
	// its length: whether it is dated by begin or end differs by release.
	slack = time.Minute
	// longest bounds that length.
	longest = 24 * time.Hour
	// around is how many messages are looked at on each side of a call.
	around = 64
)

// shown is a message that tells of a call.
type shown struct {
	row, date int64 // the date in milliseconds
	key       uint64
	fromMe    bool
}

// pair finds the calls of a log that messages of the same conversation tell, too:
// by the call's id, which is the message's stanza id, else by the time. It returns
// how many. Both lists are of one conversation, calls in order.
func pair(calls []*call, told []shown) (n int) {
	slices.SortFunc(told, func(a, b shown) int { return cmp.Or(cmp.Compare(a.date, b.date), cmp.Compare(a.row, b.row)) })
	byKey := map[uint64]int{}
	taken := make([]bool, len(told))
	for i, m := range told {
		if m.key != 0 {
			byKey[m.key] = i
		}
	}
	for _, k := range calls {
		if i, ok := byKey[keyOf([]byte(k.id), k.outgoing)]; ok && k.id != "" && !taken[i] {
			taken[i], k.told = true, told[i].row
			n++
		}
	}
	for _, k := range calls {
		if k.told != 0 {
			continue
		}
		if i := nearest(k, told, taken); i >= 0 {
			taken[i], k.told = true, told[i].row
			n++
		}
	}
	ids := map[string]int{}
	for _, k := range calls {
		k.number = ids[k.native()]
		ids[k.native()]++
	}
	return n
}

// nearest is the message that is nearest to a call and near enough, or -1. Told is
// in order.
func nearest(k *call, told []shown, taken []bool) int {
	best, gap := -1, (slack + min(k.call.Duration, longest)).Milliseconds()
	middle, _ := slices.BinarySearchFunc(told, k.date, func(m shown, date int64) int { return cmp.Compare(m.date, date) })
	for i := max(0, middle-around); i < min(len(told), middle+around); i++ {
		d := told[i].date - k.date
		if d < 0 {
			d = -d
		}
		if !taken[i] && told[i].fromMe == k.outgoing && (d < gap || best < 0 && d == gap) {
			best, gap = i, d
		}
	}
	return best
}

// native is the call's own id: whether the owner made it, and the app's id of it,
// which old releases do not keep; then the time.
func (k *call) native() string {
	return jid.NativeCall(k.outgoing, cmp.Or(k.id, strconv.FormatInt(k.date, 10)))
}

// record makes a message of a call that no message tells.
func (r *reader) record(k *call) *chat.Message {
	native := k.native()
	if k.number > 0 {
		native = fmt.Sprintf("%s/%d", native, k.number)
	}
	m := &chat.Message{
		ID: jid.MessageID(r.conv.address, native), NativeID: native, Conversation: r.conv.chat.ID,
		Kind: chat.CallKind, Call: &k.call, Extra: k.extra,
		Source: chat.Pointer{File: r.callsAt, At: fmt.Sprintf("row %d", k.row)},
	}
	if k.unit != "" {
		m.Time, m.Precision, m.ZoneSource = at(k.date), k.unit, chat.FromExport
	}
	m.Sender = jid.OwnerID()
	if !k.outgoing {
		m.Sender = r.source.join(r.conv, k.caller)
	}
	return m
}
