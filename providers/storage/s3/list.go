package s3

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"

	"github.com/minio/minio-go/v7"

	"chatkeep/providers/storage"
)

// List implements [storage.Reader]. It holds one page of a thousand names.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return s.list(ctx, prefix, (*listing).run)
}

// list has run list from behind the last name on, again where that breaks off.
func (s *Store) list(ctx context.Context, prefix string, run func(*listing, context.Context) error) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if !storage.ValidPrefix(prefix) && ctx.Err() == nil {
			return
		}
		l := &listing{store: s, prefix: prefix, yield: yield}
		for {
			before := l.last
			err := s.retry(ctx, func(ctx context.Context) error { return run(l, ctx) })
			if err == nil || l.stopped {
				return
			}
			// A long listing may break off more than once. As long as it goes
			// on in between it gets new patience.
			if l.last == before || !classify(err).passing || ctx.Err() != nil {
				yield(storage.Info{}, s.trouble("list", "", err))
				return
			}
		}
	}
}

// errStop says that the consumer has seen enough.
var errStop = errors.New("stop")

type listing struct {
	store  *Store
	prefix string
	yield  func(storage.Info, error) bool
	last   string // the last name seen, with the store's prefix
	// stopped says that the consumer has seen enough. The error of the run may be
	// that its context has ended meanwhile.
	stopped bool
	pages   atomic.Int64
}

// maxBarren is how many pages in a row may have nothing new in them. A server may
// give some, where much was deleted; one that says each time that there is more
// would else be asked for ever, and nobody would see a name.
const maxBarren = 1000

type pagesKey struct{}

// turnPage counts a page of the listing that a context is of.
func turnPage(ctx context.Context) error {
	pages, ok := ctx.Value(pagesKey{}).(*atomic.Int64)
	if ok && pages.Add(1) > maxBarren {
		return errEndless
	}
	return nil
}

// errEndless is for a server whose listing does not end.
var errEndless = errors.New("the server lists without an end")

// run lists from behind the last name on.
func (l *listing) run(ctx context.Context) error {
	ctx = context.WithValue(ctx, pagesKey{}, &l.pages)
	owner := false
	for o := range l.store.client.ListObjectsIter(ctx, l.store.bucket, minio.ListObjectsOptions{
		Prefix: l.store.prefix + l.prefix, Recursive: true, StartAfter: l.last, FetchOwner: &owner,
	}) {
		if o.Err != nil {
			return o.Err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.entry(o); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err // the library then just ends
	}
	l.store.there.Store(true)
	return nil
}

func (l *listing) entry(o minio.ObjectInfo) error {
	if o.Key <= l.last {
		// The contract's order is S3's own, of UTF-8 bytes. Directory buckets
		// have none.
		return fmt.Errorf("the server lists %q after %q: %w", shorten(o.Key), shorten(l.last), errDisorder)
	}
	l.last = o.Key
	l.pages.Store(0)
	key, ok := strings.CutPrefix(o.Key, l.store.prefix)
	if !ok || !strings.HasPrefix(key, l.prefix) || !storage.ValidKey(key) {
		return nil
	}
	if !l.yield(storage.Info{Key: key, Size: o.Size, Time: o.LastModified, Class: clean(o.StorageClass)}, nil) {
		l.stopped = true
		return errStop
	}
	return nil
}

var errDisorder = errors.New("listings out of order are of no use")
