package repo

import (
	"context"
	"errors"

	"chatkeep/backup/format"
)

// stray is the error of a signed object of which it is certain that nobody
// entitled made it. It is as if it were not there, but for the noise.
type stray struct{ failure *format.Error }

func (e *stray) Error() string { return e.failure.Error() }

func (e *stray) Unwrap() error { return e.failure }

// problem is the failure with what to do about it.
func (e *stray) problem() *format.Error {
	p := *e.failure
	p.Cure = "it counts for nothing: delete it, or pass over it with --accept " + string(p.Class)
	return &p
}

// openSigned reads a signed object and opens it. The error is a *stray where it
// is whole, and nobody entitled made it: it is no envelope, another key signed
// it, or it stands where its statement does not belong. What the right key
// signed and this program cannot read is another matter, and so is what is
// damaged.
func openSigned[T any](ctx context.Context, source *objects, name format.Name, open func(object []byte) (T, error)) (T, error) {
	var object []byte
	t, err := cached(ctx, source, name, format.MaxSigned, func(data []byte) (T, error) {
		object = data
		return open(data)
	})
	var f *format.Error
	if errors.As(err, &f) && isStray(f, object) {
		return t, &stray{f}
	}
	return t, err
}

func isStray(f *format.Error, object []byte) bool {
	if object == nil {
		return f.Class == format.Oversized // no signed object is as long
	}
	switch f.Class {
	case format.BadSignature, format.WrongWriter, format.WrongRepository, format.WrongPlace:
		return true
	}
	_, err := format.ParseEnvelope(object, format.MaxSigned)
	return err != nil
}
