package forget

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/providers/chat"
)

// Carried is what snapshots that go have alone, of one source.
type Carried struct {
	Source        Source
	Conversations []*Conversation
	// Snapshot is the carried one, once it is made.
	Snapshot *repo.Head

	takes    []*take
	template *format.Manifest // of the newest that goes
	stock    *repo.Stock
	ledger   *ledger
	written  map[string]*entry // by path, once it is made
}

// Conversation is what is carried of one.
type Conversation struct {
	ID, Platform, Title string
	Messages            int // records, with those that were not understood
	Unparsed            int // those
	From, To            time.Time
	Attachments         []Attachment

	line []byte // its record
}

// Attachment is one whose bytes are carried along.
type Attachment struct {
	Name string
	Size int64
}

// take is what is carried out of one snapshot: states of records, and the chunks
// in which they are.
type take struct {
	from   *Snapshot
	states map[sum]struct{}
	chunks map[format.ID]struct{}
	chats  map[string]*Conversation
}

func (t *take) add(id format.ID, st *state) {
	t.states[st.whole], t.chunks[id] = struct{}{}, struct{}{}
	c := t.chats[st.conversation]
	if c == nil {
		c = &Conversation{ID: st.conversation}
		t.chats[st.conversation] = c
	}
	c.Messages++
	for _, p := range st.places {
		a := st.message.Attachments[p.attachment]
		name := a.Name
		if name == "" {
			name = p.file[strings.LastIndexByte(p.file, '/')+1:]
		}
		c.Attachments = append(c.Attachments, Attachment{name, a.Size})
	}
	if st.message == nil || st.message.Kind == chat.Unparsed {
		c.Unparsed++
	}
	if st.message != nil {
		c.span(st.message.Time, st.message.Time)
	}
}

// span widens the dates of a conversation.
func (c *Conversation) span(from, to time.Time) {
	if !from.IsZero() && (c.From.IsZero() || from.Before(c.From)) {
		c.From = from
	}
	if to.After(c.To) {
		c.To = to
	}
}

// weighing finds out what the snapshots of one source that go have alone.
type weighing struct {
	plan   *Plan
	reader *repo.Reader
	stock  *repo.Stock
	source Source
	ledger *ledger
	step   func()

	keeper *Snapshot // the carried snapshot that stays, or goes into the next one
}

func (w *weighing) run(ctx context.Context) error {
	if err := w.holders(ctx); err != nil {
		return err
	}
	old, err := w.absorb(ctx)
	if err != nil {
		return err
	}
	carried := &Carried{Source: w.source, stock: w.stock, ledger: w.ledger}
	for _, s := range w.plan.Snapshots {
		if s.Source != w.source || s.Manifest == nil || !s.Forgotten() {
			continue
		}
		t, err := w.take(ctx, s)
		switch {
		case err != nil && format.ClassOf(err) == "":
			return err
		case err != nil:
			s.Damage = err
		}
		if err != nil && !w.plan.request.LoseMessages {
			s.refuse("it is damaged: what it alone holds could not be carried")
			continue
		}
		carried.template = s.Manifest
		if len(t.states) > 0 {
			carried.takes = append(carried.takes, t)
		}
	}
	if len(carried.takes) == 0 {
		return nil // the keeper, if there is one, stays as it is
	}
	if err := w.refuse(carried); err != nil {
		return err
	}
	if !w.plan.request.LoseMessages && w.keeper != nil && old != nil {
		w.keeper.Reasons = nil
		if len(old.states) > 0 {
			carried.takes = append([]*take{old}, carried.takes...)
		}
	}
	carried.sum()
	w.ledger.held, w.ledger.twins = nil, nil // what is known of chunks is still of use
	w.plan.Carried = append(w.plan.Carried, carried)
	return nil
}

// refuse ends a plan that would carry out of a carried snapshot that a person
// named what goes into the next one again.
func (w *weighing) refuse(c *Carried) error {
	for _, t := range c.takes {
		if t.from.Manifest.Carried() && len(w.plan.request.Named) > 0 && slices.Contains(w.plan.request.Named, t.from.Head.Hash) && !w.plan.request.LoseMessages {
			return &Alone{t.from.Head.Hash}
		}
	}
	return nil
}

// Alone is the error of a carried snapshot that is named, and that holds what no
// other does.
type Alone struct{ Snapshot format.Hash }

func (e *Alone) Error() string {
	return fmt.Sprintf("snapshot %s was carried, and holds messages that no other has", e.Snapshot.String()[:8])
}

// Hint tells how to mean it.
func (e *Alone) Hint() string { return "--lose-messages forgets it, and them" }

// holders notes what the snapshots hold that stay. Under a policy those do that
// are settled: one that a stolen key may have signed must not stand for a good
// one, for the owner may end that key, and then it counts no more. Carried ones
// are seen to by absorb.
func (w *weighing) holders(ctx context.Context) error {
	w.twins()
	for _, s := range w.plan.Snapshots {
		if s.Source != w.source || s.Manifest == nil {
			continue
		}
		if s.Forgotten() || s.Manifest.Carried() && !w.plan.request.LoseMessages {
			continue
		}
		if s.settled {
			if err := w.hold(ctx, s); err != nil {
				return err
			}
		}
		w.step()
	}
	return nil
}

// hold notes what one snapshot holds. Of one that is damaged it is what could be
// read.
func (w *weighing) hold(ctx context.Context, s *Snapshot) error {
	r, err := w.open(ctx, s)
	if err == nil {
		err = w.ledger.read(ctx, r, func(_ repo.Entry, _ format.ID, st *state) error {
			w.ledger.hold(st)
			w.ledger.twins.note(s, r, st)
			return nil
		})
	}
	return w.noteDamage(s, err)
}

// noteDamage makes a note of an error that is one of the snapshot itself.
func (w *weighing) noteDamage(s *Snapshot, err error) error {
	if err == nil || format.ClassOf(err) == "" {
		return err
	}
	s.Damage = err
	w.plan.Notes = append(w.plan.Notes, fmt.Sprintf("snapshot %s stays and is damaged, and stands for no other as far as it cannot be read: %v", s.Head.Hash.String()[:8], err))
	return nil
}

func (w *weighing) open(ctx context.Context, s *Snapshot) (*streams, error) {
	opened, err := w.reader.Open(ctx, s.Head)
	if err != nil {
		return nil, err
	}
	return w.streamsOf(ctx, opened)
}

// absorb looks at the carried snapshots of the source. The newest that can be
// trusted stays, or goes into the next one with what only it has; the older ones
// go. It returns what the newest has that no snapshot holds.
func (w *weighing) absorb(ctx context.Context) (*take, error) {
	q := w.plan.request
	if q.LoseMessages {
		return nil, nil
	}
	for _, s := range w.plan.Snapshots {
		if s.Source != w.source || s.Manifest == nil || !s.Manifest.Carried() || s.Forgotten() {
			continue
		}
		if !s.settled && s.Head.Writer != q.Own {
			s.Reasons = []string{"carried by another machine just now"}
			continue
		}
		if w.keeper != nil {
			w.keeper.Reasons = nil
		}
		w.keeper = s
	}
	if w.keeper == nil {
		return nil, nil
	}
	t, err := w.take(ctx, w.keeper)
	if err != nil {
		// It stays, with what else it may hold.
		err = w.noteDamage(w.keeper, err)
		w.keeper, t = nil, nil
	}
	return t, err
}

// take finds the states of a snapshot that nothing holds so far. From then on
// they are held.
func (w *weighing) take(ctx context.Context, s *Snapshot) (*take, error) {
	defer w.step()
	t := &take{from: s, states: map[sum]struct{}{}, chunks: map[format.ID]struct{}{}, chats: map[string]*Conversation{}}
	r, err := w.open(ctx, s)
	if err != nil {
		return t, err
	}
	err = w.ledger.read(ctx, r, func(_ repo.Entry, id format.ID, st *state) error {
		if w.ledger.holds(st) {
			return nil
		}
		twin, err := w.ledger.twins.find(ctx, w.reader, r, st)
		if err != nil {
			return err
		}
		if !twin && s != w.keeper && !w.plan.request.LoseMessages {
			err = r.readable(ctx, st)
		}
		if err != nil {
			return err
		}
		w.ledger.hold(st)
		w.ledger.twins.note(s, r, st)
		if !twin {
			t.add(id, st)
		}
		return nil
	})
	if err == nil && len(t.states) > 0 {
		err = t.titles(ctx, r.snapshot)
	}
	return t, err
}

// titles finds out what the conversations of a take are called.
func (t *take) titles(ctx context.Context, s *repo.Snapshot) error {
	return lines(ctx, s, format.ConversationsPath, func(line []byte, r any) {
		if c, ok := r.(*chat.Conversation); ok && t.chats[c.ID] != nil {
			one := t.chats[c.ID]
			one.Title, one.Platform, one.line = c.Title, c.Platform, slices.Clone(line)
		}
	})
}

// sum adds up what is taken out of each snapshot.
func (c *Carried) sum() {
	all := map[string]*Conversation{}
	for _, t := range c.takes {
		for id, part := range t.chats {
			one := all[id]
			if one == nil {
				one = &Conversation{ID: id}
				all[id] = one
				c.Conversations = append(c.Conversations, one)
			}
			one.Messages += part.Messages
			one.Unparsed += part.Unparsed
			one.span(part.From, part.To)
			one.Attachments = append(one.Attachments, part.Attachments...)
			if part.line != nil {
				one.Title, one.Platform, one.line = part.Title, part.Platform, part.line
			}
		}
	}
	slices.SortFunc(c.Conversations, func(a, b *Conversation) int { return strings.Compare(a.Title+"\x00"+a.ID, b.Title+"\x00"+b.ID) })
}

// Messages counts the records that are carried.
func (c *Carried) Messages() (n int) {
	for _, one := range c.Conversations {
		n += one.Messages
	}
	return n
}

// Attachments counts those that are carried, and their bytes.
func (c *Carried) Attachments() (n int, size int64) {
	for _, one := range c.Conversations {
		for _, a := range one.Attachments {
			n, size = n+1, size+a.Size
		}
	}
	return n, size
}
