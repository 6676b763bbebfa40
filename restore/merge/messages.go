package merge

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"iter"
	"slices"
	"strconv"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/providers/chat"
)

// Message is a message and what is known of its past.
type Message struct {
	*chat.Message
	// Line is its record as it is stored, without its end. It may say more than
	// this release understands.
	Line []byte
	// Earlier are states that older snapshots have of it, the oldest first.
	Earlier []*chat.Message
}

// Reading is a conversation whose states have been gathered: some 100 bytes of
// memory for each.
type Reading struct {
	// Coverage is what the exports claim together, with the number of messages that
	// all snapshots have together where more than one export has some and nothing
	// is lost.
	Coverage chat.Coverage
	// Lost is what could not be read of some snapshots; each has a class. What comes
	// from others is there.
	Lost []error

	tally *tally
	order []int32
}

// Read gathers a conversation's messages. An error is one that has no class.
func (a *Archive) Read(ctx context.Context, c *Conversation) (*Reading, error) {
	r := &Reading{Coverage: c.Coverage, tally: newTally(a)}
	var err error
	if r.Lost, err = r.tally.gather(ctx, c); err != nil {
		return nil, err
	}
	r.order = r.tally.order()
	if len(r.Lost) == 0 && !c.single() {
		r.Coverage.Messages = len(r.order)
	}
	return r, nil
}

// Messages yields the messages in the order of their times, and in that of the
// newest export where times are equal. Each is valid until the next. What cannot
// be read again is an error in its place, which has a class unless it is the last.
func (r *Reading) Messages(ctx context.Context) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for _, i := range r.order {
			m, err := r.tally.message(ctx, i)
			if !yield(m, err) || err != nil && format.ClassOf(err) == "" {
				return
			}
		}
	}
}

// Count is the coverage of a conversation as a [Reading] has it, and the first
// thing that is lost of it. It reads nothing where one export has all there is.
func (a *Archive) Count(ctx context.Context, c *Conversation) (chat.Coverage, error) {
	if c.single() {
		return c.Coverage, nil
	}
	r, err := a.Read(ctx, c)
	if err != nil {
		return c.Coverage, err
	}
	if len(r.Lost) > 0 {
		err = r.Lost[0]
	}
	return r.Coverage, err
}

// single reports whether one export has all there is of a conversation, so that
// what it claims is so.
func (c *Conversation) single() bool { return len(c.claims) == 1 && len(c.linked) == 0 }

// state is one state of one message.
type state struct {
	id      [16]byte
	said    [16]byte // what it says
	time    int64    // nanoseconds; that of the message before where it has none
	place   uint32   // number of its piece
	offset  uint32   // in it
	earlier int32    // next older state of the message, or -1
	hidden  bool     // an earlier state, or one that is linked to another message
	timed   bool     // time is its own
}

// place is where a piece is.
type place struct {
	stream *stream
	piece  piece
}

// tally is all states of one conversation.
type tally struct {
	*Archive
	places []place
	states []state
	newest map[[16]byte]int32 // id to its newest state
	oldest map[[16]byte]int32
	sum    hash.Hash
	encode *record.Encoder
	links  *linker // nil where there is nothing to link
	recent [recentPieces]recent
	buffer []byte
}

// recent is a piece that was read: one message after the other comes from it.
type recent struct {
	place uint32
	data  []byte
}

const recentPieces = 16

func newTally(a *Archive) *tally {
	x := &tally{Archive: a, newest: map[[16]byte]int32{}, oldest: map[[16]byte]int32{}, sum: sha256.New()}
	x.encode = record.NewEncoder(x.sum, nil)
	return x
}

// gather adds the states of a conversation and of those that are linked to it. It
// returns what could not be read, and what ended the reading.
func (x *tally) gather(ctx context.Context, c *Conversation) (lost []error, err error) {
	if len(c.linked) > 0 {
		x.links = &linker{}
	}
	for _, part := range append([]*Conversation{c}, c.linked...) {
		l, err := x.conversation(ctx, part)
		lost = append(lost, l...)
		if err != nil {
			return lost, err
		}
	}
	x.link()
	return lost, nil
}

// conversation adds the states that a conversation's streams have, from the
// newest to the oldest. It returns what could not be read.
func (x *tally) conversation(ctx context.Context, c *Conversation) (lost []error, err error) {
	streams, err := x.sorted(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, st := range streams {
		for _, p := range st.pieces {
			err := x.piece(ctx, st, p)
			if err != nil && format.ClassOf(err) == "" {
				return lost, err
			}
			if err != nil {
				lost = append(lost, err)
			}
		}
	}
	return lost, nil
}

// sorted puts the streams of one snapshot in order: several exports of one
// conversation, of which the one that reaches further is the newer.
func (x *tally) sorted(ctx context.Context, c *Conversation) ([]*stream, error) {
	list := make([]*stream, len(c.streams))
	for i := range c.streams {
		list[i] = &c.streams[i]
	}
	var failed error
	reach := map[*stream]time.Time{}
	for i, st := range list {
		if i > 0 && list[i-1].snapshot == st.snapshot || i+1 < len(list) && list[i+1].snapshot == st.snapshot {
			at, err := x.reach(ctx, st)
			failed = cmp.Or(failed, err)
			reach[st] = at
		}
	}
	slices.SortStableFunc(list, func(a, b *stream) int {
		return cmp.Or(cmp.Compare(a.snapshot, b.snapshot), reach[b].Compare(reach[a]))
	})
	if format.ClassOf(failed) != "" {
		failed = nil // it is told when the chunk is read
	}
	return list, failed
}

// reach is the time of the last message of a stream.
func (x *tally) reach(ctx context.Context, st *stream) (last time.Time, err error) {
	data, err := x.snapshots.read(ctx, nil, st, st.pieces[len(st.pieces)-1])
	if err != nil {
		return last, err
	}
	for line := range bytes.Lines(data) {
		if m := messageOf(line); m != nil && m.Time.After(last) {
			last = m.Time
		}
	}
	return last, nil
}

// messageOf reads a line as a message, or gives nil.
func messageOf(line []byte) *chat.Message {
	r, _, err := record.Parse(bytes.TrimSuffix(line, []byte("\n")))
	if err != nil {
		return nil
	}
	m, _ := r.(*chat.Message)
	return m
}

// piece adds the states of one piece.
func (x *tally) piece(ctx context.Context, st *stream, p piece) error {
	data, err := x.snapshots.read(ctx, x.buffer[:0], st, p)
	x.buffer = data
	if err != nil {
		return err
	}
	number := uint32(len(x.places))
	x.places = append(x.places, place{st, p})
	offset := 0
	before := int64(0)
	for line := range bytes.Lines(data) {
		if m := messageOf(line); m != nil {
			if !m.Time.IsZero() {
				before = m.Time.UnixNano()
			}
			if err := x.add(m, before, number, offset); err != nil {
				return err
			}
		}
		offset += len(line)
	}
	return nil
}

var errTooMany = errors.New("a conversation of more than 2,000,000,000 messages")

// add adds a state, unless a newer snapshot has the same.
func (x *tally) add(m *chat.Message, at int64, number uint32, offset int) error {
	s := state{id: x.key(m), time: at, timed: !m.Time.IsZero(), place: number, offset: uint32(offset), earlier: -1}
	x.sum.Reset()
	if err := x.encode.Message(record.Said(m)); err != nil {
		return err
	}
	var full [sha256.Size]byte
	x.sum.Sum(full[:0])
	copy(s.said[:], full[:])
	for i, ok := x.newest[s.id]; ok && i >= 0; i = x.states[i].earlier {
		if x.states[i].said == s.said {
			return nil
		}
	}
	if len(x.states) >= 2_000_000_000 {
		return errTooMany
	}
	i := int32(len(x.states))
	if last, ok := x.oldest[s.id]; ok {
		s.hidden = true
		x.states[last].earlier = i
	} else {
		x.newest[s.id] = i
	}
	x.oldest[s.id] = i
	x.states = append(x.states, s)
	if x.links != nil {
		x.links.note(i, m)
	}
	return nil
}

// apart is from how far apart in time two messages with one id are not one. Apps
// number messages within an account, which not every export tells; and a clock
// whose zone is a guess is wrong by a day at most.
const apart = 48 * time.Hour

// key stands for a message: by its id and, where others have that, too, which of
// these it is.
func (x *tally) key(m *chat.Message) [16]byte {
	key := sum16(m.ID)
	for n := 1; !m.Time.IsZero(); n++ {
		i, ok := x.newest[key]
		if !ok || !x.states[i].timed || m.Time.Sub(time.Unix(0, x.states[i].time)).Abs() < apart {
			break
		}
		key = sum16(m.ID + "\x00" + strconv.Itoa(n))
	}
	return key
}

func sum16(s string) [16]byte {
	h := sha256.Sum256([]byte(s))
	return [16]byte(h[:])
}

// order are the newest states of all messages, in the order of time.
func (x *tally) order() []int32 {
	list := make([]int32, 0, len(x.newest))
	for i := range x.states {
		if !x.states[i].hidden {
			list = append(list, int32(i))
		}
	}
	slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(x.states[a].time, x.states[b].time) })
	return list
}

// message reads a message and its earlier states.
func (x *tally) message(ctx context.Context, i int32) (*Message, error) {
	m := &Message{}
	for k := x.states[i].earlier; k >= 0; k = x.states[k].earlier {
		old, _, err := x.read(ctx, k)
		if err != nil {
			return nil, err
		}
		m.Earlier = append(m.Earlier, old)
	}
	slices.Reverse(m.Earlier)
	var err error
	m.Message, m.Line, err = x.read(ctx, i)
	return m, err
}

// read reads a state again. The line is valid until the next call.
func (x *tally) read(ctx context.Context, i int32) (*chat.Message, []byte, error) {
	s := &x.states[i]
	at := x.places[s.place]
	r := &x.recent[s.place%recentPieces]
	if r.data == nil || r.place != s.place {
		data, err := x.snapshots.read(ctx, r.data[:0], at.stream, at.piece)
		if err != nil {
			r.data = nil
			return nil, nil, err
		}
		r.place, r.data = s.place, data
	}
	line := r.data[s.offset:]
	line = line[:bytes.IndexByte(line, '\n')]
	m := messageOf(line)
	if m == nil {
		return nil, nil, format.Fail(format.Malformed, at.stream.path, "a record that was one before")
	}
	return m, line, nil
}
