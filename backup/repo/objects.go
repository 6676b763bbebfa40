package repo

import (
	"bytes"
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

// into is get with a buffer to use again and a size that is known.
func (o *objects) into(ctx context.Context, buf *bytes.Buffer, name format.Name, size int64) ([]byte, error) {
	r, err := o.store.Get(ctx, name.String(), 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, format.Fail(format.Missing, name.String(), "the store does not have it")
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	buf.Reset()
	buf.Grow(int(size) + bytes.MinRead)
	_, err = buf.ReadFrom(io.LimitReader(r, size+1))
	if errors.Is(err, io.ErrUnexpectedEOF) || err == nil && int64(buf.Len()) < size {
		return nil, format.Fail(format.Truncated, name.String(), "the store has %d of its %d bytes", buf.Len(), size)
	}
	if err != nil {
		return nil, err
	}
	if format.Sum(buf.Bytes()) != name.Hash {
		return nil, format.Fail(format.Flipped, name.String(), "its bytes do not have the hash in its name")
	}
	return buf.Bytes(), nil
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
