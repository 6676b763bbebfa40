package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
)

// Traffic is what was asked of the store since the snapshot was opened.
type Traffic struct {
	// Objects are those that something was read of, each once. They are packs:
	// of lists of files, and of what the files hold.
	Objects int64
	// Requests are the reads, each of an object or of a range of one, those that
	// failed included.
	Requests int64
	Bytes    int64 // received
}

// A store that cannot be reached is asked again after a pause that grows from
// the first to the second of these, until it has given nothing of an object for
// as long as the third.
const (
	firstPause   = time.Second
	longestPause = 30 * time.Second
	patience     = 10 * time.Minute
)

// line is the way to the store. It counts what goes through it, and does not
// break when the network does: what an object still lacks is asked for again.
type line struct {
	storage.Reader
	clock  session.Clock
	outage func(err error, patience time.Duration) // may be nil

	down    atomic.Bool // it was told that the store cannot be reached
	mu      sync.Mutex
	traffic Traffic
	objects map[string]struct{}
	pace    pace
}

// newLine is a line that no store is at the end of yet.
func newLine(o *Options) *line {
	l := &line{clock: o.Clock, outage: o.Outage, objects: map[string]struct{}{}}
	if l.clock.Now == nil {
		l.clock = session.SystemClock()
	}
	return l
}

// over puts the line before a store.
func (l *line) over(store storage.Reader) storage.Reader {
	l.Reader = store
	return l
}

// Get implements [storage.Reader].
func (l *line) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	c := &call{line: l, ctx: ctx, key: key, at: offset, left: length, began: l.clock.Now()}
	if err := c.connect(); err != nil {
		return nil, err
	}
	return c, nil
}

// counted is what went through so far.
func (l *line) counted() (Traffic, pace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.traffic
	t.Objects = int64(len(l.objects))
	return t, l.pace
}

func (l *line) note(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.objects[key] = struct{}{}
	l.traffic.Requests++
}

// call is the reading of one object, over as many connections as it takes.
type call struct {
	line     *line
	ctx      context.Context
	key      string
	at, left int64 // left is negative where it is all to the end
	body     io.ReadCloser
	began    time.Time
	received int64
	failing  time.Time // since when nothing has come, or zero
	pause    time.Duration
}

// connect asks for what is left, until the store answers or patience ends.
func (c *call) connect() error {
	for {
		c.line.note(c.key)
		body, err := c.line.Reader.Get(c.ctx, c.key, c.at, c.left)
		if err == nil {
			c.body = body
			return nil
		}
		if err := c.wait(err); err != nil {
			return err
		}
	}
}

// wait lets time pass after trouble, or returns the error that ends the call.
func (c *call) wait(err error) error {
	if storage.ClassOf(err) != storage.Unreachable || c.ctx.Err() != nil {
		return err
	}
	now := c.line.clock.Now()
	if c.failing.IsZero() {
		c.failing, c.pause = now, firstPause
		if c.line.outage != nil && !c.line.down.Swap(true) {
			c.line.outage(err, patience)
		}
	}
	if now.Sub(c.failing)+c.pause > patience {
		return newUnreachable(err, now.Sub(c.failing))
	}
	pause := c.pause
	c.pause = min(2*c.pause, longestPause)
	return c.line.clock.Sleep(c.ctx, pause)
}

// Read implements [io.Reader].
func (c *call) Read(p []byte) (int, error) {
	for {
		n, err := c.body.Read(p)
		if n > 0 {
			c.failing = time.Time{}
			c.line.down.Store(false)
			c.at += int64(n)
			c.received += int64(n)
			if c.left > 0 {
				c.left -= int64(n)
			}
			return n, c.later(err)
		}
		if err == nil || storage.ClassOf(err) != storage.Unreachable {
			return 0, err
		}
		if err := c.again(err); err != nil {
			return 0, err
		}
	}
}

// later keeps trouble for the next Read, which finds it again or asks anew.
func (c *call) later(err error) error {
	if storage.ClassOf(err) == storage.Unreachable {
		return nil
	}
	return err
}

// again makes another connection for the rest.
func (c *call) again(err error) error {
	c.body.Close()
	c.body = io.NopCloser(nothing{})
	if err := c.wait(err); err != nil {
		return err
	}
	return c.connect()
}

// nothing is the end of a stream.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }

// Close ends the call and counts what it brought.
func (c *call) Close() error {
	l := c.line
	l.mu.Lock()
	l.traffic.Bytes += c.received
	l.pace.add(c.received, l.clock.Now().Sub(c.began))
	l.mu.Unlock()
	return c.body.Close()
}

// unreachable is the error of a store that was asked again and again.
type unreachable struct {
	err   *storage.Error
	tried time.Duration
}

// newUnreachable takes from an error of the store its words alone: what the
// network said would pass, further up, for an object that is too short.
func newUnreachable(err error, tried time.Duration) *unreachable {
	e := &storage.Error{Class: storage.Unreachable, Op: "get", Err: errors.New(err.Error())}
	var cause *storage.Error
	if errors.As(err, &cause) {
		e.Op, e.Key, e.Place, e.Err = cause.Op, cause.Key, cause.Place, errors.New(cause.Err.Error())
	}
	return &unreachable{e, tried}
}

func (e *unreachable) Error() string {
	return fmt.Sprintf("%v; it was tried again for %s", e.err, session.Span(e.tried))
}

// Unwrap returns an error of class Unreachable, whose exit code is 13.
func (e *unreachable) Unwrap() error { return e.err }
