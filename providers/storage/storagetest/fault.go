package storagetest

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"

	"chatkeep/providers/storage"
)

// Op is a kind of request, in the words of [storage.Error].
type Op string

// The requests of a store.
const (
	OpPut    Op = "put"
	OpGet    Op = "get"
	OpStat   Op = "stat"
	OpList   Op = "list"
	OpDelete Op = "delete"
)

// Trouble is what goes wrong with one request.
type Trouble int

// The troubles. Those named after a request do nothing to others.
const (
	// FailBefore fails and has done nothing.
	FailBefore Trouble = iota + 1
	// FailAfter did the request and reports failure, as when an answer is
	// lost. A Get or List fails without giving anything.
	FailAfter
	// HangBefore waits until ctx ends and has done nothing.
	HangBefore
	// HangAfter did the request, then waits until ctx ends.
	HangAfter
	// GetBroken gives half of the bytes, then io.ErrUnexpectedEOF.
	GetBroken
	// GetTruncated gives half of the bytes, then a clean end: a store that
	// breaks its promise.
	GetTruncated
	// GetFlipped flips one bit in the middle.
	GetFlipped
	// GetStale gives the bytes of Rule.Stale in place of the object's.
	GetStale
	// ListOmit leaves out the entry number Rule.Entry.
	ListOmit
	// ListAdd yields Rule.Info as the entry number Rule.Entry.
	ListAdd
	// ListRepeat yields the entry number Rule.Entry twice.
	ListRepeat
	// ListReorder yields the entry number Rule.Entry after the next one.
	ListReorder
	// ListBroken fails in place of the entry number Rule.Entry, or at the end
	// where there are fewer.
	ListBroken
)

// ErrInjected is the cause of the errors of a [Fault], unless a rule says
// otherwise.
var ErrInjected = errors.New("injected failure")

// Rule says which requests go wrong, and how.
type Rule struct {
	// Op is the kind of request, or "" for every kind.
	Op Op
	// Prefix is how the key, or the prefix of a List, begins.
	Prefix string
	// Nth counts the requests that match Op and Prefix, from 1; 0 is every one.
	Nth int
	// Do is what happens.
	Do Trouble
	// Err is the cause of a failure in place of [ErrInjected]. A
	// *storage.Error is given as it is.
	Err error
	// Entry, Info and Stale belong to some troubles. Entries count from 0.
	Entry int
	Info  storage.Info
	Stale []byte
}

// Call is one request that a [Fault] saw.
type Call struct {
	Op  Op
	Key string // or a prefix
}

// Fault is a store that goes wrong as told and passes everything else on. The
// first rule that applies to a request decides.
type Fault struct {
	store storage.Store

	mu    sync.Mutex
	rules []Rule
	seen  []int // requests that matched each rule so far
	calls []Call
}

// NewFault makes a store over another that goes wrong by rules.
func NewFault(s storage.Store, rules ...Rule) *Fault {
	f := &Fault{store: s}
	f.Script(rules...)
	return f
}

// Script replaces the rules and counts requests anew.
func (f *Fault) Script(rules ...Rule) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append([]Rule(nil), rules...)
	f.seen = make([]int, len(rules))
	f.calls = nil
}

// Calls gives the requests since the last Script, in the order they began.
func (f *Fault) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Call(nil), f.calls...)
}

// rule notes a request and finds the rule for it; the zero Rule does nothing.
func (f *Fault) rule(op Op, key string) Rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, Call{op, key})
	var found Rule
	for i, r := range f.rules {
		if r.Op != "" && r.Op != op || !strings.HasPrefix(key, r.Prefix) {
			continue
		}
		f.seen[i]++
		if found.Do == 0 && (r.Nth == 0 || r.Nth == f.seen[i]) {
			found = r
		}
	}
	return found
}

// failure is the error of a rule.
func (r Rule) failure(op Op, key string) error {
	var ready *storage.Error
	switch {
	case errors.As(r.Err, &ready):
		return r.Err
	case r.Err != nil:
		return &storage.Error{Op: string(op), Key: key, Place: "fault", Err: r.Err}
	}
	return &storage.Error{Class: storage.Unreachable, Op: string(op), Key: key, Place: "fault", Err: ErrInjected}
}

// around runs do, or not, as the rule says. A request whose trouble is not one
// of these passes.
func (r Rule) around(ctx context.Context, op Op, key string, do func() error) error {
	hang := func() error {
		<-ctx.Done()
		return &storage.Error{Op: string(op), Key: key, Place: "fault", Err: ctx.Err()}
	}
	switch r.Do {
	case FailBefore:
		return r.failure(op, key)
	case HangBefore:
		return hang()
	case FailAfter:
		do()
		return r.failure(op, key)
	case HangAfter:
		do()
		return hang()
	}
	return do()
}

// Put implements [storage.Store].
func (f *Fault) Put(ctx context.Context, key string, data []byte) (info storage.Info, err error) {
	var done storage.Info
	err = f.rule(OpPut, key).around(ctx, OpPut, key, func() error {
		done, err = f.store.Put(ctx, key, data)
		return err
	})
	if err != nil {
		return storage.Info{}, err
	}
	return done, nil
}

// Stat implements [storage.Reader].
func (f *Fault) Stat(ctx context.Context, key string) (info storage.Info, err error) {
	var done storage.Info
	err = f.rule(OpStat, key).around(ctx, OpStat, key, func() error {
		done, err = f.store.Stat(ctx, key)
		return err
	})
	if err != nil {
		return storage.Info{}, err
	}
	return done, nil
}

// Delete implements [storage.Store].
func (f *Fault) Delete(ctx context.Context, key string) error {
	return f.rule(OpDelete, key).around(ctx, OpDelete, key, func() error {
		return f.store.Delete(ctx, key)
	})
}

// Get implements [storage.Reader].
func (f *Fault) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	r := f.rule(OpGet, key)
	var body io.ReadCloser
	err := r.around(ctx, OpGet, key, func() error {
		var err error
		body, err = f.store.Get(ctx, key, offset, length)
		return err
	})
	if err != nil {
		if body != nil {
			body.Close()
		}
		return nil, err
	}
	return r.damage(key, body)
}

// List implements [storage.Reader].
func (f *Fault) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		r := f.rule(OpList, prefix)
		err := r.around(ctx, OpList, prefix, func() error { return nil })
		if err != nil {
			yield(storage.Info{}, err)
			return
		}
		r.lie(prefix, f.store.List(ctx, prefix), yield)
	}
}
