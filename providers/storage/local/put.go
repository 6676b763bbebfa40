package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"chatkeep/providers/storage"
)

const (
	tempDir    = ".tmp"
	tempPrefix = "put-"
	tempAge    = 24 * time.Hour // no put takes so long
)

// Put implements [storage.Store].
func (s *Store) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	info, err := s.put(ctx, key, data)
	if err != nil {
		return storage.Info{}, s.trouble("put", key, err)
	}
	return info, nil
}

func (s *Store) put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	if len(data) > storage.MaxObject {
		return storage.Info{}, fmt.Errorf("%d bytes are too many: %w", len(data), fs.ErrInvalid)
	}
	taken, err := s.taken(ctx, key)
	if err != nil {
		return storage.Info{}, err
	}
	if taken {
		return storage.Info{}, s.exists(key)
	}
	if err := s.mkdirs(path.Dir(key)); err != nil {
		return storage.Info{}, err
	}
	temp, info, err := s.writeTemp(ctx, data)
	if err != nil {
		return storage.Info{}, err
	}
	// From here on the bytes are durable under a name nobody looks at. The
	// link makes them the object, and the syncs make the link durable.
	err = s.claim(temp, key)
	s.root.Remove(temp)
	if errors.Is(err, fs.ErrExist) {
		return storage.Info{}, s.exists(key)
	}
	if err == nil {
		err = s.syncPath(key)
	}
	if err != nil {
		return storage.Info{}, err
	}
	return infoOf(key, info), nil
}

// taken looks for the object before anything is written. The claim decides.
func (s *Store) taken(ctx context.Context, key string) (bool, error) {
	_, err := s.regular(ctx, key)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, errNotPlain):
		// Not fs.ErrExist, which says that the object is there.
		return false, errors.New("the name is taken by something that is not a plain file")
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	}
	return false, err
}

// exists is the end of a put that found its key taken. Whoever took it may
// have died between the link and its sync, and the caller will build on what
// is there, so it is made durable first.
func (s *Store) exists(key string) error {
	if _, err := s.regular(context.Background(), key); err != nil {
		return err
	}
	if err := s.syncPath(key); err != nil {
		return err
	}
	return fs.ErrExist
}

// mkdirs makes a directory and those above it. Their names become durable
// with the first object in them.
func (s *Store) mkdirs(dir string) error {
	s.mu.Lock()
	known := s.durable[dir]
	s.mu.Unlock()
	if known {
		return nil
	}
	return s.root.MkdirAll(dir, 0o700)
}

// syncPath makes the name of an object durable: its entry in its directory,
// and, the first time, the entries of the directories above. They are not
// taken on trust when found there, as their maker may have died.
func (s *Store) syncPath(key string) error {
	dir := path.Dir(key)
	if err := s.syncDir(dir); err != nil {
		return err
	}
	for ; dir != "."; dir = path.Dir(dir) {
		s.mu.Lock()
		known := s.durable[dir]
		s.mu.Unlock()
		if known {
			break
		}
		if err := s.syncDir(path.Dir(dir)); err != nil {
			return err
		}
		s.mu.Lock()
		s.durable[dir] = true
		s.mu.Unlock()
	}
	return nil
}

func (s *Store) syncDir(name string) error {
	dir, err := s.root.Open(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	return syncDir(dir)
}

// writeTemp puts data into a new file, durably, and names the file.
func (s *Store) writeTemp(ctx context.Context, data []byte) (string, fs.FileInfo, error) {
	if err := s.root.Mkdir(tempDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", nil, err
	}
	name := tempDir + "/" + tempPrefix + strings.ToLower(rand.Text())
	info, err := s.write(ctx, name, data)
	if err != nil {
		s.root.Remove(name)
		return "", nil, err
	}
	s.sweep.Do(func() { s.removeStale(info.ModTime()) })
	return name, info, nil
}

// write makes the file and chooses how.
func (s *Store) write(ctx context.Context, name string, data []byte) (fs.FileInfo, error) {
	if len(data) >= directSize && !s.buffered.Load() {
		info, err := s.writeWith(ctx, name, data, openDirect, writeDirect)
		if !errors.Is(err, errNotDirect) {
			return info, err
		}
		s.buffered.Store(true)
		if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return s.writeWith(ctx, name, data, 0, writeBuffered)
}

func (s *Store) writeWith(ctx context.Context, name string, data []byte, flag int,
	write func(context.Context, *os.File, []byte) error) (fs.FileInfo, error) {
	file, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|flag, 0o600)
	if err != nil {
		return nil, directRefused(flag, err)
	}
	defer file.Close()
	if err := write(ctx, file, data); err != nil {
		return nil, err
	}
	if err := file.Sync(); err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() != int64(len(data)) {
		return nil, fmt.Errorf("%d of %d bytes written", info.Size(), len(data))
	}
	// Some file systems tell of a full disk only now.
	return info, file.Close()
}

func writeBuffered(ctx context.Context, file *os.File, data []byte) error {
	for len(data) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := file.Write(data[:min(len(data), writeStep)])
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// removeStale deletes temporary files that a crash left. now is the time of a
// file just written: the age is measured by the file system's clock, which
// may be a server's.
func (s *Store) removeStale(now time.Time) {
	dir, err := s.root.Open(tempDir)
	if err != nil {
		return
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && strings.HasPrefix(e.Name(), tempPrefix) &&
			now.Sub(info.ModTime()) > tempAge {
			s.root.Remove(tempDir + "/" + e.Name())
		}
	}
}
