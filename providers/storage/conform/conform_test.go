package conform_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"slices"
	"testing"
	"time"

	"chatkeep/providers/storage"
	"chatkeep/providers/storage/conform"
	"chatkeep/providers/storage/storagetest"
)

// broken breaks promises in ways that real places do.
type broken struct {
	*storagetest.Memory
	put    func(b *broken, ctx context.Context, key string, data []byte) error // nil where it keeps them
	get    func(data []byte, offset, length int64) ([]byte, bool)
	remove func(b *broken, key string)
	list   func(infos []storage.Info) []storage.Info
	deaf   bool // to contexts that end
}

func (b *broken) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if b.put == nil {
		return b.Memory.Put(ctx, key, data)
	}
	if err := b.put(b, ctx, key, data); err != nil {
		return storage.Info{}, err
	}
	info, err := b.Memory.Stat(ctx, key)
	info.Size = int64(len(data))
	return info, err
}

func (b *broken) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if b.get != nil {
		if part, ok := b.get(b.Memory.Bytes(key), offset, length); ok {
			return b.Memory.Get(ctx, key, offset, int64(len(part)))
		}
	}
	return b.Memory.Get(ctx, key, offset, length)
}

func (b *broken) Delete(ctx context.Context, key string) error {
	if b.remove != nil {
		b.remove(b, key)
		return nil
	}
	return b.Memory.Delete(ctx, key)
}

func (b *broken) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	if b.deaf {
		ctx = context.WithoutCancel(ctx)
	}
	if b.list == nil {
		return b.Memory.List(ctx, prefix)
	}
	return func(yield func(storage.Info, error) bool) {
		infos, err := conform.List(b.Memory.List(ctx, prefix))
		for _, info := range b.list(infos) {
			if !yield(info, nil) {
				return
			}
		}
		if err != nil {
			yield(storage.Info{}, err)
		}
	}
}

// TestBroken has each promise broken, and the check of it notice.
func TestBroken(t *testing.T) {
	for check, b := range map[string]broken{
		"create only": {put: func(b *broken, _ context.Context, key string, data []byte) error {
			b.Tamper(key, data)
			return nil
		}},
		"nothing in part": {put: func(b *broken, ctx context.Context, key string, data []byte) error {
			if _, err := b.Memory.Put(ctx, key, data[:len(data)/2]); err != nil {
				return err
			}
			time.Sleep(10 * time.Millisecond)
			b.Tamper(key, data)
			return nil
		}},
		"ranges beyond the end": {get: func(data []byte, offset, length int64) ([]byte, bool) {
			if offset < 0 || offset > int64(len(data)) || length <= int64(len(data))-offset {
				return nil, false
			}
			return data[offset:], true
		}},
		"delete":          {remove: func(*broken, string) {}},
		"list order":      {list: func(infos []storage.Info) []storage.Info { slices.Reverse(infos); return infos }},
		"list pages":      {list: func(infos []storage.Info) []storage.Info { return infos[:min(len(infos), 1000)] }},
		"list context":    {deaf: true},
		"list prefixes":   {list: func(infos []storage.Info) []storage.Info { return append(infos, infos...) }},
		"large object":    {put: limited(16 << 20)},
		"round trip":      {put: limited(0)},
		"concurrent work": {list: func(infos []storage.Info) []storage.Info { return nil }},
	} {
		t.Run(check, func(t *testing.T) {
			b.Memory = storagetest.NewMemory()
			i := slices.IndexFunc(conform.Checks(), func(c conform.Check) bool { return c.Name == check })
			if i < 0 {
				t.Fatal("there is no such check")
			}
			err := conform.Hold(t.Context(), conform.Checks()[i], &b)
			var fault *conform.Broken
			if !errors.As(err, &fault) || len(fault.What) == 0 || len(fault.What) > 5 {
				t.Errorf("it is not noticed: %v", err)
			}
		})
	}
}

// limited keeps no more than so many bytes of an object, and says nothing.
func limited(most int) func(b *broken, ctx context.Context, key string, data []byte) error {
	return func(b *broken, ctx context.Context, key string, data []byte) error {
		_, err := b.Memory.Put(ctx, key, data[:min(len(data), most)])
		return err
	}
}

// TestHold runs all checks on a store that keeps the promises, one after the other,
// and has one be cut off.
func TestHold(t *testing.T) {
	s := storagetest.NewMemory()
	for _, check := range conform.Checks() {
		if err := conform.Hold(t.Context(), check, s); err != nil {
			t.Errorf("%s: %v", check.Name, err)
		}
		if err := conform.Empty(t.Context(), s); err != nil || len(s.Keys("")) != 0 {
			t.Fatalf("%d objects are left: %v", len(s.Keys("")), err)
		}
	}
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if err := conform.Hold(ctx, conform.Checks()[0], s); !errors.Is(err, stop) {
		t.Errorf("what was cut off says %v", err)
	}
	fault := storagetest.NewFault(s, storagetest.Rule{Op: storagetest.OpDelete, Do: storagetest.FailBefore, Err: fs.ErrPermission})
	conform.Put(t, s, "a", nil)
	if err := conform.Empty(t.Context(), fault); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("what cannot be emptied says %v", err)
	}
}
