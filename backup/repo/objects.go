package repo

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
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

// cached is get for small objects that this machine keeps as stored, and opens
// them. Only what open takes is kept: whoever may create objects could else fill
// this machine's disk.
func cached[T any](ctx context.Context, o *objects, name format.Name, limit int64, open func(object []byte) (T, error)) (T, error) {
	if o.cache != nil {
		if data := o.cache.CachedObject(name.Hash); data != nil {
			return open(data)
		}
	}
	data, err := o.get(ctx, name, limit)
	if err != nil {
		var none T
		return none, err
	}
	t, err := open(data)
	if err == nil && o.cache != nil {
		o.cache.CacheObject(name.Hash, data)
	}
	return t, err
}

func readAll(ctx context.Context, store storage.Reader, key string, limit int64) ([]byte, error) {
	r, err := store.Get(ctx, key, 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(key, err)
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

// missing is the failure that an object is not there, with the cure that the store
// knows.
func missing(key string, err error) *format.Error {
	f := format.Fail(format.Missing, key, "the store does not have it")
	var told *storage.Error
	if errors.As(err, &told) {
		f.Cure = told.Cure
	}
	return f
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

// maxListed bounds how many objects a listing may have. It is beyond what a
// repository can hold, and what a machine can.
const maxListed = 20_000_000

// listed is what the store has below a prefix, objects and others, with an end.
func listed(ctx context.Context, store storage.Reader, prefix string) iter.Seq2[storage.Info, error] {
	return atMost(maxListed, prefix, store.List(ctx, prefix))
}

func atMost(limit int, prefix string, infos iter.Seq2[storage.Info, error]) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		n, again := 0, repeats{}
		for info, err := range infos {
			n++
			switch {
			case err != nil:
			case n > limit:
				info, err = storage.Info{}, format.Fail(format.Oversized, "listing of "+prefix, "more than %d objects", limit)
			case again.count(info.Key) > maxRepeats:
				info, err = storage.Info{}, format.Fail(format.Oversized, "listing of "+prefix, "the store names the same objects over and over")
			}
			if !yield(info, err) || err != nil {
				return
			}
		}
	}
}

// maxRepeats is how often a listing may name what it has named before. Stores
// promise never to, and a few times do no harm; one that gives the same page
// again and again would go on for ever.
const maxRepeats = 1000

// repeats counts what comes again in a listing. As long as the keys ascend, none
// does, and nothing has to be remembered.
type repeats struct {
	last string
	seen map[string]bool // from the first key on that was out of order
	n    int
}

func (r *repeats) count(key string) int {
	if r.seen == nil && key <= r.last {
		r.seen = map[string]bool{r.last: true}
	}
	if r.seen != nil {
		if r.seen[key] {
			r.n++
		}
		r.seen[key] = true
	}
	r.last = key
	return r.n
}

// list returns the names of the objects below a prefix, in order. Keys that are
// no objects are left out.
func list(ctx context.Context, store storage.Reader, prefix string) ([]format.Name, error) {
	var names []format.Name
	for info, err := range listed(ctx, store, prefix) {
		if err != nil {
			return nil, err
		}
		if name, ok := format.ParseName(info.Key); ok && strings.HasPrefix(info.Key, prefix) {
			names = append(names, name)
		}
	}
	// Stores promise order and no repetition. A head that came twice would look
	// like a fork, and be joined with itself: better to make sure.
	slices.SortFunc(names, compareNames)
	return slices.Compact(names), nil
}

// compareNames orders the names of objects of one type: as their keys do.
func compareNames(a, b format.Name) int {
	return cmp.Or(a.Writer.Compare(b.Writer), cmp.Compare(a.N, b.N), a.Hash.Compare(b.Hash))
}
