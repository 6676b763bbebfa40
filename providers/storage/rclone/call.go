package rclone

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tuning are the times of a store. Tests have shorter ones.
type tuning struct {
	start    time.Duration // for a child to open its socket
	glance   time.Duration // between looks for it
	beat     time.Duration // between signs of life, while something is asked
	silence  time.Duration // for one of them
	farewell time.Duration // for a child to end by itself
	stale    time.Duration // since when a directory is left over
	proof    time.Duration // for which a place is taken to be there
	pause    time.Duration // before a read is tried again
	resumes  int           // of one Get without progress
}

var standard = tuning{
	start: 30 * time.Second, glance: 10 * time.Millisecond, beat: 10 * time.Second, silence: 30 * time.Second,
	farewell: 2 * time.Second, stale: time.Hour, proof: time.Minute, pause: 2 * time.Second, resumes: 4,
}

// maxParallel is how many requests rclone gets at once. The services behind it
// answer more of them with delays.
const maxParallel = 8

// maxAnswer bounds an answer that is no listing and no object.
const maxAnswer = 1 << 20

// params are those of a call, as JSON.
type params map[string]any

// call makes one call of rclone's remote control and decodes the answer into
// out, where out is not nil.
func (c *child) call(ctx context.Context, method string, in params, out any) error {
	body, err := c.open(ctx, method, in)
	if err != nil {
		return err
	}
	defer body.Close()
	if out == nil {
		out = &struct{}{}
	}
	return c.cutOff(ctx, noEOF(json.NewDecoder(io.LimitReader(body, maxAnswer)).Decode(out)))
}

// open makes one call and gives the answer as it comes.
func (c *child) open(ctx context.Context, method string, in params) (io.ReadCloser, error) {
	if in == nil {
		in = params{}
	}
	text, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://rclone/"+method, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.send(req)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// send makes a request. Answers that are no success are errors.
func (c *child) send(req *http.Request) (*http.Response, error) {
	req.SetBasicAuth(c.user, c.password)
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, c.broken(req.Context(), err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, c.broken(req.Context(), err)
	}
	return nil, parseRefusal(resp.StatusCode, text)
}

// parseRefusal reads an answer that is no success.
func parseRefusal(status int, text []byte) *refusal {
	var said struct{ Error string }
	if json.Unmarshal(text, &said) != nil || said.Error == "" {
		return &refusal{status: status, bare: true, message: clean(http.StatusText(status))}
	}
	return &refusal{status: status, message: clean(said.Error)}
}

// broken is what became of a request whose connection broke.
func (c *child) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return &lost{err}
}

// cutOff tells an answer that broke off from one that is none of rclone's.
func (c *child) cutOff(ctx context.Context, err error) error {
	var op net.Error
	if ctx.Err() != nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &op) {
		return c.broken(ctx, err)
	}
	return err
}

// death tells why a child that ended did.
func (c *child) death() error {
	if c.hung.Load() {
		return &silent{c.said.last()}
	}
	return &died{c.said.last()}
}

// do runs a request on a running child. Where the child dies of it, or died
// before, there is one more try with a new one.
func (s *Store) do(ctx context.Context, ask func(ctx context.Context, c *child) error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for tries := 1; ; tries++ {
		c, err := s.running(ctx)
		if err != nil {
			return err
		}
		c.pending.Add(1)
		err = ask(ctx, c)
		c.pending.Add(-1)
		var broke *lost
		if !errors.As(err, &broke) {
			return err
		}
		err = c.mourn(ctx, s.tuning.farewell, broke)
		var ended *died
		if tries > 1 || !errors.As(err, &ended) {
			return err
		}
	}
}

// running returns the child, and starts one where there is none.
func (s *Store) running(ctx context.Context) (*child, error) {
	select {
	case s.starting <- struct{}{}:
		defer func() { <-s.starting }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.closed {
		return nil, errClosed
	}
	if s.child != nil && !s.child.dead() {
		return s.child, nil
	}
	if s.child != nil {
		s.child.end(s.tuning.farewell)
		s.child = nil
	}
	c, err := launch(ctx, s.program, s.config, s.remote, s.tuning)
	if err != nil {
		return nil, err
	}
	s.child = c
	return c, nil
}

var errClosed = errors.New("the store is closed")

// Close ends rclone. Requests after it fail.
func (s *Store) Close() error {
	s.starting <- struct{}{}
	defer func() { <-s.starting }()
	s.closed = true
	if s.child != nil {
		s.child.end(s.tuning.farewell)
		s.child = nil
	}
	return nil
}

// oldest is the first version of rclone that names unfinished uploads as it is
// told to, and reports all errors as JSON.
var oldest = [2]int{1, 65}

func checkVersion(text string) error {
	var major, minor int
	if _, err := fmt.Sscanf(strings.TrimPrefix(text, "v"), "%d.%d", &major, &minor); err != nil {
		return &unusable{fmt.Sprintf("rclone says that its version is %q", clean(text)), cureInstall}
	}
	if major < oldest[0] || major == oldest[0] && minor < oldest[1] {
		return &unusable{fmt.Sprintf("rclone is too old: %s, not %d.%d or later", clean(text), oldest[0], oldest[1]), cureInstall}
	}
	return nil
}
