package storagetest

import (
	"context"
	"io"
	"iter"
	"strings"
	"sync"

	"chatkeep/providers/storage"
)

// Count is what one kind of request came to.
type Count struct {
	Requests int64
	// Bytes were given to Put, whether it succeeded or not, or read from what
	// Get returned.
	Bytes int64
	// Entries were yielded by List.
	Entries int64
}

// Counting is a store that counts what passes through it.
type Counting struct {
	store storage.Store

	mu     sync.Mutex
	counts map[countKey]Count
}

type countKey struct {
	op     Op
	folder string
}

// NewCounting makes a store over another that counts.
func NewCounting(s storage.Store) *Counting {
	return &Counting{store: s, counts: map[countKey]Count{}}
}

// Count sums up the requests of one kind, or of every kind where op is "", to
// keys or prefixes in one top-level folder, as "packs", or in all where folder
// is "".
func (c *Counting) Count(op Op, folder string) Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sum Count
	for key, n := range c.counts {
		if (op == "" || op == key.op) && (folder == "" || folder == key.folder) {
			sum = sum.plus(n)
		}
	}
	return sum
}

// Reset begins to count anew.
func (c *Counting) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.counts)
}

func (c Count) plus(d Count) Count {
	return Count{c.Requests + d.Requests, c.Bytes + d.Bytes, c.Entries + d.Entries}
}

func (c *Counting) add(op Op, key string, n Count) {
	folder, _, _ := strings.Cut(key, "/")
	c.mu.Lock()
	defer c.mu.Unlock()
	k := countKey{op, folder}
	c.counts[k] = c.counts[k].plus(n)
}

// Put implements [storage.Store].
func (c *Counting) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	c.add(OpPut, key, Count{Requests: 1, Bytes: int64(len(data))})
	return c.store.Put(ctx, key, data)
}

// Delete implements [storage.Store].
func (c *Counting) Delete(ctx context.Context, key string) error {
	c.add(OpDelete, key, Count{Requests: 1})
	return c.store.Delete(ctx, key)
}

// Stat implements [storage.Reader].
func (c *Counting) Stat(ctx context.Context, key string) (storage.Info, error) {
	c.add(OpStat, key, Count{Requests: 1})
	return c.store.Stat(ctx, key)
}

// Get implements [storage.Reader].
func (c *Counting) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	c.add(OpGet, key, Count{Requests: 1})
	body, err := c.store.Get(ctx, key, offset, length)
	if err != nil {
		return nil, err
	}
	return &countingBody{body, c, key}, nil
}

type countingBody struct {
	io.ReadCloser
	counting *Counting
	key      string
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.counting.add(OpGet, b.key, Count{Bytes: int64(n)})
	return n, err
}

// List implements [storage.Reader].
func (c *Counting) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		c.add(OpList, prefix, Count{Requests: 1})
		for info, err := range c.store.List(ctx, prefix) {
			if err == nil {
				c.add(OpList, prefix, Count{Entries: 1})
			}
			if !yield(info, err) {
				return
			}
		}
	}
}
