package rclone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"chatkeep/providers/storage"
)

// Store is a folder of one of rclone's remotes.
type Store struct {
	text    string // the location, as it may be shown
	remote  string // as rclone knows it, "name:path"
	program string
	config  string
	tuning  tuning
	slots   chan struct{} // one for each request that rclone works on

	starting chan struct{} // held while child and closed are looked at
	child    *child        // nil before the first request
	closed   bool

	keys     keyLocks
	seen     atomic.Pointer[time.Time] // when the place was last known to be there
	features features
}

// features are what rclone says of the place, in its own words.
type features struct {
	Root     string // the folder, where the place is one of this machine
	Features struct {
		IsLocal        bool
		PartialUploads bool // files show while they are being uploaded
		Move           bool
	}
}

var _ interface {
	storage.Store
	storage.Local
	Close() error
} = (*Store)(nil)

func newStore(location storage.Location, remote string, tuning tuning) *Store {
	program := location.Values[settingProgram]
	if program == "" {
		program = "rclone"
	}
	return &Store{
		text: storage.Redact(location.Text), remote: remote, program: program, config: location.Values[settingConfig],
		tuning: tuning, slots: make(chan struct{}, maxParallel), starting: make(chan struct{}, 1),
	}
}

// prepare looks at the place, and makes it where it may.
func (s *Store) prepare(ctx context.Context, create bool) error {
	if err := s.ask(ctx, "operations/fsinfo", nil, &s.features); err != nil {
		return s.trouble("open", "", err)
	}
	err := s.look(ctx)
	if create && isMissing(err) {
		if err = s.ask(ctx, "operations/mkdir", params{"remote": ""}, nil); err == nil {
			err = s.look(ctx)
		}
	}
	if err != nil {
		return s.trouble("open", "", noPlace(err))
	}
	return nil
}

// Root is the folder on this machine where the place is one, else "".
func (s *Store) Root() string {
	if !s.features.Features.IsLocal {
		return ""
	}
	return s.features.Root
}

// ask makes a call about the place.
func (s *Store) ask(ctx context.Context, method string, in params, out any) error {
	if in == nil {
		in = params{}
	}
	in["fs"] = alias + ":"
	return s.do(ctx, func(ctx context.Context, c *child) error { return c.call(ctx, method, in, out) })
}

// look finds out whether the place is there. Services without folders have all
// of them.
func (s *Store) look(ctx context.Context) error {
	err := s.do(ctx, func(ctx context.Context, c *child) error {
		body, err := c.open(ctx, "operations/list", params{"fs": alias + ":", "remote": "", "opt": plain})
		if err != nil {
			return err
		}
		return body.Close()
	})
	if err == nil {
		s.there()
	}
	return err
}

// plain leaves out what costs requests and is not needed.
var plain = params{"noModTime": true, "noMimeType": true}

// there notes that the place is.
func (s *Store) there() {
	now := time.Now()
	s.seen.Store(&now)
}

// sure is look, where that was not known a moment ago. An upload would make a
// folder that vanished anew.
func (s *Store) sure(ctx context.Context) error {
	if seen := s.seen.Load(); seen != nil && time.Since(*seen) < s.tuning.proof {
		return nil
	}
	return noPlace(s.look(ctx))
}

// Stat implements [storage.Reader].
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	info, err := s.stat(ctx, key)
	if err != nil {
		return storage.Info{}, s.trouble("stat", key, err)
	}
	return info, nil
}

func (s *Store) stat(ctx context.Context, key string) (storage.Info, error) {
	if err := storage.CheckKey(ctx, key); err != nil {
		return storage.Info{}, err
	}
	item, err := s.find(ctx, key)
	if err != nil {
		return storage.Info{}, s.absent(ctx, err)
	}
	return storage.Info{Key: key, Size: item.Size}, nil
}

// item is a file as rclone lists it.
type item struct {
	Path  string
	Size  int64
	IsDir bool
}

// find asks for one file.
func (s *Store) find(ctx context.Context, key string) (item, error) {
	var answer struct{ Item *item }
	in := params{"remote": key, "opt": params{"noModTime": true, "noMimeType": true, "filesOnly": true}}
	if err := s.ask(ctx, "operations/stat", in, &answer); err != nil {
		return item{}, err
	}
	if answer.Item == nil || answer.Item.IsDir {
		return item{}, fmt.Errorf("object not found: %w", fs.ErrNotExist)
	}
	s.there()
	return *answer.Item, nil
}

// absent makes a missing object a missing place where that is gone.
func (s *Store) absent(ctx context.Context, err error) error {
	if !isMissing(err) {
		return err
	}
	if gone := s.look(ctx); gone != nil {
		return noPlace(gone)
	}
	return fmt.Errorf("object not found: %w", fs.ErrNotExist)
}

// Delete implements [storage.Store]. Some services move files to a trash.
func (s *Store) Delete(ctx context.Context, key string) error {
	err := storage.CheckKey(ctx, key)
	if err == nil {
		err = s.ask(ctx, "operations/deletefile", params{"remote": key}, nil)
	}
	if err != nil {
		err = s.absent(ctx, err)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.trouble("delete", key, err)
}

// keyLocks has puts of one key come one after the other.
type keyLocks struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when the key is free
}

// lock waits until nobody else puts key, and returns what frees it.
func (k *keyLocks) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		k.mu.Lock()
		other, taken := k.held[key]
		if !taken {
			if k.held == nil {
				k.held = map[string]chan struct{}{}
			}
			mine := make(chan struct{})
			k.held[key] = mine
			k.mu.Unlock()
			return func() {
				k.mu.Lock()
				delete(k.held, key)
				k.mu.Unlock()
				close(mine)
			}, nil
		}
		k.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
