package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"chatkeep/providers/storage"
)

// The classes that a [Cold] store has: one to read at any time, and two whose
// objects have to be thawed.
const (
	ClassWarm   = "STANDARD"
	ClassCold   = "GLACIER"
	ClassFrozen = "DEEP_ARCHIVE"
)

// Cold is a store with classes of storage over another. What is put into one of
// the cold ones cannot be read until it was asked for and [Cold.Ripen] let the
// time pass.
type Cold struct {
	storage.Store

	mu     sync.Mutex
	class  map[string]string
	state  map[string]storage.State // of objects in a cold class; Frozen where not there
	refuse error
	asked  []Asked
}

// Asked is one request to thaw an object.
type Asked struct {
	Key string
	How storage.Thaw
}

// NewCold makes a store with classes over another.
func NewCold(s storage.Store) *Cold {
	return &Cold{Store: s, class: map[string]string{}, state: map[string]storage.State{}}
}

// Move puts an object that is there into a class, as a rule of a bucket does.
func (c *Cold) Move(key, class string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.class[key] = class
	delete(c.state, key)
}

// Ripen makes readable what was asked for.
func (c *Cold) Ripen() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, state := range c.state {
		if state == storage.Thawing {
			c.state[key] = storage.Ready
		}
	}
}

// Refuse makes every request for a thaw fail with err from now on, or no more
// where err is nil.
func (c *Cold) Refuse(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = err
}

// Asked returns the requests to thaw so far.
func (c *Cold) Asked() []Asked {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

// Class returns the class that an object was put into.
func (c *Cold) Class(key string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.class[key]
}

// Put implements [storage.Store].
func (c *Cold) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	return c.PutClass(ctx, key, data, ClassWarm)
}

// PutClass implements [storage.Classed].
func (c *Cold) PutClass(ctx context.Context, key string, data []byte, class string) (storage.Info, error) {
	if class != ClassWarm && !c.Archives(class) {
		return storage.Info{}, &storage.Error{Op: "put", Key: key, Place: "cold", Err: fmt.Errorf("there is no class %q", class)}
	}
	info, err := c.Store.Put(ctx, key, data)
	if err == nil {
		c.Move(key, class)
	}
	return info, err
}

// Archives implements [storage.Classed].
func (c *Cold) Archives(class string) bool { return class == ClassCold || class == ClassFrozen }

// Get implements [storage.Reader].
func (c *Cold) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if _, err := c.Store.Stat(ctx, key); err == nil && c.stateOf(key) != storage.Ready {
		return nil, &storage.Error{Class: storage.Archived, Op: "get", Key: key, Place: "cold", Err: errors.New("it is in an archive"), Cure: "thaw it"}
	}
	return c.Store.Get(ctx, key, offset, length)
}

// Stat implements [storage.Reader].
func (c *Cold) Stat(ctx context.Context, key string) (storage.Info, error) {
	info, err := c.Store.Stat(ctx, key)
	info.Class = c.Class(key)
	return info, err
}

// List implements [storage.Reader].
func (c *Cold) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for info, err := range c.Store.List(ctx, prefix) {
			info.Class = c.Class(info.Key)
			if !yield(info, err) {
				return
			}
		}
	}
}

// State implements [storage.Thawer].
func (c *Cold) State(ctx context.Context, info storage.Info) (storage.State, error) {
	if _, err := c.Store.Stat(ctx, info.Key); err != nil {
		return storage.Ready, err
	}
	return c.stateOf(info.Key), nil
}

func (c *Cold) stateOf(key string) storage.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	state, asked := c.state[key]
	switch {
	case !c.Archives(c.class[key]):
		return storage.Ready
	case !asked:
		return storage.Frozen
	}
	return state
}

// Thaw implements [storage.Thawer].
func (c *Cold) Thaw(ctx context.Context, info storage.Info, how storage.Thaw) (storage.State, error) {
	state, err := c.State(ctx, info)
	if err != nil {
		return state, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refuse != nil {
		return state, c.refuse
	}
	c.asked = append(c.asked, Asked{info.Key, how})
	if state == storage.Frozen {
		state = storage.Thawing
		c.state[info.Key] = state
	}
	return state, nil
}

// ThawTime implements [storage.Thawer].
func (c *Cold) ThawTime(class string, tier storage.Tier) (time.Duration, bool) {
	if class == ClassFrozen {
		return 12 * time.Hour, tier != storage.Expedited
	}
	return time.Hour, true
}
