package telegram

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// limits bound one message. The app's own stay below 100 KB; what is in one of 1 MiB
// still fits a line of records however it has to be spelled there.
var limits = jsonstream.Limits{Value: 1 << 20, Depth: 100}

// export is a result.json. It is read once from front to back, if the messages of
// a chat are asked for when the chat was yielded; what is asked for later is read
// from a place that was remembered.
type export struct {
	opened

	run     *stream // that Conversations goes along, nil when it does not
	current *dialog // whose messages run stands before
	told    bool    // why run cannot go on was said already
	side    *stream // that messages are read from otherwise
	dialogs map[string]*dialog
	listed  int // how many chats were met in lists
}

func openJSON(fsys fs.FS, m chat.Match, o chat.Options) *export {
	e := &export{opened: newOpened(fsys, m, o), dialogs: map[string]*dialog{}}
	e.owner.number = ownID(o.Me)
	e.files.use(m.Path)
	return e
}

// Conversations yields the chats in their order in the export.
func (e *export) Conversations(ctx context.Context) iter.Seq2[*chat.Conversation, error] {
	return func(yield func(*chat.Conversation, error) bool) {
		e.stop()
		clear(e.ignored)
		clear(e.dialogs)
		e.owner = owner{number: ownID(e.options.Me)}
		e.told, e.listed = false, 0
		s, err := e.open(0)
		if err != nil {
			yield(nil, err)
			return
		}
		e.run = s
		defer e.stop()
		w := &walk{e: e, ctx: ctx, r: s.Reader, yield: yield}
		err = w.export()
		if err != nil && !errors.Is(err, errStopped) && !e.told {
			yield(nil, e.fault(err))
		}
	}
}

// stop ends the reading along Conversations.
func (e *export) stop() {
	if e.run != nil {
		e.run.close()
	}
	e.run, e.current = nil, nil
}

// Messages streams the messages of a chat.
func (e *export) Messages(ctx context.Context, c *chat.Conversation) iter.Seq2[*chat.Message, error] {
	return func(yield func(*chat.Message, error) bool) {
		d := e.dialogs[c.ID]
		if d == nil {
			yield(nil, errUnknown)
			return
		}
		d.restart(c.ID)
		m := &maker{
			chat: c, dialog: d, file: e.match.Path, files: e.files,
			people: newPeople(c, &e.owner, e.options.Me), clock: newClock(e.options.Zone),
		}
		if d.offset < 0 {
			return // a chat without a list of messages
		}
		s := e.run
		if e.current != d {
			var err error
			if s, err = e.beside(d.offset); err != nil {
				d.incomplete("the export could not be read")
				yield(nil, err)
				return
			}
		}
		e.current = nil
		var err error
		if d.newest {
			err = e.reversed(ctx, m, s, yield)
		} else {
			err = e.straight(ctx, m, s, yield)
		}
		if errors.Is(err, errStopped) {
			return
		}
		if err != nil {
			d.incomplete("the export ends early")
			e.told = e.told || s == e.run
			yield(nil, e.fault(err))
		}
		e.finish(m)
	}
}

// straight yields messages as they come. An error is the last.
func (e *export) straight(ctx context.Context, m *maker, s *stream, yield func(*chat.Message, error) bool) error {
	index := -1
	for v, err := range s.Records() {
		index++
		if s.Err() != nil {
			break
		}
		if index%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := e.give(m, index, v, err, yield); err != nil {
			return err
		}
	}
	return s.Err()
}

// give yields the message of one record, or what is wrong with it.
func (e *export) give(m *maker, index int, v jsonstream.Value, err error, yield func(*chat.Message, error) bool) error {
	var msg *chat.Message
	switch {
	case err == nil:
		msg = m.make(v, index)
	case errors.Is(err, jsonstream.ErrSyntax) && v != nil:
		msg, err = m.unparsed(v, index), nil
	default:
		err = e.fault(err)
	}
	if !yield(msg, err) {
		return errStopped
	}
	return nil
}

// finish takes in what a chat told when its messages have been read.
func (e *export) finish(m *maker) {
	d := m.dialog
	m.people.finish(d.name)
	e.guessed = e.guessed || m.clock.guessed
	e.meet(m.people)
	switch {
	case d.left:
		d.incomplete("of chats that the owner has left, the app exports the owner's own messages alone")
	case !e.single() && m.chat.Kind == chat.Group && d.sent > 0 && d.mine == d.sent:
		d.incomplete("all messages are the owner's own: the export was probably limited to them")
	}
}

// single says whether the export is of one chat.
func (e *export) single() bool { return e.listed == 0 }

// Coverage tells how much of a chat the export holds. That it was limited to some
// dates is written nowhere.
func (e *export) Coverage(c *chat.Conversation) chat.Coverage { return e.dialogs[c.ID].coverage(c.ID) }

// Accounts tells where the export's records and files went.
func (e *export) Accounts() chat.Accounts { return e.accounts(len(e.dialogs)) }

// Close closes what is open.
func (e *export) Close() error {
	e.stop()
	if e.side != nil {
		e.side.close()
		e.side = nil
	}
	return nil
}
