// Package ranged reads a part of an object from a server, exactly. Connections break:
// then it asks for the rest. Servers ignore ranges, give others, or more, or replace
// an object while it is read: then what they give is not taken.
//
// The ranges are those of HTTP, https://www.rfc-editor.org/rfc/rfc9110#name-range-requests.
package ranged

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
)

// Object is an object on a server, and how to ask for it.
type Object interface {
	// Size is how many bytes it has.
	Size(ctx context.Context) (int64, error)
	// Ask asks for a range, in the words of the header Range, or for the whole object
	// where there are none. Its error is ErrRange where the server has no such range.
	Ask(ctx context.Context, words string) (*Answer, error)
	// Broken judges a connection that broke off, as the next after so many in a row
	// of which no byte came. Where its error is nil the rest is asked for.
	Broken(ctx context.Context, cause error, barren int) error
	// Trouble makes an error one of the store's.
	Trouble(err error) error
}

// Answer is a server's answer that it has what was asked for.
type Answer struct {
	Status int
	Header http.Header
	Body   io.ReadCloser
}

// ErrRange says that a range is not in the object.
var ErrRange = fmt.Errorf("no such range: %w", io.ErrUnexpectedEOF)

// Get gives length bytes of an object from offset on, or where length is negative all
// from there, as a store promises it. The context is that of the whole read.
func Get(ctx context.Context, object Object, offset, length int64) (io.ReadCloser, error) {
	r := &reader{ctx: ctx, object: object, at: offset, left: length, body: http.NoBody}
	if err := r.open(); err != nil {
		return nil, object.Trouble(err)
	}
	return r, nil
}

type reader struct {
	ctx    context.Context
	object Object
	at     int64
	left   int64 // negative: to the end, until the server tells where that is
	body   io.ReadCloser
	etag   string
	barren int // connections made since the last byte came
}

func (r *reader) open() error {
	if r.at < 0 {
		return fmt.Errorf("offset %d: %w", r.at, fs.ErrInvalid)
	}
	if r.left == 0 || r.left > math.MaxInt64-r.at {
		return r.openNothing() // no range says this
	}
	toEnd := r.left < 0
	err := r.connect()
	if toEnd && errors.Is(err, ErrRange) {
		r.left = 0
		return r.openNothing() // the end is a place, too
	}
	return err
}

// openNothing is for no bytes, of an object that must reach as far as their place.
func (r *reader) openNothing() error {
	size, err := r.object.Size(r.ctx)
	if err == nil && (r.left != 0 || r.at > size) {
		return fmt.Errorf("beyond byte %d: %w", size, ErrRange)
	}
	return err
}

// connect asks for what is left.
func (r *reader) connect() error {
	answer, err := r.object.Ask(r.ctx, words(r.at, r.left))
	if err != nil {
		return err
	}
	if err := r.accept(answer); err != nil {
		answer.Body.Close()
		return err
	}
	r.body = answer.Body
	return nil
}

func (r *reader) Read(p []byte) (int, error) {
	for {
		if err := r.ctx.Err(); err != nil {
			return 0, r.object.Trouble(err)
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
			r.barren = 0
			return n, nil // the error comes again
		}
		if err == nil {
			return 0, nil
		}
		if err := r.resume(err); err != nil {
			return 0, r.object.Trouble(err)
		}
	}
}

// resume connects anew after the body broke off.
func (r *reader) resume(cause error) error {
	r.Close()
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	if cause == io.EOF {
		cause = io.ErrUnexpectedEOF
	}
	if err := r.object.Broken(r.ctx, cause, r.barren); err != nil {
		return fmt.Errorf("broke off at byte %d: %w", r.at, err)
	}
	r.barren++
	return r.connect()
}

// Close closes a connection once, however often it is called.
func (r *reader) Close() error {
	body := r.body
	r.body = http.NoBody
	return body.Close()
}
