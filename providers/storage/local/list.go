package local

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"chatkeep/providers/storage"
)

// List implements [storage.Reader]. It holds the names of one directory at a
// time and of those above it.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		w := walk{ctx: ctx, store: s, prefix: prefix, yield: yield}
		if err := w.dir("."); err != nil && !errors.Is(err, errStop) {
			yield(storage.Info{}, s.trouble("list", "", err))
		}
	}
}

// errStop says that the consumer has seen enough.
var errStop = errors.New("stop")

type walk struct {
	ctx    context.Context
	store  *Store
	prefix string
	yield  func(storage.Info, error) bool
}

// dir lists one directory, "." for the root.
func (w *walk) dir(name string) error {
	entries, err := w.entries(name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		key := e.Name()
		if name != "." {
			key = name + "/" + key
		}
		if err := w.entry(key, e); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry(key string, e fs.DirEntry) error {
	switch {
	case !storage.ValidKey(key):
		return nil
	case e.IsDir():
		if below := key + "/"; !strings.HasPrefix(below, w.prefix) && !strings.HasPrefix(w.prefix, below) {
			return nil
		}
		return w.dir(key)
	case !e.Type().IsRegular() || !strings.HasPrefix(key, w.prefix):
		return nil
	}
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted since the directory was read
	}
	if err != nil {
		return err
	}
	if !w.yield(infoOf(key, info), nil) {
		return errStop
	}
	return nil
}

// entries reads a directory whole, in the order of the keys in it.
func (w *walk) entries(name string) ([]fs.DirEntry, error) {
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	dir, err := w.store.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	// The keys below a directory go on with a slash, which stands after '-'
	// and '.': "a-b/x" comes before "a/x", though "a" comes before "a-b".
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sortName(a), sortName(b)) })
	return entries, nil
}

func sortName(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}
