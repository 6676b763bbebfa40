package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"chatkeep/providers/storage"
)

// Store is a directory of objects. It is safe for use by several goroutines
// and several processes at once. Waiting for a disk or a server that hangs
// inside the kernel cannot be cut short by a context.
type Store struct {
	place string   // as the user wrote it
	path  string   // absolute, no symbolic links
	root  *os.Root // the same; nothing leads out of it

	buffered atomic.Bool // set once O_DIRECT was refused
	sweep    sync.Once   // of stale temporary files, at the first put

	mu      sync.Mutex
	durable map[string]bool // directories whose names are known to be on disk
}

var _ interface {
	storage.Store
	storage.Local
} = (*Store)(nil)

func newStore(place, path string, root *os.Root) *Store {
	return &Store{place: place, path: path, root: root, durable: map[string]bool{".": true}}
}

// Root is the absolute path of the directory, free of symbolic links.
func (s *Store) Root() string { return s.path }

// Get implements [storage.Reader].
func (s *Store) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, s.trouble("get", key, fmt.Errorf("offset %d: %w", offset, fs.ErrInvalid))
	}
	info, err := s.regular(ctx, key)
	if err != nil {
		return nil, s.trouble("get", key, err)
	}
	if length < 0 {
		length = info.Size() - offset
	}
	// Not offset+length, which may overflow.
	if offset > info.Size() || length > info.Size()-offset {
		return nil, s.trouble("get", key, fmt.Errorf("%d bytes from %d on, of %d: %w",
			length, offset, info.Size(), io.ErrUnexpectedEOF))
	}
	file, err := s.root.Open(key)
	if err != nil {
		return nil, s.trouble("get", key, err)
	}
	return &reader{ctx: ctx, store: s, key: key, file: file, at: offset, left: length}, nil
}

// reader gives a part of a file, exactly.
type reader struct {
	ctx      context.Context
	store    *Store
	key      string
	file     *os.File
	at, left int64
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, r.store.trouble("get", r.key, err)
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.file.ReadAt(p, r.at)
	r.at += int64(n)
	r.left -= int64(n)
	switch {
	case err == io.EOF && r.left > 0:
		// The file was longer when it was opened.
		err = r.store.trouble("get", r.key, fmt.Errorf("ends at byte %d: %w", r.at, io.ErrUnexpectedEOF))
	case err == io.EOF:
		err = nil
	case err != nil:
		err = r.store.trouble("get", r.key, err)
	}
	return n, err
}

func (r *reader) Close() error { return r.file.Close() }

// Stat implements [storage.Reader].
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	info, err := s.regular(ctx, key)
	if err != nil {
		return storage.Info{}, s.trouble("stat", key, err)
	}
	return infoOf(key, info), nil
}

// Delete implements [storage.Store]. Directories stay, even when empty: a put
// may be on its way into one.
func (s *Store) Delete(ctx context.Context, key string) error {
	_, err := s.regular(ctx, key)
	if err == nil {
		err = s.root.Remove(key)
	}
	if err == nil {
		return nil
	}
	failed := s.trouble("delete", key, err)
	if errors.Is(failed, fs.ErrNotExist) {
		return nil
	}
	return failed
}

// regular looks at the file of a key without opening it: a pipe would hang. A
// name taken by anything but a plain file is no object.
func (s *Store) regular(ctx context.Context, key string) (fs.FileInfo, error) {
	if err := storage.CheckKey(ctx, key); err != nil {
		return nil, err
	}
	info, err := s.root.Lstat(key)
	if errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("below a plain file: %w", fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotPlain
	}
	return info, nil
}

// errNotPlain says that something has the name of a key and is no object.
var errNotPlain = fmt.Errorf("not a plain file: %w", fs.ErrNotExist)

// infoOf takes the time of the last change of the content for the time of
// creation, as objects never change. The file system's clock set it.
func infoOf(key string, info fs.FileInfo) storage.Info {
	return storage.Info{Key: key, Size: info.Size(), Time: info.ModTime()}
}
