package storagetest

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"

	"chatkeep/providers/storage"
)

// Hostile is a store that attacks whoever uses it. It keeps two books. The honest
// one has whatever it was given to keep, as a good store would. The other is what
// it shows: it begins as a copy of the honest one, and the attack is what is done
// to it. So it can be looked at afterwards whether anybody was led to do harm to
// what a good store would still have.
//
// What Shown has is seen alike by Get, Stat and List. The fields are for lies
// that no state of a store can tell. They are set before the first request.
type Hostile struct {
	honest, shown *Memory

	// Lists lies about a listing: what it returns is yielded in place of seq.
	Lists func(prefix string, seq iter.Seq2[storage.Info, error]) iter.Seq2[storage.Info, error]
	// Body lies about the bytes of an object: what it returns is read in place
	// of body.
	Body func(key string, body io.ReadCloser) io.ReadCloser
	// Forgets reports whether a put of this key is said to be done, and is not.
	Forgets func(key string) bool
	// Silent, if set, is called by each request, none of which is answered
	// before its context ends.
	Silent func()
}

// NewHostile makes a store over an honest one, and does no harm yet.
func NewHostile(honest *Memory) *Hostile {
	return &Hostile{honest: honest, shown: honest.Clone()}
}

// Shown is what the store shows, to be tampered with.
func (h *Hostile) Shown() *Memory { return h.shown }

// ShowOld makes the store show an earlier state of the place, and what is put
// from now on.
func (h *Hostile) ShowOld(old *Memory) { h.shown = old.Clone() }

// Hide makes objects look as if they were not there.
func (h *Hostile) Hide(keys ...string) {
	for _, key := range keys {
		h.shown.Tamper(key, nil)
	}
}

// Swap shows two objects each in the other's place.
func (h *Hostile) Swap(a, b string) {
	x, y := h.shown.Bytes(a), h.shown.Bytes(b)
	h.shown.Tamper(a, y)
	h.shown.Tamper(b, x)
}

// Flip changes one bit in the middle of an object.
func (h *Hostile) Flip(key string) {
	data := h.shown.Bytes(key)
	data[len(data)/2] ^= 0x10
	h.shown.Tamper(key, data)
}

// Cut leaves the first half of an object.
func (h *Hostile) Cut(key string) {
	data := h.shown.Bytes(key)
	h.shown.Tamper(key, data[:len(data)/2])
}

// Extend adds bytes to the end of an object.
func (h *Hostile) Extend(key string) {
	h.shown.Tamper(key, append(h.shown.Bytes(key), "and more"...))
}

// silence waits for the end of ctx where the store does not answer.
func (h *Hostile) silence(ctx context.Context, op Op, key string) error {
	if h.Silent == nil {
		return nil
	}
	h.Silent()
	<-ctx.Done()
	return &storage.Error{Op: string(op), Key: key, Place: "hostile", Err: ctx.Err()}
}

// Put implements [storage.Store].
func (h *Hostile) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if err := h.silence(ctx, OpPut, key); err != nil {
		return storage.Info{}, err
	}
	if h.Forgets != nil && h.Forgets(key) {
		return storage.Info{Key: key, Size: int64(len(data))}, nil
	}
	if _, err := h.honest.Put(ctx, key, data); err != nil && !errors.Is(err, fs.ErrExist) {
		return storage.Info{}, err
	}
	return h.shown.Put(ctx, key, data)
}

// Delete implements [storage.Store].
func (h *Hostile) Delete(ctx context.Context, key string) error {
	if err := h.silence(ctx, OpDelete, key); err != nil {
		return err
	}
	if err := h.honest.Delete(ctx, key); err != nil {
		return err
	}
	return h.shown.Delete(ctx, key)
}

// Stat implements [storage.Reader].
func (h *Hostile) Stat(ctx context.Context, key string) (storage.Info, error) {
	if err := h.silence(ctx, OpStat, key); err != nil {
		return storage.Info{}, err
	}
	return h.shown.Stat(ctx, key)
}

// Get implements [storage.Reader].
func (h *Hostile) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := h.silence(ctx, OpGet, key); err != nil {
		return nil, err
	}
	body, err := h.shown.Get(ctx, key, offset, length)
	if err != nil || h.Body == nil {
		return body, err
	}
	return h.Body(key, body), nil
}

// List implements [storage.Reader].
func (h *Hostile) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if err := h.silence(ctx, OpList, prefix); err != nil {
			yield(storage.Info{}, err)
			return
		}
		seq := h.shown.List(ctx, prefix)
		if h.Lists != nil {
			seq = h.Lists(prefix, seq)
		}
		seq(yield)
	}
}

// ListTwice yields each entry twice.
func ListTwice(_ string, seq iter.Seq2[storage.Info, error]) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for info, err := range seq {
			for range 2 {
				if !yield(info, err) || err != nil {
					return
				}
			}
		}
	}
}

// ListAgain yields the listing again and again, without an end, as a server does
// that gives the same page for each.
func ListAgain(_ string, seq iter.Seq2[storage.Info, error]) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for {
			entries := 0
			for info, err := range seq {
				entries++
				if !yield(info, err) || err != nil {
					return
				}
			}
			if entries == 0 {
				return // nothing comes of it, however often
			}
		}
	}
}

// ListShort ends a listing, with no error, in the middle.
func ListShort(_ string, seq iter.Seq2[storage.Info, error]) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		var all []storage.Info
		for info, err := range seq {
			if err != nil {
				yield(info, err)
				return
			}
			all = append(all, info)
		}
		for _, info := range all[:len(all)/2] {
			if !yield(info, nil) {
				return
			}
		}
	}
}

// ListBackwards yields a listing from its end to its beginning.
func ListBackwards(_ string, seq iter.Seq2[storage.Info, error]) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		var all []storage.Info
		for info, err := range seq {
			if err != nil {
				yield(info, err)
				return
			}
			all = append(all, info)
		}
		for i := range all {
			if !yield(all[len(all)-1-i], nil) {
				return
			}
		}
	}
}

// ListChanged yields each entry as change leaves it.
func ListChanged(change func(*storage.Info)) func(string, iter.Seq2[storage.Info, error]) iter.Seq2[storage.Info, error] {
	return func(_ string, seq iter.Seq2[storage.Info, error]) iter.Seq2[storage.Info, error] {
		return func(yield func(storage.Info, error) bool) {
			for info, err := range seq {
				change(&info)
				if !yield(info, err) {
					return
				}
			}
		}
	}
}

// Drip gives a body one byte at a time.
func Drip(_ string, body io.ReadCloser) io.ReadCloser { return &drip{body} }

type drip struct{ io.ReadCloser }

func (d *drip) Read(p []byte) (int, error) {
	if len(p) > 1 {
		p = p[:1]
	}
	return d.ReadCloser.Read(p)
}

// Endless gives a body that goes on for ever after its end.
func Endless(_ string, body io.ReadCloser) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(body, more{}), body}
}

// more is zero bytes without an end.
type more struct{}

func (more) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

var _ storage.Store = (*Hostile)(nil)
