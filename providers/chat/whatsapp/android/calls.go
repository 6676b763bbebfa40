package android

import (
	"cmp"
	"iter"
	"strconv"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
)

// callColumns are what is read of a call.
var callColumns = []string{"jid_row_id", "from_me", "call_id", "transaction_id", "timestamp", "video_call", "duration", "call_result"}

// queue are the calls of a conversation that no message tells of, by time.
type queue struct {
	next  func() (stamp, id int64, ok bool)
	stop  func()
	stamp int64
	id    int64
	some  bool
}

func newQueue(calls iter.Seq2[int64, int64]) *queue {
	q := &queue{}
	q.next, q.stop = iter.Pull2(calls)
	q.advance()
	return q
}

func (q *queue) advance() { q.stamp, q.id, q.some = q.next() }

// take takes the next call, if it was before a time.
func (q *queue) take(before int64) (id int64, ok bool) {
	if !q.some || q.stamp >= before {
		return 0, false
	}
	id = q.id
	q.advance()
	return id, true
}

// callMessage makes the message of a call.
func (m *maker) callMessage(id int64) *chat.Message {
	r := &row{table: "call_log", id: id, kind: callLogType}
	m.start(r)
	m.message.Kind = chat.CallKind
	native := m.callOf(id, r, "")
	if native == "" {
		return nil
	}
	m.identify(native, r)
	m.at(r.stamp)
	if s := m.who(r.fromMe, r.sender); s != nil {
		m.message.Sender = m.here(s)
	}
	return m.done()
}

// itsCall is the call that a message tells of: the one that it is linked to, or for a
// notice of a missed call the next one, where it is of the same second.
func (m *maker) itsCall(r *row) (id int64, ok bool) {
	if r.old == nil && r.kind == callLogType {
		return m.linked.first(r.id)
	}
	q := m.pending
	if r.kind != missedType || !q.some || q.stamp/1000 != r.stamp/1000 {
		return 0, false
	}
	id = q.id
	q.advance()
	m.talk.ignored[calledTwice]++
	return id, true
}

// before is the time before which calls come before a message: the notice of a missed
// call may be a moment later than the call.
func (r *row) before() int64 {
	if r.kind == missedType {
		return r.stamp - r.stamp%1000
	}
	return r.stamp
}

// call fills in what a message about a call has itself.
func (m *maker) call(r *row) {
	m.message.Kind = chat.CallKind
	if r.text == "video" || r.text == "audio" {
		m.message.Text = ""
	}
	if m.message.Call != nil {
		return
	}
	c := &chat.Call{Video: r.text == "video"}
	m.message.Call = c
	if t := m.sides["missed_call_logs"].one(r.id); t != nil {
		c.Video = c.Video || t.Int(0) == 1
	}
	if r.kind == missedType {
		c.Missed, c.Outcome = true, "missed"
	}
	if r.old != nil {
		c.Video = c.Video || r.old.media.caption == "video"
		c.Duration = seconds(r.old.media.duration)
	}
}

func seconds(n int64) time.Duration {
	if n < 0 || n > 1<<31 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// callOf fills in a call by its row, and who called and when into r. It returns the
// call's native id, or the other one where the row cannot be read.
func (m *maker) callOf(id int64, r *row, other string) (native string) {
	c := m.called
	if c == nil || !c.Reset(id).Next() {
		if c != nil {
			m.store.fail(c.Err())
		}
		return other
	}
	who, result := c.Int(0), c.Int(7)
	r.fromMe, r.stamp = c.Int(1) == 1, c.Int(4)
	native = jid.NativeCall(r.fromMe, cmp.Or(c.Text(2), c.Text(4)))
	if round := c.Int(3); round > 0 {
		native += "/" + strconv.FormatInt(round, 10)
	}
	call := &chat.Call{Video: c.Int(5) == 1, Duration: seconds(c.Int(6))}
	switch result {
	case callAnswered:
		call.Outcome = "answered"
	case callRejected:
		call.Outcome = "declined"
	case callMissed:
		call.Outcome, call.Missed = "missed", !r.fromMe
	}
	m.message.Call = call
	m.extra("call_result", strconv.FormatInt(result, 10))
	r.sender = m.people.at(who)
	m.callers(id)
	return native
}

// callers keeps who took part in a call of several.
func (m *maker) callers(id int64) {
	var list []map[string]any
	for c := range m.sides["call_log_participant_v2"].of(id) {
		result := c.Int(1)
		if one := m.people.at(c.Int(0)); one != nil {
			list = append(list, map[string]any{"id": m.here(one), "result": result})
		}
	}
	if len(list) > 0 {
		m.extra("participants", asJSON(list))
	}
}
