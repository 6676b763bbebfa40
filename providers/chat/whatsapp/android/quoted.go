package android

import (
	"hash/maphash"
	"slices"
)

// quoted is which of the messages that are quoted are there.
type quoted struct {
	seed  maphash.Seed
	want  []uint64 // sorted
	there []bool
	row   []int64         // see newRow
	more  map[int][]int64 // the other rows, where several have one key
}

func (q *quoted) hash(t *talk, fromMe bool, key string) uint64 {
	return maphash.Comparable(q.seed, struct {
		talk   int64
		fromMe bool
		key    string
	}{t.number, fromMe, key})
}

// seek notes that a message is quoted.
func (q *quoted) seek(t *talk, fromMe bool, key string) {
	q.want = append(q.want, q.hash(t, fromMe, key))
}

// sought has to be called after the last seek.
func (q *quoted) sought() {
	slices.Sort(q.want)
	q.want = slices.Compact(q.want)
	q.there, q.row = make([]bool, len(q.want)), make([]int64, len(q.want))
}

// meet notes that a message is there.
func (q *quoted) meet(t *talk, fromMe bool, key string, row int64) {
	if len(q.want) == 0 {
		return
	}
	i, ok := slices.BinarySearch(q.want, q.hash(t, fromMe, key))
	switch {
	case !ok:
	case !q.there[i]:
		q.there[i], q.row[i] = true, row
	case len(q.more[i]) < maxTwins:
		if q.more == nil {
			q.more = map[int][]int64{}
		}
		q.more[i] = append(q.more[i], row)
	}
}

// find returns the rows of a message, none where it is not there.
func (q *quoted) find(t *talk, fromMe bool, key string) []int64 {
	i, ok := slices.BinarySearch(q.want, q.hash(t, fromMe, key))
	if !ok || !q.there[i] {
		return nil
	}
	return append([]int64{q.row[i]}, q.more[i]...)
}

// maxTwins bounds the messages with one key that are told apart by their senders.
const maxTwins = 64

// findQuoted notes which messages are quoted.
func (b *board) findQuoted() {
	for rows := range b.store.scan("message_quoted", "chat_row_id", "from_me", "key_id") {
		if t := b.byChat[rows.Int(0)]; t != nil {
			b.quoted.seek(t, rows.Int(1) == 1, rows.Text(2))
		}
	}
	for rows := range b.store.scan("messages_quotes", "key_remote_jid", "key_from_me", "key_id") {
		b.quoted.seek(b.oldTalk(rows.Text(0)), rows.Int(1) == 1, rows.Text(2))
	}
	b.quoted.sought()
}
