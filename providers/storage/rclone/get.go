package rclone

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/ranged"
)

// Get implements [storage.Reader]. A connection that breaks while the object is
// read is made anew for the rest.
func (s *Store) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := storage.CheckKey(ctx, key); err != nil {
		return nil, s.trouble("get", key, err)
	}
	return ranged.Get(ctx, &object{store: s, key: key}, offset, length)
}

// object is one to read from.
type object struct {
	store *Store
	key   string
	child *child // that gave the last answer
}

var _ ranged.Object = (*object)(nil)

func (o *object) Size(ctx context.Context) (int64, error) {
	info, err := o.store.stat(ctx, o.key)
	return info.Size, err
}

func (o *object) Ask(ctx context.Context, words string) (*ranged.Answer, error) {
	for tries := 0; ; tries++ {
		var given *ranged.Answer
		err := o.store.do(ctx, func(ctx context.Context, c *child) (err error) {
			given, err = o.ask(ctx, c, words)
			return err
		})
		var said *refusal
		if !errors.As(err, &said) || !said.bare || said.status != http.StatusNotFound {
			return given, o.store.absent(ctx, err)
		}
		// The object is there, but rclone could not open it. Why it does not
		// say here.
		if tries >= o.store.tuning.resumes {
			return nil, &unopened{o.store.remote, o.key}
		}
		if err := sleep(ctx, o.store.tuning.pause); err != nil {
			return nil, err
		}
	}
}

// ask makes one request.
func (o *object) ask(ctx context.Context, c *child, words string) (*ranged.Answer, error) {
	address := url.URL{Scheme: "http", Host: "rclone", Path: "/[" + alias + ":]/" + o.key}
	// The stream outlives this call, so it is under the context of the whole read.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, err
	}
	if words != "" {
		req.Header.Set("Range", words)
	}
	resp, err := c.send(req)
	if err != nil {
		var said *refusal
		if errors.As(err, &said) && said.status == http.StatusRequestedRangeNotSatisfiable {
			return nil, ranged.ErrRange
		}
		return nil, err
	}
	o.store.there()
	c.pending.Add(1)
	o.child = c
	return &ranged.Answer{Status: resp.StatusCode, Header: resp.Header, Body: &stream{resp.Body, c}}, nil
}

// stream is an answer that somebody waits for until it is closed, once.
type stream struct {
	io.ReadCloser
	child *child
}

func (s *stream) Close() error {
	s.child.pending.Add(-1)
	return s.ReadCloser.Close()
}

func (o *object) Broken(ctx context.Context, cause error, barren int) error {
	if o.child.hung.Load() {
		return errors.Join(&lost{cause}, o.child.death())
	}
	if barren >= o.store.tuning.resumes {
		return &lost{cause}
	}
	return sleep(ctx, o.store.tuning.pause)
}

func (o *object) Trouble(err error) error { return o.store.trouble("get", o.key, err) }

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
