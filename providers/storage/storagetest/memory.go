package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"chatkeep/providers/storage"
)

// Memory is a store in memory that keeps every promise of the contract. Its
// clock is the machine's until it is set. The zero value is not usable.
type Memory struct {
	mu      sync.Mutex
	objects map[string]memoryObject
	clock   time.Time // zero: the machine's
}

type memoryObject struct {
	data []byte
	time time.Time
}

// NewMemory makes an empty store.
func NewMemory() *Memory {
	return &Memory{objects: map[string]memoryObject{}}
}

// SetTime stops the store's clock at now.
func (m *Memory) SetTime(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clock = now
}

// Advance moves the store's clock and stops it there.
func (m *Memory) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clock = m.now().Add(d)
}

func (m *Memory) now() time.Time {
	if m.clock.IsZero() {
		return time.Now()
	}
	return m.clock
}

// Clone copies the store as it is now, clock included: a state to crash into.
func (m *Memory) Clone() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{objects: maps.Clone(m.objects), clock: m.clock}
}

// Keys lists the keys that begin with prefix, in order.
func (m *Memory) Keys(prefix string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []string
	for key := range m.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Bytes gives a copy of an object, or nil where there is none.
func (m *Memory) Bytes(key string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.objects[key].data)
}

// Tamper puts data in the place of whatever stands under key, or removes the
// object where data is nil. An object that was there keeps its time. No
// promise of the contract stands in its way.
func (m *Memory) Tamper(key string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if data == nil {
		delete(m.objects, key)
		return
	}
	o, ok := m.objects[key]
	if !ok {
		o.time = m.now()
	}
	o.data = append([]byte{}, data...)
	m.objects[key] = o
}

// Get implements [storage.Reader].
func (m *Memory) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, err := m.object(ctx, key)
	size := int64(len(o.data))
	switch {
	case err != nil:
	case offset < 0:
		err = fmt.Errorf("offset %d: %w", offset, fs.ErrInvalid)
	case offset > size || length > size-offset:
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, memoryError("get", key, err)
	}
	if length < 0 {
		length = size - offset
	}
	return &memoryReader{ctx, key, bytes.NewReader(o.data[offset : offset+length])}, nil
}

type memoryReader struct {
	ctx context.Context
	key string
	r   io.Reader
}

func (r *memoryReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, memoryError("get", r.key, err)
	}
	return r.r.Read(p)
}

func (r *memoryReader) Close() error { return nil }

// Stat implements [storage.Reader].
func (m *Memory) Stat(ctx context.Context, key string) (storage.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, err := m.object(ctx, key)
	if err != nil {
		return storage.Info{}, memoryError("stat", key, err)
	}
	return o.info(key), nil
}

func (o memoryObject) info(key string) storage.Info {
	return storage.Info{Key: key, Size: int64(len(o.data)), Time: o.time}
}

// List implements [storage.Reader].
func (m *Memory) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for _, key := range m.Keys(prefix) {
			info, err := m.Stat(ctx, key)
			if errors.Is(err, fs.ErrNotExist) {
				continue // deleted meanwhile
			}
			if err != nil {
				break // ctx, which the last line reports
			}
			if !yield(info, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(storage.Info{}, memoryError("list", "", err))
		}
	}
}

// Put implements [storage.Store].
func (m *Memory) Put(ctx context.Context, key string, data []byte) (storage.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := m.object(ctx, key)
	switch {
	case err == nil:
		err = fs.ErrExist
	case len(data) > storage.MaxObject:
		err = fmt.Errorf("%d bytes are too many: %w", len(data), fs.ErrInvalid)
	case errors.Is(err, fs.ErrNotExist):
		o := memoryObject{append([]byte{}, data...), m.now()}
		m.objects[key] = o
		return o.info(key), nil
	}
	return storage.Info{}, memoryError("put", key, err)
}

// Delete implements [storage.Store].
func (m *Memory) Delete(ctx context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := m.object(ctx, key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return memoryError("delete", key, err)
	}
	delete(m.objects, key)
	return nil
}

// object needs m.mu.
func (m *Memory) object(ctx context.Context, key string) (memoryObject, error) {
	if err := storage.CheckKey(ctx, key); err != nil {
		return memoryObject{}, err
	}
	o, ok := m.objects[key]
	if !ok {
		return o, fs.ErrNotExist
	}
	return o, nil
}

func memoryError(op, key string, err error) error {
	return &storage.Error{Op: op, Key: key, Place: "memory", Err: err}
}
