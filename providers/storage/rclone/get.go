package rclone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Get implements [storage.Reader]. A connection that breaks while the object is
// read is made anew for the rest.
func (s *Store) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	r, err := s.get(ctx, key, offset, length)
	if err != nil {
		return nil, s.trouble("get", key, err)
	}
	return r, nil
}

func (s *Store) get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := check(ctx, key); err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, fmt.Errorf("offset %d: %w", offset, fs.ErrInvalid)
	}
	if length == 0 || length > math.MaxInt64-offset {
		// No range says this, so the object's size decides.
		return s.getNothing(ctx, key, offset, length)
	}
	r := &reader{ctx: ctx, store: s, key: key, at: offset, left: length}
	err := r.connect()
	if length < 0 && errors.Is(err, errRange) {
		return s.getNothing(ctx, key, offset, 0)
	}
	if err != nil {
		return nil, s.absent(ctx, err)
	}
	return r, nil
}

// getNothing gives the empty stream if the object reaches as far as offset and
// no further bytes are asked for.
func (s *Store) getNothing(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	info, err := s.stat(ctx, key)
	if err != nil {
		return nil, err
	}
	if length != 0 || offset > info.Size {
		return nil, fmt.Errorf("beyond byte %d: %w", info.Size, errRange)
	}
	return &reader{ctx: ctx, store: s, key: key, body: http.NoBody}, nil
}

// errRange says that a range is not in the object.
var errRange = fmt.Errorf("no such range: %w", io.ErrUnexpectedEOF)

// reader gives a part of an object, exactly.
type reader struct {
	ctx   context.Context
	store *Store
	key   string
	at    int64
	left  int64 // negative: to the end, until rclone tells where that is
	child *child
	body  io.ReadCloser
	stuck int // connections made since the last byte came
}

// connect asks for what is left.
func (r *reader) connect() error {
	for {
		err := r.store.do(r.ctx, r.ask)
		var said *refusal
		if !errors.As(err, &said) || !said.bare || said.status != http.StatusNotFound {
			return err
		}
		// The object is there, but rclone could not open it. Why it does not
		// say here.
		if r.stuck >= r.store.tuning.resumes {
			return &unopened{r.store.remote, r.key}
		}
		r.stuck++
		if err := sleep(r.ctx, r.store.tuning.pause); err != nil {
			return err
		}
	}
}

// ask makes one request.
func (r *reader) ask(ctx context.Context, c *child) error {
	address := url.URL{Scheme: "http", Host: "rclone", Path: "/[" + alias + ":]/" + r.key}
	// The stream outlives this call, so it is under the reader's context.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return err
	}
	switch {
	case r.left >= 0:
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", r.at, r.at+r.left-1))
	case r.at > 0:
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", r.at))
	}
	resp, err := c.send(req)
	if err != nil {
		var said *refusal
		if errors.As(err, &said) && said.status == http.StatusRequestedRangeNotSatisfiable {
			return errRange
		}
		return err
	}
	if err := r.accept(resp); err != nil {
		resp.Body.Close()
		return err
	}
	r.store.there()
	c.pending.Add(1)
	r.child, r.body = c, resp.Body
	return nil
}

// accept holds an answer against what was asked for.
func (r *reader) accept(resp *http.Response) error {
	size, err := strconv.ParseInt(resp.Header.Get("Content-Length"), 10, 64)
	if err != nil || size < 0 {
		return errors.New("rclone does not tell the length of its answer")
	}
	asked := r.at > 0 || r.left >= 0
	switch {
	case asked && resp.StatusCode == http.StatusOK && size == 0:
		return errRange // ranges of empty objects are not looked at
	case asked && resp.StatusCode != http.StatusPartialContent:
		return errors.New("rclone ignores ranges")
	case asked && !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", r.at)):
		return errors.New("rclone gives another range than the one asked for")
	}
	switch {
	case r.left < 0:
		r.left = size
	case size < r.left:
		return fmt.Errorf("%d bytes from %d on, of %d: %w", r.left, r.at, r.at+size, errRange)
	case size > r.left:
		return errors.New("rclone gives more than asked for")
	}
	return nil
}

func (r *reader) Read(p []byte) (int, error) {
	for {
		if err := r.ctx.Err(); err != nil {
			return 0, r.store.trouble("get", r.key, err)
		}
		if r.left == 0 {
			return 0, io.EOF
		}
		if int64(len(p)) > r.left {
			p = p[:r.left]
		}
		n, err := r.body.Read(p)
		r.at += int64(n)
		r.left -= int64(n)
		if n > 0 {
			r.stuck = 0
			return n, nil // the error comes again
		}
		if err == nil {
			return 0, nil
		}
		if err := r.resume(err); err != nil {
			return 0, r.store.trouble("get", r.key, err)
		}
	}
}

// resume connects anew after the body broke off.
func (r *reader) resume(cause error) error {
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	if cause == io.EOF {
		cause = io.ErrUnexpectedEOF
	}
	broken := fmt.Errorf("broke off at byte %d: %w", r.at, &lost{cause})
	if r.child != nil && r.child.hung.Load() {
		return errors.Join(broken, r.child.death())
	}
	if r.stuck >= r.store.tuning.resumes {
		return broken
	}
	r.stuck++
	r.Close()
	if err := sleep(r.ctx, r.store.tuning.pause); err != nil {
		return err
	}
	return r.store.absent(r.ctx, r.connect())
}

// Close implements [io.Closer].
func (r *reader) Close() error {
	if r.child != nil {
		r.child.pending.Add(-1)
		r.child = nil
	}
	body := r.body
	r.body = http.NoBody // for Close, if there will be no other
	return body.Close()
}

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
