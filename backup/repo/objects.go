package repo

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// objects reads whole objects, verified against the hash in their names.
type objects struct {
	store storage.Reader
	cache Memory // may be nil
}

// get reads an object of at most limit bytes. A missing one, or one whose bytes
// do not hash to its name, is a failure with a class.
func (o *objects) get(ctx context.Context, name format.Name, limit int64) ([]byte, error) {
	data, err := readAll(ctx, o.store, name.String(), limit)
	if err != nil {
		return nil, err
	}
	if format.Sum(data) != name.Hash {
		return nil, format.Fail(format.Flipped, name.String(), "its bytes do not have the hash in its name")
	}
	return data, nil
}

// cached is get for small objects that this machine keeps as stored.
func (o *objects) cached(ctx context.Context, name format.Name, limit int64) ([]byte, error) {
	if o.cache != nil {
		if data := o.cache.CachedObject(name.Hash); data != nil {
			return data, nil
		}
	}
	data, err := o.get(ctx, name, limit)
	if err == nil && o.cache != nil {
		o.cache.CacheObject(name.Hash, data)
	}
	return data, err
}

func readAll(ctx context.Context, store storage.Reader, key string, limit int64) ([]byte, error) {
	r, err := store.Get(ctx, key, 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, format.Fail(format.Missing, key, "the store does not have it")
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, format.Fail(format.Truncated, key, "the store delivers less than all of it")
	}
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, format.Fail(format.Oversized, key, "longer than %d bytes", limit)
	}
	return data, nil
}

// into is get with a buffer to use again and a size that is known. It returns
// the object in the buffer or in a larger one.
func (o *objects) into(ctx context.Context, buf []byte, name format.Name, size int64) ([]byte, error) {
	r, err := o.store.Get(ctx, name.String(), 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return buf, format.Fail(format.Missing, name.String(), "the store does not have it")
	}
	if err != nil {
		return buf, err
	}
	defer r.Close()
	buf, err = fill(roomy(buf, int(size)+1), r)
	if errors.Is(err, io.ErrUnexpectedEOF) || err == nil && int64(len(buf)) < size {
		return buf, format.Fail(format.Truncated, name.String(), "the store has %d of its %d bytes", len(buf), size)
	}
	if errors.Is(err, errLonger) {
		return buf, format.Fail(format.Flipped, name.String(), "the store has more than its %d bytes", size)
	}
	if err != nil {
		return buf, err
	}
	if format.Sum(buf) != name.Hash {
		return buf, format.Fail(format.Flipped, name.String(), "its bytes do not have the hash in its name")
	}
	return buf, nil
}

// roomStep is what buffers are rounded up to: packs differ a little in size, and
// each should not need a new buffer.
const roomStep = 4 << 20

// roomy returns an empty buffer with room for n bytes, buf if it has it.
func roomy(buf []byte, n int) []byte {
	if cap(buf) >= n {
		return buf[:0]
	}
	if n > roomStep {
		n = (n + roomStep - 1) / roomStep * roomStep
	}
	return make([]byte, 0, n)
}

var errLonger = errors.New("longer than it can be")

// fill reads r to its end into the room of buf. More than fits is an error:
// whoever made the room knew how much there could be.
func fill(buf []byte, r io.Reader) ([]byte, error) {
	for len(buf) < cap(buf) {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
	return buf, errLonger
}

// listing is what the store has below a prefix, by parsed name, and the keys
// that are no objects.
type listing struct {
	names   []format.Name
	infos   []storage.Info
	unknown []string
}

func list(ctx context.Context, store storage.Reader, prefix string) (*listing, error) {
	l := &listing{}
	var infos []storage.Info
	for info, err := range store.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	// Stores promise order and no repetition. A head that came twice would look
	// like a fork, and be joined with itself: better to make sure.
	slices.SortStableFunc(infos, func(a, b storage.Info) int { return strings.Compare(a.Key, b.Key) })
	infos = slices.CompactFunc(infos, func(a, b storage.Info) bool { return a.Key == b.Key })
	for _, info := range infos {
		name, ok := format.ParseName(info.Key)
		if !ok {
			l.unknown = append(l.unknown, info.Key)
			continue
		}
		l.names = append(l.names, name)
		l.infos = append(l.infos, info)
	}
	return l, nil
}
