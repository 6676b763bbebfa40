package notify

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/shell"
)

// Deps is everything outside of the process that telling touches. Now, Sleep and
// Environ have to be there.
type Deps struct {
	Now func() time.Time
	// Sleep waits, or returns an error when the context ends first.
	Sleep func(ctx context.Context, d time.Duration) error
	// Environ is what commands get, less what is secret.
	Environ func() []string
	// Stderr is where commands complain, in words of their own; nowhere where it is
	// nil.
	Stderr io.Writer

	// HTTP sends pings, and to ntfy and webhooks, but follows no redirection. A
	// client of the package's own where it is nil.
	HTTP *http.Client
	// Dial connects to mail servers, and RootCAs vouch for them; as the machine
	// does it where they are nil.
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	RootCAs *x509.CertPool
	// Run runs commands, in place of the shell.
	Run func(ctx context.Context, c shell.Command) error
}

// Notifier tells channels.
type Notifier struct {
	deps     Deps
	channels []*channel // by name
}

// channel is one that can be told.
type channel struct {
	name    string
	ping    bool
	on      []string // kinds
	jobs    []string // all where it is empty
	timeout time.Duration
	way     way
}

// way is how a channel is told, once. The error is passing where another try makes
// sense, and has no secret in it.
type way interface {
	tell(ctx context.Context, e Event) error
}

// New checks the channels and returns who tells them. The error has a Wrong for
// each channel that is wrong; the Notifier tells the others even then, so that one
// mistake does not silence them all. Files that channels name are read when they
// are told, and no sooner.
func New(channels map[string]config.Channel, deps Deps) (*Notifier, error) {
	if deps.HTTP == nil {
		deps.HTTP = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	}
	if deps.Dial == nil {
		deps.Dial = (&net.Dialer{}).DialContext
	}
	if deps.Run == nil {
		deps.Run = func(ctx context.Context, c shell.Command) error { return c.Run(ctx) }
	}
	if deps.Stderr == nil {
		deps.Stderr = io.Discard
	}
	deps.Stderr = &inTurn{w: deps.Stderr}
	n := &Notifier{deps: deps}
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(channels)) {
		c, err := n.channel(name, channels[name])
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		n.channels = append(n.channels, c)
	}
	return n, errors.Join(wrong...)
}

// inTurn lets commands that run side by side write to one place.
type inTurn struct {
	mu sync.Mutex
	w  io.Writer
}

func (t *inTurn) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.w.Write(p)
}

// Tell tells everybody who wants to hear of the event, and returns whom it could
// not tell, by name. It takes at most, for the slowest channel, three times its
// timeout and two minutes; for a start the timeout, as nobody should wait long for
// a backup to begin. A context that ends, ends it.
func (n *Notifier) Tell(ctx context.Context, e Event) []Failed {
	return n.tell(ctx, e, func(c *channel) bool { return c.wants(e) })
}

// Ping tells the pings among them alone, as Tell does: for an event that is no
// news.
func (n *Notifier) Ping(ctx context.Context, e Event) []Failed {
	return n.tell(ctx, e, func(c *channel) bool { return c.ping && c.wants(e) })
}

// Try tells one channel, whatever it wants to hear of.
func (n *Notifier) Try(ctx context.Context, name string, e Event) error {
	if !slices.Contains(n.Names(), name) {
		return fmt.Errorf("notify.%s: there is no such channel", oneLine(name, maxName))
	}
	for _, failed := range n.tell(ctx, e, func(c *channel) bool { return c.name == name }) {
		return failed
	}
	return nil
}

// Names are the channels' names, sorted.
func (n *Notifier) Names() []string {
	var names []string
	for _, c := range n.channels {
		names = append(names, c.name)
	}
	return names
}

// Heard reports whether a person heard of an event that Tell told, with what it
// returned. Where no person wants to hear, there is nothing left to tell.
func (n *Notifier) Heard(e Event, failed []Failed) bool {
	people, missed := 0, 0
	for _, c := range n.channels {
		if c.ping || !c.wants(e) {
			continue
		}
		people++
		if slices.ContainsFunc(failed, func(f Failed) bool { return f.Channel == c.name }) {
			missed++
		}
	}
	return people == 0 || missed < people
}

func (n *Notifier) tell(ctx context.Context, e Event, to func(*channel) bool) []Failed {
	if e.Time.IsZero() {
		e.Time = n.deps.Now()
	}
	e = e.fit()
	errs := make([]error, len(n.channels))
	var all sync.WaitGroup
	for i, c := range n.channels {
		if to(c) {
			all.Go(func() { errs[i] = n.insist(ctx, c, e) })
		}
	}
	all.Wait()
	var failed []Failed
	for i, err := range errs {
		if err != nil {
			failed = append(failed, Failed{n.channels[i].name, err})
		}
	}
	return failed
}

// wants reports whether a channel is to hear of an event. A ping is to hear of
// every run: its service takes silence for a failure. A warning that is no end of a
// run must not reach it, for it would count as a backup.
func (c *channel) wants(e Event) bool {
	if len(c.jobs) > 0 && !slices.Contains(c.jobs, e.Job) {
		return false
	}
	switch {
	case c.ping && e.Kind == Warning:
		return e.Run != ""
	case c.ping && e.Kind != Stale:
		return slices.Contains([]Kind{Start, Success, Failure, Recovery}, e.Kind)
	}
	return slices.Contains(c.on, string(e.Kind))
}
